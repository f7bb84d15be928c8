package zip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"sync/atomic"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/compress"
	"github.com/picketsec/picket/internal/limits"
)

// counter is a number that several readers change.
type counter = atomic.Int64

// Compression methods (APPNOTE 4.4.5) that are read.
const (
	Store    = 0
	Deflated = 8
	bzip2    = 12
	lzma     = 14
	oldZstd  = 20
	zstd     = 93
	xz       = 95
)

// Supported reports whether content of a compression method can be read.
func Supported(method uint16) bool {
	switch method {
	case Store, Deflated, bzip2, lzma, oldZstd, zstd, xz:
		return true
	}
	return false
}

// Method names a compression method.
func Method(method uint16) string {
	names := map[uint16]string{Store: "storing", 1: "Shrink", 6: "Implode", Deflated: "DEFLATE", 9: "DEFLATE64", bzip2: "bzip2",
		lzma: "LZMA", oldZstd: "zstd", zstd: "zstd", 94: "MP3", xz: "xz", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES encryption"}
	if name, ok := names[method]; ok {
		return name
	}
	return fmt.Sprintf("method %d", method)
}

// View is the content of a member as one kind of reader takes it.
type View struct {
	By         string // who reads it so: "central directory", "local header", "stated size"
	Method     uint16
	Flags      uint16
	CRC32      uint32
	CRCKnown   bool  // false when the checksum is left to a descriptor
	Offset     int64 // of the stored or compressed bytes in the archive
	Compressed int64 // number of them, no more than there are
	Size       int64 // as stated, after decompression; -1 when left to a descriptor
}

// Views returns the different contents that readers take a member for: one for an honest member, none for one without data.
func (a *Archive) Views(e *Entry) []View {
	if e.Data < 0 {
		return nil
	}
	there := a.blob.Size() - e.Data
	c, l := e.Central, e.Local
	var views []View
	add := func(by string, h Header, compressed, size int64, crcKnown bool) {
		v := View{By: by, Method: h.Method, Flags: c.Flags | l.Flags, CRC32: h.CRC32, CRCKnown: crcKnown,
			Offset: e.Data, Compressed: min(max(compressed, 0), there), Size: size}
		for _, o := range views {
			if o.Method == v.Method && o.Compressed == v.Compressed {
				return
			}
		}
		views = append(views, v)
	}
	if c.Present {
		add("central directory", c, c.Compressed, c.Size, true)
	}
	later := l.Flags&FlagDescriptor != 0 && l.Compressed == 0
	switch {
	case !c.Present && later:
		add("local header", l, e.End-e.Data, -1, false)
	case !c.Present:
		add("local header", l, l.Compressed, l.Size, true)
	case later:
		add("local header", l, c.Compressed, c.Size, false)
	default:
		add("local header", l, l.Compressed, l.Size, true)
	}
	for _, h := range []Header{c, l} {
		if h.Present && h.Method == Store && h.Size > 0 && h.Flags&FlagEncrypted == 0 {
			add("stated size", h, h.Size, h.Size, true)
		}
	}
	return views
}

// headSize is how many of the first bytes of a content are kept for a look at them.
const headSize = 1 << 10

// Seen is what reading a content showed so far.
type Seen struct {
	Head  []byte // the first bytes, at most 1 KiB
	Ended bool   // some reader reached the end; only then do the following mean something
	Size  int64  // bytes after decompression
	CRC32 uint32
	// Trailing counts compressed bytes that remain after the end of the compressed stream.
	Trailing int64
}

// Content gives access to one view of a member.
type Content struct {
	View
	a    *Archive
	mu   sync.Mutex
	seen Seen
	high int64 // the most bytes that one reader produced
}

// Content prepares to read a view.
func (a *Archive) Content(v View) *Content { return &Content{View: v, a: a} }

// Blob is the content after decompression. Stored content has random access. The length of compressed content is given as not
// known, because the stated one may be a lie.
func (c *Content) Blob() *format.Blob {
	if c.Method == Store {
		if b, err := c.a.blob.Section(c.Offset, c.Compressed); err == nil {
			return b
		}
	}
	return format.StreamBlob(-1, c.open)
}

// Seen tells what reading showed. For stored content call Verify first.
func (c *Content) Seen() Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Method == Store && c.seen.Head == nil {
		c.seen.Head, _ = c.a.blob.ReadRange(c.Offset, min(headSize, c.Compressed)) // what cannot be read is reported by others
	}
	return c.seen
}

