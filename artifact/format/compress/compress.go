// Package compress recognises and expands compression streams: gzip, zlib, bzip2, xz, LZMA, lz4, zstd and joblib's old "ZF"
// header. It is for detectors and archive formats that must see what a loader would see after decompression. It expands to
// a reader, never to memory or disk, charges every byte to a budget before it is produced, and bounds every decoder window.
// It does not compress, does not judge the content, and does not follow what the content says.
//
// Loaders continue with the next member of a concatenation and forgive wrong checksums until the end of the content. So does
// a Stream: it delivers everything, and End tells afterwards what was wrong.
package compress

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Kind names a compression. The kinds that are formats of their own have the same name as the format.
type Kind string

// The kinds that Open expands.
const (
	Gzip    Kind = "gzip"    // RFC 1952
	Zlib    Kind = "zlib"    // RFC 1950
	Deflate Kind = "deflate" // RFC 1951, without a header; only inside other formats
	Bzip2   Kind = "bzip2"
	XZ      Kind = "xz"   // LZMA2 only
	LZMA    Kind = "lzma" // the 13-byte header of LZMA alone
	LZ4     Kind = "lz4"  // frames, also legacy ones
	Zstd    Kind = "zstd" // RFC 8878
	ZF      Kind = "joblib-zf"
)

// MaxWindow bounds the window or dictionary of one decoder, in bytes. Content that needs more is refused before anything is
// allocated for it.
const MaxWindow = 32 << 20

// chunk bounds how many bytes are produced between two looks at the budget.
const chunk = 32 << 10

// End is what is known about a stream after it was read to its end.
type End struct {
	Members  int   // members, frames or streams that were expanded
	Consumed int64 // compressed bytes that belong to the stream
	// Trailing is the offset of content after the stream that is neither another member nor padding; -1 for none.
	Trailing int64
	// Checksum is true when the content does not have the checksum that the stream states.
	Checksum bool
	// Length is true when the content does not have the length that the stream states.
	Length bool
}

// decoder expands one member; it returns io.EOF at the member's end.
type decoder struct {
	io.Reader
	close func() // may be nil
}

// codec is how one kind starts a member, and how the start of a following member looks.
type codec struct {
	begin func(*Stream) (decoder, error)
	// follows reports whether head starts another member; nil when the kind has only one.
	follows func(head []byte) bool
	// zeros is true when readers skip zero bytes after a member.
	zeros bool
}

// Stream expands one compression stream with all members that follow each other. It is not safe for concurrent use.
type Stream struct {
	kind   Kind
	codec  codec
	under  *counter
	in     *bufio.Reader
	budget *limits.Budget
	held   []func()
	cur    decoder
	open   bool // cur is valid
	credit int64
	out    int64
	end    End
	err    error
}

// Open starts to expand r, which must be at the start of the stream. The caller closes the stream; r is not closed. The error
// wraps format.ErrMalformed or limits.ErrExceeded.
func Open(kind Kind, r io.Reader, budget *limits.Budget) (*Stream, error) {
	c, ok := codecs(kind)
	if !ok {
		return nil, format.Malformed(0, "no decoder for the compression %q", string(kind))
	}
	under := &counter{r: r}
	s := &Stream{kind: kind, codec: c, under: under, in: bufio.NewReader(under), budget: budget, end: End{Trailing: -1}}
	_, err := s.in.Peek(1)
	if err == nil {
		err = s.begin()
	}
	if err != nil {
		return nil, errors.Join(s.explain(err), s.Close())
	}
	return s, nil
}

// counter counts what is read, and keeps the error that is not the end.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// consumed is the number of compressed bytes that the decoders took.
func (s *Stream) consumed() int64 { return s.under.n - int64(s.in.Buffered()) }

// begin starts the next member.
func (s *Stream) begin() error {
	d, err := s.codec.begin(s)
	if err != nil {
		return err
	}
	s.cur, s.open = d, true
	s.end.Members++
	return nil
}

