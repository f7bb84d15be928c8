// Package ggml reads models of GGML from before GGUF: of llama.cpp in its versions (ggml, ggmf, ggjt) and of whisper.cpp. It is
// for detectors. It checks that vocabulary and tensors fit the file, never reads tensors, and judges nothing. Models of other
// programs with the same magic number have other headers; they are malformed here. Adapters and sessions are not models.
// Specification: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#historical-state-of-affairs
package ggml

import (
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "ggml"

// Format recognises models.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "GGML model of an old version", MediaType: "application/x-ggml", Extensions: []string{".ggml", ".bin"},
		Risk: format.Data, Parsed: true, Spec: "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#historical-state-of-affairs",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	if len(p.Head) < 16 {
		return false
	}
	switch string(p.Head[:4]) {
	case "lmgg", "fmgg", "tjgg", "algg", "nsgg":
		return true
	}
	return false
}

// Tensor is one tensor.
type Tensor struct {
	Name   string
	Offset int64 // of its head: bytes from the start of the file
	Start  int64 // of its data
	Size   int64 // bytes
}

// Visitor receives what Read finds. Every function must be set.
type Visitor struct {
	Token  func(text string, offset int64) // one entry of the vocabulary
	Tensor func(Tensor)
}

// Model sums up a model that was read to its end.
type Model struct {
	Magic   string // as it is called: "ggml", "ggmf" or "ggjt"
	Version uint32 // 0 before there was one
	Whisper bool   // the header is that of whisper.cpp
	Tokens  int64
	Tensors int64
	Data    int64 // bytes of tensors
}

// Bounds of what is believed.
const (
	maxVocabulary = 1 << 22
	maxToken      = 1 << 16
	maxName       = 1 << 10
	maxTensors    = 1 << 18
	maxDims       = 4
	maxFilters    = 1 << 20
	alignment     = 32 // of tensors since ggjt
)

// reader reads one file.
type reader struct {
	b      *format.Blob
	pos    int64
	budget *limits.Budget
	visit  Visitor
	m      Model
	start  int64 // of buf
	buf    []byte
}

// Read reads a model. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(b *format.Blob, budget *limits.Budget, visit Visitor) (Model, error) {
	silent := Visitor{Token: func(string, int64) {}, Tensor: func(Tensor) {}}
	first := &reader{b: b, budget: budget, visit: silent}
	err := first.model(false)
	if err != nil && first.m.Magic != "ggml" {
		return first.m, err
	}
	r := &reader{b: b, budget: budget, visit: visit} // the same magic number stands before two headers
	err = r.model(err != nil)
	return r.m, err
}

// take reads n bytes, at most 64 KiB; they are valid until the next call.
func (r *reader) take(n int64) ([]byte, error) {
	if n > r.b.Size()-r.pos {
		return nil, format.Malformed(r.pos, "%d bytes where the file has %d", n, r.b.Size()-r.pos)
	}
	if r.pos < r.start || r.pos+n > r.start+int64(len(r.buf)) {
		const window = 64 << 10
		buf, err := r.b.ReadRange(r.pos, min(window, r.b.Size()-r.pos))
		if err != nil {
			return nil, err
		}
		r.start, r.buf = r.pos, buf
	}
	b := r.buf[r.pos-r.start:][:n]
	r.pos += n
	return b, nil
}

// number reads a number that must be below a bound.
func (r *reader) number(below int64, what string) (int64, error) {
	b, err := r.take(4)
	if err != nil {
		return 0, err
	}
	n := int64(int32(binary.LittleEndian.Uint32(b)))
	if n < 0 || n >= below {
		return 0, format.Malformed(r.pos-4, "%d as %s", n, what)
	}
	return n, nil
}

// model reads everything, with one header or the other.
func (r *reader) model(whisper bool) error {
	magic, err := r.take(4)
	if err != nil {
		return err
	}
	r.m.Magic = string([]byte{magic[3], magic[2], magic[1], magic[0]})
	r.m.Whisper = whisper
	switch r.m.Magic {
	case "ggml":
	case "ggmf", "ggjt":
		version, err := r.number(4, "a version")
		if err != nil {
			return err
		}
		r.m.Version = uint32(version)
	default:
		return format.Malformed(0, "an adapter or a session is not read")
	}
	vocabulary, err := r.header(whisper)
	if err != nil {
		return err
	}
	if err := r.tokens(vocabulary); err != nil {
		return err
	}
	for r.pos < r.b.Size() {
		if err := r.tensor(); err != nil {
			return err
		}
	}
	if r.m.Tensors == 0 {
		return format.Malformed(r.pos, "the model has no tensors")
	}
	return nil
}

