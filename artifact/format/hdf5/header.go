package hdf5

import (
	"fmt"

	"github.com/picketsec/picket/internal/limits"
)

// The types of messages in object headers that are read.
const (
	msgSpace        = 0x01
	msgLinkInfo     = 0x02
	msgType         = 0x03
	msgLink         = 0x06
	msgExternal     = 0x07
	msgLayout       = 0x08
	msgFilters      = 0x0b
	msgAttribute    = 0x0c
	msgShared       = 0x0f
	msgContinuation = 0x10
	msgSymbols      = 0x11
	msgSizes        = 0x13
	msgAttrInfo     = 0x15
)

const (
	flagShared = 0x02 // the message lies elsewhere
	maxBlocks  = 1 << 12
)

// message is one message of an object header.
type message struct {
	kind    uint16
	flags   byte
	data    []byte
	address uint64 // of data
}

// block is a part of an object header.
type block struct {
	address uint64
	length  uint64
}

// messages reads an object header with all its continuation blocks and calls visit for each message. Messages that are
// shared are replaced by what they stand for.
func (f *File) messages(address uint64, visit func(message) error) error {
	return (&headerReader{f: f, visit: visit}).all(address)
}

// all reads every block of the header.
func (r *headerReader) all(address uint64) error {
	head, err := r.f.read(address, 5)
	if err != nil {
		return err
	}
	if string(head[:4]) == "OHDR" {
		err = r.second(address)
	} else {
		err = r.first(address)
	}
	for n := 0; err == nil && n < len(r.blocks); n++ {
		if n >= maxBlocks {
			return fmt.Errorf("read object header: more than %d blocks: %w", maxBlocks, limits.ErrExceeded)
		}
		err = r.block(r.blocks[n])
	}
	return err
}

// headerReader reads one object header.
type headerReader struct {
	f       *File
	visit   func(message) error
	blocks  []block // continuations in the order in which they were met
	length  uint64  // bytes of all blocks
	version byte
	order   bool // messages of version 2 have a creation order
	local   bool // shared messages are passed over
}

// first reads the start of a header of version 1.
func (r *headerReader) first(address uint64) error {
	b, err := r.f.read(address, 16)
	if err != nil {
		return err
	}
	c := r.f.cursor(b, address)
	if v := c.byte(); v != 1 {
		return r.f.malformed(address, "no object header begins here")
	}
	c.skip(1 + 2 + 4)
	size := c.uint(4)
	r.version = 1
	r.f.mark(address, 16+int64(size), 0)
	return r.run(address+16, size)
}

// second reads the start of a header of version 2.
func (r *headerReader) second(address uint64) error {
	b, err := r.f.read(address, min(34, r.f.blob.Size()-int64(address)))
	if err != nil {
		return err
	}
	c := r.f.cursor(b, address)
	c.skip(4)
	if v := c.byte(); v != 2 {
		return r.f.malformed(address, "an object header of the unknown version %d", v)
	}
	flags := c.byte()
	if flags&0x20 != 0 {
		c.skip(16)
	}
	if flags&0x10 != 0 {
		c.skip(4)
	}
	size := c.uint(1 << (flags & 3))
	if c.err != nil {
		return c.err
	}
	r.version, r.order = 2, flags&0x04 != 0
	r.f.mark(address, int64(c.at)+int64(min(size, 1<<40))+4, 0)
	return r.run(address+uint64(c.at), size)
}

// block reads a continuation.
func (r *headerReader) block(b block) error {
	if b.length > maxRead {
		return r.f.malformed(b.address, "a block of an object header of %d bytes", b.length)
	}
	r.f.mark(b.address, int64(b.length), 0)
	if r.version == 1 {
		return r.run(b.address, b.length)
	}
	head, err := r.f.read(b.address, 4)
	if err != nil {
		return err
	}
	if string(head) != "OCHK" || b.length < 8 {
		return r.f.malformed(b.address, "no block of an object header begins here")
	}
	return r.run(b.address+4, b.length-8)
}

// run reads the messages of one block.
func (r *headerReader) run(address, size uint64) error {
	prefix := uint64(8)
	if r.version == 2 {
		prefix = 4
		if r.order {
			prefix = 6
		}
	}
	if size > maxRead {
		return r.f.malformed(address, "a block of an object header of %d bytes", size)
	}
	b, err := r.f.read(address, int64(size))
	if err != nil {
		return err
	}
	if r.length += size; r.length > uint64(r.f.blob.Size()) {
		return r.f.malformed(address, "blocks of an object header overlap")
	}
	if err := r.f.budget.Ops(int64(size / prefix)); err != nil {
		return fmt.Errorf("read object header: %w", err)
	}
	for at := uint64(0); size-at >= prefix; {
		c := r.f.cursor(b[at:], address+at)
		m := message{}
		var n int
		if r.version == 1 {
			m.kind, n = uint16(c.uint(2)), int(c.uint(2))
		} else {
			m.kind, n = uint16(c.byte()), int(c.uint(2))
		}
		m.flags = c.byte()
		c.at = int(prefix)
		m.address, m.data = address+at+prefix, c.bytes(n)
		if c.err != nil {
			return c.err
		}
		if err := r.message(m); err != nil {
			return err
		}
		at += prefix + uint64(n)
	}
	return nil
}

// message handles one message.
func (r *headerReader) message(m message) error {
	if m.kind == msgContinuation {
		c := r.f.cursor(m.data, m.address)
		b := block{c.addr(), c.length()}
		for _, other := range r.blocks {
			if other.address == b.address {
				c.fail("an object header continues twice at one place")
			}
		}
		r.blocks = append(r.blocks, b)
		return c.err
	}
	if m.flags&flagShared != 0 && m.kind != 0 {
		if r.local {
			return nil
		}
		var err error
		if m, err = r.f.follow(m); err != nil {
			return err
		}
	}
	return r.visit(m)
}

// extension reads the parts of the superblock extension that matter: where shared messages lie.
func (f *File) extension() error {
	if f.extended == undefined {
		return nil
	}
	return f.messages(f.extended, func(m message) error {
		if m.kind == msgShared {
			return f.sharedTable(m)
		}
		return nil
	})
}
