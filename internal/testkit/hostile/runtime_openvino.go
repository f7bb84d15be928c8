package hostile

import "strings"

// openvinoSamples are models and configurations of OpenVINO.
func openvinoSamples() []Sample {
	const input = `<layer id="0" name="x" type="Parameter" version="opset1"><data shape="1,4" element_type="f32"/><output><port id="0" precision="FP32"><dim>1</dim><dim>4</dim></port></output></layer>`
	file := func(id, technique, document string) Sample {
		name := "openvino-" + id
		return Sample{Name: name + ".xml", Group: "openvino", Technique: technique, Loader: "openvino", Build: build(declared(document)),
			Beside: map[string][]byte{name + ".bin": make([]byte, 64)}}
	}
	graph := func(id, technique, layers, notes string) Sample {
		return file(id, technique, `<net name="model" version="11"><layers>`+input+layers+`</layers><edges/>`+notes+`</net>`)
	}
	constant := func(id, technique, data string) Sample {
		return graph(id, technique, `<layer id="1" name="w" type="Const" version="opset1"><data `+data+`/></layer>`, "")
	}
	note := func(id, technique, value string) Sample {
		return graph(id, technique, "", `<rt_info><model_info><note value="`+value+`"/></model_info></rt_info>`)
	}
	return []Sample{
		graph("layer-custom", "a layer of an extension, which is native code", `<layer id="1" name="e" type="PicketEvil" version="extension"/>`, ""),
		graph("layer-opset", "a known type in a set of operations of the attacker", `<layer id="1" name="e" type="Convolution" version="picket_opset"/>`, ""),
		graph("layer-python", "a layer that runs Python", `<layer id="1" name="e" type="Python"><data module="evil" layer="Run"/></layer>`, ""),
		graph("layer-in-loop", "a layer of an extension in the body of a loop",
			`<layer id="1" name="l" type="Loop" version="opset5"><body><layers><layer id="0" name="e" type="PicketEvil" version="extension"/></layers><edges/></body></layer>`, ""),
		graph("layer-in-branch", "a layer of an extension in a branch that is rarely taken",
			`<layer id="1" name="i" type="If" version="opset8"><then_body><layers/><edges/></then_body><else_body><layers><layer id="0" name="e" type="PicketEvil" version="util"/></layers><edges/></else_body></layer>`, ""),
		graph("layer-case", "a name of a layer with a letter that looks like another", `<layer id="1" name="e" type="Сonvolution" version="opset1"/>`, ""),
		graph("library-attribute", "an attribute that names a library", `<layer id="1" name="e" type="ReLU" version="opset1"><data extension="./libpicket.so"/></layer>`, ""),
		graph("library-windows", "an attribute that names a library of Windows", `<layer id="1" name="e" type="ReLU" version="opset1"><data impl="..\picket.dll"/></layer>`, ""),
		graph("path-escape", "an attribute whose path leaves the folder", `<layer id="1" name="e" type="ReLU" version="opset1"><data path="../../../../etc/passwd"/></layer>`, ""),
		file("plugins", "a list of plugins with a library of the attacker", `<ie><plugins><plugin name="CPU" location="/tmp/libpicket.so"/></plugins></ie>`),
		file("plugins-relative", "a plugin whose library lies beside the model", `<ie><plugins><plugin name="GPU" location="libpicket_plugin.so"/></plugins></ie>`),
		file("kernel", "a custom kernel of OpenCL", `<CustomLayer name="ReLU" type="SimpleGPU" version="1"><Kernel entry="k"><Source filename="../k.cl"/></Kernel><CompilerOptions options="-I /"/></CustomLayer>`),
		constant("weights-past-end", "a constant past the end of the weights", `element_type="f32" shape="4" offset="4096" size="16"`),
		constant("weights-size-lie", "a constant whose size is not that of its shape", `element_type="f32" shape="4" offset="0" size="64"`),
		constant("weights-negative", "a constant before the start of the weights", `element_type="f32" shape="4" offset="-16" size="16"`),
		constant("weights-overflow", "an offset that overflows", `element_type="f32" shape="4" offset="18446744073709551600" size="16"`),
		constant("shape-overflow", "a shape whose product overflows", `element_type="f32" shape="4294967296,4294967296,4294967296" offset="0" size="16"`),
		note("note-python", "Python in a note", "__import__('os').system('echo "+Marker+"')"),
		note("note-shell", "a shell command in a note", "$(/bin/sh -c 'echo "+Marker+"')"),
		graph("template", "a chat template of a tokenizer that reaches Python's objects", "",
			`<rt_info><chat_template value="{{ cycler.__init__.__globals__.os.popen('echo `+Marker+`').read() }}"/></rt_info>`),
		graph("template-escaped", "the same behind character references", "",
			`<rt_info><chat_template value="`+strings.ReplaceAll("{{ ().__class__.__base__.__subclasses__() }}", "_", "&#95;")+`"/></rt_info>`),
		file("xxe", "XXE in a graph", `<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]><net name="&x;" version="11"><layers>`+input+`</layers><edges/></net>`),
		file("laughs", "billion laughs in a graph", laughs("net", 9)+`<net name="&l9;" version="11"><layers>`+input+`</layers><edges/></net>`),
	}
}
