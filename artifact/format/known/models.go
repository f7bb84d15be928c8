package known

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/zip"
)

// models are formats of models and data sets with a magic of their own.
func models() []entry {
	active := func(name, title, media, spec string, extensions ...string) format.Info {
		return describe(format.Active, name, title, media, spec, extensions...)
	}
	data := func(name, title, media, spec string, extensions ...string) format.Info {
		return describe(format.Data, name, title, media, spec, extensions...)
	}
	return []entry{
		{active("rknn", "RKNN model", "application/x-rknn", "https://github.com/airockchip/rknn-toolkit2", ".rknn"), all(begins("RKNN"), longer(32))},
		{active("cntk", "CNTK model", "application/x-cntk", "https://learn.microsoft.com/cognitive-toolkit/"), begins("B\x00C\x00N\x00")},
		{active("torch7", "Torch7 object", "application/x-torch7", "https://github.com/torch/torch7/blob/master/doc/serialization.md", ".t7"), torch7},
		{data("fasttext", "fastText model", "application/x-fasttext", "https://fasttext.cc/"), all(begins("\xba\x16\x4f\x2f"), between(4, 10, 13))},
		{data("faiss", "FAISS index", "application/x-faiss", "https://github.com/facebookresearch/faiss", ".faiss"),
			all(begins("IxFI", "IxF2", "IxFl", "IwFl", "IxPQ", "IHNf", "IHNp", "IHNs", "IxMp", "IxM2"), between(4, 1, 1<<16), longer(33))},
		{data("parquet", "Parquet table", "application/vnd.apache.parquet", "https://parquet.apache.org/docs/file-format/", ".parquet"),
			all(begins("PAR1"), ends("PAR1"), longer(12))},
		{data("arrow", "Arrow table", "application/vnd.apache.arrow.file", "https://arrow.apache.org/docs/format/Columnar.html", ".arrow", ".feather"),
			func(p format.Probe) bool {
				return begins("ARROW1\x00\x00")(p) || begins("FEA1")(p) && ends("FEA1")(p) && longer(16)(p) || arrowStream(p)
			}},
		{data("avro", "Avro table", "application/avro", "https://avro.apache.org/docs/", ".avro"), all(begins("Obj\x01"), longer(20))},
		{data("orc", "ORC table", "application/x-orc", "https://orc.apache.org/specification/", ".orc"), all(begins("ORC"), orcEnd)},
		{data("netcdf", "NetCDF data", "application/x-netcdf", "https://docs.unidata.ucar.edu/nug/current/", ".nc"), all(begins("CDF\x01\x00", "CDF\x02\x00", "CDF\x05\x00"), longer(32))},
		{data("matlab", "MATLAB data", "application/x-matlab-data", "https://www.mathworks.com/help/matlab/import_export/mat-file-versions.html", ".mat"),
			begins("MATLAB 5.0 MAT-file")},
		{data("tfrecord", "TensorFlow records", "application/x-tfrecord", "https://www.tensorflow.org/tutorials/load_data/tfrecord", ".tfrecord"),
			func(p format.Probe) bool { return record(p) && !boardVersion(p) }},
		{active("h2o-binary", "H2O model in binary form", "application/vnd.h2o.binary", "https://docs.h2o.ai/h2o/latest-stable/h2o-docs/save-and-load-model.html"),
			all(begins("\x1c\xed"), func(p format.Probe) bool { return bytes.Contains(p.Head[:min(len(p.Head), 256)], []byte("water.")) })},
		{active("java-serialized", "Serialized Java objects", "application/x-java-serialized-object", "https://docs.oracle.com/javase/8/docs/platform/serialization/spec/protocol.html",
			".ser"), all(begins("\xac\xed\x00\x05"), javaObject)},
		{active("net-serialized", "Serialized .NET objects", "application/x-net-serialized-object", "https://learn.microsoft.com/openspecs/windows_protocols/ms-nrbf/"),
			begins("\x00\x01\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00")},
	}
}

