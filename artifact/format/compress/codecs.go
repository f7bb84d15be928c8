package compress

import (
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Memory that decoders need beside the buffers of the caller, in bytes.
const (
	flateMemory = 64 << 10
	bzip2Memory = 4 << 20
	lz4Memory   = 9 << 20 // two blocks of the largest size of a frame
)

// codecs returns how a kind is expanded.
func codecs(kind Kind) (codec, bool) {
	switch kind {
	case Gzip:
		return codec{begin: beginGzip, follows: isGzip, zeros: true}, true
	case Zlib:
		return codec{begin: beginZlib}, true
	case ZF:
		return codec{begin: beginZF}, true
	case Deflate:
		return codec{begin: beginDeflate}, true
	case Bzip2:
		return codec{begin: beginBzip2}, true
	case LZ4:
		return codec{begin: beginLZ4}, true
	case Zstd:
		return codec{begin: beginZstd}, true
	case XZ:
		return codec{begin: beginXZ, follows: isXZ, zeros: true}, true
	case LZMA:
		return codec{begin: beginLZMA, follows: isLZMA}, true
	}
	return codec{}, false
}

// beginGzip starts one member of a gzip file.
func beginGzip(s *Stream) (decoder, error) {
	if err := s.hold(flateMemory); err != nil {
		return decoder{}, err
	}
	r, err := gzip.NewReader(s.in)
	if err != nil {
		return decoder{}, err
	}
	r.Multistream(false)
	return decoder{Reader: r}, nil
}

// beginZlib starts a zlib stream.
func beginZlib(s *Stream) (decoder, error) {
	if err := s.hold(flateMemory); err != nil {
		return decoder{}, err
	}
	r, err := zlib.NewReader(s.in)
	return decoder{Reader: r}, err
}

// beginDeflate starts a raw DEFLATE stream.
func beginDeflate(s *Stream) (decoder, error) {
	if err := s.hold(flateMemory); err != nil {
		return decoder{}, err
	}
	return decoder{Reader: flate.NewReader(s.in)}, nil
}

// zfHeader is the length of the header that joblib wrote before 0.9.3: "ZF" and the length in hexadecimal, padded with spaces.
const zfHeader = 2 + 19

// beginZF starts joblib's old container of one zlib stream, whose header states the length of the content.
func beginZF(s *Stream) (decoder, error) {
	head := make([]byte, zfHeader)
	if _, err := io.ReadFull(s.in, head); err != nil {
		return decoder{}, err
	}
	stated, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimRight(string(head[2:]), " L"), "0x"), 16, 63)
	if err != nil {
		return decoder{}, format.Malformed(2, "the length in the header is not a hexadecimal number")
	}
	if next, err := s.in.Peek(1); err == nil && next[0] == ' ' { // Python 2 wrote one character more
		_, _ = s.in.Discard(1)
	}
	d, err := beginZlib(s)
	if err != nil {
		return decoder{}, err
	}
	return decoder{Reader: &stated64{r: d.Reader, left: int64(stated), end: &s.end}}, nil
}

// stated64 compares the length of what it reads with the length that a header stated.
type stated64 struct {
	r    io.Reader
	left int64
	end  *End
}

// Read implements io.Reader.
func (t *stated64) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.left -= int64(n)
	if err != nil && t.left != 0 {
		t.end.Length = true
	}
	return n, err
}

// beginBzip2 starts a bzip2 file; the decoder itself goes on to the streams that follow.
func beginBzip2(s *Stream) (decoder, error) {
	if err := s.hold(bzip2Memory); err != nil {
		return decoder{}, err
	}
	return decoder{Reader: bzip2.NewReader(s.in)}, nil
}

