package sevenzip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/bodgit/sevenzip"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Open starts to unpack a folder. The budget is charged before bytes are produced. The error, also of reading, wraps
// format.ErrMalformed or limits.ErrExceeded.
func (a *Archive) Open(f *Folder) (io.ReadCloser, error) {
	if f.Unread != "" {
		return nil, format.Malformed(a.base, "content is not read: %s", f.Unread)
	}
	release, err := a.budget.Hold(f.window + 64<<10)
	if err != nil {
		return nil, fmt.Errorf("unpack 7z folder: %w", err)
	}
	view := a.alone(f)
	r, err := sevenzip.NewReader(view, view.size())
	if err == nil && len(r.File) != 1 {
		err = errors.New("not the one member that the header states")
	}
	var in io.ReadCloser
	if err == nil {
		in, err = r.File[0].Open()
	}
	if err != nil {
		release()
		return nil, format.Malformed(a.base, "unpack by %s: %v", f.Chain[0], err)
	}
	return &reader{a: a, f: f, in: in, view: view, release: release}, nil
}

// reader unpacks one folder within the budget.
type reader struct {
	a       *Archive
	f       *Folder
	in      io.ReadCloser
	view    *view
	n       int64
	release func()
}

// chunk bounds how many bytes are produced between two looks at the budget.
const chunk = 32 << 10

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), chunk, r.f.Size-r.n)]
	if r.n == r.f.Size {
		r.f.used = r.view.used
		return 0, io.EOF
	}
	if err := errors.Join(r.a.budget.Ratio(r.f.Packed, r.n), r.a.budget.Output(int64(len(p))), r.a.budget.Ops(1)); err != nil {
		return 0, err
	}
	n, err := r.in.Read(p)
	if r.n += int64(n); r.n == r.f.Size {
		r.f.used = r.view.used
	}
	switch {
	case errors.Is(err, io.EOF) && r.n < r.f.Size:
		err = format.Malformed(r.f.packs[0].offset, "the packed content ends after %d of %d bytes", r.n, r.f.Size)
	case errors.Is(err, io.EOF), err == nil:
		err = nil // the end is known by the size
	case !errors.Is(err, limits.ErrExceeded):
		err = format.Malformed(r.f.packs[0].offset, "unpack by %s: %v", r.f.Chain[0], err)
	}
	return n, err
}

// Close implements io.Closer.
func (r *reader) Close() error {
	r.release()
	_ = r.in.Close() // memory only
	return nil
}

// view is an archive that holds one folder of another: a header of our own, and the packed streams where they are.
type view struct {
	blob  *format.Blob
	start []byte
	packs []pack
	used  []int64 // how far each has been read
	tail  []byte
	total int64 // packed bytes
}

// size is the length of the view in bytes.
func (v *view) size() int64 { return int64(len(v.start)) + v.total + int64(len(v.tail)) }

// ReadAt implements io.ReaderAt.
func (v *view) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && err == nil {
		var got int
		got, err = v.piece(p[n:], off+int64(n))
		n += got
	}
	return n, err
}

// piece reads from one of the pieces that the view is made of.
func (v *view) piece(p []byte, off int64) (int, error) {
	if off < int64(len(v.start)) {
		return copy(p, v.start[off:]), nil
	}
	off -= int64(len(v.start))
	for i, k := range v.packs {
		if off < k.size {
			p = p[:min(int64(len(p)), k.size-off)]
			v.used[i] = max(v.used[i], off+int64(len(p)))
			n, err := v.blob.At().ReadAt(p, k.offset+off)
			if n == len(p) {
				err = nil
			}
			return n, err
		}
		off -= k.size
	}
	if off >= int64(len(v.tail)) {
		return 0, io.EOF
	}
	return copy(p, v.tail[off:]), nil
}

// number writes a number as headers hold it; nine bytes are always right.
func number(b []byte, n int64) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xff), uint64(n))
}

// alone makes the view of one folder. Its coders stand in the order in which they work.
func (a *Archive) alone(f *Folder) *view {
	h := []byte{idHeader, idMainStreams, idPackInfo, 0}
	h = number(h, int64(len(f.packs)))
	h = append(h, idSize)
	for _, p := range f.packs {
		h = number(h, p.size)
	}
	h = append(h, idEnd, idUnpackInfo, idFolder, 1, 0)
	h = f.write(h)
	h = append(h, idUnpackSize)
	for _, k := range f.order {
		h = number(h, f.coders[k].size)
	}
	h = append(h, idEnd, idEnd, idFiles, 1, idNames, 5, 0, 'x', 0, 0, 0, idEnd, idEnd)
	v := &view{blob: a.blob, packs: f.packs, used: make([]int64, len(f.packs)), tail: h, total: f.Packed}
	where := binary.LittleEndian.AppendUint64(nil, uint64(v.total))
	where = binary.LittleEndian.AppendUint64(where, uint64(len(h)))
	where = binary.LittleEndian.AppendUint32(where, crc32.ChecksumIEEE(h))
	v.start = binary.LittleEndian.AppendUint32([]byte(magic+"\x00\x04"), crc32.ChecksumIEEE(where))
	v.start = append(v.start, where...)
	return v
}

// write writes the definition of the folder.
func (f *Folder) write(h []byte) []byte {
	h = number(h, int64(len(f.order)))
	first := map[int]int{} // new number of the first input, by coder
	n := 0
	for _, i := range f.order {
		k := f.coders[i]
		first[i] = n
		n += k.in
		flags := byte(len(k.method))
		if k.in != 1 {
			flags |= 0x10
		}
		if len(k.properties) > 0 {
			flags |= 0x20
		}
		h = append(append(h, flags), k.method...)
		if k.in != 1 {
			h = append(h, byte(k.in), 1)
		}
		if len(k.properties) > 0 {
			h = append(number(h, int64(len(k.properties))), k.properties...)
		}
	}
	moved := func(in int) int64 {
		for i, k := range f.coders {
			if from := f.first(i); in >= from && in < from+k.in {
				return int64(first[i] + in - from)
			}
		}
		return 0
	}
	for _, b := range f.bonds {
		h = number(number(h, moved(b.in)), int64(slices.Index(f.order, b.out)))
	}
	if len(f.packed) > 1 {
		for _, in := range f.packed {
			h = number(h, moved(in))
		}
	}
	return h
}
