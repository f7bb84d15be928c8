// Package safetensors reads the header of safetensors files: which tensors there are, where they lie, and the free text
// beside them. It is for detectors. It reads forward, in constant memory whatever the size of the header, never reads tensor
// data, and judges nothing: what breaks the specification is handed on as a Problem.
package safetensors

import (
	"bytes"
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
)

// Name is the name of the format.
const Name = "safetensors"

// MaxHeader is the number of bytes of header that the specification's reference reader accepts.
const MaxHeader = 100_000_000

// prefix is the length of the field that holds the length of the header.
const prefix = 8

// Format recognises safetensors files.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "safetensors", MediaType: "application/x-safetensors", Extensions: []string{".safetensors"},
		Risk: format.Data, Forward: true, Parsed: true,
		Spec: "https://huggingface.co/docs/safetensors/index#format",
	}
}

// Match implements format.Format. It accepts a length followed by the start of a JSON object. The length may lie, so that a
// broken or hostile file is still inspected as what it pretends to be.
func (Format) Match(p format.Probe) bool {
	const credible = 1 << 40 // no text begins with a length below this, because its upper bytes are zero
	if len(p.Head) < prefix+2 {
		return false
	}
	if n := binary.LittleEndian.Uint64(p.Head); n < 2 || n >= credible {
		return false
	}
	rest, object := bytes.CutPrefix(trim(p.Head[prefix:]), []byte("{"))
	if rest = trim(rest); !object || len(rest) == 0 {
		return object
	}
	return rest[0] == '"' || rest[0] == '}'
}

// trim removes leading JSON white space.
func trim(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }

// bitsOf is the size of one element of each element type. Types smaller than a byte are packed.
var bitsOf = map[string]int64{
	"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
	"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
	"I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
	"I64": 64, "U64": 64, "F64": 64, "C64": 64,
}