// header reads the parameters and returns how many tokens the vocabulary has.
func (r *reader) header(whisper bool) (int64, error) {
	count := 7
	if whisper {
		count = 11
	}
	vocabulary := int64(0)
	for i := range count {
		n, err := r.number(maxVocabulary, "a parameter")
		if err != nil {
			return 0, err
		}
		if i == 0 {
			vocabulary = n
		}
	}
	if !whisper {
		return vocabulary, nil
	}
	rows, err := r.number(maxFilters, "a number of filters")
	if err != nil {
		return 0, err
	}
	columns, err := r.number(maxFilters, "a number of frequencies")
	if err != nil {
		return 0, err
	}
	if rows*columns*4 > r.b.Size()-r.pos {
		return 0, format.Malformed(r.pos, "filters of %d bytes", rows*columns*4)
	}
	r.pos += rows * columns * 4
	return r.number(maxVocabulary, "a size of the vocabulary")
}

// tokens reads the vocabulary.
func (r *reader) tokens(n int64) error {
	if err := r.budget.Ops(n); err != nil {
		return err
	}
	for range n {
		length, err := r.number(maxToken, "the length of a token")
		if err != nil {
			return err
		}
		at := r.pos
		text, err := r.take(length)
		if err != nil {
			return err
		}
		r.visit.Token(string(text), at)
		if r.m.Magic != "ggml" { // a score follows
			if _, err := r.take(4); err != nil {
				return err
			}
		}
		r.m.Tokens++
	}
	return nil
}

// tensor reads the head of a tensor and passes over its data.
func (r *reader) tensor() error {
	t := Tensor{Offset: r.pos}
	if r.m.Tensors++; r.m.Tensors > maxTensors {
		return format.Malformed(r.pos, "more than %d tensors", maxTensors)
	}
	if err := r.budget.Ops(1); err != nil {
		return err
	}
	dims, err := r.number(maxDims+1, "a number of dimensions")
	if err != nil {
		return err
	}
	length, err := r.number(maxName, "the length of a name")
	if err != nil {
		return err
	}
	kind, err := r.number(1<<16, "a type")
	if err != nil {
		return err
	}
	elements := int64(1)
	for range dims {
		d, err := r.number(1<<31, "a dimension")
		if err != nil {
			return err
		}
		if d > 0 && elements > (1<<58)/d {
			return format.Malformed(r.pos-4, "a shape overflows")
		}
		elements *= d
	}
	name, err := r.take(length)
	if err != nil {
		return err
	}
	t.Name = string(name)
	block, ok := r.block(kind)
	if !ok || elements%block[0] != 0 {
		return format.Malformed(t.Offset, "a tensor of the type %d with %d elements", kind, elements)
	}
	if r.m.Magic == "ggjt" {
		r.pos = (r.pos + alignment - 1) / alignment * alignment
	}
	t.Start, t.Size = r.pos, elements/block[0]*block[1]
	if t.Size > r.b.Size()-r.pos {
		return format.Malformed(t.Offset, "a tensor of %d bytes where the file has %d", t.Size, r.b.Size()-r.pos)
	}
	r.pos += t.Size
	r.m.Data += t.Size
	r.visit.Tensor(t)
	return nil
}

// block is how many elements a block of a type has, and how many bytes.
func (r *reader) block(kind int64) ([2]int64, bool) {
	if r.m.Magic == "ggmf" || r.m.Magic == "ggjt" && r.m.Version < 3 || r.m.Magic == "ggml" && !r.m.Whisper { // the scale had 32 bits then
		switch kind {
		case 2:
			return [2]int64{32, 20}, true
		case 3:
			return [2]int64{32, 24}, true
		}
	}
	b, ok := blocks[kind]
	return b, ok
}

// blocks are the types of tensors: elements and bytes of a block.
var blocks = map[int64][2]int64{
	0: {1, 4}, 1: {1, 2}, 2: {32, 18}, 3: {32, 20}, 6: {32, 22}, 7: {32, 24}, 8: {32, 34}, 9: {32, 40}, 10: {256, 84}, 11: {256, 110}, 12: {256, 144},
	13: {256, 176}, 14: {256, 210}, 15: {256, 292},
}
