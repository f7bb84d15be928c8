// Package rawzip writes zip archives byte by byte, wrong on request: names, sizes, flags and checksums that differ between the
// central directory and the local headers, records that lie, bytes between and around them. It is for tests and for the
// generators of fixtures. It reads nothing and is no replacement for archive/zip.
package rawzip

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Compression methods.
const (
	Store   = 0
	Deflate = 8
)

// flagDescriptor says that a data descriptor follows the content.
const flagDescriptor = 8

// Entry is one member. Fields that are left zero are filled in as an honest writer does.
type Entry struct {
	Name      string
	LocalName string // the name in the local header; empty for the same
	Data      []byte // the content before compression
	Method    uint16

	Stored          []byte // the compressed bytes, when they are not to be made from Data
	Flags           uint16 // in both headers
	LocalFlags      uint16 // added in the local header only
	CentralFlags    uint16 // added in the central directory only
	LocalMethod     *uint16
	CRC             *uint32 // in both headers
	CentralCRC      *uint32
	LocalCRC        *uint32
	Size            *uint64 // uncompressed, in the central directory
	Compressed      *uint64 // compressed, in the central directory
	LocalSize       *uint64 // uncompressed, in the local header
	LocalCompressed *uint64
	Offset          *uint64 // of the local header, in the central directory
	Extra           []byte  // in the central directory
	LocalExtra      []byte
	External        uint32 // external attributes; the Unix mode is in the upper half
	Zip64           bool   // sizes and offset go to a zip64 extra field
	Comment         string

	Descriptor bool   // checksum and sizes follow the data, as a writer does that cannot go back
	NoLocal    bool   // no local header: the central entry must say Offset
	NoCentral  bool   // no entry in the central directory
	Before     []byte // bytes before the local header
	Align      int    // pads the local extra field so that the data start at a multiple of it, as PyTorch does
}

// Archive is a whole file.
type Archive struct {
	Prefix  []byte // before everything; offsets count from the start of the file unless Shift
	Shift   bool   // offsets do not count the prefix
	Entries []Entry
	Gap     []byte // between the last member and the central directory
	Comment []byte
	Suffix  []byte // after the end record

	Count           *uint16 // entries in the end record
	DirectorySize   *uint32
	DirectoryOffset *uint32
	Zip64           bool    // adds the zip64 end records
	Zip64Count      *uint64 // entries in the zip64 end record
	Zip64Offset     *uint64 // of the directory in the zip64 end record
	NoEnd           bool    // no end record: a truncated file
}

// Ptr returns a pointer to v, for the fields that override.
func Ptr[T any](v T) *T { return &v }

// Must is Bytes for tests, in which an archive that cannot be written is a mistake of the test.
func (a Archive) Must() []byte {
	b, err := a.Bytes()
	if err != nil {
		panic(err)
	}
	return b
}

// placed is an entry with what was written for it.
type placed struct {
	Entry
	stored []byte
	offset uint64
	crc    uint32
}

// Bytes writes the archive.
func (a Archive) Bytes() ([]byte, error) {
	out := bytes.Clone(a.Prefix)
	base := uint64(0)
	if a.Shift {
		base = uint64(len(a.Prefix))
	}
	var all []placed
	for _, e := range a.Entries {
		p, err := compress(e)
		if err != nil {
			return nil, err
		}
		out = append(out, e.Before...)
		p.offset = uint64(len(out)) - base
		if !e.NoLocal {
			out = p.local(out)
		}
		all = append(all, p)
	}
	out = append(out, a.Gap...)
	start := uint64(len(out))
	for _, p := range all {
		if !p.NoCentral {
			out = p.central(out)
		}
	}
	if a.NoEnd {
		return out, nil
	}
	return append(a.end(out, all, start-base, uint64(len(out))-start, base), a.Suffix...), nil
}

// compress makes the stored bytes and the checksum of an entry.
func compress(e Entry) (placed, error) {
	if e.Descriptor {
		e.Flags |= flagDescriptor
	}
	p := placed{Entry: e, stored: e.Stored, crc: crc32.ChecksumIEEE(e.Data)}
	if p.stored != nil {
		return p, nil
	}
	if e.Method != Deflate {
		p.stored = e.Data
		return p, nil
	}
	var buf bytes.Buffer
	w, err := flate.NewWriter(&buf, flate.BestCompression)
	if err != nil {
		return p, fmt.Errorf("compress %q: %w", e.Name, err)
	}
	if _, err := w.Write(e.Data); err != nil {
		return p, fmt.Errorf("compress %q: %w", e.Name, err)
	}
	if err := w.Close(); err != nil {
		return p, fmt.Errorf("compress %q: %w", e.Name, err)
	}
	p.stored = buf.Bytes()
	return p, nil
}

// or returns the override, or the honest value.
func or[T any](override *T, honest T) T {
	if override != nil {
		return *override
	}
	return honest
}

