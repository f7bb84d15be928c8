// Package executorch judges programs of ExecuTorch: operators and backends that do not come with it, numbers that point at
// nothing, and what is handed to backends. Data that a backend interprets is recognised by its content; what a backend runs as
// compiled code of a device is named as not supported, because nobody can read it here. It runs nothing.
package executorch

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/executorch"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects programs, data files and bundles.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "executorch", Title: "ExecuTorch: custom operators and backends, delegated code, bounds",
		Formats: []string{executorch.Name, executorch.DataName, executorch.BundleName}, Rules: slices.Concat(rules(), freetext.Rules())}
}

// scan is one run over one file.
type scan struct {
	ctx    context.Context
	in     detect.Input
	out    *detect.Output
	list   *findings.List
	judge  *freetext.Judge
	parts  []part // what lies beside the tables
	inside int64  // bytes of the tables that were given to the engine
	err    error  // of the run itself
}

// part is a range that is given to the engine.
type part struct {
	name        string
	start, size int64
	expect      detect.Expect
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	list := findings.New(out)
	defer list.Close()
	s := &scan{ctx: ctx, in: in, out: out, list: list, judge: freetext.New(out, list)}
	visit := executorch.Visitor{Operator: s.operator, Delegate: s.delegate, Text: s.text,
		Segment: func(x executorch.Segment) {
			s.parts = append(s.parts, part{fmt.Sprintf("segment at %d", x.Start), x.Start, x.Size, detect.TensorData})
		},
		Problem: func(p executorch.Problem) { list.Named(ruleBounds(), p.Offset, "", p.Reason, "unchecked index") }}
	switch in.Format {
	case executorch.BundleName:
		return s.bundle()
	case executorch.DataName:
		p, err := executorch.ReadData(in.Blob, in.Budget, visit)
		return s.account(p, err)
	}
	p, err := executorch.Read(in.Blob, in.Budget, visit)
	return s.account(p, err)
}

// bundle gives the program inside to the engine.
func (s *scan) bundle() error {
	at, err := executorch.BundledProgram(s.in.Blob, s.in.Budget)
	if err != nil {
		return err
	}
	s.out.Opaque(s.in.Blob.Size() - at.Size) // values of test cases around it
	return s.inspect(part{"program", at.Start, at.Size, detect.Anything})
}

// operator judges an operator.
func (s *scan) operator(o executorch.Operator) {
	if !o.Known() {
		s.list.Add(ruleOperator(), o.Offset, o.Name, "the program calls "+o.Name+"."+o.Overload)
	}
}

// text judges a name.
func (s *scan) text(key, value string, at int64) {
	if s.err == nil {
		s.err = s.judge.Text(s.ctx, picket.At("", at), "the "+key, value)
	}
}

// delegate judges what a backend gets.
func (s *scan) delegate(d executorch.Delegate) {
	kind, known := backends[d.ID]
	if !known {
		s.list.Add(ruleBackend(), d.Offset, d.ID, fmt.Sprintf("the backend %q gets %d bytes", d.ID, d.Size))
	}
	expect := detect.TensorData
	if !known || kind == compiled {
		expect = detect.Anything // unknown content is not supported, and the report says so
	}
	if d.Size > 0 {
		s.parts = append(s.parts, part{fmt.Sprintf("data of %s at %d", picket.Printable(d.ID, 40), d.Start), d.Start, d.Size, expect})
	}
	for _, setting := range d.Specs {
		if setting.Size > 0 {
			s.parts = append(s.parts, part{fmt.Sprintf("setting %s at %d", picket.Printable(setting.Key, 40), setting.Start), setting.Start, setting.Size, detect.TensorData})
		}
	}
}

// What a backend does with its data.
const (
	interpreted = iota // a graph that the backend reads, or numbers
	compiled           // code of a device, or a library
)

// backends are those that come with ExecuTorch.
var backends = map[string]int{
	"XnnpackBackend": interpreted, "VulkanBackend": interpreted, "MPSBackend": interpreted, "CoreMLBackend": compiled, "CoreAIBackend": compiled,
	"MLXBackend": interpreted, "QnnBackend": compiled, "EthosUBackend": compiled, "VgfBackend": compiled, "TOSABackend": compiled,
	"CudaBackend": compiled, "MetalBackend": compiled, "TensorRTBackend": compiled, "OpenvinoBackend": compiled, "NeutronBackend": compiled,
	"NeuropilotBackend": compiled, "EnnBackend": compiled, "CadenceExecutorchBackend": compiled, "WebGPUBackend": interpreted,
	"BackendWithCompilerDemo": interpreted, "ExecutorBackend": compiled,
}

// maxPadding is how many bytes between parts count as alignment.
const maxPadding = 64 << 10

// account gives what lies beside the tables to the engine, each byte once, and accounts for the rest.
func (s *scan) account(p executorch.Program, err error) error {
	if s.err != nil {
		return s.err
	}
	if err != nil {
		return err
	}
	// What a backend gets is a segment too: the part with the stricter expectation comes first.
	sort.SliceStable(s.parts, func(i, j int) bool {
		a, b := s.parts[i], s.parts[j]
		if a.start != b.start {
			return a.start < b.start
		}
		return a.expect < b.expect
	})
	at := p.End
	for _, x := range s.parts {
		end := x.start + x.size
		switch {
		case end <= p.End: // inline
			s.inside += x.size
		case x.start < at && end <= at: // the same segment again
			continue
		default:
			if err := s.unused(at, x.start); err != nil {
				return err
			}
			at = max(at, end)
		}
		if err := s.inspect(x); err != nil {
			return err
		}
	}
	s.out.Parsed(max(0, p.End-s.inside))
	return s.unused(at, s.in.Blob.Size())
}

// unused accounts for bytes between the parts: zeros, and what else nothing points to.
func (s *scan) unused(from, to int64) error {
	if to <= from {
		return nil
	}
	if to-from > maxPadding {
		s.list.Add(ruleTrailing(), from, "", fmt.Sprintf("nothing points to %d bytes", to-from))
	}
	b, err := s.in.Blob.ReadRange(from, min(to-from, maxPadding))
	if err != nil {
		return err
	}
	zeros := int64(len(b) - len(bytes.TrimLeft(b, "\x00")))
	s.out.Parsed(zeros)
	if from += zeros; from == to {
		return nil
	}
	return s.inspect(part{fmt.Sprintf("bytes at %d", from), from, to - from, detect.Anything})
}

// inspect gives a range to the engine.
func (s *scan) inspect(x part) error {
	blob, err := s.in.Blob.Section(x.start, x.size)
	if err != nil {
		return err
	}
	return s.out.Inspect(s.ctx, detect.Part{Name: x.name, Blob: blob, Expect: x.expect})
}
