package hostile

// tfjsSamples are models of TensorFlow.js.
func tfjsSamples() []Sample {
	var all []Sample
	add := func(name, group, note, content string) {
		s := tensorflowSample("tfjs-"+name+".json", group, note, []byte(content))
		s.Loader, s.Beside = "tfjs", map[string][]byte{"weights.bin": make([]byte, 8)}
		all = append(all, s)
	}
	weights := func(path, shape string) string {
		return `{"format":"layers-model","modelTopology":null,"weightsManifest":[{"paths":["` + path + `"],"weights":[{"name":"k","shape":` + shape + `,"dtype":"float32"}]}]}`
	}
	graph := func(op string) string {
		return `{"format":"graph-model","modelTopology":{"node":[{"name":"x","op":"Placeholder"},{"name":"n","op":"` + op + `","input":["x"]}]},"weightsManifest":[]}`
	}
	add("climbs", "tfjs-path", "weights in another folder", weights("../../secret.bin", "[2]"))
	add("absolute", "tfjs-path", "weights at an absolute path", weights("/etc/passwd", "[2]"))
	add("address", "tfjs-path", "weights of another machine", weights("//127.0.0.1:9/w.bin", "[2]"))
	add("file-address", "tfjs-path", "weights at the address of a local file", weights("file:///etc/passwd", "[2]"))
	add("manifest-climbs", "tfjs-path", "a list of weights only, with a path that climbs", `[{"weights":[{"name":"k","shape":[2],"dtype":"float32"}],"paths":["..\\..\\secret"]}]`)
	add("overflow", "tfjs-size", "a weight whose shape overflows", weights("weights.bin", "[1099511627776,1099511627776]"))
	add("negative", "tfjs-size", "a weight of a negative shape", weights("weights.bin", "[-2]"))
	add("short", "tfjs-size", "weights that are larger than their file", weights("weights.bin", "[1000000]"))
	add("pyfunc", "tfjs-operation", "a Python call in a graph of TensorFlow.js", graph("PyFunc"))
	add("writefile", "tfjs-operation", "a file written by a graph of TensorFlow.js", graph("WriteFile"))
	add("custom", "tfjs-operation", "a custom operation", graph("EvalJavaScript"))
	add("function", "tfjs-operation", "a custom operation in a function", `{"format":"graph-model","modelTopology":{"node":[],"library":{"function":[{"signature":{"name":"f"},"nodeDef":[{"name":"n","op":"EvalJavaScript"}]}]}},"weightsManifest":[]}`)
	add("initializer", "tfjs-operation", "a custom operation in the graph that initialises the model", `{"format":"graph-model","modelTopology":{"node":[]},"modelInitializer":{"node":[{"name":"n","op":"EvalJavaScript"}]},"weightsManifest":[]}`)
	add("lambda", "tfjs-keras", "a Lambda layer with Python bytecode, for the way back to Keras",
		`{"format":"layers-model","modelTopology":{"model_config":{"class_name":"Sequential","config":{"layers":[`+lambdaConfig+`]}}},"weightsManifest":[]}`)
	return all
}
