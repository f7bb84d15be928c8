package pickle

// objects keeps what is known of containers and instances. Flags and the maker of an instance are kept for every object;
// elements and arguments only for the most recent ones, as files with millions of objects would fill any memory.
type objects struct {
	meta    []*[metaPage]uint32 // by object number; flags and the number of the global that made an instance
	last    uint32              // number of the newest object, from 1
	details []detail            // ring by object number
	cells   []Value             // ring of elements
	head    uint64              // cells ever used; a region is lost when head is a ring length past its start
	late    uint32              // flags that objects got after they were put into others
	visits  int64               // objects visited by searches so far
	seen    map[uint32]struct{} // scratch of a search
	queue   []uint32            // scratch of a search
	scratch []Value             // what Elements returns
}

// detail is what is kept for recent objects.
type detail struct {
	callee, args Value
	start        uint64 // of the region of elements, in cells ever used
	n, cap       uint32
}

const (
	metaPage    = 4096
	maxObjects  = 1 << 20
	ringDetails = 32 << 10
	ringCells   = 256 << 10
	maxElements = 32 << 10 // elements of one object that are kept
	maxVisits   = 8 << 20  // objects that all searches of a run visit at most
	maxSearch   = 64 << 10 // objects that one search visits at most
)

// The flags of an object.
const (
	holdsCallable = 1 << iota
	holdsUnknown
	contained // it was put into another object
	vouched
	dropped // elements were lost
	inner   // it holds other objects, so that a search must look into it
	foreign // its arguments are not part of it: a Persistent

	makerShift = 8
	taints     = holdsCallable | holdsUnknown
)

// flags is the meta word of an object; nil for one that has none.
func (o *objects) flags(v Value) *uint32 {
	i := v.index()
	if i == 0 || i > o.last {
		return nil
	}
	return &o.meta[i/metaPage][i%metaPage]
}

// emptyTuple is the one tuple that needs no object.
const emptyTuple = Value(uint32(Tuple)<<indexBits | indexMask)

// isObject reports whether v is kept here.
func (v Value) isObject() bool {
	k := v.kind()
	return (k >= List && k <= FrozenSet || k == Instance || k == Persistent) && v != emptyTuple
}

// add makes an object. When there is no room its index is 0, and every question about it gets the careful answer.
func (o *objects) add(p *pool, k Kind, callee, args Value) Value {
	next := o.last + 1
	if next >= maxObjects {
		return value(k, 0)
	}
	if int(next/metaPage) >= len(o.meta) {
		if !p.take(metaPage*4 + 8) {
			return value(k, 0)
		}
		o.meta = append(o.meta, new([metaPage]uint32))
	}
	if i := next % ringDetails; int(i) >= len(o.details) {
		if n := uint32(cap(o.details)); i >= n {
			grown := max(64, min(2*n, ringDetails))
			if !p.take(int64(grown) * 24) {
				return value(k, 0)
			}
			o.details = append(make([]detail, 0, grown), o.details...)
		}
		o.details = o.details[:i+1]
	}
	o.last = next
	o.details[next%ringDetails] = detail{callee: callee, args: args}
	o.meta[next/metaPage][next%metaPage] = 0
	return value(k, next)
}

// detail of an object; nil when it is not recent.
func (o *objects) detail(v Value) *detail {
	i := v.index()
	if i == 0 || o.last-i >= ringDetails {
		return nil
	}
	return &o.details[i%ringDetails]
}

// elements of an object; false when some were lost.
func (o *objects) elements(v Value) ([]Value, bool) {
	d, f := o.detail(v), o.flags(v)
	if d == nil || f == nil || *f&dropped != 0 {
		return nil, false
	}
	if d.n == 0 {
		return nil, true
	}
	if o.head > d.start+ringCells {
		return nil, false
	}
	at := d.start % ringCells
	return o.cells[at : at+uint64(d.n)], true
}

// extend adds elements to an object and its flags to them.
func (o *objects) extend(p *pool, v Value, items []Value, flags uint32) {
	f := o.flags(v)
	if f == nil {
		return
	}
	o.taint(f, flags)
	if len(items) == 0 || *f&dropped != 0 {
		return
	}
	if !o.room(p, v, len(items)) {
		*f |= dropped
		return
	}
	d := o.detail(v)
	copy(o.cells[d.start%ringCells+uint64(d.n):], items)
	d.n += uint32(len(items))
}

// taint adds flags to an object's and notes when that happens after the object was put into another.
func (o *objects) taint(f *uint32, flags uint32) {
	if *f&contained != 0 {
		o.late |= flags &^ *f & taints
	}
	*f |= flags & (taints | inner)
}

// room makes sure that the region of v has space for n more elements, moving it if it must.
func (o *objects) room(p *pool, v Value, n int) bool {
	old, ok := o.elements(v)
	d := o.detail(v)
	total := len(old) + n
	if !ok || d == nil || total > maxElements {
		return false
	}
	if total <= int(d.cap) {
		return true
	}
	size := uint64(total)
	if len(old) > 0 {
		size = min(2*size, maxElements)
	}
	start := o.head
	if start%ringCells+size > ringCells {
		start += ringCells - start%ringCells
	}
	if end := start%ringCells + size; end > uint64(len(o.cells)) && !o.growCells(p, end) {
		return false
	}
	if old, ok = o.elements(v); !ok {
		return false
	}
	copy(o.cells[start%ringCells:], old)
	o.head = start + size
	d.start, d.n, d.cap = start, uint32(len(old)), uint32(size)
	return true
}

// growCells makes the ring at least n cells long.
func (o *objects) growCells(p *pool, n uint64) bool {
	grown := max(256, min(2*uint64(len(o.cells)), ringCells))
	grown = max(grown, n)
	if !p.take(int64(grown-uint64(len(o.cells))) * 4) {
		return false
	}
	cells := make([]Value, grown)
	copy(cells, o.cells)
	o.cells = cells
	return true
}
