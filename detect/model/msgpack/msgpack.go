// Package msgpack judges weights in MessagePack, as Flax writes them: arrays that are not what their header says, object
// arrays, extensions of unknown types, keys that stand twice, and other content in bytes and texts. It reads no weights.
package msgpack

import (
	"context"
	"fmt"
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/msgpack"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects MessagePack maps.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "msgpack", Title: "MessagePack of Flax: arrays, extensions, content in bytes", Formats: []string{msgpack.Name},
		Rules: slices.Concat(rules(), freetext.Rules())}
}

// scan is one run over one content.
type scan struct {
	ctx    context.Context
	in     detect.Input
	out    *detect.Output
	list   *findings.List
	judge  *freetext.Judge
	opaque int64 // bytes of arrays
	inside int64 // bytes that were given to the engine
	parts  int
}

// Bounds.
const (
	maxParts = 1 << 12 // values of bytes that are inspected
)

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	defer list.Close()
	s := &scan{ctx: ctx, in: in, out: out, list: list, judge: freetext.New(out, list)}
	end, err := msgpack.Read(in.Blob, in.Budget, msgpack.Visitor{
		Key:  func(t msgpack.Text) error { return s.text("a key", t) },
		Text: func(t msgpack.Text) error { return s.text("a text", t) },
		Bytes: func(b msgpack.Span) error {
			return s.inspect(fmt.Sprintf("bytes at %d", b.Start), b, detect.TensorData)
		},
		Array: s.array,
		Extension: func(e msgpack.Extension) error {
			list.Add(ruleExtension(), e.Offset, fmt.Sprint(e.Type), fmt.Sprintf("an extension of type %d and %d bytes", e.Type, e.Data.Size))
			return s.inspect(fmt.Sprintf("extension at %d", e.Offset), e.Data, detect.TensorData)
		},
		Repeated: func(t msgpack.Text) error {
			list.Add(ruleDuplicate(), t.Offset, t.Value, "the key "+t.Value+" stands twice in one map")
			return nil
		},
	})
	if err != nil {
		return err
	}
	out.Opaque(s.opaque)
	out.Parsed(end - s.opaque - s.inside)
	if rest := in.Blob.Size() - end; rest > 0 {
		list.Add(ruleTrailing(), end, "", fmt.Sprintf("%d bytes follow the map", rest))
		return s.inspect("data after the map", msgpack.Span{Start: end, Size: rest}, detect.Anything)
	}
	return nil
}

// text judges a key or a text.
func (s *scan) text(what string, t msgpack.Text) error {
	if t.Cut {
		s.out.Gap(t.Offset, -1, "a text is longer than what is inspected")
	}
	return s.judge.Text(s.ctx, picket.At("", t.Offset), what, t.Value)
}

// array judges an array. The data of one that is sound is numbers.
func (s *scan) array(a msgpack.Array) error {
	size, known := a.Size()
	switch {
	case object(a.Type):
		s.list.Named(ruleObject(), a.Offset, a.Type, "an array of Python objects, whose bytes would be addresses", "object array")
	case !known:
		s.list.Add(ruleArray(), a.Offset, a.Type, fmt.Sprintf("an array of the unknown type %q, or of a shape that overflows: %v", a.Type, a.Shape))
	case size != a.Data.Size:
		s.list.Add(ruleArray(), a.Offset, a.Type, fmt.Sprintf("an array of %s %v has %d bytes and not %d", a.Type, a.Shape, a.Data.Size, size))
	default:
		s.opaque += a.Data.Size
		return nil
	}
	return s.inspect(fmt.Sprintf("array at %d", a.Offset), a.Data, detect.TensorData)
}

// object reports whether a dtype is numpy's for Python objects.
func object(dtype string) bool {
	switch dtype {
	case "O", "object", "object_", "|O", "O8", "|O8":
		return true
	}
	return false
}

// inspect gives a range to the engine.
func (s *scan) inspect(name string, at msgpack.Span, expect detect.Expect) error {
	if s.parts++; s.parts > maxParts {
		s.out.Gap(at.Start, at.Size, "more values of bytes than are inspected")
		return nil
	}
	part, err := s.in.Blob.Section(at.Start, at.Size)
	if err != nil {
		return err
	}
	if expect != detect.Anything {
		s.inside += at.Size
	}
	return s.out.Inspect(s.ctx, detect.Part{Name: name, Blob: part, Expect: expect})
}
