// Package paddle reads models of PaddlePaddle: programs as protocol buffers (.pdmodel), programs of the newer intermediate
// representation in JSON, and tensors (.pdiparams). It is for detectors: it hands on operators with the texts among their
// attributes. It reads no tensors and judges nothing. Files of paddle.save are pickles, and read as such.
// Specification: https://github.com/PaddlePaddle/Paddle/blob/develop/paddle/fluid/framework/framework.proto
package paddle

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// The names of the formats.
const (
	Name       = "paddle"
	PirName    = "paddle-pir"
	ParamsName = "paddle-params"
	spec       = "https://github.com/PaddlePaddle/Paddle/blob/develop/paddle/fluid/framework/framework.proto"
)

// operatorList has one name of an operator per line, as PaddlePaddle 3.3.1 lists them, without those that run code of others or
// reach files and the network.
//
//go:embed operators.txt
var operatorList string

// Operators is the set of operators that only compute.
func Operators() map[string]bool {
	set := map[string]bool{}
	for name := range strings.Lines(operatorList) {
		set[strings.TrimSpace(name)] = true
	}
	return set
}

// Format recognises programs as protocol buffers.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "PaddlePaddle program", MediaType: "application/x-paddle", Extensions: []string{".pdmodel"},
		Risk: format.Active, Parsed: true, Spec: spec}
}

// Match implements format.Format: the first block has the number 0 and no parent.
func (Format) Match(p format.Probe) bool {
	if len(p.Head) < 16 || p.Head[0] != 0x0a {
		return false
	}
	size, n := binary.Uvarint(p.Head[1:])
	return n > 0 && len(p.Head) > n+14 && bytes.HasPrefix(p.Head[1+n:], []byte("\x08\x00\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")) &&
		(p.Size < 0 || size <= uint64(p.Size))
}

// Pir recognises programs in JSON.
type Pir struct{}

// Info implements format.Format.
func (Pir) Info() format.Info {
	return format.Info{Name: PirName, Title: "PaddlePaddle program in JSON", MediaType: "application/json", Refines: json.Name,
		Risk: format.Active, Forward: true, Parsed: true, Spec: "https://github.com/PaddlePaddle/Paddle/tree/develop/paddle/fluid/pir/serialize_deserialize"}
}

// Match implements format.Format.
func (Pir) Match(p format.Probe) bool {
	return bytes.HasPrefix(bytes.TrimLeft(p.Head, " \t\r\n"), []byte(`{"base_code"`)) && bytes.Contains(p.Head[:min(len(p.Head), 256)], []byte(`"pir"`))
}

// Params recognises files of tensors.
type Params struct{}

// Info implements format.Format.
func (Params) Info() format.Info {
	return format.Info{Name: ParamsName, Title: "PaddlePaddle tensors", MediaType: "application/x-paddle-params", Extensions: []string{".pdiparams"},
		Risk: format.Data, Parsed: true, Spec: spec}
}

// Match implements format.Format: three versions and counts of zero, then the length of a description that begins with a type.
func (Params) Match(p format.Probe) bool {
	if len(p.Head) < 24 {
		return false
	}
	n := binary.LittleEndian.Uint32(p.Head[16:])
	return len(bytes.Trim(p.Head[:16], "\x00")) == 0 && n >= 2 && n < 1024 && p.Head[20] == 0x08 && p.Head[21] < 64
}

// Operator is one operator of a program.
type Operator struct {
	Type   string
	Offset int64 // bytes from the start of the file
	Attrs  []Attr
}

// Attr is a text among the attributes of an operator.
type Attr struct {
	Name   string
	Value  string // up to maxText bytes
	Offset int64
	Size   int64 // bytes of the whole value
}

// Bounds of what is kept.
const (
	maxText  = 64 << 10
	maxName  = 1 << 10
	maxAttrs = 1 << 8
)

