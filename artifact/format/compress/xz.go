package compress

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"

	"github.com/picketsec/picket/artifact/format"
)

// errChecksum says that content does not have its stated checksum.
var errChecksum = errors.New("wrong checksum")

// xzMagic starts an xz stream.
const xzMagic = "\xfd7zXZ\x00"

// xzHeader is the length of the header and of the footer of an xz stream.
const xzHeader = 12

// xzReader expands one stream of the .xz file format 1.1.0. The container is read here and not by a library because each block
// names its dictionary size, which must be refused before a decoder allocates it.
type xzReader struct {
	s     *Stream
	check byte // the kind of checksum after each block
	start int64
	block io.Reader // nil between blocks
	sum   hash.Hash // nil when the kind of checksum is none or not known
	wrong bool
}

// beginXZ reads the header of a stream.
func beginXZ(s *Stream) (decoder, error) {
	var head [xzHeader]byte
	if _, err := io.ReadFull(s.in, head[:]); err != nil {
		return decoder{}, err
	}
	if string(head[:6]) != xzMagic || head[6] != 0 || head[7] > 15 {
		return decoder{}, format.Malformed(s.consumed()-xzHeader, "the header of the xz stream is not valid")
	}
	return decoder{Reader: &xzReader{s: s, check: head[7]}}, nil
}

// Read implements io.Reader; it returns errChecksum at the end of a stream with a wrong checksum.
func (x *xzReader) Read(p []byte) (int, error) {
	for {
		if x.block == nil {
			if err := x.nextBlock(); err != nil {
				return 0, err
			}
		}
		n, err := x.block.Read(p)
		if x.sum != nil {
			x.sum.Write(p[:n])
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		if err != nil {
			if err := x.endBlock(); err != nil {
				return n, err
			}
		}
		if n > 0 {
			return n, nil
		}
		if err := x.s.budget.Ops(1); err != nil {
			return 0, err
		}
	}
}

// nextBlock reads a block header, or the index and footer that end the stream; then the error is io.EOF or errChecksum.
func (x *xzReader) nextBlock() error {
	size, err := x.s.in.ReadByte()
	if err != nil {
		return noEnd(err)
	}
	if size == 0 {
		return x.endStream()
	}
	header := make([]byte, int(size)*4+3) // without the size byte, with the CRC
	if _, err := io.ReadFull(x.s.in, header); err != nil {
		return noEnd(err)
	}
	dict, err := x.dictionary(header[:len(header)-4])
	if err != nil {
		return err
	}
	if dict > MaxWindow {
		return tooLarge("xz dictionary", dict)
	}
	x.s.finishHeld()
	if err := x.s.hold(dict); err != nil {
		return err
	}
	x.start = x.s.consumed()
	x.sum = newCheck(x.check)
	x.block, err = lzma.Reader2Config{DictCap: int(max(dict, lzma.MinDictCap))}.NewReader2(x.s.in)
	return err
}

// dictionary reads the dictionary size from a block header, which must name LZMA2 and nothing else.
func (x *xzReader) dictionary(header []byte) (int64, error) {
	at := x.s.consumed()
	flags, r := header[0], bytes.NewReader(header[1:])
	if flags&0x3f != 0 {
		return 0, format.Malformed(at, "the xz block uses filters other than LZMA2 or reserved flags")
	}
	for _, bit := range []byte{0x40, 0x80} { // compressed and uncompressed size
		if flags&bit != 0 {
			if _, err := binary.ReadUvarint(r); err != nil {
				return 0, format.Malformed(at, "the xz block header is cut off")
			}
		}
	}
	var filter [3]byte
	if _, err := io.ReadFull(r, filter[:]); err != nil || filter[0] != 0x21 || filter[1] != 1 || filter[2] > 40 {
		return 0, format.Malformed(at, "the xz block uses a filter other than LZMA2")
	}
	bits := filter[2]
	if bits == 40 {
		return 1<<32 - 1, nil
	}
	return int64(2|bits&1) << (bits/2 + 11), nil
}

// endBlock reads the padding and the checksum of a block.
func (x *xzReader) endBlock() error {
	x.block = nil
	pad := int(-(x.s.consumed() - x.start) & 3)
	stored := make([]byte, pad+checkSize(x.check))
	if _, err := io.ReadFull(x.s.in, stored); err != nil {
		return noEnd(err)
	}
	if x.sum == nil {
		return nil
	}
	computed := x.sum.Sum(nil)
	if x.check != checkSHA256 { // little-endian, and Sum is big-endian
		for i, j := 0, len(computed)-1; i < j; i, j = i+1, j-1 {
			computed[i], computed[j] = computed[j], computed[i]
		}
	}
	x.wrong = x.wrong || !bytes.Equal(stored[pad:], computed)
	return nil
}

// endStream reads the index, whose records it does not need, and the footer.
func (x *xzReader) endStream() error {
	start := x.s.consumed() - 1
	records, err := binary.ReadUvarint(x.s.in)
	if err != nil {
		return noEnd(err)
	}
	for ; records > 0; records-- {
		for range 2 {
			if _, err := binary.ReadUvarint(x.s.in); err != nil {
				return noEnd(err)
			}
		}
		if err := x.s.budget.Ops(1); err != nil {
			return err
		}
	}
	rest := make([]byte, int(-(x.s.consumed()-start)&3)+4+xzHeader)
	if _, err := io.ReadFull(x.s.in, rest); err != nil {
		return noEnd(err)
	}
	if x.wrong {
		return errChecksum
	}
	return io.EOF
}

// The kinds of checksum in an xz stream.
const (
	checkCRC32  = 1
	checkCRC64  = 4
	checkSHA256 = 10
)

// newCheck makes the hash for a kind of checksum; nil for none and for kinds that are not defined.
func newCheck(kind byte) hash.Hash {
	switch kind {
	case checkCRC32:
		return crc32.NewIEEE()
	case checkCRC64:
		return crc64.New(crc64.MakeTable(crc64.ECMA))
	case checkSHA256:
		return sha256.New()
	}
	return nil
}

// checkSize is the length in bytes of a checksum, defined for kinds 0 to 15.
func checkSize(kind byte) int {
	if kind == 0 {
		return 0
	}
	return 4 << ((kind - 1) / 3)
}

// finishHeld frees the memory of the block before.
func (s *Stream) finishHeld() {
	for _, release := range s.held {
		release()
	}
	s.held = nil
}

// noEnd makes the end of the content an unexpected one.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

var _ io.ByteReader = (*bufio.Reader)(nil) // the decoders take single bytes and read nothing ahead