// hold reserves memory until the current member ends.
func (s *Stream) hold(n int64) error {
	release, err := s.budget.Hold(n)
	if err != nil {
		return err
	}
	s.held = append(s.held, release)
	return nil
}

// finish frees what the current member held.
func (s *Stream) finish() {
	if s.open && s.cur.close != nil {
		s.cur.close()
	}
	s.open = false
	for _, release := range s.held {
		release()
	}
	s.held = nil
}

// Close frees the decoder. It never fails; the error is there for io.Closer.
func (s *Stream) Close() error {
	s.finish()
	if s.err == nil {
		s.err = errors.New("read from a closed stream")
	}
	return nil
}

// End tells what is known about the stream. It is complete once Read has returned io.EOF.
func (s *Stream) End() End {
	end := s.end
	end.Consumed = s.consumed()
	if end.Trailing >= 0 {
		end.Consumed = end.Trailing
	}
	return end
}

// Read implements io.Reader. The budget is charged before bytes are produced. Errors other than io.EOF wrap
// format.ErrMalformed or limits.ErrExceeded, or come from the reader below.
func (s *Stream) Read(p []byte) (int, error) {
	if s.err != nil || len(p) == 0 {
		return 0, s.err
	}
	p = p[:min(len(p), chunk)]
	if err := s.charge(int64(len(p))); err != nil {
		s.err = err
		s.finish()
		return 0, s.err
	}
	n, err := s.advance(p)
	s.credit -= int64(n)
	s.out += int64(n)
	if err != nil {
		s.finish()
		s.err = s.explain(err)
	}
	return n, s.err
}

// charge pays for the n bytes that may be produced next. What was paid and not produced is kept as credit.
func (s *Stream) charge(n int64) error {
	if err := s.budget.Ratio(s.under.n, s.out); err != nil {
		return err
	}
	if s.credit >= n {
		return nil
	}
	if err := s.budget.Output(n - s.credit); err != nil {
		return err
	}
	s.credit = n
	return nil
}

// advance reads from the current member and goes on to the next at its end.
func (s *Stream) advance(p []byte) (int, error) {
	for {
		n, err := s.cur.Read(p)
		if err == nil || (n > 0 && errors.Is(err, io.EOF)) {
			if n == 0 {
				if err := s.budget.Ops(1); err != nil {
					return 0, err
				}
				continue
			}
			return n, nil
		}
		if !errors.Is(err, io.EOF) && !s.forgive(err, s.out+int64(n)) {
			return n, err
		}
		s.finish()
		if err := s.next(); err != nil || n > 0 {
			return n, err
		}
	}
}

// next starts the member that follows, if there is one; io.EOF says that the stream is over.
func (s *Stream) next() error {
	if s.codec.zeros {
		s.skipZeros()
	}
	head, err := s.in.Peek(16)
	switch {
	case len(head) == 0 && err != nil && !errors.Is(err, io.EOF):
		return err
	case len(head) == 0:
		return io.EOF
	case s.codec.follows == nil || !s.codec.follows(head):
		s.end.Trailing = s.consumed()
		return io.EOF
	}
	if err := s.budget.Ops(1); err != nil {
		return err
	}
	return s.begin()
}

// skipZeros passes over padding.
func (s *Stream) skipZeros() {
	for {
		b, err := s.in.ReadByte()
		if err != nil {
			return
		}
		if b != 0 {
			_ = s.in.UnreadByte() // cannot fail: a byte was just read
			return
		}
	}
}

// explain makes a decoder's error one of the contract: malformed content at an offset of the compressed bytes.
func (s *Stream) explain(err error) error {
	switch {
	case errors.Is(err, io.EOF) && s.end.Members > 0 && !errors.Is(err, io.ErrUnexpectedEOF):
		return io.EOF
	case errors.Is(err, limits.ErrExceeded), errors.Is(err, format.ErrMalformed):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return format.Malformed(s.consumed(), "the %s stream is cut off", s.kind)
	}
	return fmt.Errorf("expand %s: %w", s.kind, s.classify(err))
}
