// Package hdf5 judges HDF5 files, as Keras, PyTables and many others write them: links and datasets that lead to other files,
// shapes made to exhaust memory, and content of other formats, above all pickles, in attributes and datasets of bytes. It
// never reads the numbers of tensors. The configuration of Keras models in such a file is judged by the detector of Keras.
package hdf5

import (
	"context"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

const (
	maxElements = 256      // elements of one attribute or dataset that are inspected one by one
	maxChunks   = 64       // chunks of one dataset that are inspected
	maxBytes    = 64 << 20 // bytes of a dataset of bytes that are inspected
	minPayload  = 8        // no payload is shorter
	maxHoles    = 64       // holes that are inspected, the largest first
)

// Detector inspects HDF5 files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "hdf5", Title: "HDF5: links and storage in other files, shapes, content in attributes and datasets",
		Formats: []string{hdf5.Name}, Rules: rules()}
}

// scan is one run over one file.
type scan struct {
	ctx  context.Context
	in   detect.Input
	out  *detect.Output
	list *findings.List
	f    *hdf5.File
	// model is true for weights of Keras, which have no links to other files.
	model  bool
	leads  []lead
	broken int
}

// lead is a way to another file. It is judged when it is known whether the file is a model.
type lead struct {
	rule          picket.Rule
	offset        int64
	subject, file string
	what          string
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	f, err := hdf5.Open(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	defer f.Close()
	s := &scan{ctx: ctx, in: in, out: out, list: findings.New(out), f: f}
	defer s.list.Close()
	err = f.Walk(ctx, hdf5.Visitor{Attribute: s.attribute, Link: s.link, Dataset: s.dataset, Broken: s.fault})
	s.judge()
	if err != nil {
		return err
	}
	return s.account()
}

// fault records a part of the file that could not be read.
func (s *scan) fault(path string, err error) error {
	if s.broken++; s.broken <= maxElements {
		s.out.Gap(0, -1, fmt.Sprintf("%s: %v", picket.Printable(path, 120), err))
	}
	return nil
}

// link judges a link.
func (s *scan) link(l hdf5.Link) error {
	if l.Group == "/" && (l.Name == "_layer_checkpoint_dependencies" || l.Name == "layers" || l.Name == "model_weights" || l.Name == "optimizer_weights") {
		s.model = true
	}
	name := strings.TrimSuffix(l.Group, "/") + "/" + l.Name
	switch l.Kind {
	case hdf5.Hard:
	case hdf5.Soft:
		s.leads = append(s.leads, lead{rule: ruleSoft(), offset: l.Offset, subject: name,
			what: fmt.Sprintf("a soft link leads to %s", picket.Printable(l.Target, 120))})
	case hdf5.External:
		s.leads = append(s.leads, lead{rule: ruleExternal(), offset: l.Offset, subject: name, file: l.File,
			what: fmt.Sprintf("a link leads to %s in the file %s", picket.Printable(l.Target, 80), picket.Printable(l.File, 120))})
	default:
		s.list.Add(rulePlugin(), l.Offset, name, fmt.Sprintf("a link of class %d, which a plugin follows", l.Kind))
	}
	return s.leadsBound()
}

// maxLeads bounds the ways to other files that are kept.
const maxLeads = 1 << 12

// leadsBound judges what was kept when there is much of it.
func (s *scan) leadsBound() error {
	if len(s.leads) >= maxLeads {
		s.judge()
	}
	return nil
}

// judge judges the ways to other files.
func (s *scan) judge() {
	for _, l := range s.leads {
		if l.rule.ID == ruleSoft().ID {
			if s.model {
				s.list.Add(l.rule, l.offset, l.subject, l.what)
			}
			continue
		}
		rule := l.rule
		why := findings.Leaves(l.file)
		if why == "" && !s.model && s.in.Member == "" {
			rule = ruleBeside()
		}
		technique := ""
		if s.model {
			technique = "CVE-2026-1669"
		}
		if why != "" {
			l.what += ", which " + why
		}
		s.list.Named(rule, l.offset, l.subject, l.what, technique)
	}
	s.leads = s.leads[:0]
}

// attribute has the content of attributes inspected.
func (s *scan) attribute(a hdf5.Attribute) error {
	if a.Owner == "/" && keras.Configuration(a.Name) {
		s.model = true
		a.Text(s.f) // so that its place is accounted for; the detector of Keras judges it
		return nil
	}
	if a.Owner == "/" && (a.Name == "keras_version" || a.Name == "layer_names") {
		s.model = true
	}
	if len(a.Data) < minPayload || !a.Type.Bytes() {
		return nil
	}
	name := fmt.Sprintf("attribute %s of %s", picket.Printable(a.Name, 60), picket.Printable(a.Owner, 100))
	err := s.values(a.Type, a.Data, a.Offset, name)
	if err != nil && s.ctx.Err() == nil {
		return s.fault(a.Owner+"@"+a.Name, err)
	}
	return err
}

// values has elements inspected: single bytes together, others one by one.
func (s *scan) values(t *hdf5.Type, data []byte, offset int64, name string) error {
	whole := hdf5.Type{Class: hdf5.Opaque, Size: int64(len(data))}
	if t.Class != hdf5.String && t.Class != hdf5.Opaque && t.Class != hdf5.Variable {
		t = &whole
	}
	i := 0
	count, err := s.f.Values(t, data, offset, maxElements, func(v hdf5.Value) error {
		i++
		return s.inspect(fmt.Sprintf("%s, element %d", name, i-1), v.Blob)
	})
	if err == nil && count > maxElements && t.Size < minPayload {
		_, err = s.f.Values(&whole, data, offset, 1, func(v hdf5.Value) error { return s.inspect(name, v.Blob) })
	}
	return err
}

// inspect gives content to the engine.
func (s *scan) inspect(name string, blob *format.Blob) error {
	if blob.Size() < minPayload {
		return nil
	}
	return s.out.Inspect(s.ctx, detect.Part{Name: name, Blob: blob, Expect: detect.TensorData})
}
