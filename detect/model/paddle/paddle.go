// Package paddle judges models of PaddlePaddle by their operators: those that only compute pass, by an allow-list; those that
// call Python, reach files or the network, or wrap engines are named; others need a library of someone else. It runs nothing.
package paddle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/paddle"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects programs and files of tensors. Make it with New.
type Detector struct{ operators map[string]bool }

// New makes the detector.
func New() Detector { return Detector{paddle.Operators()} }

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "paddle", Title: "PaddlePaddle: operators that call Python, files, the network, engines",
		Formats: []string{paddle.Name, paddle.PirName, paddle.ParamsName}, Rules: slices.Concat(rules(), freetext.Rules())}
}

// Detect implements detect.Detector.
func (d Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if in.Format == paddle.ParamsName {
		data := int64(0)
		end, err := paddle.ReadParams(in.Blob, in.Budget, func(t paddle.Tensor) { data += t.Size })
		if err == nil {
			out.Opaque(data)
			out.Parsed(end - data)
		}
		return err
	}
	list := findings.New(out)
	defer list.Close()
	s := &scan{ctx: ctx, in: in, out: out, list: list, judge: freetext.New(out, list), operators: d.operators}
	read := paddle.Read
	if in.Format == paddle.PirName {
		read = paddle.ReadPir
	}
	if err := read(in.Blob, in.Budget, s.operator); err != nil {
		return err
	}
	out.Parsed(in.Blob.Size() - s.inside)
	return nil
}

// scan is one run over one program.
type scan struct {
	ctx       context.Context
	in        detect.Input
	out       *detect.Output
	list      *findings.List
	judge     *freetext.Judge
	operators map[string]bool
	inside    int64 // bytes that were given to the engine
}

// longText is from how many bytes an attribute is content and not a text.
const longText = 64 << 10

// operator judges one operator and its texts.
func (s *scan) operator(op paddle.Operator) error {
	if rule, why, bad := s.judgeType(op.Type); bad {
		s.list.Add(rule, op.Offset, op.Type, "the operator "+op.Type+" "+why)
	}
	for _, a := range op.Attrs {
		if strings.Contains(a.Name, "path") || strings.Contains(a.Name, "filename") || strings.Contains(a.Name, "_dir") {
			if why := findings.Leaves(a.Value); why != "" {
				s.list.Add(rulePath(), a.Offset, a.Value, "the attribute "+a.Name+" "+why)
			}
		}
		if a.Name == "op_callstack" { // where the author's program called: paths of the machine of the author, and lines of source
			continue
		}
		if err := s.text(a); err != nil {
			return err
		}
	}
	return nil
}

// text judges a text, or gives content to the engine.
func (s *scan) text(a paddle.Attr) error {
	if !binary(a.Value) {
		if err := s.judge.Text(s.ctx, picket.At("", a.Offset), "the attribute "+a.Name, a.Value); err != nil || a.Size <= longText {
			return err
		}
	}
	if s.in.Format != paddle.Name {
		s.out.Gap(a.Offset, a.Size, "a text is longer than what is inspected")
		return nil
	}
	part, err := s.in.Blob.Section(a.Offset, a.Size)
	if err != nil {
		return err
	}
	s.inside += a.Size
	return s.out.Inspect(s.ctx, detect.Part{Name: fmt.Sprintf("attribute %s at %d", picket.Printable(a.Name, 60), a.Offset), Blob: part})
}

// binary reports whether a value is no text.
func binary(value string) bool {
	return strings.ContainsAny(value, "\x00\x01\x02") || strings.ContainsRune(value, utf8.RuneError)
}

// judgeType finds the rule for the type of an operator, and says what the operator does.
func (s *scan) judgeType(t string) (rule picket.Rule, why string, bad bool) {
	switch base := strings.TrimSuffix(t, "_"); {
	case t == "" || s.operators[t] || s.operators[strings.TrimSuffix(base, "_grad")]:
		return rule, "", false
	case base == "py_func" || base == "py_layer" || base == "pylayer":
		return rulePython(), "calls a Python function", true
	case base == "load" || base == "load_combine" || base == "save" || base == "save_combine" || base == "read_file" || base == "read":
		return ruleFile(), "reads or writes a file", true
	case strings.HasPrefix(base, "send") || strings.HasPrefix(base, "recv") || strings.HasPrefix(base, "c_gen_") || strings.HasPrefix(base, "c_comm_init") ||
		strings.HasSuffix(base, "listen_and_serv") || strings.HasSuffix(base, "_barrier") || strings.HasPrefix(base, "distributed_") ||
		strings.HasPrefix(base, "pull_") || strings.HasPrefix(base, "push_"):
		return ruleNetwork(), "uses the network", true
	case strings.Contains(base, "_engine") || base == "run_program" || base == "cinn_launch" || base == "ipu_runtime":
		return ruleEngine(), "runs an engine or a program from its attributes", true
	}
	return ruleCustom(), "is not one of PaddlePaddle's", true
}
