package tar

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
)

// parseHeader reads a header block; ok is false when its checksum or its numbers are not valid.
func parseHeader(b []byte) (m *Member, ok bool) {
	stated, ok := number(b[148:156])
	if !ok || !checksum(b, stated) {
		return nil, false
	}
	size, sizeOK := number(b[124:136])
	mode, modeOK := number(b[100:108])
	if !sizeOK || !modeOK || size < 0 || size > maxSize {
		return nil, false
	}
	m = &Member{Name: text(b[:100]), Link: text(b[157:257]), Type: b[156], Mode: mode, Size: size}
	if prefix := text(b[345:500]); string(b[257:263]) == "ustar\x00" && prefix != "" {
		m.Name = prefix + "/" + m.Name
	}
	if m.Type == 0 || m.Type == '7' {
		m.Type = '0'
	}
	if m.Type == '0' && strings.HasSuffix(m.Name, "/") && m.Size == 0 {
		m.Type = '5' // as V7 archives name folders
	}
	return m, true
}

// maxSize bounds what a header may state as a size, so that sums of offsets do not overflow.
const maxSize = 1 << 52

// checksum compares the stated sum with the sum of the bytes, signed or unsigned, with the checksum field as spaces.
func checksum(b []byte, stated int64) bool {
	var unsigned, signed int64
	for i, c := range b[:block] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	return stated == unsigned || stated == signed
}

// number reads an octal field that ends at a space or zero byte, or GNU's base-256 form.
func number(b []byte) (int64, bool) {
	if b[0] == 0x80 || b[0] == 0xff {
		var n int64
		if b[0] == 0xff {
			n = -1
		}
		for _, c := range b[1:] {
			if n > math.MaxInt64>>8 || n < math.MinInt64>>8 {
				return 0, false
			}
			n = n<<8 | int64(c)
		}
		return n, true
	}
	digits := strings.Trim(text(b), " ")
	if digits == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(digits, 8, 64)
	return n, err == nil && n >= 0
}

// text is a field up to its first zero byte.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// extension is what extension headers say about a member. Pointers are nil for what they do not say.
type extension struct {
	name, link, gnuName, gnuLink *string
	size                         *int64
	sparse                       bool
	problems                     []Anomaly
}

// extension reads an extension header.
func (w *walker) extension(h *Member) error {
	if h.Size > maxExtension {
		return format.Malformed(h.Offset, "an extension header of %d bytes is larger than %d", h.Size, maxExtension)
	}
	padded := (h.Size + block - 1) / block * block
	content, err := w.in.read(int(padded))
	if err != nil {
		return err
	}
	if int64(len(content)) < padded {
		return format.Malformed(h.Data, "an extension header is cut off")
	}
	if err := w.budget.Ops(h.Size/16 + 1); err != nil {
		return err
	}
	content = content[:h.Size]
	switch h.Type {
	case 'L':
		name := text(content)
		w.next.gnuName = &name
	case 'K':
		link := text(content)
		w.next.gnuLink = &link
	case 'g':
		return w.global.pax(h, content, true)
	default:
		return w.next.pax(h, content, false)
	}
	return nil
}

// pax reads the records of a pax header: "length key=value\n".
func (e *extension) pax(h *Member, content []byte, global bool) error {
	for rest := content; len(rest) > 0; {
		digits, _, found := bytes.Cut(rest, []byte(" "))
		n, err := strconv.ParseUint(string(digits), 10, 31)
		if !found || err != nil || n <= uint64(len(digits))+1 || n > uint64(len(rest)) || rest[n-1] != '\n' {
			if allZero(rest) {
				return nil
			}
			e.problems = append(e.problems, Anomaly{ExtensionLie, h.Offset, "a record of the extension header is not valid"})
			return nil
		}
		key, value, _ := strings.Cut(string(rest[len(digits)+1:n-1]), "=")
		rest = rest[n:]
		e.set(h, key, value, global)
	}
	return nil
}

// maxProblems bounds the anomalies of the extension headers before one member.
const maxProblems = 20

// set takes one pax record.
func (e *extension) set(h *Member, key, value string, global bool) {
	lie := func(detail string, args ...any) {
		if len(e.problems) >= maxProblems {
			return
		}
		e.problems = append(e.problems, Anomaly{ExtensionLie, h.Offset, fmt.Sprintf(detail, args...)})
	}
	twice := false
	switch key {
	case "path", "GNU.sparse.name":
		twice = e.name != nil && *e.name != value && key == "path"
		e.name = &value
	case "linkpath":
		twice = e.link != nil && *e.link != value
		e.link = &value
	case "size":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 || n > maxSize {
			lie("the extension header states the size %q", value)
			return
		}
		twice = e.size != nil && *e.size != n
		e.size = &n
	case "GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.numblocks":
		e.sparse = true
	default:
		return
	}
	if twice {
		lie("the extension header states two values for %s", key)
	}
	if global {
		lie("a global extension header states %s for every member", key)
	}
}

// apply completes a member with what extension headers said. Python's tarfile lets the later kind win; a difference between
// kinds is reported, so that it does not matter which.
func (w *walker) apply(m *Member) {
	for _, e := range []*extension{&w.global, &w.next} {
		m.odd(e.problems...)
		for _, name := range []*string{e.gnuName, e.name} {
			if name != nil {
				m.Name = *name
			}
		}
		for _, link := range []*string{e.gnuLink, e.link} {
			if link != nil {
				m.Link = *link
			}
		}
		if e.gnuName != nil && e.name != nil && *e.gnuName != *e.name {
			m.odd(Anomaly{ExtensionLie, m.Offset, fmt.Sprintf("two extension headers name the member %q and %q", *e.gnuName, *e.name)})
		}
		if e.size != nil {
			if *e.size != m.Size && m.Size != 0 && *e.size < 1<<33 {
				m.odd(Anomaly{ExtensionLie, m.Offset, fmt.Sprintf("the header states %d bytes and its extension %d", m.Size, *e.size)})
			}
			m.Size = *e.size
		}
		if e.sparse {
			m.odd(Anomaly{Sparse, m.Offset, "the member is sparse"})
		}
	}
	w.global.problems = nil // once is enough
}

// sparseMap passes over the blocks with which the old GNU form continues the map of a sparse member.
func (w *walker) sparseMap(m *Member, head []byte) error {
	for more := head[482] != 0; more; {
		next, err := w.in.read(block)
		if err != nil {
			return err
		}
		if len(next) < block {
			return format.Malformed(m.Offset, "the map of a sparse member is cut off")
		}
		if err := w.budget.Ops(1); err != nil {
			return err
		}
		more = next[504] != 0
	}
	m.Data = w.in.pos
	return nil
}
