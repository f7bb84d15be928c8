package hdf5

import "bytes"

// ExternalFile is a file that holds elements of a dataset.
type ExternalFile struct {
	Name   string
	Offset uint64 // bytes from the start of that file
	Size   uint64 // bytes of it that belong to the dataset
}

// Mapping says which dataset a part of a virtual dataset comes from.
type Mapping struct {
	File    string // "." for this file
	Dataset string
}

// Dataset is how the elements of a dataset are stored.
type Dataset struct {
	Path     string
	Object   uint64 // address of the dataset, which is the same by every path
	Type     *Type
	Space    Space
	Storage  Storage
	Filters  []Filter
	External []ExternalFile
	Mappings []Mapping
	// Unread counts mappings that could not be decoded; they may name any file.
	Unread int64
	Chunk  []uint64 // elements in each dimension of a chunk; nil when not Chunked
	Offset int64    // where the storage is described, in bytes from the start of the content

	layout layout
}

// Bytes is what the elements take before filters; false when that does not fit in 63 bits.
func (d *Dataset) Bytes() (int64, bool) {
	n, ok := d.Space.Elements()
	if !ok || d.Type == nil || d.Type.Size > 0 && n > 1<<62/d.Type.Size {
		return 0, false
	}
	return n * d.Type.Size, true
}

// ChunkBytes is what a chunk takes before filters; false when that does not fit in 63 bits, 0 when not Chunked.
func (d *Dataset) ChunkBytes() (int64, bool) {
	if d.Storage != Chunked {
		return 0, true
	}
	return d.layout.bytes()
}

// external decodes the list of files that hold a dataset.
func (f *File) external(m message) ([]ExternalFile, error) {
	c := f.cursor(m.data, m.address)
	if v := c.byte(); v != 1 {
		c.fail("a list of external files of the unknown version %d", v)
	}
	c.skip(3 + 2)
	count, heap := int(c.uint(2)), c.addr()
	if c.err != nil {
		return nil, c.err
	}
	h, err := f.openLocal(heap)
	if err != nil {
		return nil, err
	}
	var list []ExternalFile
	for range count {
		name := c.length()
		file := ExternalFile{Offset: c.length(), Size: c.length()}
		if c.err != nil {
			return list, c.err
		}
		if file.Name, err = h.text(name); err != nil {
			return list, err
		}
		list = append(list, file)
	}
	return list, nil
}

const maxMappings = 1 << 12 // of one virtual dataset

// mappings decodes what a virtual dataset is made of.
func (f *File) mappings(d *Dataset) error {
	if d.layout.address == undefined {
		return nil
	}
	at, size, err := f.heapObject(d.layout.address, d.layout.heapID)
	if err != nil {
		return err
	}
	b, err := f.read(at, min(size, maxRead))
	if err != nil {
		return err
	}
	c := f.cursor(b, at)
	version, count := c.byte(), c.length()
	for n := range count {
		if c.err != nil || n >= maxMappings || version > 1 {
			d.Unread = int64(min(count-n, 1<<62))
			break
		}
		c.mapping(version, d)
	}
	return nil // what was not decoded is counted
}

// mapping decodes one mapping. In version 1, flags say that a name repeats one that was written before, or is this file's.
func (c *cursor) mapping(version byte, d *Dataset) {
	var m Mapping
	if version == 1 {
		flags := c.byte()
		switch {
		case flags&4 != 0:
			m.File = "."
		case flags&1 != 0:
			m.File = c.earlier(d, func(m Mapping) string { return m.File })
		default:
			m.File = c.text()
		}
		if flags&2 != 0 {
			m.Dataset = c.earlier(d, func(m Mapping) string { return m.Dataset })
		} else {
			m.Dataset = c.text()
		}
	} else {
		m.File, m.Dataset = c.text(), c.text()
	}
	if c.err != nil {
		return
	}
	d.Mappings = append(d.Mappings, m)
	c.selection()
	c.selection()
}

// earlier takes the number of the mapping that a name is the same as.
func (c *cursor) earlier(d *Dataset, name func(Mapping) string) string {
	n := c.length()
	if n >= uint64(len(d.Mappings)) {
		c.fail("a mapping refers to a later one")
		return ""
	}
	return name(d.Mappings[n])
}

// selection passes over a selection of elements.
func (c *cursor) selection() {
	kind, version := c.uint(4), c.uint(4)
	switch {
	case kind == 0 || kind == 3: // none, all
		c.skip(8)
	case kind == 2 && version == 1 || kind == 1 && version == 1:
		c.skip(4)
		c.skip(int(c.uint(4)))
	case kind == 2 && version == 2:
		c.skip(1)
		c.skip(int(c.uint(4)))
	case kind == 2 && version == 3:
		flags, width, rank := c.byte(), int(c.byte()), int(c.uint(4))
		if rank > maxRank || width > 8 {
			c.fail("a selection of %d dimensions", rank)
			return
		}
		parts := 4 * rank
		if flags&1 == 0 {
			blocks := c.uint(width)
			if blocks > maxRead {
				c.fail("a selection of %d blocks", blocks)
				return
			}
			parts = 2 * rank * int(blocks)
		}
		c.skip(parts * width)
	default:
		c.fail("a selection of the unknown kind %d, version %d", kind, version)
	}
}

// Piece is a part of the stored bytes of a dataset.
type Piece struct {
	Offset int64 // bytes from the start of the content
	Length int64
}

// Pieces calls visit for every part of the content that holds elements of the dataset, as far as they lie in the content,
// and counts them for Account. An error says that some could not be found.
func (f *File) Pieces(d *Dataset, visit func(Piece) error) error {
	piece := func(address uint64, n int64) error {
		size := f.blob.Size()
		if address >= uint64(size) || n <= 0 {
			return nil
		}
		n = min(n, size-int64(address))
		f.mark(address, n, d.Object+1)
		return visit(Piece{f.offset(address), n})
	}
	if d.layout.address == undefined || len(d.External) > 0 {
		return nil
	}
	switch d.Storage {
	case Compact:
		return visit(Piece{f.offset(d.layout.address), int64(len(d.layout.compact))})
	case Contiguous:
		return piece(d.layout.address, f.contiguous(d))
	case Chunked:
		return f.chunks(d, piece)
	}
	return nil
}

// contiguous is how many bytes a contiguous dataset takes.
func (f *File) contiguous(d *Dataset) int64 {
	if n, ok := d.Bytes(); ok && d.layout.size == undefined {
		return n
	}
	return int64(min(d.layout.size, 1<<62))
}

// Read returns the stored bytes of a piece that is short.
func (f *File) Read(p Piece) ([]byte, error) {
	b, err := f.read(uint64(p.Offset-f.Base), p.Length)
	return bytes.Clone(b), err
}
