package hostile

import "strings"

// engineSamples are engines of TensorRT. All of an engine is compiled code, so that even an honest one is not clean.
func engineSamples() []Sample {
	file := func(id, technique, content string) Sample {
		return Sample{Name: "tensorrt-" + id, Group: "tensorrt", Technique: technique, Loader: "tensorrt", Build: build([]byte(content))}
	}
	head := "ftrt" + strings.Repeat("\x00", 28)
	library := func(machine string) string {
		return "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x03\x00" + machine + strings.Repeat("\x00", 200) + Marker
	}
	return []Sample{
		file("plugin.engine", "a plugin of the attacker", head+"\x10\x00PicketEvilPlugin\x00"),
		file("plugin-suffix.plan", "a plugin of the attacker that is named like NVIDIA's", head+"\x10\x00PicketEvil_TRT\x00"),
		file("plugin-namespace.engine", "a known plugin in a namespace of the attacker", head+"picket::EfficientNMS_TRT\x00"),
		file("plugin-far.engine", "a plugin a mebibyte into the engine", head+strings.Repeat("\x7a", 1<<20)+"PicketEvilPlugin\x00"),
		file("plugin-old.engine", "a plugin in an engine of an older version", "ptrt"+head[4:]+"PicketEvilPlugin\x00"),
		file("host-code.engine", "a shared library for the host, serialized with the engine", head+library("\x3e\x00")),
		file("host-code-arm.engine", "a shared library for a host with an ARM processor", head+library("\xb7\x00")),
		file("device-code.engine", "code of a graphics processor, which nobody can read here", head+library("\xbe\x00")),
	}
}