// Verify reads stored content for its checksum. It does nothing for compressed content, whose readers compute it.
func (c *Content) Verify() error {
	if c.Method != Store {
		return nil
	}
	if err := c.a.budget.Ops(c.Compressed/64 + 1); err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, io.NewSectionReader(c.a.blob.At(), c.Offset, c.Compressed)); err != nil {
		return fmt.Errorf("read stored member: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen.Ended, c.seen.Size, c.seen.CRC32 = true, c.Compressed, sum.Sum32()
	return nil
}

// open starts to expand the content.
func (c *Content) open() (io.ReadCloser, error) {
	var in io.Reader = io.NewSectionReader(c.a.blob.At(), c.Offset, c.Compressed)
	kind := compress.Deflate
	switch c.Method {
	case Deflated:
	case bzip2:
		kind = compress.Bzip2
	case zstd, oldZstd:
		kind = compress.Zstd
	case xz:
		kind = compress.XZ
	case lzma:
		var err error
		if kind, in, err = c.alone(in); err != nil {
			return nil, err
		}
	default:
		return nil, format.Malformed(c.Offset, "%s is not read", Method(c.Method))
	}
	s, err := compress.Open(kind, in, c.a.budget)
	if err != nil {
		return nil, err
	}
	return &reader{c: c, s: s, sum: crc32.NewIEEE()}, nil
}

// alone turns the header that zip gives LZMA (APPNOTE 5.8.8) into the one of LZMA alone.
func (c *Content) alone(in io.Reader) (compress.Kind, io.Reader, error) {
	var head [9]byte
	if _, err := io.ReadFull(in, head[:]); err != nil || binary.LittleEndian.Uint16(head[2:]) != 5 {
		return "", nil, format.Malformed(c.Offset, "the LZMA header is not valid")
	}
	size := ^uint64(0) // the stream says where it ends
	if c.Flags&2 == 0 && c.Size >= 0 {
		size = uint64(c.Size)
	}
	return compress.LZMA, io.MultiReader(bytes.NewReader(binary.LittleEndian.AppendUint64(head[4:], size)), in), nil
}

// reader expands a content and notes what it sees.
type reader struct {
	c   *Content
	s   *compress.Stream
	n   int64
	sum interface {
		io.Writer
		Sum32() uint32
	}
}

// Read implements io.Reader. The error wraps limits.ErrExceeded when all members of the archive together grow beyond what
// members that share no bytes can: an archive whose members overlap is stopped there.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.s.Read(p)
	r.note(p[:n])
	if errors.Is(err, io.EOF) {
		r.ended()
	}
	if ratio := r.c.a.budget.Ratio(r.c.a.blob.Size(), r.c.a.produced.Load()); ratio != nil && err == nil {
		return 0, fmt.Errorf("all members together: %w", ratio)
	}
	return n, err
}

// note keeps the head and counts what no other reader of the content has produced before.
func (r *reader) note(p []byte) {
	_, _ = r.sum.Write(p) // a hash never fails
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	if have := int64(len(r.c.seen.Head)); r.n <= have && have < headSize && r.n+int64(len(p)) > have {
		fresh := p[have-r.n:]
		r.c.seen.Head = append(r.c.seen.Head, fresh[:min(int64(len(fresh)), headSize-have)]...)
	}
	r.n += int64(len(p))
	if r.n > r.c.high {
		r.c.a.produced.Add(r.n - r.c.high)
		r.c.high = r.n
	}
}

// ended notes what the end of the content shows.
func (r *reader) ended() {
	end := r.s.End()
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	r.c.seen.Ended, r.c.seen.Size, r.c.seen.CRC32 = true, r.n, r.sum.Sum32()
	r.c.seen.Trailing = 0
	if end.Trailing >= 0 && r.c.Method != lzma {
		r.c.seen.Trailing = r.c.Compressed - end.Trailing
	}
}

// Close implements io.Closer.
func (r *reader) Close() error { return r.s.Close() }

// Named gives every content that some reader takes for the member of a name, in the order of the archive.
func (a *Archive) Named(name string) []*Content {
	var all []*Content
	for i := range a.Entries {
		e := &a.Entries[i]
		if !(e.Central.Present && e.Central.Name == name) && !(e.Local.Present && e.Local.Name == name) {
			continue
		}
		for _, v := range a.Views(e) {
			if Supported(v.Method) {
				all = append(all, a.Content(v))
			}
		}
	}
	return all
}

// Text reads a content of at most most bytes into memory that the budget holds until release. The error wraps
// limits.ErrExceeded for a longer one.
func (c *Content) Text(most int64) (text []byte, release func(), err error) {
	if release, err = c.a.budget.Hold(min(most, max(c.Size, c.Compressed, 1<<10)) + 1); err != nil {
		return nil, nil, err
	}
	r, err := c.Blob().Open()
	if err != nil {
		release()
		return nil, nil, err
	}
	text, err = io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("read a member as text: %w (%d bytes)", limits.ErrExceeded, most)
	}
	if err = errors.Join(err, r.Close()); err != nil {
		release()
		return nil, nil, err
	}
	return text, release, nil
}
