// Package hdf5 reads the structure of HDF5 files: groups and their links, attributes, and where and how datasets are stored.
// It is for detectors. It follows hostile files within bounds, reads no numbers of datasets, and judges nothing. It reads
// superblocks 0 to 3, both versions of object headers, and every kind of group and attribute storage that HDF5 1.8 to 1.14
// write.
package hdf5

import (
	"bytes"
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/extent"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "hdf5"

const (
	signature     = "\x89HDF\r\n\x1a\n"
	firstUserSize = 512 // bytes of the smallest user block; others are that times a power of two
	undefined     = ^uint64(0)
)

// Format recognises HDF5 files.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "HDF5", MediaType: "application/x-hdf5", Extensions: []string{".h5", ".hdf5", ".he5", ".hdf", ".mat"},
		// PyTables and pandas keep pickles in attributes and datasets, and links lead to other files.
		Risk: format.Active, Parsed: true,
		Spec: "https://docs.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html",
	}
}

// Match implements format.Format. The signature stands at the start, or after a user block that lies within the head: to look
// for larger ones would cost many reads of every other file.
func (Format) Match(p format.Probe) bool {
	for offset := 0; offset < len(p.Head); offset = max(firstUserSize, offset*2) {
		if bytes.HasPrefix(p.Head[offset:], []byte(signature)) {
			return true
		}
	}
	return false
}

// File is an open file. One goroutine uses it.
type File struct {
	Base    int64 // bytes of the user block before the superblock; addresses count from here
	Version int   // of the superblock
	// End is the offset after the last byte that the superblock claims, from the start of the content. It may lie beyond the
	// content, and content may follow it.
	End int64

	blob      *format.Blob // from the superblock on
	budget    *limits.Budget
	o, l      int    // bytes of an offset and of a length
	root      uint64 // address of the object header of the root group
	extended  uint64 // address of the superblock extension
	leafK     int64  // half of the entries of a symbol table node, for accounting
	groupK    int64  // half of the children of a node of a group's B-tree
	shared    []sharedIndex
	pages     map[int64][]byte
	ranges    *extent.List
	last      extent.Range // not yet in ranges
	full      bool         // more ranges than are kept
	counted   map[uint64]struct{}
	claimed   map[uint64]struct{} // addresses of indexes of objects
	structure int64               // bytes that were marked as structure
	heap      *collection         // the global heap collection that was read last
	release   func()
}

// Open reads the superblock. The blob must have random access. The caller closes the file. The error wraps
// format.ErrMalformed or limits.ErrExceeded.
func Open(blob *format.Blob, budget *limits.Budget) (*File, error) {
	if blob.At() == nil {
		return nil, format.Malformed(0, "an HDF5 file can only be read with random access")
	}
	base, err := find(blob)
	if err != nil {
		return nil, err
	}
	section, err := blob.Section(base, blob.Size()-base)
	if err != nil {
		return nil, err
	}
	release, err := budget.Hold(maxPages * pageSize)
	if err != nil {
		return nil, fmt.Errorf("hold pages of an HDF5 file: %w", err)
	}
	f := &File{Base: base, blob: section, budget: budget, pages: map[int64][]byte{}, ranges: extent.New(budget),
		counted: map[uint64]struct{}{}, claimed: map[uint64]struct{}{}, leafK: 4, groupK: 16, o: 8, l: 8, extended: undefined, release: release}
	if err := f.superblock(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Close gives back the memory that the file holds.
func (f *File) Close() {
	f.release()
	f.ranges.Release()
	f.pages, f.heap = nil, nil
}

// find looks for the signature at every place where a user block may end, as the reference library does.
func find(blob *format.Blob) (int64, error) {
	for offset := int64(0); offset <= blob.Size()-int64(len(signature)); offset = max(firstUserSize, offset*2) {
		got, err := blob.ReadRange(offset, int64(len(signature)))
		if err != nil {
			return 0, err
		}
		if string(got) == signature {
			return offset, nil
		}
	}
	return 0, format.Malformed(0, "there is no HDF5 signature")
}

// superblock reads the entry point of the file.
func (f *File) superblock() error {
	head, err := f.read(0, 9)
	if err != nil {
		return err
	}
	f.Version = int(head[8])
	switch f.Version {
	case 0, 1:
		err = f.oldSuperblock()
	case 2, 3:
		err = f.newSuperblock()
	default:
		return format.Malformed(f.Base+8, "a superblock of the unknown version %d", f.Version)
	}
	if err != nil {
		return err
	}
	return f.extension()
}

// widths checks the sizes of offsets and lengths.
func (f *File) widths(offsets, lengths byte) error {
	for _, n := range []byte{offsets, lengths} {
		if n != 2 && n != 4 && n != 8 {
			return format.Malformed(f.Base+8, "offsets or lengths of %d bytes", n)
		}
	}
	f.o, f.l = int(offsets), int(lengths)
	return nil
}

// oldSuperblock reads versions 0 and 1.
func (f *File) oldSuperblock() error {
	head, err := f.read(0, 24)
	if err != nil {
		return err
	}
	if err := f.widths(head[13], head[14]); err != nil {
		return err
	}
	fixed := int64(24)
	if f.Version == 1 {
		fixed = 28
	}
	size := fixed + 4*int64(f.o) + 2*int64(f.o) + 24
	b, err := f.read(0, size)
	if err != nil {
		return err
	}
	c := f.cursor(b, 0)
	c.skip(16)
	f.leafK, f.groupK = int64(c.uint(2)), int64(c.uint(2))
	c.at = int(fixed)
	c.skip(2 * f.o) // the base address, which is where the superblock was found; free space
	f.end(c.addr())
	c.skip(f.o + f.o) // driver information, name of the root
	f.root = c.addr()
	f.mark(0, size, 0)
	return c.err
}

// newSuperblock reads versions 2 and 3.
func (f *File) newSuperblock() error {
	head, err := f.read(0, 12)
	if err != nil {
		return err
	}
	if err := f.widths(head[9], head[10]); err != nil {
		return err
	}
	size := 12 + 4*int64(f.o) + 4
	b, err := f.read(0, size)
	if err != nil {
		return err
	}
	c := f.cursor(b, 0)
	c.skip(12 + f.o)
	f.extended = c.addr()
	f.end(c.addr())
	f.root = c.addr()
	f.mark(0, size, 0)
	return c.err
}

// end notes where the superblock says that the file ends.
func (f *File) end(address uint64) {
	f.End = f.Base + f.blob.Size()
	if address != undefined && address < 1<<62 {
		f.End = f.Base + int64(address)
	}
}
