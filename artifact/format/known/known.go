// Package known recognises formats that Picket does not parse. Inert ones (text, images, fonts) are read by no model loader;
// the others are named so that a report can say what was not read, because what is only recognised is never clean. It is
// for the engine's list of formats, and looks at nothing but the head of the content.
package known

import (
	"bytes"
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
)

// Format is one recognised format.
type Format struct {
	info  format.Info
	match func(p format.Probe) bool
}

// Info implements format.Format.
func (f Format) Info() format.Info { return f.info }

// Match implements format.Format.
func (f Format) Match(p format.Probe) bool { return len(p.Head) > 0 && f.match(p) }

// Formats lists every format of this package.
func Formats() []format.Format {
	list := []format.Format{
		Format{format.Info{Name: "git-lfs-pointer", Title: "Git LFS pointer", MediaType: "text/plain",
			Parsed: true, Risk: format.Active, Spec: "https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"}, isPointer},
		Format{format.Info{Name: "text", Title: "text", MediaType: "text/plain", Extensions: textExtensions(),
			Risk: format.Inert, Spec: "https://www.unicode.org/versions/latest/"}, isText},
	}
	for _, m := range magics() {
		list = append(list, Format{m.info(), m.match})
	}
	for _, s := range structures() {
		list = append(list, s)
	}
	return list
}

// magic is a format that is told by fixed bytes at a fixed place.
type magic struct {
	name, title, media string
	risk               format.Risk
	at                 int
	bytes              string
	then               int    // where more fixed bytes are; only used when and is set
	and                string // more fixed bytes
	extensions         []string
	spec               string
}

// info is the constant half.
func (m magic) info() format.Info {
	return format.Info{Name: m.name, Title: m.title, MediaType: m.media, Risk: m.risk, Extensions: m.extensions, Spec: m.spec}
}

// match compares the fixed bytes.
func (m magic) match(p format.Probe) bool {
	return has(p.Head, m.at, m.bytes) && (m.and == "" || has(p.Head, m.then, m.and))
}

// has reports whether head has the bytes at an offset.
func has(head []byte, at int, want string) bool {
	return len(head) >= at+len(want) && string(head[at:at+len(want)]) == want
}

