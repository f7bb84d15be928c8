package git

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1" //nolint:gosec // the names of git's objects
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"

	"github.com/picketsec/picket/artifact/source/fetch"
)

// Bounds of one pack.
const (
	maxMemory   = 64 << 20  // bytes of a pack that is held in memory
	maxScratch  = 64 << 30  // bytes of one in a temporary file
	maxObjects  = 400_000   // objects: as many files as are listed, and as many folders
	maxHeld     = 32 << 20  // bytes of one object that is held
	maxInflated = 256 << 30 // bytes of all objects
	maxDeltas   = 16 << 30  // bytes that are made out of deltas, for all objects
	maxChain    = 4096      // deltas on top of each other
)

// kind is the kind of an object, as packs number them.
type kind byte

// The kinds of objects.
const (
	kindCommit kind = 1
	kindTree   kind = 2
	kindBlob   kind = 3
	kindTag    kind = 4
	kindOffset kind = 6 // a delta on an object of the pack, by its offset
	kindRef    kind = 7 // a delta on an object, by its name
)

// word is how the kind is written into what is hashed.
func (k kind) word() string {
	return map[kind]string{kindCommit: "commit", kindTree: "tree", kindBlob: "blob", kindTag: "tag"}[k]
}

// object is where an object is in the pack.
type object struct {
	kind kind
	size int64 // of the content; of the delta for deltas
	data int64 // where its compressed data begins
	base int64 // offset of the base of a delta
	ref  string
	full int64 // size of the content that a delta makes
}

// pack is a pack whose objects have been verified.
type pack struct {
	at      io.ReaderAt
	end     int64 // without the checksum at the end
	close   func() error
	byPlace map[int64]*object
	objects map[string]*object
	mu      sync.Mutex // guards what follows; content is asked for by several goroutines
	recent  []made     // contents made last, because deltas of a chain need them again
	made    int64
	total   int64
}

// made is the content that a delta made.
type made struct {
	of      *object
	kind    kind
	content []byte
}

// Close implements io.Closer.
func (p *pack) Close() error { return p.close() }

// receive stores a pack and verifies it.
func receive(ctx context.Context, r io.Reader, scratch string) (*pack, error) {
	held := &fetch.Pieces{}
	n, err := io.CopyN(held, r, maxMemory+1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("receive the pack: %w", err)
	}
	p := &pack{at: held, end: n, close: nothing, byPlace: map[int64]*object{}, objects: map[string]*object{}}
	if n > maxMemory {
		if scratch == "" {
			return nil, fmt.Errorf("the commit is larger than %d MiB: give --scratch DIR to allow a temporary file", maxMemory>>20)
		}
		if err := p.spool(io.MultiReader(io.NewSectionReader(held, 0, n), r), scratch); err != nil {
			return nil, err
		}
	}
	if err := p.index(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("read the pack: %w", err), p.Close())
	}
	return p, nil
}

// spool copies a pack to a temporary file that has no name.
func (p *pack) spool(r io.Reader, scratch string) error {
	f, err := os.CreateTemp(scratch, "picket-*")
	if err != nil {
		return fmt.Errorf("create a temporary file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return errors.Join(fmt.Errorf("unlink the temporary file: %w", err), f.Close())
	}
	n, err := io.Copy(f, io.LimitReader(r, maxScratch+1))
	if err == nil && n > maxScratch {
		err = fmt.Errorf("the commit is larger than %d GiB", maxScratch>>30)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("receive the pack: %w", err), f.Close())
	}
	p.at, p.end, p.close = f, n, f.Close
	return nil
}

// cursor reads forward and knows where it is. It gives single bytes, so that decompression takes no more than its own.
type cursor struct {
	in *bufio.Reader
	at int64
	z  io.Reader // used again for each object, because its window costs more than most of them
}

// inflated decompresses from here on.
func (c *cursor) inflated() (io.Reader, error) {
	if again, ok := c.z.(zlib.Resetter); ok {
		return c.z, again.Reset(c, nil)
	}
	var err error
	c.z, err = zlib.NewReader(c)
	return c.z, err
}

// Read implements io.Reader.
func (c *cursor) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.at += int64(n)
	return n, err
}

// ReadByte implements io.ByteReader.
func (c *cursor) ReadByte() (byte, error) {
	b, err := c.in.ReadByte()
	if err == nil {
		c.at++
	}
	return b, err
}

// index finds all objects, and verifies the pack and the name of each.
func (p *pack) index(ctx context.Context) error {
	if p.end < 32 {
		return errors.New("it is too short")
	}
	p.end -= sha1.Size
	sum, want := sha1.New(), make([]byte, sha1.Size) //nolint:gosec // the checksum of packs
	if _, err := io.Copy(sum, io.NewSectionReader(p.at, 0, p.end)); err != nil {
		return err
	}
	if _, err := p.at.ReadAt(want, p.end); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	c := &cursor{in: bufio.NewReaderSize(io.NewSectionReader(p.at, 0, p.end), 64<<10)}
	var head [12]byte
	if _, err := io.ReadFull(c, head[:]); err != nil || string(head[:4]) != "PACK" || binary.BigEndian.Uint32(head[4:]) != 2 || !bytes.Equal(sum.Sum(nil), want) {
		return errors.New("it is no pack, or was damaged on the way")
	}
	count := int64(binary.BigEndian.Uint32(head[8:]))
	if count > maxObjects || count > p.end/8 {
		return fmt.Errorf("it announces %d objects", count)
	}
	var deltas []*object
	for range count {
		if err := ctx.Err(); err != nil {
			return err
		}
		o, err := p.object(ctx, c)
		if err != nil {
			return err
		}
		if o.kind == kindOffset || o.kind == kindRef {
			deltas = append(deltas, o)
		}
	}
	if c.at != p.end {
		return errors.New("data follows the last object")
	}
	return p.resolve(ctx, deltas)
}

