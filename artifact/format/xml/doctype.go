package xml

import (
	"math"
	"strings"
)

// Entity is one entity that a document type declares.
type Entity struct {
	Name      string
	Parameter bool   // for use in the document type only: <!ENTITY % …>
	Value     string // of an internal entity
	External  string // the address of an external one; empty for others
}

// DocType is what a document type declares.
type DocType struct {
	Root     string
	Public   string // the public identifier; empty for none
	System   string // the address of the external subset; empty for none
	Entities []Entity
	Broken   bool // a declaration could not be read, or there are more than are kept
}

// maxEntities is how many entities of a document type are kept.
const maxEntities = 1 << 12

// ParseDoctype reads the text of a Doctype token.
func ParseDoctype(text string) DocType {
	var d DocType
	words := &scanner{s: text}
	d.Root = words.word()
	d.Public, d.System = words.external()
	for {
		i := strings.Index(words.s, "<!")
		if i < 0 {
			return d
		}
		words.s = words.s[i:]
		switch {
		case strings.HasPrefix(words.s, "<!--"):
			_, rest, ok := strings.Cut(words.s[4:], "-->")
			d.Broken = d.Broken || !ok
			words.s = rest
		case strings.HasPrefix(words.s, "<!ENTITY"):
			words.s = words.s[8:]
			e, ok := words.entity()
			if !ok || len(d.Entities) >= maxEntities {
				d.Broken = true
				return d
			}
			d.Entities = append(d.Entities, e)
		default:
			words.s = words.s[2:]
		}
	}
}

// scanner takes words and quoted texts from the start of a text.
type scanner struct{ s string }

// blank are the characters between words.
const blank = " \t\r\n"

// word takes a word.
func (w *scanner) word() string {
	w.s = strings.TrimLeft(w.s, blank)
	i := strings.IndexAny(w.s, blank+"[>\"'")
	if i < 0 {
		i = len(w.s)
	}
	word := w.s[:i]
	w.s = w.s[i:]
	return word
}

// quoted takes a text in quotes.
func (w *scanner) quoted() (string, bool) {
	s := strings.TrimLeft(w.s, blank)
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return "", false
	}
	end := strings.IndexByte(s[1:], s[0])
	if end < 0 {
		return "", false
	}
	w.s = s[end+2:]
	return s[1 : 1+end], true
}

// external takes SYSTEM "address" or PUBLIC "identifier" "address", if one stands there.
func (w *scanner) external() (public, system string) {
	rest := strings.TrimLeft(w.s, blank)
	switch {
	case strings.HasPrefix(rest, "SYSTEM"):
		w.s = rest[6:]
		system, _ = w.quoted()
	case strings.HasPrefix(rest, "PUBLIC"):
		w.s = rest[6:]
		public, _ = w.quoted()
		system, _ = w.quoted()
	}
	return public, system
}

// entity takes what follows <!ENTITY.
func (w *scanner) entity() (Entity, bool) {
	e := Entity{Name: w.word()}
	if e.Name == "%" {
		e.Parameter, e.Name = true, w.word()
	}
	var ok bool
	if e.Value, ok = w.quoted(); ok {
		return e, true
	}
	public, system := w.external()
	e.External = system
	if e.External == "" {
		e.External = public
	}
	return e, e.External != ""
}

// Expansion is how many bytes the largest internal entity becomes when its references are resolved; math.MaxInt64 when it
// refers to itself or overflows.
func (d DocType) Expansion() int64 {
	e := expansion{values: map[string]string{}, sizes: map[string]int64{}}
	for _, x := range d.Entities {
		if _, dup := e.values[x.Name]; !dup && x.External == "" { // the first declaration counts
			e.values[x.Name] = x.Value
		}
	}
	largest := int64(0)
	for name := range e.values {
		largest = max(largest, e.size(name, 0))
	}
	return largest
}

// expansion computes sizes of entities, each once.
type expansion struct {
	values map[string]string
	sizes  map[string]int64
}

// maxNest is how deep entities are followed; deeper ones count as endless.
const maxNest = 256

// size is the number of bytes that an entity becomes.
func (e expansion) size(name string, depth int) int64 {
	if n, ok := e.sizes[name]; ok {
		return n
	}
	value, ok := e.values[name]
	if !ok {
		return 0
	}
	if depth > maxNest {
		return math.MaxInt64
	}
	e.sizes[name] = math.MaxInt64 // an entity inside of itself
	total := int64(len(value))
	for value != "" {
		i := strings.IndexAny(value, "&%")
		if i < 0 {
			break
		}
		value = value[i+1:]
		end := strings.IndexByte(value, ';')
		if end < 0 {
			break
		}
		n := e.size(value[:end], depth+1)
		if n > math.MaxInt64-total {
			total = math.MaxInt64
			break
		}
		total += n
	}
	e.sizes[name] = total
	return total
}