// magics is the table of formats with a magic.
func magics() []magic {
	const active, data, inert = format.Active, format.Data, format.Inert
	return []magic{
		{name: "png", title: "PNG image", media: "image/png", risk: inert, bytes: "\x89PNG\r\n\x1a\n", extensions: []string{".png"}, spec: "https://www.w3.org/TR/png-3/"},
		{name: "jpeg", title: "JPEG image", media: "image/jpeg", risk: inert, bytes: "\xff\xd8\xff", extensions: []string{".jpg", ".jpeg"}, spec: "https://www.w3.org/Graphics/JPEG/"},
		{name: "gif", title: "GIF image", media: "image/gif", risk: inert, bytes: "GIF8", extensions: []string{".gif"}, spec: "https://www.w3.org/Graphics/GIF/spec-gif89a.txt"},
		{name: "webp", title: "WebP image", media: "image/webp", risk: inert, bytes: "RIFF", then: 8, and: "WEBP", extensions: []string{".webp"}, spec: "https://www.rfc-editor.org/rfc/rfc9649"},
		{name: "wav", title: "WAV audio", media: "audio/wav", risk: inert, bytes: "RIFF", then: 8, and: "WAVE", extensions: []string{".wav"}, spec: "https://www.loc.gov/preservation/digital/formats/fdd/fdd000001.shtml"},
		{name: "tiff", title: "TIFF image", media: "image/tiff", risk: inert, bytes: "II*\x00", extensions: []string{".tif", ".tiff"}, spec: "https://www.loc.gov/preservation/digital/formats/fdd/fdd000022.shtml"},
		{name: "pdf", title: "PDF document", media: "application/pdf", risk: inert, bytes: "%PDF-", extensions: []string{".pdf"}, spec: "https://pdfa.org/resource/iso-32000-2/"},
		{name: "flac", title: "FLAC audio", media: "audio/flac", risk: inert, bytes: "fLaC", extensions: []string{".flac"}, spec: "https://www.rfc-editor.org/rfc/rfc9639"},
		{name: "ogg", title: "Ogg media", media: "application/ogg", risk: inert, bytes: "OggS", extensions: []string{".ogg", ".opus"}, spec: "https://www.rfc-editor.org/rfc/rfc3533"},
		{name: "mp3", title: "MP3 audio", media: "audio/mpeg", risk: inert, bytes: "ID3", extensions: []string{".mp3"}, spec: "https://id3.org/id3v2.4.0-structure"},
		{name: "mp4", title: "MP4 media", media: "video/mp4", risk: inert, at: 4, bytes: "ftyp", extensions: []string{".mp4", ".m4a", ".mov"}, spec: "https://www.loc.gov/preservation/digital/formats/fdd/fdd000155.shtml"},
		{name: "woff", title: "web font", media: "font/woff", risk: inert, bytes: "wOFF", extensions: []string{".woff"}, spec: "https://www.w3.org/TR/WOFF/"},
		{name: "woff2", title: "web font 2", media: "font/woff2", risk: inert, bytes: "wOF2", extensions: []string{".woff2"}, spec: "https://www.w3.org/TR/WOFF2/"},
		{name: "truetype", title: "TrueType font", media: "font/ttf", risk: inert, bytes: "\x00\x01\x00\x00\x00", extensions: []string{".ttf"}, spec: "https://learn.microsoft.com/typography/opentype/spec/"},
		{name: "opentype", title: "OpenType font", media: "font/otf", risk: inert, bytes: "OTTO", extensions: []string{".otf"}, spec: "https://learn.microsoft.com/typography/opentype/spec/"},
		{name: "git-pack", title: "Git pack", media: "application/x-git-packed-objects", risk: inert, bytes: "PACK\x00\x00\x00", extensions: []string{".pack"}, spec: "https://git-scm.com/docs/gitformat-pack"},
		{name: "git-index", title: "Git index", media: "application/x-git-index", risk: inert, bytes: "DIRC\x00\x00\x00", spec: "https://git-scm.com/docs/gitformat-index"},
		{name: "sqlite", title: "SQLite database", media: "application/vnd.sqlite3", risk: data, bytes: "SQLite format 3\x00", extensions: []string{".db", ".sqlite", ".sqlite3"}, spec: "https://www.sqlite.org/fileformat2.html"},
		{name: "parquet", title: "Parquet table", media: "application/vnd.apache.parquet", risk: data, bytes: "PAR1", extensions: []string{".parquet"}, spec: "https://parquet.apache.org/docs/file-format/"},
		{name: "arrow", title: "Arrow file", media: "application/vnd.apache.arrow.file", risk: data, bytes: "ARROW1\x00\x00", extensions: []string{".arrow", ".feather"}, spec: "https://arrow.apache.org/docs/format/Columnar.html"},
		{name: "hdf5", title: "HDF5 file", media: "application/x-hdf5", risk: active, bytes: "\x89HDF\r\n\x1a\n", extensions: []string{".h5", ".hdf5"}, spec: "https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html"},
		{name: "tflite", title: "TensorFlow Lite model", media: "application/x-tflite", risk: active, at: 4, bytes: "TFL3", extensions: []string{".tflite"}, spec: "https://ai.google.dev/edge/litert"},
		{name: "executorch", title: "ExecuTorch program", media: "application/x-executorch", risk: active, at: 4, bytes: "ET12", extensions: []string{".pte"}, spec: "https://docs.pytorch.org/executorch/stable/pte-file-format.html"},
		{name: "7z", title: "7z archive", media: "application/x-7z-compressed", risk: active, bytes: "7z\xbc\xaf\x27\x1c", extensions: []string{".7z"}, spec: "https://www.7-zip.org/7z.html"},
		{name: "rar", title: "RAR archive", media: "application/vnd.rar", risk: active, bytes: "Rar!\x1a\x07", extensions: []string{".rar"}, spec: "https://www.rarlab.com/technote.htm"},
		{name: "wasm", title: "WebAssembly module", media: "application/wasm", risk: active, bytes: "\x00asm", extensions: []string{".wasm"}, spec: "https://webassembly.github.io/spec/core/"},
		{name: "lua-bytecode", title: "Lua bytecode", media: "application/x-lua-bytecode", risk: active, bytes: "\x1bLua", extensions: []string{".luac"}, spec: "https://www.lua.org/manual/5.4/"},
		{name: "r-data", title: "R serialized data", media: "application/x-r-data", risk: active, bytes: "RDX", spec: "https://cran.r-project.org/doc/manuals/r-release/R-ints.html"},
		{name: "r-object", title: "R serialized object", media: "application/x-r-object", risk: active, bytes: "X\n\x00\x00\x00", spec: "https://cran.r-project.org/doc/manuals/r-release/R-ints.html"},
		{name: "cntk", title: "CNTK model", media: "application/x-cntk", risk: active, bytes: "B\x00C\x00N\x00\x00\x00", extensions: []string{".cntk", ".dnn"}, spec: "https://learn.microsoft.com/cognitive-toolkit/"},
		{name: "rknn", title: "RKNN model", media: "application/x-rknn", risk: active, bytes: "RKNN", extensions: []string{".rknn"}, spec: "https://github.com/airockchip/rknn-toolkit2"},
		{name: "catboost", title: "CatBoost model", media: "application/x-catboost", risk: data, bytes: "CBM1", extensions: []string{".cbm"}, spec: "https://catboost.ai/docs/"},
		{name: "xgboost-binary", title: "XGBoost binary model", media: "application/x-xgboost", risk: data, bytes: "binf", spec: "https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html"},
		{name: "mxnet-params", title: "MXNet parameters", media: "application/x-mxnet-params", risk: data, bytes: "\x12\x01\x00\x00\x00\x00\x00\x00", extensions: []string{".params"}, spec: "https://mxnet.apache.org/"},
		{name: "ggml", title: "GGML model", media: "application/x-ggml", risk: data, bytes: "lmgg", spec: "https://github.com/ggml-org/ggml"},
		{name: "ggmf", title: "GGMF model", media: "application/x-ggmf", risk: data, bytes: "fmgg", spec: "https://github.com/ggml-org/ggml"},
		{name: "ggjt", title: "GGJT model", media: "application/x-ggjt", risk: data, bytes: "tjgg", spec: "https://github.com/ggml-org/ggml"},
	}
}

