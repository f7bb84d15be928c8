package hdf5

import (
	"bytes"
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/extent"
)

// Structure is read by pages: much of it is small and lies together, and every read of a remote file is a request.
const (
	pageSize = 16 << 10
	maxPages = 64
	maxRead  = 4 << 20 // bytes of one structure that are held
)

// read returns n bytes from an address. The caller must not change them.
func (f *File) read(address uint64, n int64) ([]byte, error) {
	size := f.blob.Size()
	if n < 0 || n > size || address > uint64(size-n) {
		return nil, f.malformed(address, "a structure of %d bytes lies outside of the content of %d bytes", n, size)
	}
	if n > maxRead {
		return nil, f.malformed(address, "a structure of %d bytes is longer than any is read", n)
	}
	if err := f.budget.Ops(1 + n/64); err != nil {
		return nil, fmt.Errorf("read HDF5 structure: %w", err)
	}
	start := int64(address)
	first, last := start/pageSize, (start+max(n, 1)-1)/pageSize
	if first == last {
		page, err := f.page(first)
		if err != nil {
			return nil, err
		}
		return page[start-first*pageSize:][:n:n], nil
	}
	return f.blob.ReadRange(start, n)
}

// page returns one page of the content.
func (f *File) page(number int64) ([]byte, error) {
	if page, ok := f.pages[number]; ok {
		return page, nil
	}
	if len(f.pages) >= maxPages {
		clear(f.pages)
	}
	page, err := f.blob.ReadRange(number*pageSize, min(pageSize, f.blob.Size()-number*pageSize))
	if err != nil {
		return nil, err
	}
	f.pages[number] = page
	return page, nil
}

// malformed makes an error at an address.
func (f *File) malformed(address uint64, reason string, args ...any) error {
	return format.Malformed(f.offset(address), reason, args...)
}

// offset is the place of an address in the content; where it would overflow, the start of the file.
func (f *File) offset(address uint64) int64 {
	if address > 1<<62 {
		return f.Base
	}
	return f.Base + int64(address)
}

// mark notes that n bytes from an address belong to the storage of a dataset, or to structure when owner is 0. Parts outside
// of the content are left out.
func (f *File) mark(address uint64, n int64, owner uint64) {
	size := f.blob.Size()
	if n <= 0 || address >= uint64(size) {
		return
	}
	if owner == 0 {
		f.structure += min(size-int64(address), n)
	}
	r := extent.Range{Name: owner, Start: int64(address), End: min(size, int64(address)+min(n, size))}
	if r.Name == f.last.Name && r.Start == f.last.End {
		f.last.End = r.End // chunks and blocks mostly follow each other
		return
	}
	f.flush()
	f.last = r
}

// markOnce notes structure that is met more than once.
func (f *File) markOnce(address uint64, n int64) {
	if _, ok := f.counted[address]; ok {
		return
	}
	f.counted[address] = struct{}{}
	f.mark(address, n, 0)
}

// claim notes that an object has an index at an address. No writer gives one index to two objects; a small file in which many
// share a large one would take long to read.
func (f *File) claim(address uint64) error {
	if _, taken := f.claimed[address]; taken {
		return f.malformed(address, "two objects have the same index")
	}
	f.claimed[address] = struct{}{}
	return nil
}

// flush puts the last range on the list.
func (f *File) flush() {
	if f.last.End > f.last.Start && !f.full {
		f.full = f.ranges.Add(f.last) != nil
	}
	f.last = extent.Range{}
}

// cursor decodes a structure that was read. After the first error everything that it returns is zero.
type cursor struct {
	f     *File
	b     []byte
	at    int
	start uint64 // address of b
	err   error
}

// cursor decodes b, which lies at an address.
func (f *File) cursor(b []byte, address uint64) *cursor { return &cursor{f: f, b: b, start: address} }

// fail keeps the first error.
func (c *cursor) fail(reason string, args ...any) {
	if c.err == nil {
		c.err = c.f.malformed(c.start+uint64(c.at), reason, args...)
	}
}

// bytes takes n bytes.
func (c *cursor) bytes(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > len(c.b)-c.at {
		c.fail("%d bytes are needed where the structure has %d", n, len(c.b)-c.at)
		return nil
	}
	c.at += n
	return c.b[c.at-n : c.at]
}

// skip passes over n bytes.
func (c *cursor) skip(n int) { c.bytes(n) }

// rest is what was not taken.
func (c *cursor) rest() []byte { return c.bytes(len(c.b) - c.at) }

// uint takes a little-endian number of n bytes, of which the lower eight are kept.
func (c *cursor) uint(n int) uint64 {
	var v uint64
	for i, x := range c.bytes(n) {
		if i < 8 {
			v |= uint64(x) << (8 * i)
		}
	}
	return v
}

// byte takes one byte.
func (c *cursor) byte() byte { return byte(c.uint(1)) }

// addr takes an address; undefined for the one that means none.
func (c *cursor) addr() uint64 {
	v := c.uint(c.f.o)
	if c.err != nil || v == undefined>>(64-8*c.f.o) {
		return undefined
	}
	return v
}

// length takes a length.
func (c *cursor) length() uint64 { return c.uint(c.f.l) }

// magic takes a signature.
func (c *cursor) magic(want string) {
	if got := c.bytes(len(want)); c.err == nil && string(got) != want {
		c.at -= len(want)
		c.fail("there is no signature %s", want)
	}
}

// version takes a version number that must not exceed the newest known one.
func (c *cursor) version(newest byte) byte {
	v := c.byte()
	if v > newest {
		c.fail("version %d of a structure is not known", v)
	}
	return v
}

// text takes a text that ends in a zero byte.
func (c *cursor) text() string {
	if c.err != nil {
		return ""
	}
	n := bytes.IndexByte(c.b[c.at:], 0)
	if n < 0 {
		c.fail("a text does not end")
		return ""
	}
	text := string(c.bytes(n))
	c.skip(1)
	return text
}

// align passes over padding up to a multiple of eight bytes.
func (c *cursor) align() {
	c.at = min(len(c.b), (c.at+7)&^7)
}

// until is a text up to its first zero byte, or all of it.
func until(b []byte) string {
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	return string(b)
}
