package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/torchlegacy"
	"github.com/picketsec/picket/detect"
)

// streams runs every pickle of the file, one after the other, and accounts for what is between and after them.
func (f *file) streams() (err error) {
	r, err := pickle.NewReader(f.in.Blob, 0)
	if err != nil {
		return fmt.Errorf("read pickle: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	head, err := r.Peek(torchlegacy.MaxMagic)
	if err != nil {
		return err
	}
	legacy := torchlegacy.IsMagic(head)
	for n := 1; ; n++ {
		keys, err := f.stream(r)
		if err != nil {
			return err
		}
		if legacy && n == torchlegacy.Streams {
			if err := f.legacyStorages(r, keys); err != nil {
				return err
			}
			legacy = false
		}
		next, err := r.Peek(pickle.MaxHead)
		if err != nil {
			return err
		}
		if len(next) == 0 {
			return nil
		}
		if legacy && n < torchlegacy.Streams {
			continue // some of these are a number alone
		}
		if !(pickle.Format{}).Match(format.Probe{Head: next, Size: -1, Blob: format.BytesBlob(next)}) {
			return f.trailing(r)
		}
	}
}

// stream runs one pickle. It returns the texts of the list that is its result, if it is one.
func (f *file) stream(r *pickle.Reader) (texts []string, err error) {
	j := newJudge(f)
	m := pickle.NewMachine(f.in.Budget, j)
	defer m.Close()
	opaque := f.opaque
	s, err := m.Run(f.ctx, r)
	f.out.Opaque(f.opaque - opaque)
	f.out.Parsed(max(0, s.End-s.Start-(f.opaque-opaque)))
	j.flushPayloads()
	if err != nil || m.Kind(s.Result) != pickle.List {
		return nil, err
	}
	list, _ := m.Elements(s.Result)
	for _, v := range list {
		if text, ok := m.Text(v); ok {
			texts = append(texts, text)
		}
	}
	return texts, nil
}

// legacyStorages skips the storages that follow the pickles of an old torch file: for each key the number of elements as
// eight little-endian bytes, and the elements.
func (f *file) legacyStorages(r *pickle.Reader, keys []string) error {
	for _, key := range keys {
		s, ok := f.storages[key]
		size := s.ItemSize()
		if !ok || size == 0 {
			return nil // what follows is reported as trailing data
		}
		head, err := r.Peek(8)
		if err != nil {
			return err
		}
		if len(head) < 8 {
			return format.Malformed(r.Offset(), "the storage of a tensor is cut off")
		}
		count := binary.LittleEndian.Uint64(head)
		if count != uint64(s.Elements) {
			f.report(RuleTensorBounds(), "", r.Offset(), fmt.Sprintf("storage %s has %d elements, and the pickle says %d", key, count,
				s.Elements), cve24747)
		}
		if count > (1<<62)/uint64(size) {
			return format.Malformed(r.Offset(), "the size of a storage overflows")
		}
		if err := r.Skip(8 + int64(count)*size); err != nil {
			return err
		}
		f.out.Parsed(8)
		f.out.Opaque(int64(count) * size)
	}
	return nil
}

// trailing accounts for what follows the last pickle: padding, or content that is inspected by itself.
func (f *file) trailing(r *pickle.Reader) error {
	start, zero := r.Offset(), true
	for {
		chunk, err := r.Peek(pickle.MaxHead)
		if err != nil {
			return err
		}
		if len(chunk) == 0 {
			break
		}
		if zero = len(bytes.Trim(chunk, "\x00")) == 0; !zero {
			break
		}
		if err := r.Skip(int64(len(chunk))); err != nil {
			return err
		}
	}
	if zero {
		f.out.Parsed(r.Offset() - start)
		return nil
	}
	f.report(RuleTrailingData(), "", start, "there is more data after the end of the last pickle", "")
	size := f.in.Blob.Size()
	if size < 0 {
		f.out.Gap(start, -1, "data after the last pickle in a stream of unknown length")
		return nil
	}
	blob, err := f.in.Blob.Section(start, size-start)
	if err != nil {
		return err
	}
	return f.out.Inspect(f.ctx, detect.Part{Name: fmt.Sprintf("data at %d", start), Blob: blob})
}
