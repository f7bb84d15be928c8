package sevenzip

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/executable"
)

const (
	magic = "7z\xbc\xaf\x27\x1c"
	// lenStart is the length of the signature header.
	lenStart = 32
	// maxProgram is how far into a program 7-Zip looks for the archive of a self-extracting one, in bytes.
	maxProgram = 1 << 20
)

// Format recognises 7z archives.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "7-Zip archive", MediaType: "application/x-7z-compressed", Extensions: []string{".7z"},
		Risk: format.Active, Parsed: true, Spec: "https://github.com/ip7z/7zip/blob/main/DOC/7zFormat.txt"}
}

// Match implements format.Format: the signature at the start, or in a program with a start header whose checksum is right.
func (Format) Match(p format.Probe) bool {
	if bytes.HasPrefix(p.Head, []byte(magic)) {
		return true
	}
	if kind := executable.Kind(p.Head); kind == "" || kind == executable.Script || p.Blob == nil || p.Blob.At() == nil {
		return false
	}
	_, err := find(p.Blob)
	return err == nil
}

// find returns the offset of the archive in the file.
func find(blob *format.Blob) (int64, error) {
	head, err := blob.ReadRange(0, min(blob.Size(), maxProgram))
	if err != nil {
		return 0, err
	}
	if bytes.HasPrefix(head, []byte(magic)) {
		return 0, nil
	}
	for at := 0; ; at++ {
		i := bytes.Index(head[at:], []byte(magic))
		if i < 0 {
			return 0, format.Malformed(0, "there is no 7z signature")
		}
		if at += i; len(head)-at >= lenStart && checked(head[at:]) {
			return int64(at), nil
		}
	}
}

// checked reports whether the start header has the checksum that it states.
func checked(b []byte) bool {
	return crc32.ChecksumIEEE(b[12:lenStart]) == binary.LittleEndian.Uint32(b[8:])
}

// start is the place of the header, after the packed streams.
type start struct {
	offset, size int64 // in the file, bytes
	crc          uint32
}

// start reads the signature header. A size of zero says that the archive is empty.
func (a *Archive) start() (start, error) {
	b, err := a.blob.ReadRange(a.base, min(lenStart, a.blob.Size()-a.base))
	if err != nil {
		return start{}, err
	}
	if len(b) < lenStart {
		return start{}, format.Malformed(a.base, "the start header is cut off")
	}
	if !checked(b) {
		return start{}, format.Malformed(a.base, "the start header does not have the checksum that it states")
	}
	offset, size := binary.LittleEndian.Uint64(b[12:]), binary.LittleEndian.Uint64(b[20:])
	room := uint64(a.blob.Size() - a.base - lenStart)
	if offset > room || size > room-offset {
		return start{}, format.Malformed(a.base+lenStart, "the header is %d bytes behind the start, beyond the end of the file", offset)
	}
	if size > maxHeader {
		return start{}, format.Malformed(a.base, "a header of %d bytes is not read", size)
	}
	return start{offset: a.base + lenStart + int64(offset), size: int64(size), crc: binary.LittleEndian.Uint32(b[28:])}, nil
}
