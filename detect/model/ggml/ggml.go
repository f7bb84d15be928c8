// Package ggml judges models of GGML from before GGUF: whether vocabulary and tensors fit the file, and the texts that tools
// print. Readers of these files are old, and few check what they read. It reads no tensors.
package ggml

import (
	"context"
	"errors"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/ggml"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// Detector inspects models of GGML.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "ggml", Title: "GGML before GGUF: bounds of vocabulary and tensors", Formats: []string{ggml.Name},
		Rules: []picket.Rule{ruleBounds(), ruleName()}}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	defer list.Close()
	m, err := ggml.Read(in.Blob, in.Budget, ggml.Visitor{Token: func(string, int64) {}, Tensor: func(t ggml.Tensor) {
		if strings.ContainsAny(t.Name, "\x00\x1b\r\n") {
			list.Add(ruleName(), t.Offset, t.Name, "the name of a tensor holds control characters")
		}
	}})
	if broken, ok := errors.AsType[*format.MalformedError](err); ok && m.Tokens+m.Tensors > 0 {
		list.Add(ruleBounds(), broken.Offset, "", broken.Reason)
	}
	if err != nil {
		return err
	}
	out.Opaque(m.Data)
	out.Parsed(in.Blob.Size() - m.Data)
	return nil
}

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.ggml.bounds", Title: "GGML model whose parts do not fit the file",
		Severity: picket.High, Class: picket.Resource,
		What:   "A token or a tensor is larger than the file, has a shape that overflows, or a type that does not exist.",
		Why:    "Readers of this old format trust the numbers and write past the end of their buffers.",
		Remedy: "Do not load the file. Convert the original weights to GGUF.", References: picket.Refs("CWE-787", "CWE-125"),
	}
}

func ruleName() picket.Rule {
	return picket.Rule{
		ID: "model.ggml.terminal-escape", Title: "Name of a tensor controls the terminal",
		Severity: picket.High, Class: picket.Content,
		What:   "The name of a tensor holds control characters.",
		Why:    "Tools print names as they are: whoever looks sees something else than what is there.",
		Remedy: "Do not load the file. Convert the original weights to GGUF.", References: picket.Refs("CWE-150"),
	}
}