// Read reads a program as a protocol buffer. The error wraps format.ErrMalformed or limits.ErrExceeded, or is visit's.
func Read(b *format.Blob, budget *limits.Budget, visit func(Operator) error) error {
	m, err := protomsg.New(b, budget)
	if err != nil {
		return err
	}
	blocks := 0
	err = m.Fields(func(f protomsg.Field) error {
		if f.Number != 1 || f.Wire != protomsg.Bytes {
			return nil
		}
		blocks++
		return f.Body.Fields(func(f protomsg.Field) error {
			if f.Number != 4 || f.Wire != protomsg.Bytes {
				return nil
			}
			op, err := operator(f.Body)
			if err != nil {
				return err
			}
			return visit(op)
		})
	})
	if err == nil && blocks == 0 {
		err = format.Malformed(0, "the program has no blocks")
	}
	return err
}

// operator reads one operator.
func operator(m protomsg.Message) (Operator, error) {
	op := Operator{Offset: m.Offset}
	err := m.Fields(func(f protomsg.Field) (err error) {
		switch {
		case f.Number == 3 && f.Wire == protomsg.Bytes:
			op.Type, err = f.Body.Text(maxName)
		case f.Number == 4 && f.Wire == protomsg.Bytes:
			err = op.attribute(f.Body)
		}
		return err
	})
	return op, err
}

// attribute reads the texts of one attribute.
func (op *Operator) attribute(m protomsg.Message) error {
	name := ""
	return m.Fields(func(f protomsg.Field) (err error) {
		if f.Wire != protomsg.Bytes {
			return nil
		}
		switch f.Number {
		case 1:
			name, err = f.Body.Text(maxName)
		case 5, 8: // a text, and one of several
			var text string
			if text, err = f.Body.Text(maxText); err == nil && len(op.Attrs) < maxAttrs {
				op.Attrs = append(op.Attrs, Attr{name, text, f.Body.Offset, f.Body.Size})
			}
		}
		return err
	})
}

// Tensor is one tensor of a file of tensors.
type Tensor struct {
	Offset int64 // bytes from the start of the file
	Start  int64 // of the data
	Size   int64
}

// ReadParams reads where the tensors of a file lie. The error wraps format.ErrMalformed or limits.ErrExceeded.
func ReadParams(b *format.Blob, budget *limits.Budget, visit func(Tensor)) (end int64, err error) {
	for end < b.Size() {
		if err := budget.Ops(1); err != nil {
			return end, err
		}
		head, err := b.ReadRange(end, 20)
		if err != nil {
			return end, err
		}
		n := int64(binary.LittleEndian.Uint32(head[16:]))
		if len(bytes.Trim(head[:16], "\x00")) > 0 || n > maxName {
			return end, format.Malformed(end, "no tensor begins here")
		}
		desc, err := b.Section(end+20, n)
		if err != nil {
			return end, err
		}
		size, err := bytesOf(desc, budget)
		if err != nil || size > b.Size()-end-20-n {
			return end, orMalformed(err, end, "a tensor is larger than the file")
		}
		t := Tensor{Offset: end, Start: end + 20 + n, Size: size}
		visit(t)
		end = t.Start + t.Size
	}
	return end, nil
}

// orMalformed returns err, or an error about the content.
func orMalformed(err error, at int64, reason string) error {
	if err != nil {
		return err
	}
	return format.Malformed(at, "%s", reason)
}

// bytesOf is the size of a tensor by its description.
func bytesOf(desc *format.Blob, budget *limits.Budget) (int64, error) {
	m, err := protomsg.New(desc, budget)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	times := func(d uint64) error {
		if d > 1<<40 || n > 0 && d > 0 && n > (1<<61)/int64(d) {
			return format.Malformed(desc.Size(), "a shape overflows")
		}
		n *= int64(d)
		return nil
	}
	err = m.Fields(func(f protomsg.Field) error {
		switch {
		case f.Number == 1 && f.Wire == protomsg.Varint:
			// By the number of the type: bool, ints of 16, 32 and 64 bits, floats of 16, 32 and 64 bits, …
			n = map[uint64]int64{0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16, 32: 1, 33: 1}[f.Value]
			if n == 0 {
				return format.Malformed(f.Offset, "a tensor of the unknown type %d", f.Value)
			}
		case f.Number == 2 && f.Wire == protomsg.Varint:
			return times(f.Value)
		case f.Number == 2 && f.Wire == protomsg.Bytes:
			return f.Body.Packed(times)
		}
		return nil
	})
	return n, err
}