// structures is the list of formats that are told by their structure.
func structures() []Format {
	return []Format{
		{format.Info{Name: "onnx", Title: "ONNX model", MediaType: "application/x-onnx", Extensions: []string{".onnx"},
			Risk: format.Active, Spec: "https://github.com/onnx/onnx/blob/main/docs/IR.md"}, isONNX},
		{format.Info{Name: "saved-model", Title: "TensorFlow SavedModel", MediaType: "application/x-tensorflow-saved-model",
			Extensions: []string{".pb"}, Risk: format.Active, Spec: "https://www.tensorflow.org/guide/saved_model"}, isSavedModel},
		{format.Info{Name: "sentencepiece", Title: "SentencePiece vocabulary", MediaType: "application/x-sentencepiece",
			Risk: format.Inert, Spec: "https://github.com/google/sentencepiece"}, isSentencePiece},
	}
}

// isPointer recognises the text that Git LFS leaves in place of a large file.
func isPointer(p format.Probe) bool {
	return bytes.HasPrefix(p.Head, []byte("version https://git-lfs.github.com/spec/v1\n")) && len(p.Head) < 1024
}

// field reads one protobuf field of a top-level message: its number, its wire type, where its value starts and, for a
// length-delimited one, its length.
func field(b []byte) (number, wire, start, length uint64, ok bool) {
	key, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, 0, 0, 0, false
	}
	number, wire, start = key>>3, key&7, uint64(n)
	switch wire {
	case 0:
		if _, m := binary.Uvarint(b[n:]); m > 0 {
			return number, wire, start, uint64(m), true
		}
	case 2:
		size, m := binary.Uvarint(b[n:])
		return number, wire, start + uint64(max(0, m)), size, m > 0
	}
	return 0, 0, 0, 0, false
}

// isONNX walks the first fields of a ModelProto: ir_version, then names and versions, until the graph.
func isONNX(p format.Probe) bool {
	b := p.Head
	number, wire, start, length, ok := field(b)
	if !ok || number != 1 || wire != 0 || b[start] < 2 || b[start] > 32 {
		return false
	}
	for range 64 {
		b = b[start+length:]
		number, wire, start, length, ok = field(b)
		switch {
		case !ok || number > 25:
			return false
		case number == 7:
			return wire == 2
		case wire == 2 && length >= uint64(len(b))-start:
			return false
		}
	}
	return false
}

// isSavedModel recognises a SavedModel: schema version 1, then meta graphs and nothing else.
func isSavedModel(p format.Probe) bool {
	if !has(p.Head, 0, "\x08\x01\x12") {
		return false
	}
	_, _, start, length, ok := field(p.Head[2:])
	return ok && length > 16 && (p.Size < 0 || start+length <= uint64(p.Size)-2)
}

// isSentencePiece recognises a ModelProto of SentencePiece: pieces, each a string and a score.
func isSentencePiece(p format.Probe) bool {
	b := p.Head
	for range 3 {
		number, wire, start, length, ok := field(b)
		if !ok || number != 1 || wire != 2 || length < 7 || length > 256 || start+length > uint64(len(b)) {
			return false
		}
		piece := b[start : start+length]
		inner, kind, at, size, ok := field(piece)
		if !ok || inner != 1 || kind != 2 || at+size+5 > uint64(len(piece)) || piece[at+size] != 0x15 {
			return false
		}
		b = b[start+length:]
	}
	return true
}
