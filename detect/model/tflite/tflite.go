// Package tflite judges models of TensorFlow Lite (LiteRT): custom operations, operations of TensorFlow that the Flex delegate
// runs, numbers of tensors and sizes made to write outside of memory, subgraphs that call themselves, and what hides in
// metadata or behind the model. It reads no weights.
package tflite

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/tflite"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects models of TensorFlow Lite.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "tflite", Title: "TensorFlow Lite: custom and Flex operations, bounds, hidden content", Formats: []string{tflite.Name},
		Rules: append([]picket.Rule{ruleEffect(), ruleCustom(), ruleBounds(), ruleSize(), ruleRecursion(), ruleTrailing()}, freetext.Rules()...),
	}
}

// scan is one run over one model.
type scan struct {
	ctx       context.Context
	in        detect.Input
	out       *detect.Output
	list      *findings.List
	calls     []edge // subgraphs that run others
	inspected int64  // bytes of buffers that were looked at
}

// edge is a subgraph that runs another.
type edge struct {
	from, to int64
	at       int64
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	s := &scan{ctx: ctx, in: in, out: out, list: findings.New(out)}
	defer s.list.Close()
	m, err := tflite.Read(in.Blob, in.Budget, tflite.Visitor{Tensor: s.tensor, Operator: s.operator})
	defer m.Release()
	if err != nil {
		return errors.Join(err, s.behind())
	}
	s.subgraphs(m)
	texts := freetext.New(out, s.list)
	for _, text := range m.Texts {
		if err := texts.Text(ctx, picket.Whole(""), "a description", text); err != nil {
			return err
		}
	}
	if err := s.buffers(m); err != nil {
		return err
	}
	return s.account(m)
}

// subgraphs judges the graphs when all are known.
func (s *scan) subgraphs(m *tflite.Model) {
	for _, g := range m.Subgraphs {
		if g.Shared {
			s.list.Add(ruleBounds(), g.At, "", "two subgraphs are the same table")
		}
		s.refs(g.Tensors, append(g.Inputs, g.Outputs...), g.At, "a subgraph")
	}
	for _, at := range m.Outside {
		s.list.Add(ruleBounds(), at, "", "a buffer lies outside of the file")
	}
	next := make([][]int64, len(m.Subgraphs))
	for _, e := range s.calls {
		if e.to < 0 || e.to >= int64(len(next)) {
			s.list.Add(ruleBounds(), e.at, "", fmt.Sprintf("an operation runs subgraph %d of %d", e.to, len(next)))
			continue
		}
		next[e.from] = append(next[e.from], e.to)
	}
	if at := cycle(next); at >= 0 {
		s.list.Named(ruleRecursion(), m.Subgraphs[at].At, m.Subgraphs[at].Name, fmt.Sprintf("subgraph %d runs itself, directly or through others", at),
			"CVE-2021-29591")
	}
}

// cycle finds a node that reaches itself; -1 for none.
func cycle(next [][]int64) int64 {
	const open, done = 1, 2
	state := make([]byte, len(next))
	for start := range next {
		stack := []int64{int64(start)}
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			if state[at] != 0 {
				state[at] = done
				stack = stack[:len(stack)-1]
				continue
			}
			state[at] = open
			for _, to := range next[at] {
				if state[to] == open {
					return to
				}
				if state[to] == 0 {
					stack = append(stack, to)
				}
			}
		}
	}
	return -1
}

// smallest is the number of bytes from which a buffer is looked at: less is a few numbers, and no content of its own.
const smallest = 16

// buffers inspects what is for tools, and the head and tail of what may be weights: nothing says that a tensor uses a buffer.
func (s *scan) buffers(m *tflite.Model) error {
	names := map[int64]string{}
	for _, x := range m.Metadata {
		if x.Buffer >= int64(len(m.Buffers)) {
			s.list.Add(ruleBounds(), x.At, x.Name, fmt.Sprintf("metadata lies in buffer %d of %d", x.Buffer, len(m.Buffers)))
			continue
		}
		names[x.Buffer] = "metadata " + picket.Printable(x.Name, 80)
	}
	for i, at := range m.Buffers {
		name, tools := names[int64(i)]
		if at.Size == 0 || at.Size < smallest && !tools {
			continue
		}
		if !tools {
			name = fmt.Sprintf("buffer %d", i)
		}
		blob, err := s.in.Blob.Section(at.Offset, at.Size)
		if err != nil {
			return err
		}
		if err := s.out.Inspect(s.ctx, detect.Part{Name: name, Blob: blob, Expect: detect.TensorData}); err != nil {
			return err
		}
		s.inspected += at.Size
	}
	return nil
}

// account counts weights as data, the rest of the model as parsed, and inspects what stands behind it.
func (s *scan) account(m *tflite.Model) error {
	const padding = 64 // bytes; writers align the end
	weights := int64(0)
	for _, b := range m.Buffers {
		weights += b.Size
	}
	weights = min(weights, m.End) // buffers may be shared
	s.out.Opaque(max(0, weights-s.inspected))
	s.out.Parsed(m.End - weights)
	rest := s.in.Blob.Size() - m.End
	if rest <= padding {
		s.out.Opaque(max(0, rest))
		return nil
	}
	end, err := s.skipZeros(m.End)
	if err != nil {
		return err
	}
	blob, err := s.in.Blob.Section(end, s.in.Blob.Size()-end)
	if err != nil {
		return err
	}
	probe, err := detect.NewProbe(blob)
	if err != nil {
		return err
	}
	if !(zip.Format{}).Match(probe) { // labels and vocabularies follow a model as the members of an archive
		s.list.Add(ruleTrailing(), m.End, "", fmt.Sprintf("%d bytes follow the model", rest))
	}
	return s.out.Inspect(s.ctx, detect.Part{Name: "files behind the model", Blob: blob})
}

// skipZeros is the offset of the first byte that is not zero from an offset on, at most 4 KiB later: padding before what follows.
func (s *scan) skipZeros(at int64) (int64, error) {
	const most = 4 << 10
	b, err := s.in.Blob.ReadRange(at, min(most, s.in.Blob.Size()-at))
	return at + int64(len(b)-len(bytes.TrimLeft(b, "\x00"))), err
}

// behind inspects what a broken model carries when it can be taken for an archive: other loaders look from the end.
func (s *scan) behind() error {
	const magic = 8 // bytes, without which the content is no model
	blob, err := s.in.Blob.Section(magic, s.in.Blob.Size()-magic)
	if err != nil {
		return err
	}
	probe, err := detect.NewProbe(blob)
	if err != nil || !(zip.Format{}).Match(probe) {
		return err
	}
	return s.out.Inspect(s.ctx, detect.Part{Name: "archive in a broken model", Blob: blob})
}
