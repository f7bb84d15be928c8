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

// Magic is the first pickle: PROTO 2 and the number 0x1950a86a20f9469cfc6c.
func Magic() []byte {
	return []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")
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
func (Format) Match(p format.Probe) bool { return bytes.HasPrefix(p.Head, Magic()) }
