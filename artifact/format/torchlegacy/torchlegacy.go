// Package torchlegacy recognises files that PyTorch wrote before version 1.6, or later with the zip form switched off: five
// pickles one after the other and then the raw storages of the tensors. It is for the registry of formats; the pickles in it
// are read by package pickle. It parses nothing itself.
package torchlegacy

import (
	"bytes"

	"github.com/picketsec/picket/artifact/format"
)

// Streams is how many pickles stand before the storages: the magic number, the protocol version, facts about the machine,
// the object, and the keys of the storages in their order.
const Streams = 5

// Magic is the first pickle as torch.save writes it by default: PROTO 2 and the number 0x1950a86a20f9469cfc6c.
func Magic() []byte { return []byte("\x80\x02" + number) }

// The number as LONG1 and STOP, and as the text of LONG in protocols 0 and 1.
const (
	number = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
	text   = "L119547037146038801333356L\n."
)

// MaxMagic is how many bytes IsMagic looks at.
const MaxMagic = 2 + 9 + len(text)

// IsMagic reports whether the first pickle of the content is the magic number, in any protocol that torch.save can be told to
// use: the number alone, after PROTO, or after PROTO and a FRAME.
func IsMagic(head []byte) bool {
	if bytes.HasPrefix(head, []byte(text)) {
		return true
	}
	if len(head) < 2 || head[0] != 0x80 || head[1] < 2 || head[1] > 5 {
		return false
	}
	head = head[2:]
	if len(head) > 9 && head[0] == 0x95 {
		head = head[9:]
	}
	return bytes.HasPrefix(head, []byte(number))
}

// Format recognises the format.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: "torch-legacy", Title: "PyTorch file before 1.6", MediaType: "application/x-pytorch-legacy",
		Extensions: []string{".pt", ".pth", ".bin", ".ckpt"}, Risk: format.Active, Refines: "pickle", Forward: true, Parsed: true,
		Spec: "https://github.com/pytorch/pytorch/blob/main/torch/serialization.py",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool { return IsMagic(p.Head) }