// programs are programs and containers beside those that have a package of their own.
func programs() []entry {
	active := func(name, title, media, spec string, extensions ...string) format.Info {
		return describe(format.Active, name, title, media, spec, extensions...)
	}
	return []entry{
		{active("ape", "Portable executable of many systems", "application/x-ape", "https://justine.lol/ape.html"),
			func(p format.Probe) bool { return begins("MZqFpD='", "jartsr='")(p) && zip.Names(p) == nil }},
		{active("java-class", "Java class", "application/java-vm", "https://docs.oracle.com/javase/specs/jvms/se21/html/jvms-4.html", ".class"), javaClass},
		{active("wasm", "WebAssembly module", "application/wasm", "https://webassembly.github.io/spec/core/binary/", ".wasm"), begins("\x00asm\x01\x00\x00\x00")},
		{active("dex", "Android bytecode", "application/vnd.android.dex", "https://source.android.com/docs/core/runtime/dex-format", ".dex"), begins("dex\n03")},
		{active("lua-bytecode", "Lua bytecode", "application/x-lua-bytecode", "https://www.lua.org/manual/5.4/", ".luac"), begins("\x1bLua\x51", "\x1bLua\x52", "\x1bLua\x53", "\x1bLua\x54", "\x1bLJ\x01", "\x1bLJ\x02")},
		{active("rar", "RAR archive", "application/vnd.rar", "https://www.rarlab.com/technote.htm", ".rar"), begins("Rar!\x1a\x07\x00", "Rar!\x1a\x07\x01\x00")},
		{active("cab", "Windows cabinet", "application/vnd.ms-cab-compressed", "https://learn.microsoft.com/previous-versions/bb417343(v=msdn.10)", ".cab"), begins("MSCF\x00\x00\x00\x00")},
		{active("ar", "Static library or Debian package", "application/x-archive", "https://www.freebsd.org/cgi/man.cgi?query=ar&sektion=5", ".a", ".deb"), begins("!<arch>\n", "!<thin>\n")},
		{active("ole", "Microsoft compound document", "application/x-ole-storage", "https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb/"), begins("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")},
		{active("lnk", "Windows shortcut", "application/x-ms-shortcut", "https://learn.microsoft.com/openspecs/windows_protocols/ms-shllink/", ".lnk"), begins("L\x00\x00\x00\x01\x14\x02\x00")},
	}
}

// torch7 matches a Torch object with its version, or a table whose first key is a word.
func torch7(p format.Probe) bool {
	if begins("\x04\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00V 1")(p) {
		return true
	}
	h := p.Head
	if len(h) < 24 || !begins("\x03\x00\x00\x00\x01\x00\x00\x00")(p) || binary.LittleEndian.Uint32(h[12:]) != 2 {
		return false
	}
	n := int(binary.LittleEndian.Uint32(h[16:]))
	return n >= 1 && n <= 256 && len(h) >= 20+n && identifier(h[20:20+n])
}

// identifier reports whether bytes are a word as programs use it.
func identifier(b []byte) bool {
	for _, c := range b {
		if !(c == '_' || c == '.' || c == '-' || c == '/' || c == ':' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return len(b) > 0
}

// arrowStream matches the first message of a stream: a mark, a length, and the offset of a FlatBuffer's root.
func arrowStream(p format.Probe) bool {
	return all(begins("\xff\xff\xff\xff"), between(4, 32, 1<<20), at(8, "\x10\x00\x00\x00\x00\x00\x0a\x00"))(p)
}

// orcEnd checks the end of an ORC table: its magic before one byte of length.
func orcEnd(p format.Probe) bool {
	return len(p.Tail) > 8 && string(p.Tail[len(p.Tail)-4:len(p.Tail)-1]) == "ORC"
}

// javaObject checks that a known type of element follows the header of the stream.
func javaObject(p format.Probe) bool {
	return len(p.Head) > 6 && p.Head[4] >= 0x70 && p.Head[4] <= 0x7e
}

// javaClass checks the version of a class: where it stands, Mach-O files for several processors have a small number.
func javaClass(p format.Probe) bool {
	if len(p.Head) < 24 || string(p.Head[:4]) != "\xca\xfe\xba\xbe" {
		return false
	}
	minor, major := binary.BigEndian.Uint16(p.Head[4:]), binary.BigEndian.Uint16(p.Head[6:])
	return major >= 45 && major < 128 && (minor < 4 || minor == 0xffff)
}

// record checks the length of the first TensorFlow record by its checksum, which nothing else has by chance.
func record(p format.Probe) bool {
	if len(p.Head) < 16 {
		return false
	}
	crc := crc32.Checksum(p.Head[:8], crc32.MakeTable(crc32.Castagnoli))
	masked := (crc>>15 | crc<<17) + 0xa282ead8
	return binary.LittleEndian.Uint32(p.Head[8:]) == masked
}

// boardVersion looks for the words that every TensorBoard log begins with.
func boardVersion(p format.Probe) bool {
	return bytes.Contains(p.Head[:min(len(p.Head), 64)], []byte("brain.Event:"))
}
