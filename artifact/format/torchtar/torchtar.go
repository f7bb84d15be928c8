// Package torchtar recognises the tar files that torch.save wrote before PyTorch 0.1.10 and that torch.load still reads
// (torch.serialization._legacy_load), and finds the pickles in the two members that mix pickles with raw data. It is for
// detectors. It does not judge the pickles; it runs them on the abstract machine only to learn where each ends.
package torchtar

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/tar"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "torch-tar"

// The members that mix pickles with raw data.
const (
	Storages = "storages" // a count, then for each storage a pickle, a length and raw data, then the views
	Tensors  = "tensors"  // a count, then for each tensor a pickle and its raw shape
)

// Format recognises PyTorch's tar files.
type Format struct{}

// New returns the format.
func New() format.Format { return Format{} }

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "PyTorch legacy tar file", MediaType: "application/vnd.pytorch.legacy-tar",
		Extensions: []string{".pt", ".pth", ".t7", ".tar"}, Risk: format.Active, Refines: tar.Name, Forward: true, Parsed: true,
		Spec: "https://github.com/pytorch/pytorch/blob/main/torch/serialization.py"}
}

// Match implements format.Format: a tar archive with a member "storages", which torch.load unpickles first, and another member
// of such a file.
func (Format) Match(p format.Probe) bool {
	seen := map[string]bool{}
	for name := range tar.Names(p) {
		seen[strings.TrimPrefix(name, "./")] = true
	}
	return seen[Storages] && (seen["pickle"] || seen[Tensors] || seen["sys_info"])
}

// Segment is a part of a member.
type Segment struct {
	Offset, Length int64
	Pickle         bool // else raw data
}

// maxCount bounds the stated number of storages or tensors.
const maxCount = 1 << 24

// Split finds the segments of the member "storages" or "tensors" and calls visit with each in order. An error of visit ends
// it. Otherwise the error wraps format.ErrMalformed, with the offset from which the member was not understood, or
// limits.ErrExceeded; what visit saw until then stands.
func Split(ctx context.Context, member string, blob *format.Blob, budget *limits.Budget, visit func(Segment) error) error {
	r, err := pickle.NewReader(blob, 0)
	if err != nil {
		return err
	}
	m := pickle.NewMachine(budget, pickle.HandlerFunc(func(*pickle.Machine, *pickle.Effect) error { return nil }))
	defer m.Close()
	s := &splitter{ctx: ctx, m: m, r: r, size: blob.Size(), visit: visit}
	if member == Storages {
		err = s.storages()
	} else {
		err = s.tensors()
	}
	if rest := s.size - r.Offset(); err == nil && s.size >= 0 && rest > 0 {
		err = format.Malformed(r.Offset(), "%d bytes follow the last part", rest)
	}
	return errors.Join(err, r.Close())
}

// splitter walks one member.
type splitter struct {
	ctx   context.Context
	m     *pickle.Machine
	r     *pickle.Reader
	size  int64
	visit func(Segment) error
}

// pickle passes over one pickle and returns what it loads.
func (s *splitter) pickle() (pickle.Value, error) {
	sum, err := s.m.Run(s.ctx, s.r)
	if err != nil {
		return 0, err
	}
	return sum.Result, s.visit(Segment{Offset: sum.Start, Length: sum.End - sum.Start, Pickle: true})
}

// count reads the pickled number of entries.
func (s *splitter) count() (int64, error) {
	at := s.r.Offset()
	v, err := s.pickle()
	if err != nil {
		return 0, err
	}
	n, ok := s.m.Int(v)
	if !ok || n < 0 || n > maxCount {
		return 0, format.Malformed(at, "the number of entries is not a number")
	}
	return n, nil
}

// number reads n raw bytes, at most eight, as a little-endian number.
func (s *splitter) number(n int) (int64, error) {
	b, err := s.r.Peek(n)
	if err != nil {
		return 0, err
	}
	if len(b) < n {
		return 0, format.Malformed(s.r.Offset(), "the member is cut off")
	}
	var wide [8]byte
	copy(wide[:], b[:n])
	v := int64(binary.LittleEndian.Uint64(wide[:]))
	return v, s.r.Skip(int64(n))
}

// raw passes over n bytes of data; start is where the segment that ends with them starts.
func (s *splitter) raw(start, n int64) error {
	if s.size >= 0 && n > s.size-s.r.Offset() {
		return format.Malformed(s.r.Offset(), "%d bytes of data are stated and %d are there", n, s.size-s.r.Offset())
	}
	if err := s.r.Skip(n); err != nil {
		return fmt.Errorf("skip data: %w", err)
	}
	return s.visit(Segment{Offset: start, Length: s.r.Offset() - start})
}

// storages walks the member "storages".
func (s *splitter) storages() error {
	n, err := s.count()
	if err != nil {
		return err
	}
	for ; n > 0; n-- {
		at := s.r.Offset()
		v, err := s.pickle()
		if err != nil {
			return err
		}
		size, err := s.elementSize(v, at)
		if err != nil {
			return err
		}
		start := s.r.Offset()
		elements, err := s.number(8)
		if err != nil {
			return err
		}
		if elements < 0 || elements > 1<<56 {
			return format.Malformed(start, "the storage states %d elements", elements)
		}
		if err := s.raw(start, elements*size); err != nil {
			return err
		}
	}
	_, err = s.pickle() // the views
	return err
}

// tensors walks the member "tensors".
func (s *splitter) tensors() error {
	n, err := s.count()
	if err != nil {
		return err
	}
	for ; n > 0; n-- {
		if _, err := s.pickle(); err != nil {
			return err
		}
		start := s.r.Offset()
		dimensions, err := s.number(4)
		if err != nil {
			return err
		}
		if dimensions > 1<<16 {
			return format.Malformed(start, "the tensor states %d dimensions", dimensions)
		}
		if err := s.raw(start, 4+16*dimensions+8); err != nil {
			return err
		}
	}
	return nil
}

// elementSize is the size in bytes of the elements of a storage, from the pickled (key, location, storage type).
func (s *splitter) elementSize(v pickle.Value, at int64) (int64, error) {
	items, ok := s.m.Elements(v)
	if !ok || len(items) != 3 {
		return 0, format.Malformed(at, "the description of a storage is not a tuple of three")
	}
	_, name, ok := s.m.Global(items[2])
	if size := elementSizes()[name]; ok && size > 0 {
		return size, nil
	}
	return 0, format.Malformed(at, "the type of a storage is not known")
}

// elementSizes are the sizes in bytes by the name of the storage class.
func elementSizes() map[string]int64 {
	return map[string]int64{"DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8,
		"IntStorage": 4, "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1, "ComplexFloatStorage": 8,
		"ComplexDoubleStorage": 16}
}
