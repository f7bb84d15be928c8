// Package safetensorsindex judges the index of a model in several files: names that lead out of the model's folder, files of
// another format than the index is for, and tensors that are not where it says. It reads the headers of the files that the
// index names, through the tree that is scanned; the files themselves are judged when the scan comes to them.
package safetensorsindex

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/artifact/format/safetensorsindex"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/internal/extent"
	"github.com/picketsec/picket/internal/limits"
)

// maxFiles is the number of files that one model may be split into.
const maxFiles = 1 << 14

// Detector inspects index files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "safetensors-index", Title: "Index of a model in several files: paths, missing files, misplaced tensors",
		Formats: []string{safetensorsindex.Name}, Rules: rules(),
	}
}

// shard is one file that the index names.
type shard struct {
	name   string
	at     int64 // where the index names it first
	sound  bool  // the name is one that may be opened
	header bool  // its tensors are known
}

// scan is one run over one index.
type scan struct {
	in  detect.Input
	out *detect.Output
	*findings.List
	shards  []shard
	numbers map[string]int // of shards, by name
	tensors *extent.List   // Start is the number of the shard
	present []bool         // by place in tensors: the tensor is in its shard
	size    int64          // bytes of all tensors in the shards
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	s := &scan{in: in, out: out, List: findings.New(out), numbers: map[string]int{}, tensors: extent.New(in.Budget)}
	defer s.tensors.Release()
	defer s.Close()
	index, err := s.read(s.entry)
	s.names()
	if err != nil {
		return err
	}
	if index.Repeated {
		s.Add(ruleDuplicate(), 0, "", "a key of the index appears twice")
	}
	s.tensors.Duplicates(func(_, second extent.Range) {
		s.Add(ruleDuplicate(), second.At, "", "the index gives two files for one tensor")
	})
	if in.Sibling != nil {
		if err := s.compare(index); err != nil {
			return err
		}
	}
	if size := in.Blob.Size(); size > 0 {
		out.Parsed(size)
	}
	return nil
}

// read reads the index.
func (s *scan) read(visit func(safetensorsindex.Entry) error) (safetensorsindex.Index, error) {
	r, err := s.in.Blob.Open()
	if err != nil {
		return safetensorsindex.Index{}, fmt.Errorf("open index: %w", err)
	}
	index, err := safetensorsindex.Read(r, s.in.Budget, visit)
	return index, errors.Join(err, r.Close())
}

// entry remembers where the index says that a tensor is.
func (s *scan) entry(e safetensorsindex.Entry) error {
	number, known := s.numbers[e.File]
	if !known {
		if len(s.shards) >= maxFiles {
			return fmt.Errorf("read index: more than %d files: %w", maxFiles, limits.ErrExceeded)
		}
		number = len(s.shards)
		s.numbers[e.File] = number
		s.shards = append(s.shards, shard{name: e.File, at: e.Offset})
	}
	return s.tensors.Add(extent.Range{Name: e.Hash, Start: int64(number), End: int64(number), At: e.Offset})
}

// names judges the names of the files.
func (s *scan) names() {
	safe := strings.Contains(s.in.Name, "safetensors")
	for _, f := range s.shards {
		safe = safe || strings.HasSuffix(f.name, ".safetensors")
	}
	for i := range s.shards {
		f := &s.shards[i]
		why := findings.Leaves(f.name)
		if path.Clean(f.name) == "." {
			why = "is empty"
		}
		if why != "" {
			s.Add(rulePath(), f.at, f.name, "the name of a file "+why)
			continue
		}
		f.sound = true
		if safe && !strings.HasSuffix(f.name, ".safetensors") {
			s.Add(ruleFormat(), f.at, f.name, "the index of safetensors files names a file of another kind")
		}
	}
}

// compare looks for the tensors in the files.
func (s *scan) compare(index safetensorsindex.Index) error {
	s.present = make([]bool, s.tensors.Len())
	whole := true
	for i := range s.shards {
		if s.shards[i].sound {
			s.open(i)
		}
		whole = whole && s.shards[i].header
	}
	if whole && index.TotalSize >= 0 && index.TotalSize != s.size {
		s.Add(ruleSize(), 0, "", fmt.Sprintf("the index claims %d bytes of tensors, the files hold %d", index.TotalSize, s.size))
	}
	_, err := s.read(func(e safetensorsindex.Entry) error {
		i, r, ok := s.tensors.Find(e.Hash)
		if f := s.shards[s.numbers[e.File]]; ok && f.header && r.Start == int64(s.numbers[e.File]) && !s.present[i] {
			s.Add(ruleTensor(), e.Offset, e.Tensor, fmt.Sprintf("%s has no tensor of this name", f.name))
		}
		return nil
	})
	return err
}

// open reads the header of a file. What is wrong with the file itself is reported where it is scanned.
func (s *scan) open(number int) {
	f := &s.shards[number]
	blob, err := s.in.Sibling(f.name)
	if err != nil {
		s.Add(ruleMissing(), f.at, f.name, "the index names a file that is not there")
		return
	}
	probe, err := detect.NewProbe(blob)
	if err != nil || !(safetensors.Format{}).Match(probe) {
		return
	}
	r, err := blob.Open()
	if err != nil {
		return
	}
	_, err = safetensors.Read(r, blob.Size(), s.in.Budget, safetensors.Visitor{Tensor: func(t safetensors.Tensor) {
		s.size += t.End - t.Start
		if i, entry, ok := s.tensors.Find(t.Hash); ok && entry.Start == int64(number) {
			s.present[i] = true
		}
	}})
	f.header = errors.Join(err, r.Close()) == nil
}
