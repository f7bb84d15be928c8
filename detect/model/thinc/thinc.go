// Package thinc inspects the weights of Thinc, which spaCy saves for each component: it has what layers of other libraries saved
// of themselves inspected, which PyTorch for one unpickles, and content that hides in arrays and attributes. It is for the
// engine. It judges nothing by itself.
package thinc

import (
	"context"
	"fmt"

	"github.com/picketsec/picket/artifact/format/thinc"
	"github.com/picketsec/picket/detect"
)

// Detector inspects weights of Thinc.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "thinc-model", Title: "Layers of other libraries in weights of Thinc", Formats: []string{thinc.Name, thinc.EmptyName}}
}

// least is the size from which a byte string can be content of its own, in bytes: keys and shapes are shorter.
const least = 16

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if in.Format == thinc.EmptyName {
		out.Parsed(in.Blob.Size())
		return nil
	}
	inside := int64(0)
	err := thinc.Walk(in.Blob, in.Budget, func(b thinc.Bytes) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if b.Size < least {
			return nil
		}
		inside += b.Size
		blob, err := in.Blob.Section(b.Offset, b.Size)
		if err != nil {
			return err
		}
		part := detect.Part{Name: fmt.Sprintf("%s at %d", b.Section, b.Offset), Blob: blob}
		if b.Section != "shims" {
			part.Expect = detect.TensorData
		}
		return out.Inspect(ctx, part)
	})
	if err == nil {
		out.Parsed(in.Blob.Size() - inside)
	}
	return err
}
