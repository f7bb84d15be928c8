// Package tensorflow judges graphs of TensorFlow: operations that call Python, run native code, talk to other machines, or read
// and write files whose paths the graph chooses; operations that no TensorFlow has; assets outside of the model; constants and
// functions made to exhaust the loader. Operations are an allow-list. What every SavedModel has, to save and restore its
// variables at a path that the loader gives, is told from a path that stands in the graph by following the path to where it
// comes from. It runs nothing and reads no weights.
package tensorflow

import (
	"context"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// Detector inspects graphs of TensorFlow.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "tensorflow", Title: "TensorFlow: operations with effects, paths, assets, resource bombs",
		Formats: []string{tensorflow.NameSavedModel, tensorflow.NameMetaGraph, tensorflow.NameGraph, tensorflow.NameKerasMetadata,
			tensorflow.NameText},
		Rules: rules(),
	}
}

// scan is one run over one file.
type scan struct {
	ctx    context.Context
	in     detect.Input
	out    *detect.Output
	list   *findings.List
	budget *limits.Budget
	opaque int64 // bytes of weights
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if in.Format == tensorflow.NameText {
		return text(ctx, in, out)
	}
	root, err := tensorflow.Open(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	s := &scan{ctx: ctx, in: in, out: out, list: findings.New(out), budget: in.Budget}
	defer s.list.Close()
	if err := s.document(root); err != nil {
		return err
	}
	s.out.Opaque(s.opaque)
	s.out.Parsed(in.Blob.Size() - s.opaque)
	return nil
}

// text inspects a graph that is written as text as the protocol buffer that it stands for.
func text(ctx context.Context, in detect.Input, out *detect.Output) error {
	content, name, err := tensorflow.ReadText(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	release, err := in.Budget.Hold(int64(len(content)))
	if err != nil {
		return err
	}
	defer release()
	out.Parsed(in.Blob.Size())
	return out.Inspect(ctx, detect.Part{Name: "as a protocol buffer", Blob: format.BytesBlob(content), As: name})
}

// document reads the whole content by its format.
func (s *scan) document(root protomsg.Message) error {
	switch s.in.Format {
	case tensorflow.NameGraph:
		g, err := tensorflow.ReadGraph(root)
		if err != nil {
			return err
		}
		return s.judgeGraph(&tensorflow.MetaGraphDef{Graph: g})
	case tensorflow.NameMetaGraph:
		g, err := tensorflow.ReadMetaGraph(root)
		if err != nil {
			return err
		}
		return s.meta(g)
	case tensorflow.NameKerasMetadata:
		objects, err := tensorflow.ReadKerasMetadata(root)
		if err != nil {
			return err
		}
		return s.objects(objects)
	}
	graphs, err := tensorflow.ReadSavedModel(root)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, g := range graphs {
		tags := fmt.Sprint(g.Tags)
		if seen[tags] {
			s.list.Add(ruleDuplicate(), g.At, tags, "two graphs have the same tags: which one is loaded depends on the loader")
		}
		seen[tags] = true
		if err := s.meta(g); err != nil {
			return err
		}
	}
	return nil
}

// meta judges a graph with what stands beside it.
func (s *scan) meta(g *tensorflow.MetaGraphDef) error {
	if g.Twice != "" {
		s.list.Add(ruleDuplicate(), g.At, g.Twice, "a part that a graph has once appears more often, and readers join it")
	}
	for _, a := range g.Assets {
		if why := findings.Leaves(a.File); why != "" {
			s.list.Named(ruleAsset(), a.At, a.File, "the file of an asset "+why+", and the loader gives it to operations that read files",
				"asset outside of the model")
		} else if a.File == "" {
			s.list.Add(ruleAsset(), a.At, "", "an asset without the name of a file stands for the folder of the assets")
		}
	}
	if err := s.objects(g.Objects); err != nil {
		return err
	}
	return s.judgeGraph(g)
}

// judgeGraph judges the nodes and functions of a graph.
func (s *scan) judgeGraph(g *tensorflow.MetaGraphDef) error {
	w := &walk{scan: s, index: newIndex(g.Graph, s.budget), meta: g}
	defer w.release()
	if err := w.functions(); err != nil {
		return err
	}
	if err := g.Graph.Nodes(w.visit); err != nil {
		return err
	}
	if twice := w.sort(); twice > 0 {
		s.list.Add(ruleDuplicate(), g.At, "", fmt.Sprintf("%d nodes have the name of another: readers differ in which one counts", twice))
	}
	if cycle := w.cycle(); cycle != "" {
		s.list.Add(ruleRecursion(), g.At, cycle, "a function calls itself, directly or through others")
	}
	return w.resolve()
}

// objects gives the configuration of Keras objects to whoever judges Keras.
func (s *scan) objects(objects []tensorflow.Object) error {
	for i, o := range objects {
		blob, err := s.in.Blob.Section(o.Metadata.Offset, o.Metadata.Size)
		if err != nil {
			return err
		}
		if err := s.keras(i, o, blob); err != nil {
			return err
		}
	}
	return nil
}

// report adds a finding about a node.
func (s *scan) report(rule picket.Rule, at int64, subject, technique, text string, args ...any) {
	s.list.Named(rule, at, subject, fmt.Sprintf(text, args...), technique)
}

// keras inspects the configuration of one object as JSON.
func (s *scan) keras(i int, o tensorflow.Object, blob *format.Blob) error {
	return s.out.Inspect(s.ctx, detect.Part{Name: fmt.Sprintf("object %d (%s)", i, picket.Printable(o.Identifier, 40)), Blob: blob, As: kerasConfig})
}

// kerasConfig is the format of the configuration of Keras objects.
const kerasConfig = keras.NameConfig