// local appends the local header and the data.
func (p placed) local(out []byte) []byte {
	le := binary.LittleEndian
	name := p.LocalName
	if name == "" {
		name = p.Name
	}
	extra := p.LocalExtra
	crc, size, packed := p.crc, uint64(len(p.Data)), uint64(len(p.stored))
	if p.Descriptor {
		crc, size, packed = 0, 0, 0
	}
	size, packed = or(p.LocalSize, size), or(p.LocalCompressed, packed)
	if p.Entry.Zip64 {
		extra = le.AppendUint64(le.AppendUint64(le.AppendUint16(le.AppendUint16(nil, 1), 16), size), packed)
		size, packed = 0xffffffff, 0xffffffff
	}
	if p.Align > 0 {
		extra = padding(extra, len(out)+30+len(name), p.Align)
	}
	out = append(out, "PK\x03\x04"...)
	out = le.AppendUint16(out, 20)
	out = le.AppendUint16(out, p.Flags|p.LocalFlags)
	out = le.AppendUint16(out, or(p.LocalMethod, p.Method))
	out = append(out, 0, 0, 0x21, 0x28) // 1 January 2000: fixtures are the same every time
	out = le.AppendUint32(out, or(p.LocalCRC, or(p.CRC, crc)))
	out = le.AppendUint32(out, uint32(packed))
	out = le.AppendUint32(out, uint32(size))
	out = le.AppendUint16(out, uint16(len(name)))
	out = le.AppendUint16(out, uint16(len(extra)))
	out = append(append(append(out, name...), extra...), p.stored...)
	if p.Descriptor {
		out = le.AppendUint32(append(out, "PK\x07\x08"...), p.crc)
		out = le.AppendUint32(le.AppendUint32(out, uint32(len(p.stored))), uint32(len(p.Data)))
	}
	return out
}

// padding is an extra field that ends at a multiple of align.
func padding(extra []byte, start, align int) []byte {
	n := align - (start+len(extra)+4)%align
	field := binary.LittleEndian.AppendUint16([]byte("FB"), uint16(n))
	return append(append(bytes.Clone(extra), field...), bytes.Repeat([]byte("Z"), n)...)
}

// central appends the entry of the central directory.
func (p placed) central(out []byte) []byte {
	le := binary.LittleEndian
	size, packed := or(p.Size, uint64(len(p.Data))), or(p.Compressed, uint64(len(p.stored)))
	offset, extra := or(p.Offset, p.offset), p.Extra
	if p.Entry.Zip64 {
		field := le.AppendUint16(le.AppendUint16(nil, 1), 24)
		field = le.AppendUint64(le.AppendUint64(le.AppendUint64(field, size), packed), offset)
		extra = append(field, extra...)
		size, packed, offset = 0xffffffff, 0xffffffff, 0xffffffff
	}
	out = append(out, "PK\x01\x02"...)
	out = le.AppendUint16(out, 0x031e) // made on Unix
	out = le.AppendUint16(out, 20)
	out = le.AppendUint16(out, p.Flags|p.CentralFlags)
	out = le.AppendUint16(out, p.Method)
	out = append(out, 0, 0, 0x21, 0x28)
	out = le.AppendUint32(out, or(p.CentralCRC, or(p.CRC, p.crc)))
	out = le.AppendUint32(out, uint32(packed))
	out = le.AppendUint32(out, uint32(size))
	out = le.AppendUint16(out, uint16(len(p.Name)))
	out = le.AppendUint16(out, uint16(len(extra)))
	out = le.AppendUint16(out, uint16(len(p.Entry.Comment)))
	out = append(out, 0, 0, 0, 0)
	out = le.AppendUint32(out, p.External)
	out = le.AppendUint32(out, uint32(offset))
	return append(append(append(out, p.Name...), extra...), p.Entry.Comment...)
}

// end appends the end records.
func (a Archive) end(out []byte, all []placed, start, size, base uint64) []byte {
	le := binary.LittleEndian
	count := uint64(0)
	for _, p := range all {
		if !p.NoCentral {
			count++
		}
	}
	if a.Zip64 {
		at := uint64(len(out)) - base
		out = append(out, "PK\x06\x06"...)
		out = le.AppendUint64(out, 44)
		out = le.AppendUint16(le.AppendUint16(out, 0x031e), 45)
		out = le.AppendUint32(le.AppendUint32(out, 0), 0)
		n := or(a.Zip64Count, count)
		out = le.AppendUint64(le.AppendUint64(out, n), n)
		out = le.AppendUint64(le.AppendUint64(out, size), or(a.Zip64Offset, start))
		out = append(out, "PK\x06\x07"...)
		out = le.AppendUint32(out, 0)
		out = le.AppendUint32(le.AppendUint64(out, at), 1)
	}
	n := or(a.Count, uint16(count))
	out = append(out, "PK\x05\x06\x00\x00\x00\x00"...)
	out = le.AppendUint16(le.AppendUint16(out, n), n)
	out = le.AppendUint32(out, or(a.DirectorySize, uint32(size)))
	out = le.AppendUint32(out, or(a.DirectoryOffset, uint32(start)))
	out = le.AppendUint16(out, uint16(len(a.Comment)))
	return append(out, a.Comment...)
}
