// Package tensorflowcheckpoint judges the checkpoints of TensorFlow: whether the index fits the shards beside it, whether tensors
// overlap or leave room for hidden content, and where the file that names the latest checkpoint points to. By the index it
// vouches for the shards, which are tensors and nothing else. It reads no tensor.
package tensorflowcheckpoint

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/artifact/format/tensorflowcheckpoint"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/internal/extent"
)

// Detector inspects checkpoints of TensorFlow.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "tensorflow-checkpoint", Title: "TensorFlow checkpoints: layout of shards, paths",
		Formats: []string{tensorflowcheckpoint.Name, tensorflowcheckpoint.NameState},
		Rules:   []picket.Rule{ruleLayout(), ruleBounds(), ruleTrailing(), rulePath(), ruleMissing()},
	}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	s := &scan{in: in, out: out, list: findings.New(out)}
	defer s.list.Close()
	if in.Format == tensorflowcheckpoint.NameState {
		return s.state()
	}
	return s.index()
}

// scan is one run over one file.
type scan struct {
	in   detect.Input
	out  *detect.Output
	list *findings.List
}

// state judges the paths of the text file.
func (s *scan) state() error {
	paths, err := tensorflowcheckpoint.ReadState(s.in.Blob, s.in.Budget)
	if err != nil {
		return err
	}
	for _, p := range paths {
		// Old versions wrote absolute paths, and training in a cloud names its buckets.
		why := findings.Leaves(p.Text)
		usual := why == "" || why == format.Absolute || why == format.Drive || why == findings.Address
		if !usual || strings.HasPrefix(p.Text, `\\`) {
			s.list.Report(picket.Finding{Rule: rulePath(), Location: picket.Location{Offset: -1, Line: p.Line}, Subject: picket.Printable(p.Text, 120),
				Evidence: picket.NewEvidence("the path of a checkpoint "+why, p.Text)})
		}
	}
	s.out.Parsed(s.in.Blob.Size())
	return nil
}

// maxShards is how many shards are looked at.
const maxShards = 256

// layout is where the tensors of an index lie.
type layout struct {
	shards map[int64]*extent.List
	ends   map[int64]int64
}

// release gives the memory back to the budget.
func (l *layout) release() {
	for _, list := range l.shards {
		list.Release()
	}
}

// readLayout reads an index and collects where its tensors lie. See is called for every entry; nil for none.
func readLayout(in detect.Input, blob *format.Blob, see func(tensorflowcheckpoint.Entry)) (*layout, tensorflowcheckpoint.Header, error) {
	l := &layout{shards: map[int64]*extent.List{}, ends: map[int64]int64{}}
	h, err := tensorflowcheckpoint.Read(blob, in.Budget, func(e tensorflowcheckpoint.Entry) error {
		if see != nil {
			see(e)
		}
		if e.Slices || e.Offset < 0 || e.Size < 0 || e.Offset > 1<<62-e.Size {
			return nil
		}
		list := l.shards[e.Shard]
		if list == nil {
			if len(l.shards) >= maxShards {
				return format.Malformed(e.At, "tensors lie in more than %d shards", maxShards)
			}
			list = extent.New(in.Budget)
			l.shards[e.Shard] = list
		}
		l.ends[e.Shard] = max(l.ends[e.Shard], e.Offset+e.Size)
		return list.Add(extent.Range{Start: e.Offset, End: e.Offset + e.Size, At: e.At})
	})
	return l, h, err
}

// index judges an index and the shards beside it.
func (s *scan) index() error {
	var entries []func(shards int64)
	l, h, err := readLayout(s.in, s.in.Blob, func(e tensorflowcheckpoint.Entry) {
		s.entry(e)
		if e.Shard != 0 && len(entries) < maxShards {
			entries = append(entries, func(shards int64) {
				if e.Shard < 0 || e.Shard >= shards {
					s.list.Add(ruleBounds(), e.At, e.Key, fmt.Sprintf("a tensor lies in shard %d of %d", e.Shard, shards))
				}
			})
		}
	})
	defer l.release()
	if err != nil {
		return err
	}
	for _, check := range entries {
		check(h.Shards)
	}
	if h.Shards < 1 || h.Shards > 1<<20 {
		s.list.Add(ruleBounds(), 0, "", fmt.Sprintf("the index speaks of %d shards", h.Shards))
	}
	for shard := range min(max(h.Shards, 0), maxShards) {
		if err := s.shard(l, h, shard); err != nil {
			return err
		}
	}
	s.out.Parsed(h.Read)
	if rest := s.in.Blob.Size() - h.Read; rest > 0 {
		s.list.Add(ruleTrailing(), 0, "", fmt.Sprintf("%d bytes of the index belong to no block", rest))
		s.out.Gap(0, rest, "bytes of the index that belong to no block are not read")
	}
	return nil
}

// entry judges one tensor by itself.
func (s *scan) entry(e tensorflowcheckpoint.Entry) {
	if e.Disorder {
		s.list.Add(ruleLayout(), e.At, e.Key, "the names of tensors are not in order, or one appears twice: readers find different ones")
	}
	if e.Offset < 0 || e.Size < 0 || e.Offset > 1<<62-e.Size {
		s.list.Add(ruleBounds(), e.At, e.Key, fmt.Sprintf("a tensor lies at %d and has %d bytes", e.Offset, e.Size))
		return
	}
	t := tensorflow.Tensor{Type: e.Type, Dims: e.Dims}
	elements, ok := t.Elements()
	width := t.Width()
	if !ok || width > 0 && !e.Slices && (e.Size%width != 0 || e.Size/width != elements) {
		s.list.Add(ruleBounds(), e.At, e.Key, fmt.Sprintf("a tensor of shape %v has %d bytes", e.Dims, e.Size))
	}
}

// shard judges the layout of one shard and compares it with the file beside the index.
func (s *scan) shard(l *layout, h tensorflowcheckpoint.Header, shard int64) error {
	const align = 4 << 10 // bytes that a writer may leave to align the next tensor
	if list := l.shards[shard]; list != nil {
		list.Layout(0, func(from, to int64, next extent.Range) {
			if to-from > align {
				s.list.Add(ruleLayout(), next.At, "", fmt.Sprintf("%d bytes at %d of shard %d belong to no tensor", to-from, from, shard))
			}
		}, func(_, b extent.Range) {
			s.list.Add(ruleLayout(), b.At, "", fmt.Sprintf("two tensors share bytes of shard %d", shard))
		})
	}
	stem, ok := strings.CutSuffix(s.in.Name, ".index")
	if s.in.Sibling == nil || !ok || h.Shards > 1e5 {
		return nil
	}
	name := fmt.Sprintf("%s.data-%05d-of-%05d", stem, shard, h.Shards)
	data, err := s.in.Sibling(name)
	if err != nil {
		s.list.Add(ruleMissing(), 0, name, "the shard "+picket.Printable(name, 120)+" is not beside the index")
		return nil // an index may be scanned by itself
	}
	switch end := l.ends[shard]; {
	case data.Size() < 0:
	case data.Size() >= end && data.Size()-end < align:
		s.out.Vouch(name)
	case data.Size() < end && !pointer(data):
		s.list.Add(ruleBounds(), 0, name, fmt.Sprintf("tensors reach to byte %d of a shard of %d bytes", end, data.Size()))
	}
	return nil
}

// pointer reports whether a file only stands for the shard.
func pointer(b *format.Blob) bool {
	const mark = "version https://git-lfs"
	head, err := b.ReadRange(0, min(b.Size(), int64(len(mark))))
	return err == nil && bytes.Equal(head, []byte(mark))
}
