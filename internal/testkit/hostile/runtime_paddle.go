package hostile

import (
	"encoding/binary"
	"strings"
)

// paddleSamples are models of PaddlePaddle.
func paddleSamples() []Sample {
	block := func(number string, operators ...string) string {
		return field(1, number, strings.Join(operators, ""))
	}
	const first = "\x08\x00\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	operator := func(kind string, attrs ...string) string {
		all := field(3, kind)
		for i := 0; i+1 < len(attrs); i += 2 {
			all += field(4, field(1, attrs[i]), fieldNumber(2, 2), field(5, attrs[i+1]))
		}
		return field(4, all)
	}
	file := func(id, technique, content string) Sample {
		return Sample{Name: "paddle-" + id, Group: "paddle", Technique: technique, Loader: "paddle", Build: build([]byte(content))}
	}
	program := func(id, technique string, operators ...string) Sample {
		return file(id+".pdmodel", technique, block(first, append([]string{operator("feed")}, operators...)...))
	}
	pir := func(id, technique, kind, attr, value string) Sample {
		return file("pir-"+id+".json", technique, `{"base_code":{"magic":"pir","trainable":true,"version":4},"program":{"regions":[{"#":"region_0","blocks":[{"#":"block_0","args":[],"ops":[{"#":"`+
			kind+`","A":[{"AT":{"#":"0.a_str","D":"`+value+`"},"N":"`+attr+`"}],"I":[],"O":[]}]}]}]}}`)
	}
	params := func(description string, data int) string {
		head := append(make([]byte, 16), binary.LittleEndian.AppendUint32(nil, uint32(len(description)))...)
		return string(head) + description + strings.Repeat("\x00", data)
	}
	attack := string(attackPickle())
	sound := params("\x08\x05\x10\x04", 16)
	return []Sample{
		program("py-func", "py_func calls a function of the process", operator("py_func", "handle_idx", "0")),
		program("py-layer", "py_layer calls a method of Python", operator("pylayer", "a", "b")),
		program("save", "save_combine overwrites a file", operator("save_combine", "file_path", "/tmp/"+Marker)),
		program("save-relative", "save writes a file beside the model", operator("save", "file_path", Marker)),
		program("load", "load reads a file of the machine", operator("load", "file_path", "/etc/passwd")),
		program("read-file", "read_file reads a file into a tensor", operator("read_file", "filename", "/etc/passwd")),
		program("send", "send_v2 sends a tensor away", operator("send_v2", "endpoint", "127.0.0.1:9")),
		program("listen", "listen_and_serv opens a port", operator("listen_and_serv", "endpoint", "127.0.0.1:9")),
		program("engine", "an engine of TensorRT in an attribute", operator("tensorrt_engine", "engine_serialized_data", "ptrt\x00\x01\x02\x80"+Marker)),
		program("engine-pickle", "a pickle where an engine should be", operator("tensorrt_engine", "engine_serialized_data", attack)),
		program("run-program", "a program in a program", operator("run_program", "a", "b")),
		program("custom", "an operator of a library of the attacker", operator("picket_exec", "cmd", "echo "+Marker)),
		program("custom-grad", "an operator of a library that looks like a gradient", operator("picket_grad")),
		program("attribute-pickle", "a pickle in an attribute of a harmless operator", operator("relu", "state", attack)),
		program("attribute-code", "Python in an attribute", operator("relu", "init", "__import__('os').system('echo "+Marker+"')")),
		program("attribute-path", "a path out of the folder in an attribute", operator("relu", "table_path", "../../../../etc/passwd")),
		file("second-block.pdmodel", "an operator that calls Python in a branch", block(first, operator("feed"))+block("\x08\x01\x10\x00", operator("py_func"))),
		file("cut.pdmodel", "a program that ends inside of an operator", block(first, operator("relu", "a", "b"))[:24]),
		pir("py-func", "py_func in the newer representation", "1.py_func", "name", "x"),
		pir("load", "load_combine in the newer representation", "1.load_combine", "file_path", "/etc/passwd"),
		pir("custom", "an operator of a library in the newer representation", "3.picket_exec", "name", "x"),
		pir("code", "Python in an attribute in the newer representation", "1.relu", "init", "__import__('os').system('echo "+Marker+"')"),
		file("params-size.pdiparams", "a tensor that is larger than the file", params("\x08\x05\x10\xff\xff\xff\x7f", 16)),
		file("params-type.pdiparams", "a tensor of a type that does not exist", params("\x08\x3f\x10\x04", 16)),
		file("params-trailing.pdiparams", "a pickle behind the tensors", sound+attack),
	}
}
