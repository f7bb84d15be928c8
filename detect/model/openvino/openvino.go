// Package openvino judges models and configurations of OpenVINO: layers that need native code of someone else, libraries and
// kernels that a document names, paths that leave the folder, constants that lie outside of the weights, and chat templates
// among the notes. Document types and other matters of XML are judged by the detector of XML. It reads no weights.
package openvino

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/openvino"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/detect/model/template"
	"github.com/picketsec/picket/internal/limits"
)

// Detector inspects documents of OpenVINO.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "openvino", Title: "OpenVINO: custom layers, plugins and kernels, weights bounds, templates",
		Formats: []string{openvino.Name}, Rules: slices.Concat(rules(), freetext.Rules(), template.Rules())}
}

// longText is from how many bytes an attribute of a layer may be more than a name or numbers.
const longText = 12

// scan is one run over one document.
type scan struct {
	out     *detect.Output
	ctx     context.Context
	list    *findings.List
	judge   *freetext.Judge
	err     error // of the run itself
	budget  *limits.Budget
	weights int64 // bytes of the file of weights; -1 when it is not known
	end     int64 // of the constant that reaches furthest
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	s := &scan{ctx: ctx, out: out, list: list, judge: freetext.New(out, list), budget: in.Budget, weights: -1}
	defer s.list.Close()
	file := strings.TrimSuffix(in.Name, ".xml") + ".bin"
	missing := false
	if in.Sibling != nil && in.Name != "" {
		bin, err := in.Sibling(file)
		missing = err != nil
		if err == nil {
			s.weights = bin.Size()
		}
	}
	err := openvino.Read(in.Blob, in.Budget, openvino.Visitor{Layer: s.layer, Weights: s.constant, Attr: s.attr, Plugin: s.plugin,
		Kernel: func(file string, at int64) {
			s.list.Add(ruleKernel(), at, file, "the runtime compiles and runs the kernel in "+file)
		}})
	const align = 4 << 10 // bytes that a writer may leave to align the next constant
	switch {
	case missing && s.end > 0:
		s.list.Add(ruleMissing(), 0, file, "the weights should be in "+file)
	case err == nil && s.end > 0 && s.weights >= s.end && s.weights-s.end < align:
		out.Vouch(file)
	}
	if s.err != nil {
		return s.err
	}
	return err // what is read is counted by the detector of XML
}

// layer judges the type of a layer.
func (s *scan) layer(l openvino.Layer) {
	if !l.Known() {
		s.list.Add(ruleLayer(), l.Offset, l.Type, fmt.Sprintf("the layer %s is %s of %q, which OpenVINO does not have", l.Name, l.Type, l.Version))
	}
}

// plugin judges a plugin of the runtime.
func (s *scan) plugin(name, location string, at int64) {
	s.list.Add(ruleLibrary(), at, location, fmt.Sprintf("the runtime loads %s as the plugin %s", location, name))
	s.out.Trace(fmt.Sprintf("dlopen(%q)", location))
}

// constant judges where a constant lies.
func (s *scan) constant(w openvino.Weights) {
	end := w.Start + w.Size
	want, known := w.Bytes()
	switch {
	case w.Bad:
		s.list.Add(ruleBounds(), w.Offset, w.Layer, "the offset or the size of a constant is no number, or too large")
		return
	case known && want != w.Size:
		s.list.Add(ruleBounds(), w.Offset, w.Layer, fmt.Sprintf("a constant of %s [%s] has %d bytes and claims %d", w.Type, w.Shape, want, w.Size))
	case !known && w.Type != "" && w.Type != "string" && w.Type != "undefined" && w.Type != "dynamic":
		s.list.Add(ruleBounds(), w.Offset, w.Layer, fmt.Sprintf("the size of a constant of %s [%s] cannot be told", w.Type, w.Shape))
	case s.weights >= 0 && end > s.weights:
		s.list.Add(ruleBounds(), w.Offset, w.Layer, fmt.Sprintf("a constant ends at byte %d of %d", end, s.weights))
	}
	s.end = max(s.end, end)
}

// attr judges an attribute or a note.
func (s *scan) attr(a openvino.Attr) {
	if a.Cut {
		s.out.Gap(a.Offset, -1, "a note is longer than what is inspected")
	}
	if a.Element == "plugin" || a.Element == "Source" { // judged as what they are
		return
	}
	where := strings.TrimSpace(a.Element + " " + a.Name)
	if findings.Library(a.Value) && !strings.ContainsAny(a.Value, " \n") {
		s.list.Add(ruleLibrary(), a.Offset, a.Value, where+" names the library "+a.Value)
	}
	if pathName(a) {
		if why := findings.Leaves(a.Value); why != "" && !a.Note { // notes tell where the model came from
			s.list.Add(rulePath(), a.Offset, a.Value, where+" "+why)
		}
	}
	if strings.Contains(a.Element, "chat_template") || strings.Contains(a.Value, "{{") || strings.Contains(a.Value, "{%") {
		s.template(a)
		return
	}
	if s.err == nil && (a.Note || len(a.Value) >= longText) {
		s.err = s.judge.Text(s.ctx, picket.At("", a.Offset), where, a.Value)
	}
}

// template judges a text that is a chat template; pipelines render those of tokenizers.
func (s *scan) template(a openvino.Attr) {
	list, err := template.Inspect(a.Value, s.budget)
	for _, f := range list {
		f.Location = picket.At("", a.Offset) // offsets inside of the attribute mean nothing where it is escaped
		s.list.Report(f)
	}
	if err != nil && (len(list) > 0 || strings.Contains(a.Element, "chat_template")) {
		s.out.Gap(a.Offset, int64(len(a.Value)), "chat template: "+err.Error())
	}
}

// pathName reports whether an attribute holds a path by its name.
func pathName(a openvino.Attr) bool {
	switch strings.ToLower(a.Name) {
	case "path", "file", "filename", "location", "library", "weights_path", "model_path", "kernel", "source":
		return true
	}
	return false
}
