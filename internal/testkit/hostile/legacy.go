package hostile

import (
	"encoding/binary"
	"unicode/utf16"
)

// legacySamples are models of runtimes that are no longer written. Their formats are recognised and not read; the samples show
// that nobody takes them for clean.
func legacySamples() []Sample {
	sample := func(id, extension, technique, loader string, content []byte) Sample {
		return Sample{Name: "legacy-" + id + extension, Group: "legacy", Technique: technique, Loader: loader, Build: build(content)}
	}
	le := binary.LittleEndian
	text := func(b []byte, s string) []byte { return append(le.AppendUint32(b, uint32(len(s))), s...) }
	// A table of Torch7: its type, its index, the number of entries, and then values, each behind its type; 2 is a string.
	table := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 3), 1), 1)
	table = text(le.AppendUint32(table, 2), "forward")
	table = text(le.AppendUint32(table, 2), `return os.execute("echo `+Marker+`")`)
	wide := func(b []byte, s string) []byte {
		for _, unit := range utf16.Encode([]rune(s)) {
			b = le.AppendUint16(b, unit)
		}
		return append(b, 0, 0)
	}
	network := wide(wide(nil, "BCN"), "BVersion")
	network = wide(le.AppendUint64(network, 1), `NativeUserFunction ../../libpicket.so os.system("echo `+Marker+`")`)
	compiled := append([]byte("RKNN\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"), make([]byte, 32)...)
	compiled = append(compiled, `{"custom_op": "../../libpicket.so", "init": "bash -c 'echo `+Marker+`'"}`...)
	return []Sample{
		sample("torch7-source", ".t7", "Lua source among the values of a Torch7 table", "torch7", table),
		sample("cntk-library", ".dnn", "a CNTK network names a library of a user's function", "cntk", network),
		sample("rknn-library", ".rknn", "the description of an RKNN model names a library and a command", "rknn", compiled),
	}
}
