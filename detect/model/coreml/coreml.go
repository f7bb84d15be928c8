// Package coreml judges models of Core ML: classes of the app that a model names, models of other frameworks inside, other
// files that complete it, operations that do not exist, and tensors outside of the weights. It looks at the manifest of a
// package and at files of weights too. It reads no weights and loads nothing.
package coreml

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/coreml"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects Core ML's files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "coreml", Title: "Core ML: custom classes, linked and wrapped models, unknown operations, weights bounds",
		Formats: []string{coreml.Name, coreml.PackageName, coreml.WeightsName}, Rules: slices.Concat(rules(), freetext.Rules())}
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	defer list.Close()
	switch in.Format {
	case coreml.PackageName:
		return manifest(in, out, list)
	case coreml.WeightsName:
		return weights(ctx, in, out)
	}
	return model(ctx, in, out, list)
}

// scan is one run over one model.
type scan struct {
	ctx     context.Context
	in      detect.Input
	out     *detect.Output
	list    *findings.List
	judge   *freetext.Judge
	weights map[string]*format.Blob // by path relative to the model; nil for a file that is not there
	part    int64                   // bytes that were given to the engine
	err     error                   // of the run itself
}

// model judges a model.
func model(ctx context.Context, in detect.Input, out *detect.Output, list *findings.List) error {
	s := &scan{ctx: ctx, in: in, out: out, list: list, judge: freetext.New(out, list), weights: map[string]*format.Blob{}}
	h, err := coreml.Read(in.Blob, in.Budget, coreml.Visitor{Class: s.class, Link: s.link, Blob: s.blob, Text: s.text, Payload: s.payload,
		Unknown: func(u coreml.Unknown) {
			list.Add(ruleUnknown(), u.Offset, u.Name, fmt.Sprintf("the %s %s is not one of Core ML's", u.Kind, u.Name))
		}})
	if s.err != nil {
		return s.err
	}
	if err != nil {
		return err
	}
	opaque := min(h.Opaque, in.Blob.Size()-s.part)
	out.Opaque(opaque)
	out.Parsed(in.Blob.Size() - s.part - opaque)
	return nil
}

// class judges a class that the model names.
func (s *scan) class(c coreml.Class) {
	what := "a custom layer"
	if c.Model {
		what = "the model"
	}
	s.list.Add(ruleClass(), c.Offset, c.Name, what+" is the class "+c.Name+" of the app")
	s.out.Trace(fmt.Sprintf("NSClassFromString(%q).init(parameters)", c.Name))
}

// link judges a model kept elsewhere.
func (s *scan) link(l coreml.Link) {
	for _, name := range append(strings.Split(l.Search, ":"), l.File) {
		if why := findings.Leaves(name); why != "" {
			s.list.Add(rulePath(), l.Offset, name, "the place of a linked model "+why)
		}
	}
	s.list.Add(ruleLinked(), l.Offset, l.File, fmt.Sprintf("the model %s is searched for in %q", l.File, l.Search))
}

// modelPath is how a model names its own folder.
const modelPath = "@model_path/"

// blob judges a tensor kept in a file of weights.
func (s *scan) blob(b coreml.Blob) {
	file, own := strings.CutPrefix(b.File, modelPath)
	why := findings.Leaves(file)
	if !own && why == "" {
		why = "is not in the folder of the model"
	}
	if why != "" {
		s.list.Add(rulePath(), b.Offset, b.File, "the file of weights "+b.File+" "+why)
		return
	}
	content, known := s.weights[file]
	if !known && s.in.Sibling != nil {
		var err error
		if content, err = s.in.Sibling(file); err != nil {
			content = nil
			s.list.Add(ruleMissing(), b.Offset, b.File, "the file of weights is not there")
		}
		s.weights[file] = content
	}
	const sentinel = 0xdeadbeef
	if content == nil || content.At() == nil {
		return
	}
	if b.Start > uint64(max(0, content.Size())) {
		s.list.Add(ruleBounds(), b.Offset, b.File, fmt.Sprintf("a tensor at byte %d of a file of %d", b.Start, content.Size()))
		return
	}
	record, err := content.ReadRange(int64(b.Start), 4)
	if err != nil || binary.LittleEndian.Uint32(record) != sentinel {
		s.list.Add(ruleBounds(), b.Offset, b.File, fmt.Sprintf("no tensor begins at byte %d of the file of weights", b.Start))
	}
}

// text judges a text of the author, or a constant.
func (s *scan) text(t coreml.Text) {
	if t.Cut {
		s.out.Gap(t.Offset, t.Size, "a text is longer than what is inspected")
	}
	if s.err == nil {
		s.err = s.judge.Text(s.ctx, picket.At("", t.Offset), "the text of "+t.Key, t.Value)
	}
}

// payload gives bytes that another program reads to the engine.
func (s *scan) payload(p coreml.Payload) {
	expect := detect.TensorData
	if p.Framework {
		s.list.Add(rulePayload(), p.Offset, p.Name, "the model of "+p.Name+" cannot be read here")
		expect = detect.Anything
	}
	part, err := s.in.Blob.Section(p.Offset, p.Size)
	if err != nil || s.err != nil {
		return // Read has checked the range
	}
	s.part += p.Size
	s.err = s.out.Inspect(s.ctx, detect.Part{Name: p.Name, Blob: part, Expect: expect})
}

// weights accounts for a file of weights.
func weights(ctx context.Context, in detect.Input, out *detect.Output) error {
	data := int64(0)
	end, err := coreml.ReadWeights(in.Blob, in.Budget, func(t coreml.Tensor) { data += t.Size })
	if err != nil {
		return err
	}
	out.Opaque(data)
	out.Parsed(end - data)
	if rest := in.Blob.Size() - end; rest > 0 {
		part, err := in.Blob.Section(end, rest)
		if err != nil {
			return err
		}
		return out.Inspect(ctx, detect.Part{Name: "data after the tensors", Blob: part})
	}
	return nil
}

// manifest judges the list of items of a package.
func manifest(in detect.Input, out *detect.Output, list *findings.List) error {
	root, err := json.Tree(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	items := root.Get("itemInfoEntries")
	if items == nil {
		return format.Malformed(0, "the manifest lists no items")
	}
	for _, item := range items.Children {
		name := item.Get("path").String()
		if why := findings.Leaves(name); why != "" || name == "" {
			list.Add(rulePath(), item.Offset, name, "an item of the package "+why)
		}
	}
	if id := root.Get("rootModelIdentifier").String(); items.Get(id) == nil {
		list.Add(ruleMissing(), 0, id, "the root model of the package is not one of its items")
	}
	out.Parsed(in.Blob.Size())
	return nil
}
