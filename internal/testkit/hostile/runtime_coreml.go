package hostile

import (
	"encoding/binary"
	"strings"
)

// field makes a field of a protocol buffer that is a message or a text.
func field(number uint64, parts ...string) string {
	content := strings.Join(parts, "")
	b := binary.AppendUvarint(nil, number<<3|2)
	return string(binary.AppendUvarint(b, uint64(len(content)))) + content
}

// fieldNumber makes a field of a protocol buffer that is a number.
func fieldNumber(number, value uint64) string {
	return string(binary.AppendUvarint(binary.AppendUvarint(nil, number<<3), value))
}

// coremlModel makes a model of one kind.
func coremlModel(kind uint64, parts ...string) string {
	feature := field(1, "x") + field(3, field(5, fieldNumber(1, 4)))
	return fieldNumber(1, 7) + field(2, field(1, feature), field(10, feature), field(100, field(3, "nobody"))) + field(kind, parts...)
}

// coremlWeights makes a file of weights with one tensor of 64 bytes.
func coremlWeights() []byte {
	b := make([]byte, 192)
	b[0], b[4] = 1, 2
	binary.LittleEndian.PutUint32(b[64:], 0xdeadbeef)
	b[72], b[80] = 64, 128
	return b
}

// coremlSamples are models of Core ML.
func coremlSamples() []Sample {
	file := func(id, technique, content string) Sample {
		return Sample{Name: "coreml-" + id + ".mlmodel", Group: "coreml", Technique: technique, Loader: "coreml", Build: build([]byte(content)),
			Beside: map[string][]byte{"weights/weight.bin": coremlWeights()}}
	}
	class := field(10, "PicketEvil") + field(30, field(1, "command"), field(2, field(20, "echo "+Marker)))
	layer := field(1, field(1, "l"), field(2, "x"), field(3, "y"), field(500, class))
	program := func(operations ...string) string {
		block := field(3, field(1, "CoreML7"), field(2, operations...))
		return coremlModel(502, fieldNumber(1, 1), field(2, field(1, "main"), field(2, field(2, "CoreML7"), block)))
	}
	constant := func(name string, at uint64) string {
		return field(3, field(1, "const"), field(5, field(1, "val"), field(2, field(5, field(1, name), fieldNumber(2, at)))))
	}
	nested := coremlModel(300, "")
	for range 80 {
		nested = coremlModel(202, field(1, nested))
	}
	linked := func(name, search string) string {
		return coremlModel(556, field(1, field(1, field(1, name)), field(2, field(1, search))))
	}
	manifest := func(id, technique, path string) Sample {
		sample := file(id, technique, `{"fileFormatVersion":"1.0.0","itemInfoEntries":{"A":{"author":"com.apple.CoreML","description":"CoreML Model Specification","name":"model.mlmodel","path":"`+
			path+`"}},"rootModelIdentifier":"A"}`)
		sample.Name = "coreml-" + id + ".json"
		return sample
	}
	return []Sample{
		file("custom-model", "a custom model: a class of the app by its name", coremlModel(555, class)),
		file("custom-layer", "a custom layer: a class of the app by its name", coremlModel(500, layer)),
		file("custom-layer-classifier", "a custom layer in a classifier", coremlModel(403, layer)),
		file("custom-layer-in-branch", "a custom layer in a branch", coremlModel(500, field(1, field(605, field(1, ""), field(2, layer))))),
		file("custom-layer-in-loop", "a custom layer in the body of a loop", coremlModel(500, field(1, field(615, fieldNumber(1, 1), field(4, layer))))),
		file("custom-in-pipeline", "a custom model at the end of a pipeline", coremlModel(202, field(1, coremlModel(300, "")), field(1, coremlModel(555, class)))),
		file("custom-in-classifier-pipeline", "a custom layer in a pipeline in a classifier's pipeline",
			coremlModel(200, field(1, field(1, coremlModel(202, field(1, coremlModel(500, layer))))))),
		file("parameter-bytes", "a pickle as the parameter of a custom model", coremlModel(555, field(10, "A"), field(30, field(1, "state"), field(2, field(60, string(attackPickle())))))),
		file("linked-up", "a linked model that is searched for outside of the folder", linked("encoder.mlmodelc", "../../:.")),
		file("linked-absolute", "a linked model with an absolute name", linked("/tmp/"+Marker+".mlmodelc", "")),
		file("serialized", "a model of another framework in bytes", coremlModel(3000, field(1, "com.example.picket"), field(2, Marker))),
		file("serialized-pickle", "a model of another framework that is a pickle", coremlModel(3000, field(1, "com.example.picket"), field(2, string(attackPickle())))),
		file("word-embedding-pickle", "a pickle where a word embedding should be", coremlModel(2005, fieldNumber(1, 1), field(100, string(attackPickle())))),
		file("text-classifier-pickle", "a pickle where a text classifier should be", coremlModel(2000, fieldNumber(1, 1), field(100, string(attackPickle())))),
		file("kind-unknown", "a model of a kind that does not exist", coremlModel(2999, Marker)),
		file("layer-unknown", "a layer of a kind that does not exist", coremlModel(500, field(1, field(1, "l"), field(1999, Marker)))),
		file("operation-unknown", "an operation that does not exist", program(field(3, field(1, "picket_exec")))),
		file("operation-in-block", "an operation that does not exist in a branch", program(field(3, field(1, "cond"), field(4, field(3, field(1, "custom_layer")))))),
		file("weights-absolute", "weights at an absolute path", program(constant("/etc/passwd", 64))),
		file("weights-up", "weights outside of the folder of the model", program(constant("@model_path/../../../etc/passwd", 64))),
		file("weights-past-end", "a tensor past the end of the weights", program(constant("@model_path/weights/weight.bin", 1<<40))),
		file("weights-inside", "a tensor in the middle of another one", program(constant("@model_path/weights/weight.bin", 130))),
		file("metadata-code", "Python in the metadata",
			fieldNumber(1, 7)+field(2, field(100, field(100, field(1, "init"), field(2, "__import__('os').system('echo "+Marker+"')"))))+field(300, "")),
		file("deep", "80 pipelines in each other", nested),
		file("cut", "a model that ends inside of a field", coremlModel(500, layer)[:60]),
		manifest("manifest-up", "a package whose model lies outside of it", "../../../"+Marker+".mlmodel"),
		manifest("manifest-absolute", "a package whose model has an absolute path", "/etc/passwd"),
	}
}