// object reads one object at the cursor, and names it when it is whole.
func (p *pack) object(ctx context.Context, c *cursor) (*object, error) {
	start := c.at
	o, err := header(c, start)
	if err != nil {
		return nil, fmt.Errorf("object at %d: %w", start, err)
	}
	o.data = c.at
	z, err := c.inflated()
	if err != nil {
		return nil, fmt.Errorf("object at %d: %w", start, err)
	}
	h := sha1.New() //nolint:gosec // the names of git's objects
	fmt.Fprintf(h, "%s %d\x00", o.kind.word(), o.size)
	var peek bytes.Buffer
	n, err := io.Copy(io.MultiWriter(h, &prefix{&peek, 20}), io.LimitReader(stopping{ctx, z}, o.size+1))
	p.total += n
	if err != nil || n != o.size || p.total > maxInflated {
		return nil, fmt.Errorf("object at %d: its size is not %d: %w", start, o.size, errors.Join(err, io.ErrUnexpectedEOF))
	}
	p.byPlace[start] = o
	if o.kind == kindOffset || o.kind == kindRef {
		_, o.full, err = deltaSizes(peek.Bytes())
		return o, err
	}
	p.objects[hex.EncodeToString(h.Sum(nil))] = o
	return o, nil
}

// stopping reads until its context ends: a small object can inflate for minutes.
type stopping struct {
	ctx context.Context
	in  io.Reader
}

// Read implements io.Reader.
func (s stopping) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.in.Read(p)
}

// prefix keeps the first bytes of what is written.
type prefix struct {
	to *bytes.Buffer
	n  int
}

// Write implements io.Writer.
func (p *prefix) Write(b []byte) (int, error) {
	p.to.Write(b[:min(len(b), p.n-p.to.Len())])
	return len(b), nil
}

// header reads the kind and the size of an object, and what a delta is about.
func header(c *cursor, start int64) (*object, error) {
	b, err := c.ReadByte()
	if err != nil {
		return nil, err
	}
	o := &object{kind: kind(b >> 4 & 7), size: int64(b & 15)}
	for shift := 4; b&0x80 != 0; shift += 7 {
		if b, err = c.ReadByte(); err != nil || shift > 53 {
			return nil, errors.New("its size is malformed")
		}
		o.size |= int64(b&0x7f) << shift
	}
	switch o.kind {
	case kindCommit, kindTree, kindBlob, kindTag:
	case kindRef:
		var id [20]byte
		if _, err := io.ReadFull(c, id[:]); err != nil {
			return nil, err
		}
		o.ref = hex.EncodeToString(id[:])
	case kindOffset:
		back := int64(-1)
		for more := true; more; more = b&0x80 != 0 {
			if b, err = c.ReadByte(); err != nil || back > math.MaxInt64>>8 {
				return nil, errors.New("the offset of its base is malformed")
			}
			back = (back+1)<<7 | int64(b&0x7f)
		}
		if o.base = start - back; back <= 0 || o.base < 12 {
			return nil, errors.New("its base is outside of the pack")
		}
	default:
		return nil, fmt.Errorf("its kind is %d", o.kind)
	}
	return o, nil
}

// resolve names the objects that deltas make. A delta on a name may come before its base has one, so it goes round until
// nothing is left.
func (p *pack) resolve(ctx context.Context, deltas []*object) error {
	for len(deltas) > 0 {
		var waiting []*object
		for _, o := range deltas {
			if err := ctx.Err(); err != nil {
				return err
			}
			content, k, err := p.make(o, 0)
			if errors.Is(err, errBase) {
				waiting = append(waiting, o)
				continue
			}
			if errors.Is(err, errLarge) {
				continue // has no name, so the file is reported as missing
			}
			if err != nil {
				return err
			}
			h := sha1.New() //nolint:gosec // the names of git's objects
			fmt.Fprintf(h, "%s %d\x00", k.word(), len(content))
			h.Write(content)
			p.objects[hex.EncodeToString(h.Sum(nil))] = o
		}
		if len(waiting) == len(deltas) {
			return errors.New("deltas whose base is not in the pack")
		}
		deltas = waiting
	}
	return nil
}

// size is the size of an object, -1 for one that is not there.
func (p *pack) size(id string) int64 {
	o, ok := p.objects[id]
	switch {
	case !ok:
		return -1
	case o.kind == kindOffset || o.kind == kindRef:
		return o.full
	}
	return o.size
}

// inflate reads the data of an object.
func (p *pack) inflate(o *object) (io.ReadCloser, error) {
	return zlib.NewReader(bufio.NewReader(io.NewSectionReader(p.at, o.data, p.end-o.data)))
}
