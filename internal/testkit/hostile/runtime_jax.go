package hostile

import (
	"encoding/binary"
	"strings"
)

// packText writes a text in MessagePack.
func packText(s string) string {
	return string(binary.BigEndian.AppendUint16([]byte{0xda}, uint16(len(s)))) + s
}

// packBytes writes bytes in MessagePack.
func packBytes(s string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0xc6}, uint32(len(s)))) + s
}

// packExtension writes an extension in MessagePack.
func packExtension(kind byte, s string) string {
	return string(append(binary.BigEndian.AppendUint32([]byte{0xc9}, uint32(len(s))), kind)) + s
}

// packArray writes an array of one dimension as Flax does.
func packArray(dtype string, n byte, data string) string {
	return packExtension(1, "\x93\x91"+string([]byte{n})+packText(dtype)+packBytes(data))
}

// packMap writes a map from keys and values that are written already.
func packMap(pairs ...string) string {
	return string(binary.BigEndian.AppendUint16([]byte{0xde}, uint16(len(pairs)/2))) + strings.Join(pairs, "")
}

// jaxSamples are checkpoints of Flax and Orbax.
func jaxSamples() []Sample {
	attack := string(attackPickle())
	sound := packArray("float32", 2, "12345678")
	pack := func(id, technique string, pairs ...string) Sample {
		return Sample{Name: "flax-" + id + ".msgpack", Group: "flax", Technique: technique, Loader: "flax", Build: build([]byte(packMap(pairs...)))}
	}
	params := packText("params")
	trailing := pack("trailing-pickle", "a pickle behind the map", params, sound)
	trailing.Build = build([]byte(packMap(params, sound) + attack))
	cut := pack("cut", "a map that ends inside of an array", params, sound)
	cut.Build = build([]byte(packMap(params, sound)[:20]))
	bomb := pack("count-bomb", "a list of 4 billion elements in 20 bytes", params, sound)
	bomb.Build = build([]byte("\x81\xa6params\xdd\xff\xff\xff\xff" + strings.Repeat("\x90", 12)))
	deep := pack("deep", "10,000 lists in each other", params, strings.Repeat("\x91", 10000)+"\xc0")
	file := func(id, name, technique, content string) Sample {
		return Sample{Name: "orbax-" + id + name, Group: "orbax", Technique: technique, Loader: "orbax", Build: build([]byte(content))}
	}
	tree := func(key, kind string) string {
		return `{"tree_metadata":{"('params', 'w')":{"key_metadata":[{"key":"` + key + `","key_type":2}],"value_metadata":{"value_type":"` + kind +
			`","skip_deserialize":false}}},"use_ocdbt":true,"use_zarr3":false,"custom_metadata":null}`
	}
	zarr := func(id, technique, codecs string) Sample {
		return file(id, ".zarray", technique, `{"chunks":[4],`+codecs+`,"dimension_separator":".","fill_value":null,"order":"C","shape":[4],"zarr_format":2}`)
	}
	return []Sample{
		pack("bytes-pickle", "a pickle in a value of bytes", params, sound, packText("opt"), packBytes(attack)),
		pack("extension-pickle", "a pickle in an extension that a decoder's hook unpickles", params, packExtension(42, attack)),
		pack("extension-empty", "an extension of an unknown type", params, packExtension(100, Marker)),
		pack("extension-timestamp", "an extension of a reserved type", params, packExtension(0x80, Marker)),
		pack("object-array", "an array of Python objects, whose bytes would be addresses", params, packArray("object", 1, "AAAAAAAA")),
		pack("object-letter", "the same by its letter", params, packArray("O", 1, "AAAAAAAA")),
		pack("dtype-structured", "an array whose dtype is a list of fields", params, packArray("V16", 1, strings.Repeat("A", 16))),
		pack("array-short", "an array with fewer bytes than its shape says", params, packArray("float32", 100, "12345678")),
		pack("array-long", "an array with more bytes than its shape says: a pickle", params, packArray("float32", 2, attack)),
		pack("array-overflow", "a shape whose product overflows", params, packExtension(1, "\x93\x92"+strings.Repeat("\xcf\x20\x00\x00\x00\x00\x00\x00\x00", 2)+packText("int8")+packBytes("x"))),
		pack("array-negative", "a negative dimension", params, packExtension(1, "\x93\x91\xff"+packText("int8")+packBytes("x"))),
		pack("array-extra", "an array with a fourth part", params, packExtension(1, "\x94\x91\x01"+packText("int8")+packBytes("x")+packBytes(attack))),
		pack("complex-pickle", "a pickle where a complex number should be", params, packExtension(2, attack)),
		pack("duplicate-key", "two values for one key", params, sound, params, packArray("float32", 2, "87654321")),
		pack("text-code", "Python in a text", params, sound, packText("init"), packText("__import__('os').system('echo "+Marker+"')")),
		pack("key-path", "a key that is a path out of the folder", packText("../../../../etc/passwd"), sound),
		pack("text-pickle", "a pickle of protocol 0 in a text", params, packText("cposix\nsystem\n(S'echo "+Marker+"'\ntR.")),
		trailing, cut, bomb, deep,
		file("handler", "_CHECKPOINT_METADATA", "a handler of the attacker restores the checkpoint", `{"item_handlers":{"state":"picket_evil.Handler"},"metrics":{}}`),
		file("handler-system", "_CHECKPOINT_METADATA", "a function of the system as the handler", `{"item_handlers":"os.system","metrics":{}}`),
		file("restore-function", "_CHECKPOINT_METADATA", "a restore function in the custom metadata",
			`{"item_handlers":"orbax.checkpoint.PyTreeCheckpointHandler","custom_metadata":{"restore_fn":"os.system"}}`),
		file("custom-code", "_CHECKPOINT_METADATA", "Python in the custom metadata",
			`{"item_handlers":{},"custom_metadata":{"init":"__import__('os').system('echo `+Marker+`')"}}`),
		file("value-type", "_METADATA", "a leaf that a handler of the attacker restores", tree("w", "picket_evil.Type")),
		file("key-escape", "_METADATA", "a name of the tree that leads out of the folder", tree("../../../../etc/cron.d/x", "jax.Array")),
		file("key-absolute", "_METADATA", "an absolute name of the tree", tree("/etc/passwd", "jax.Array")),
		zarr("zarr-pickle", "numcodecs.Pickle as a filter of an object array: reading the array unpickles it", `"compressor":null,"dtype":"|O","filters":[{"id":"pickle","protocol":5}]`),
		zarr("zarr-pickle-compressor", "the codec pickle as the compressor", `"compressor":{"id":"pickle"},"dtype":"|O","filters":null`),
		zarr("zarr-codec", "a codec of a package of the attacker", `"compressor":{"id":"picket_evil"},"dtype":"<f4","filters":null`),
		file("zarr3-pickle", ".json", "the codec pickle in Zarr 3", `{"zarr_format":3,"node_type":"array","shape":[4],"data_type":"float32","codecs":[{"name":"numcodecs.pickle"}]}`),
		file("zarr3-nested", ".json", "an unknown codec inside of sharding", `{"zarr_format":3,"node_type":"array","shape":[4],"data_type":"float32","codecs":[{"name":"sharding_indexed","configuration":{"codecs":[{"name":"picket_evil"}]}}]}`),
		file("ocdbt-size", ".ocdbt", "a table that claims more bytes than there are", "\x0c\xdb\x3a\x2a\xff\xff\xff\xff\x00\x00\x00\x00\x00\x01"+strings.Repeat("\x00", 40)),
		file("ocdbt-pickle", ".ocdbt", "a pickle behind a table", "\x0c\xdb\x3a\x2a\x20\x00\x00\x00\x00\x00\x00\x00\x00\x01"+strings.Repeat("\x00", 18)+attack),
	}
}
