package marshal

import (
	"fmt"

	"github.com/picketsec/picket/artifact/format"
)

// Header is what a .pyc file says before its code object.
type Header struct {
	Version string // of Python, such as "3.11"
	Size    int    // bytes before the marshalled value
}

// ParseHeader reads the header of a .pyc file; false when b does not start with one of Python 2.7 or 3.6 to 3.14.
func ParseHeader(b []byte) (Header, bool) {
	if len(b) < 5 || b[2] != '\r' || b[3] != '\n' {
		return Header{}, false
	}
	magic := int(b[0]) | int(b[1])<<8
	h := Header{Size: 16}
	switch {
	case magic == 62211 || magic == 62218: // the second is PyPy's
		h.Version, h.Size = "2.7", 8
	case magic >= 3360 && magic <= 3379:
		h.Version, h.Size = "3.6", 12
	case magic >= 3390 && magic < 3700:
		h.Version = version(magic)
	}
	return h, h.Version != "" && len(b) > h.Size
}

// version is the Python 3 that writes a magic number.
func version(magic int) string {
	first := [...]int{3390, 3400, 3420, 3430, 3450, 3500, 3550, 3600, 3650}
	minor := 6
	for _, n := range first {
		if magic >= n {
			minor++
		}
	}
	return fmt.Sprintf("3.%d", minor)
}

// Format recognises .pyc files.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: "python-bytecode", Title: "Python bytecode", MediaType: "application/x-python-bytecode",
		Extensions: []string{".pyc", ".pyo"}, Risk: format.Active, Parsed: true,
		Spec: "https://docs.python.org/3/library/marshal.html",
	}
}

// Match implements format.Format: a header, and a code object where it says.
func (Format) Match(p format.Probe) bool {
	h, ok := ParseHeader(p.Head)
	return ok && p.Head[h.Size]&^0x80 == 'c'
}
