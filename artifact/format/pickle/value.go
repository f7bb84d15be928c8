package pickle

// A Value has its kind in the upper bits and an index in the lower ones: an object's number, a text's, a global's, or a
// small integer itself. Index 0 of String, Int and Global means that the content is not known.
const (
	indexBits = 27
	indexMask = 1<<indexBits - 1
	// An Int holds numbers of up to smallBits bits itself; wide marks an index into the table of wider numbers.
	smallBits = 26
	wide      = 1 << smallBits
)

// unknown is the value of what cannot be known.
const unknown = Value(1)

// value makes a handle.
func value(k Kind, index uint32) Value { return Value(uint32(k)<<indexBits | index&indexMask) }

func (v Value) kind() Kind    { return Kind(v >> indexBits) }
func (v Value) index() uint32 { return uint32(v) & indexMask }

// String is the name of the kind as Python calls it, or a word for what has no name there.
func (k Kind) String() string {
	names := [...]string{"unknown", "None", "bool", "int", "float", "str", "bytes", "bytearray", "list", "tuple", "dict",
		"set", "frozenset", "global", "instance", "persistent", "extension", "buffer"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// Kind is what v is.
func (m *Machine) Kind(v Value) Kind { return v.kind() }

// Int is the number of an Int, of a Bool as 0 or 1, or of an Extension code; false for other kinds, for numbers that do
// not fit in 64 bits, that readers understand differently, or that were not kept.
func (m *Machine) Int(v Value) (int64, bool) {
	i := v.index()
	switch v.kind() {
	case Bool:
		return int64(i), true
	case Int, Extension:
		if i&wide == 0 {
			return int64(int32(i<<(32-smallBits))) >> (32 - smallBits), true
		}
		if i &^= wide; i > 0 && int(i) <= len(m.wide) {
			return m.wide[i-1], true
		}
	}
	return 0, false
}

// maxWide is how many numbers that do not fit into a handle are kept; later ones replace none and are not kept.
const maxWide = 64 << 10

// int makes an Int or an Extension with a known number.
func (m *Machine) int(k Kind, n int64) Value {
	if n >= -(1<<(smallBits-1)) && n < 1<<(smallBits-1) {
		return value(k, uint32(n)&(wide-1))
	}
	if len(m.wide) >= maxWide || !m.pool.take(8) {
		return value(k, wide)
	}
	m.wide = append(m.wide, n)
	return value(k, wide|uint32(len(m.wide)))
}

// unknownInt is an Int whose number is not known.
const unknownInt = Value(uint32(Int)<<indexBits | wide)

// Text is the content of a String; false for other kinds, and when it is longer than 256 bytes, was not kept, or depends
// on the encoding that the loader asks for.
func (m *Machine) Text(v Value) (string, bool) {
	if v.kind() != String {
		return "", false
	}
	b, ok := m.texts.get(v.index())
	return string(b), ok
}

// Global is the exact pair of names of a Global; false for other kinds and for names that are not known.
func (m *Machine) Global(v Value) (module, name string, ok bool) {
	if v.kind() != Global || v.index() == 0 || int(v.index()) > len(m.globals.list) {
		return "", "", false
	}
	g := m.globals.list[v.index()-1]
	return g.module, g.name, true
}

// globals numbers the pairs of names that were imported.
type globals struct {
	list  []globalName
	index map[string]uint32
	key   []byte
	size  int64
}

type globalName struct{ module, name string }

// maxGlobals is how many distinct globals keep their names, in maxGlobalSize bytes; more than any model has by far.
const (
	maxGlobals    = 1<<16 - 1
	maxGlobalSize = 6 << 20
)

// add numbers a pair of names, from 1; 0 when there is no room.
func (g *globals) add(p *pool, module, name string) uint32 {
	g.key = append(append(append(g.key[:0], module...), 0xff, byte(len(module)), byte(len(module)>>8)), name...)
	if i, ok := g.index[string(g.key)]; ok {
		return i
	}
	cost := int64(2*len(g.key) + 96)
	if len(g.list) >= maxGlobals || g.size+cost > maxGlobalSize || !p.take(cost) {
		return 0
	}
	g.size += cost
	if g.index == nil {
		g.index = map[string]uint32{}
	}
	g.list = append(g.list, globalName{module, name})
	g.index[string(g.key)] = uint32(len(g.list))
	return uint32(len(g.list))
}
