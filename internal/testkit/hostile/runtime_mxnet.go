package hostile

import (
	"encoding/binary"
	"strings"
)

// mxnetSamples are models of Apache MXNet.
func mxnetSamples() []Sample {
	file := func(id, technique, content string) Sample {
		return Sample{Name: "mxnet-" + id, Group: "mxnet", Technique: technique, Loader: "mxnet", Build: build([]byte(content))}
	}
	graph := func(node string) string {
		return `{"nodes":[{"op":"null","name":"data","inputs":[]},` + node + `],"arg_nodes":[0],"node_row_ptr":[0,1,2],"heads":[[1,0,0]],"attrs":{"mxnet_version":["int",10901]}}`
	}
	symbol := func(id, technique, node string) Sample { return file(id+"-symbol.json", technique, graph(node)) }
	node := func(op, attrs, inputs string) string {
		return `{"op":"` + op + `","name":"n","attrs":{` + attrs + `},"inputs":[` + inputs + `]}`
	}
	params := func(dims []uint64, kind uint32, data string, names ...string) string {
		b := binary.LittleEndian.AppendUint64(make([]byte, 0, 64), 0x112)
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, 0), 1)
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, 0xf993fac9), 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dims)))
		for _, d := range dims {
			b = binary.LittleEndian.AppendUint64(b, d)
		}
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(b, 1), kind)
		b = binary.LittleEndian.AppendUint64(append(b, data...), uint64(len(names)))
		for _, n := range names {
			b = append(binary.LittleEndian.AppendUint64(b, uint64(len(n))), n...)
		}
		return string(b)
	}
	four := strings.Repeat("\x00", 16)
	custom := node("Custom", `"op_type":"picket_evil","command":"echo `+Marker+`"`, "[0,0,0]")
	return []Sample{
		symbol("custom", "Custom makes a class of Python by a name of the graph", custom),
		symbol("custom-in-branch", "Custom in the graph of a branch", `{"op":"_cond","name":"n","inputs":[[0,0,0]],"subgraphs":[`+graph(custom)+`]}`),
		symbol("native", "_Native calls a function by its address", node("_Native", `"info":"0x4141414141414141","need_top_grad":"True"`, "[0,0,0]")),
		symbol("ndarray", "_NDArray calls a function by its address", node("_NDArray", `"info":"0x4141414141414141"`, "[0,0,0]")),
		symbol("custom-function", "_CustomFunction calls functions by their addresses", node("_CustomFunction", `"info":"0x4141414141414141"`, "[0,0,0]")),
		symbol("cached", "_CachedOp, which only a running process can make", node("_CachedOp", "", "[0,0,0]")),
		symbol("library", "an operator of a library of the attacker", node("picket_exec", `"cmd":"echo `+Marker+`"`, "[0,0,0]")),
		symbol("engine", "an engine of TensorRT in an attribute", node("_TensorRT", `"serialized_onnx_graph":"`+Marker+`"`, "[0,0,0]")),
		symbol("read", "_cvimread reads a file", node("_cvimread", `"filename":"/etc/passwd"`, "")),
		symbol("input-past-end", "an input that is a node behind the end", node("relu", "", "[1000000,0,0]")),
		symbol("input-self", "a node that is its own input", node("relu", "", "[1,0,0]")),
		symbol("input-negative", "an input with a negative number", node("relu", "", "[-1,0,0]")),
		symbol("input-text", "an input that is no number", node("relu", "", `["x",0,0]`)),
		symbol("attribute-code", "Python in an attribute", node("relu", `"init":"__import__('os').system('echo `+Marker+`')"`, "[0,0,0]")),
		symbol("attribute-path", "a path to credentials in an attribute", node("relu", `"lib":"../../../../../.ssh/id_rsa"`, "[0,0,0]")),
		file("heads-symbol.json", "a head that does not exist", `{"nodes":[{"op":"null","name":"data","inputs":[]}],"arg_nodes":[0],"heads":[[9,0,0]]}`),
		file("overflow.params", "a shape whose product overflows", params([]uint64{1 << 40, 1 << 40}, 0, four, "arg:w")),
		file("past-end.params", "an array that is larger than the file", params([]uint64{1 << 20}, 0, four, "arg:w")),
		file("type.params", "an array of a type that does not exist", params([]uint64{4}, 99, four, "arg:w")),
		file("name-code.params", "Python in the name of an array", params([]uint64{4}, 0, four, "arg:__import__('os').system('echo "+Marker+"')")),
		file("trailing.params", "a pickle behind the names", params([]uint64{4}, 0, four, "arg:w")+string(attackPickle())),
	}
}