// beginLZ4 starts a sequence of lz4 frames; the decoder itself goes on to the frames that follow.
func beginLZ4(s *Stream) (decoder, error) {
	if err := s.hold(lz4Memory); err != nil {
		return decoder{}, err
	}
	r := lz4.NewReader(s.in)
	if err := r.Apply(lz4.ConcurrencyOption(1)); err != nil {
		return decoder{}, err
	}
	return decoder{Reader: r}, nil
}

// beginZstd starts a sequence of zstd frames. The window of the first frame that has one bounds those of the others, so that
// what is held is known before anything is allocated.
func beginZstd(s *Stream) (decoder, error) {
	window := uint64(8 << 20)
	var h zstd.Header
	if head, _ := s.in.Peek(zstd.HeaderMaxSize); len(head) > 0 && h.Decode(head) == nil && !h.Skippable {
		window = max(window, h.WindowSize)
	}
	if window > MaxWindow {
		return decoder{}, tooLarge("zstd window", int64(min(window, 1<<62)))
	}
	if err := s.hold(int64(window) + 1<<20); err != nil {
		return decoder{}, err
	}
	r, err := zstd.NewReader(s.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(1<<62), zstd.IgnoreChecksum(true))
	if err != nil {
		return decoder{}, err
	}
	return decoder{Reader: r, close: r.Close}, nil
}

// beginLZMA starts an LZMA stream after its dictionary size was found to be acceptable.
func beginLZMA(s *Stream) (decoder, error) {
	head, err := s.in.Peek(lzma.HeaderLen)
	if err != nil {
		return decoder{}, err
	}
	dict := max(int64(binary.LittleEndian.Uint32(head[1:])), lzma.MinDictCap)
	if dict > MaxWindow {
		return decoder{}, tooLarge("LZMA dictionary", dict)
	}
	if err := s.hold(dict); err != nil {
		return decoder{}, err
	}
	r, err := lzma.ReaderConfig{DictCap: int(dict)}.NewReader(s.in)
	return decoder{Reader: r}, err
}

// tooLarge is the error for a window that is not allocated.
func tooLarge(what string, n int64) error {
	return &windowError{what: what, n: n}
}

// windowError says that a decoder would need a window beyond MaxWindow.
type windowError struct {
	what string
	n    int64
}

// Error implements error.
func (e *windowError) Error() string {
	return "the " + e.what + " of " + strconv.FormatInt(e.n, 10) + " bytes: " + limits.ErrExceeded.Error() +
		" (" + strconv.Itoa(MaxWindow) + ")"
}

// Unwrap makes errors.Is(err, limits.ErrExceeded) true.
func (e *windowError) Unwrap() error { return limits.ErrExceeded }

// forgive reports whether an error of a decoder only ends the member: a wrong checksum, which loaders notice after they used
// the content, or content after the last frame, which they ignore. It notes which. Out is the number of bytes produced so far.
func (s *Stream) forgive(err error, out int64) bool {
	var structural bzip2.StructuralError
	switch {
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zlib.ErrChecksum), errors.Is(err, errChecksum):
		s.end.Checksum = true
		return true
	case out == 0:
		return false
	case s.kind == Zstd && errors.Is(err, zstd.ErrMagicMismatch), s.kind == LZ4 && errors.Is(err, lz4.ErrInvalidFrame):
		return s.trailing(4)
	case s.kind == Bzip2 && errors.As(err, &structural) && strings.Contains(string(structural), "continuation"):
		return s.trailing(2)
	}
	return false
}

// trailing notes that content follows which starts n bytes before what the decoder has taken.
func (s *Stream) trailing(n int64) bool {
	s.end.Trailing = s.consumed() - n
	s.codec = codec{begin: s.codec.begin}
	s.in.Reset(strings.NewReader(""))
	return true
}

// classify makes the errors of the decoder libraries ours; errors of the reader below stay what they are.
func (s *Stream) classify(err error) error {
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return tooLarge("zstd window", MaxWindow)
	}
	if s.under.err != nil {
		return s.under.err
	}
	return format.Malformed(s.consumed(), "%s", err.Error())
}
