// Package ziptest writes zip archives byte by byte for tests, with every field open to a lie: what archive/zip and other honest
// writers cannot make. It is for tests only, and its archives hold what the test puts into them.
package ziptest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// Offsets of fields in the fixed part of the records, for edits.
const (
	LocalFlags, LocalMethod, LocalCRC, LocalCompressed, LocalSize                                       = 6, 8, 14, 18, 22
	CentralHost, CentralFlags, CentralMethod, CentralCRC, CentralCompressed, CentralSize, CentralOffset = 5, 8, 10, 16, 20, 24, 42
	CentralMode                                                                                         = 38
	EndCount, EndSize, EndStart, EndComment                                                             = 10, 12, 16, 20
)

// Member is one member of an archive.
type Member struct {
	Name       string
	LocalName  string // in the local header, when it differs
	Content    []byte
	Deflate    bool
	Raw        []byte // the bytes as they stand in the archive, when they are not Content or its DEFLATE stream
	Descriptor bool   // leave sizes and checksum to a data descriptor
	Extra      []byte // of the central record
	LocalExtra []byte
	Before     []byte       // bytes that stand before the local header and belong to no member
	Omit       bool         // leave it out of the directory
	Central    func([]byte) // changes the fixed part of the central record
	Local      func([]byte) // changes the fixed part of the local header
}

// Archive is an archive to write.
type Archive struct {
	Prefix  []byte
	Shift   bool // count offsets from the end of the prefix
	Members []Member
	After   []byte // between the last member and the directory
	Comment []byte
	Suffix  []byte
	End     func([]byte) // changes the end record
}

// Put16 makes an edit that sets a 16-bit field.
func Put16(at int, v uint16) func([]byte) {
	return func(r []byte) { binary.LittleEndian.PutUint16(r[at:], v) }
}

// Put32 makes an edit that sets a 32-bit field.
func Put32(at int, v uint32) func([]byte) {
	return func(r []byte) { binary.LittleEndian.PutUint32(r[at:], v) }
}

// Bytes writes the archive.
func (a Archive) Bytes() []byte {
	le := binary.LittleEndian
	base := 0
	if a.Shift {
		base = len(a.Prefix)
	}
	out, directory, count := bytes.Clone(a.Prefix), []byte(nil), 0
	for _, m := range a.Members {
		out = append(out, m.Before...)
		offset := len(out) - base
		raw, method := m.raw()
		head := make([]byte, 30)
		copy(head, "PK\x03\x04\x14\x00")
		m.fields(head[LocalFlags:], raw, method, m.Descriptor)
		name := m.Name
		if m.LocalName != "" {
			name = m.LocalName
		}
		le.PutUint16(head[26:], uint16(len(name)))
		le.PutUint16(head[28:], uint16(len(m.LocalExtra)))
		edit(m.Local, head)
		out = append(append(append(append(out, head...), name...), m.LocalExtra...), raw...)
		if m.Descriptor {
			out = append(out, "PK\x07\x08"...)
			out = le.AppendUint32(out, crc32.ChecksumIEEE(m.Content))
			out = le.AppendUint32(le.AppendUint32(out, uint32(len(raw))), uint32(len(m.Content)))
		}
		if !m.Omit {
			directory = append(directory, m.central(raw, method, offset)...)
			count++
		}
	}
	out = append(out, a.After...)
	last := make([]byte, 22)
	copy(last, "PK\x05\x06")
	le.PutUint16(last[8:], uint16(count))
	le.PutUint16(last[EndCount:], uint16(count))
	le.PutUint32(last[EndSize:], uint32(len(directory)))
	le.PutUint32(last[EndStart:], uint32(len(out)-base))
	le.PutUint16(last[EndComment:], uint16(len(a.Comment)))
	edit(a.End, last)
	return append(append(append(append(out, directory...), last...), a.Comment...), a.Suffix...)
}

// raw returns the bytes of the content as they stand in the archive, and their method.
func (m Member) raw() ([]byte, uint16) {
	if m.Raw != nil {
		return m.Raw, 8
	}
	if !m.Deflate {
		return m.Content, 0
	}
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9) // the level is valid and a buffer never fails
	_, _ = w.Write(m.Content)
	_ = w.Close()
	return b.Bytes(), 8
}

// fields writes flags, method, checksum and sizes, which stand in the same order in both records.
func (m Member) fields(at, raw []byte, method uint16, later bool) {
	le := binary.LittleEndian
	le.PutUint16(at[2:], method)
	if m.Descriptor {
		le.PutUint16(at, 8)
	}
	if later {
		return
	}
	le.PutUint32(at[8:], crc32.ChecksumIEEE(m.Content))
	le.PutUint32(at[12:], uint32(len(raw)))
	le.PutUint32(at[16:], uint32(len(m.Content)))
}

// central writes the central record.
func (m Member) central(raw []byte, method uint16, offset int) []byte {
	r := make([]byte, 46)
	copy(r, "PK\x01\x02\x14\x03\x14\x00")
	m.fields(r[CentralFlags:], raw, method, false)
	binary.LittleEndian.PutUint16(r[28:], uint16(len(m.Name)))
	binary.LittleEndian.PutUint16(r[30:], uint16(len(m.Extra)))
	binary.LittleEndian.PutUint32(r[CentralMode:], 0o100644<<16)
	binary.LittleEndian.PutUint32(r[CentralOffset:], uint32(offset))
	edit(m.Central, r)
	return append(append(r, m.Name...), m.Extra...)
}

// edit applies an edit if there is one.
func edit(f func([]byte), record []byte) {
	if f != nil {
		f(record)
	}
}
