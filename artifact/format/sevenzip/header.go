package sevenzip

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"unicode/utf16"

	"github.com/picketsec/picket/artifact/format"
)

// The property IDs of headers (7zFormat.txt).
const (
	idEnd           = 0x00
	idHeader        = 0x01
	idProperties    = 0x02
	idAdditional    = 0x03
	idMainStreams   = 0x04
	idFiles         = 0x05
	idPackInfo      = 0x06
	idUnpackInfo    = 0x07
	idSubStreams    = 0x08
	idSize          = 0x09
	idCRC           = 0x0a
	idFolder        = 0x0b
	idUnpackSize    = 0x0c
	idStreams       = 0x0d
	idEmptyStream   = 0x0e
	idEmptyFile     = 0x0f
	idAnti          = 0x10
	idNames         = 0x11
	idAttributes    = 0x15
	idEncodedHeader = 0x17
)

// cursor reads a header that is in memory. The first mistake stays: later reads return zeros, and err says what was wrong.
type cursor struct {
	b   []byte
	pos int
	at  int64 // offset of b in the file, for errors
	err error
}

// fail notes the first mistake.
func (c *cursor) fail(reason string, args ...any) {
	if c.err == nil {
		c.err = format.Malformed(c.at+int64(c.pos), reason, args...)
	}
}

// left is how many bytes remain.
func (c *cursor) left() int {
	if c.err != nil {
		return 0
	}
	return len(c.b) - c.pos
}

// bytes reads n bytes.
func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > c.left() {
		c.fail("the header is cut off")
		return nil
	}
	c.pos += n
	return c.b[c.pos-n : c.pos]
}

// byte reads one byte.
func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// number reads a number of up to 64 bits: the ones at the top of the first byte count the bytes that follow.
func (c *cursor) number() uint64 {
	first := c.byte()
	var n uint64
	mask := byte(0x80)
	for i := range 8 {
		if first&mask == 0 {
			return n | uint64(first&(mask-1))<<(8*i)
		}
		n |= uint64(c.byte()) << (8 * i)
		mask >>= 1
	}
	return n
}

// size reads a number of bytes, which must fit what a file can have.
func (c *cursor) size() int64 {
	n := c.number()
	if n >= 1<<62 {
		c.fail("a size of %d bytes is not possible", n)
		return 0
	}
	return int64(n)
}

// count reads how many things follow, each of which takes at least one byte in eight of the header.
func (c *cursor) count(what string, perByte int) int {
	n := c.number()
	if n > uint64(c.left())*uint64(perByte) {
		c.fail("%d %s do not fit the header", n, what)
		return 0
	}
	return int(n)
}

// bits reads n bits, the highest of each byte first.
func (c *cursor) bits(n int) []bool {
	packed := c.bytes((n + 7) / 8)
	if packed == nil {
		return make([]bool, n)
	}
	bits := make([]bool, n)
	for i := range bits {
		bits[i] = packed[i/8]&(0x80>>(i%8)) != 0
	}
	return bits
}

// defined reads for which of n things a value follows.
func (c *cursor) defined(n int) []bool {
	if c.byte() == 0 {
		return c.bits(n)
	}
	all := make([]bool, n)
	for i := range all {
		all[i] = true
	}
	return all
}

// digest is a checksum that may be missing.
type digest struct {
	crc   uint32
	known bool
}

// digests reads the checksums of n things.
func (c *cursor) digests(n int) []digest {
	list := make([]digest, n)
	for i, known := range c.defined(n) {
		if known {
			if b := c.bytes(4); b != nil {
				list[i] = digest{binary.LittleEndian.Uint32(b), true}
			}
		}
	}
	return list
}

// header reads the header and expands it as often as it is encoded.
func (a *Archive) header(at start) (*cursor, error) {
	b, err := a.blob.ReadRange(at.offset, at.size)
	if err != nil {
		return nil, err
	}
	if err := a.hold(2 * at.size); err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(b) != at.crc {
		return nil, format.Malformed(at.offset, "the header does not have the checksum that is stated")
	}
	c := &cursor{b: b, at: at.offset}
	for range maxLayers {
		if c.left() == 0 || c.b[0] != idEncodedHeader {
			return c, nil
		}
		c.byte()
		s := a.streams(c)
		if c.err != nil {
			return nil, c.err
		}
		if len(s.folders) != 1 {
			return nil, format.Malformed(at.offset, "an encoded header of %d streams", len(s.folders))
		}
		f := s.folders[0]
		a.headers = append(a.headers, f.packs...)
		if a.Encrypted = f.Encrypted; a.Encrypted {
			return c, nil
		}
		if b, err = a.expand(f); err != nil {
			return nil, err
		}
		if f.sum.known && crc32.ChecksumIEEE(b) != f.sum.crc {
			return nil, format.Malformed(at.offset, "the encoded header does not have the checksum that is stated")
		}
		c = &cursor{b: b, at: at.offset}
	}
	return nil, format.Malformed(at.offset, "a header inside of more than %d encoded headers", maxLayers)
}

// expand decodes a header into memory.
func (a *Archive) expand(f *Folder) ([]byte, error) {
	if f.Size > maxHeader {
		return nil, format.Malformed(a.base, "a header of %d bytes is not read", f.Size)
	}
	if err := a.hold(2 * f.Size); err != nil {
		return nil, err
	}
	r, err := a.Open(f)
	if err != nil {
		return nil, err
	}
	b := make([]byte, f.Size)
	if _, err = io.ReadFull(r, b); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = format.Malformed(a.base, "the encoded header is cut off")
	}
	return b, errors.Join(err, r.Close())
}

// parse reads the header proper: streams, then members.
func (a *Archive) parse(c *cursor) error {
	if c.byte() != idHeader {
		c.fail("the header does not begin like one")
	}
	id := c.byte()
	if id == idProperties {
		for c.byte() != idEnd && c.err == nil {
			c.bytes(int(min(c.number(), maxHeader+1)))
		}
		id = c.byte()
	}
	if id == idAdditional {
		c.fail("additional streams are not read")
	}
	var s streams
	if id == idMainStreams {
		s = a.streams(c)
		id = c.byte()
	}
	if c.err != nil {
		return c.err
	}
	a.Folders = s.folders
	if id == idFiles {
		a.files(c, s)
		id = c.byte()
	}
	if c.err == nil && (id != idEnd || c.left() > 0) {
		c.fail("%d bytes of the header have no meaning", c.left()+1)
	}
	return c.err
}

// text turns the UTF-16 of names into UTF-8.
func text(units []byte) string {
	wide := make([]uint16, len(units)/2)
	for i := range wide {
		wide[i] = binary.LittleEndian.Uint16(units[2*i:])
	}
	return string(utf16.Decode(wide))
}
