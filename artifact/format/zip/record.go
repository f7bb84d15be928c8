package zip

import (
	"encoding/binary"
	"math"

	"github.com/picketsec/picket/artifact/format"
)

// Signatures of the records of the format (APPNOTE 6.3.10, section 4.3), as they stand in the file.
const (
	sigLocal      = "PK\x03\x04"
	sigCentral    = "PK\x01\x02"
	sigEnd        = "PK\x05\x06"
	sigEnd64      = "PK\x06\x06"
	sigLocator64  = "PK\x06\x07"
	sigDescriptor = "PK\x07\x08"
)

// Lengths of the fixed parts of the records.
const (
	lenLocal     = 30
	lenCentral   = 46
	lenEnd       = 22
	lenEnd64     = 56
	lenLocator64 = 20
)

// Flag bits of a member.
const (
	FlagEncrypted  = 1 << 0
	FlagDescriptor = 1 << 3 // sizes and checksum follow the data
	FlagPatched    = 1 << 5
	FlagStrong     = 1 << 6 // strong encryption
	FlagUTF8       = 1 << 11
	FlagMasked     = 1 << 13 // the local header is masked; the central directory is encrypted
)

// compared are the flags whose difference between the views changes what readers do.
const compared = FlagEncrypted | FlagDescriptor | FlagPatched | FlagStrong | FlagUTF8 | FlagMasked

var le = binary.LittleEndian

// window reads small records through one buffer, so that a directory of many entries costs few reads.
type window struct {
	blob  *format.Blob
	buf   []byte
	start int64
}

// bytes returns n bytes at an offset; they are valid until the next call. It returns nil when they do not exist.
func (w *window) bytes(offset, n int64) ([]byte, error) {
	size := w.blob.Size()
	if offset < 0 || n < 0 || offset > size || n > size-offset {
		return nil, nil
	}
	if offset < w.start || offset+n > w.start+int64(len(w.buf)) {
		var err error
		if w.buf, err = w.blob.ReadRange(offset, min(max(n, 32<<10), size-offset)); err != nil {
			return nil, err
		}
		w.start = offset
	}
	return w.buf[offset-w.start:][:n], nil
}

// central reads the central directory record at an offset; Present is false when there is none that fits before limit.
func central(w *window, offset, limit int64) (Header, error) {
	fixed, err := w.bytes(offset, lenCentral)
	if err != nil || fixed == nil || string(fixed[:4]) != sigCentral {
		return Header{}, err
	}
	h := Header{Present: true, Offset: offset, Host: fixed[5], Flags: le.Uint16(fixed[8:]), Method: le.Uint16(fixed[10:]),
		CRC32: le.Uint32(fixed[16:]), Compressed: int64(le.Uint32(fixed[20:])), Size: int64(le.Uint32(fixed[24:])),
		Mode: le.Uint32(fixed[38:]), Local: int64(le.Uint32(fixed[42:]))}
	name, extra, comment := int64(le.Uint16(fixed[28:])), int64(le.Uint16(fixed[30:])), int64(le.Uint16(fixed[32:]))
	h.Length = lenCentral + name + extra + comment
	if h.Length > limit-offset {
		return Header{}, nil
	}
	rest, err := w.bytes(offset+lenCentral, name+extra)
	if err != nil || rest == nil {
		return Header{}, err
	}
	h.Name = string(rest[:name])
	h.widen(rest[name:], &h.Local)
	return h, nil
}

// local reads the local header at an offset; Present is false when there is none.
func local(blob *format.Blob, offset int64) (Header, error) {
	if offset < 0 || offset > blob.Size()-lenLocal {
		return Header{}, nil
	}
	head, err := blob.ReadRange(offset, min(lenLocal+256, blob.Size()-offset))
	if err != nil || string(head[:4]) != sigLocal {
		return Header{}, err
	}
	h := Header{Present: true, Offset: offset, Flags: le.Uint16(head[6:]), Method: le.Uint16(head[8:]),
		CRC32: le.Uint32(head[14:]), Compressed: int64(le.Uint32(head[18:])), Size: int64(le.Uint32(head[22:]))}
	name, extra := int64(le.Uint16(head[26:])), int64(le.Uint16(head[28:]))
	h.Length = lenLocal + name + extra
	if h.Length > blob.Size()-offset {
		return Header{}, nil
	}
	if h.Length > int64(len(head)) {
		if head, err = blob.ReadRange(offset, h.Length); err != nil {
			return Header{}, err
		}
	}
	h.Name = string(head[lenLocal:][:name])
	h.widen(head[lenLocal+name:][:extra], nil)
	return h, nil
}

// widen takes the values that the zip64 extra field states, in place of those that say that it does.
func (h *Header) widen(extra []byte, offset *int64) {
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			return
		}
		if id == 1 {
			field := extra[:n]
			for _, v := range []*int64{&h.Size, &h.Compressed, offset} {
				if v != nil && *v == math.MaxUint32 && len(field) >= 8 {
					*v, field, h.zip64 = signed(le.Uint64(field)), field[8:], true
				}
			}
			return
		}
		extra = extra[n:]
	}
}

// signed is n, or -1 when it does not fit.
func signed(n uint64) int64 {
	if n > math.MaxInt64 {
		return -1
	}
	return int64(n)
}
