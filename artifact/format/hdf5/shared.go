package hdf5

// sharedIndex is one index of messages that several objects share.
type sharedIndex struct {
	kinds uint64 // bit n: messages of type n
	heap  uint64 // address of the fractal heap that holds them
}

// sharedTable reads the table of shared messages.
func (f *File) sharedTable(m message) error {
	c := f.cursor(m.data, m.address)
	c.version(0)
	address, count := c.addr(), int(c.byte())
	if c.err != nil || address == undefined {
		return c.err
	}
	size := int64(4 + count*(1+1+2+4+2+2+2+2*f.o) + 4)
	b, err := f.read(address, size)
	if err != nil {
		return err
	}
	f.mark(address, size, 0)
	c = f.cursor(b, address)
	c.magic("SMTB")
	for range count {
		c.version(0)
		c.skip(1)
		kinds := c.uint(2)
		c.skip(4 + 2 + 2 + 2)
		c.addr() // the index, which is needed to share more messages only
		f.shared = append(f.shared, sharedIndex{kinds, c.addr()})
	}
	return c.err
}

// follow reads the message that a shared one stands for.
func (f *File) follow(m message) (message, error) {
	c := f.cursor(m.data, m.address)
	version := c.version(3)
	where := c.byte()
	if version == 1 {
		c.skip(6)
	}
	if version == 3 && where == 1 {
		id := c.bytes(8)
		if c.err != nil {
			return m, c.err
		}
		return f.fromHeap(m, id)
	}
	address := c.addr()
	if c.err != nil {
		return m, c.err
	}
	return f.committed(m, address)
}

// fromHeap reads a shared message from the heap for its type.
func (f *File) fromHeap(m message, id []byte) (message, error) {
	for _, index := range f.shared {
		if m.kind < 16 && index.kinds&(1<<m.kind) != 0 {
			h, err := f.openHeap(index.heap)
			if err != nil {
				return m, err
			}
			m.data, m.address, err = h.object(id)
			m.flags &^= flagShared
			return m, err
		}
	}
	return m, f.malformed(m.address, "a shared message of type %d has no heap", m.kind)
}

// committed reads the message of the same type from the header of another object, such as a named datatype. That message may
// not be shared in turn.
func (f *File) committed(m message, address uint64) (message, error) {
	found := false
	r := headerReader{f: f, local: true, visit: func(other message) error {
		if other.kind == m.kind && !found {
			m.data, m.address, found = other.data, other.address, true
			m.flags &^= flagShared
		}
		return nil
	}}
	err := r.all(address)
	if err == nil && !found {
		err = f.malformed(m.address, "a shared message of type %d is not where it is said to be", m.kind)
	}
	return m, err
}
