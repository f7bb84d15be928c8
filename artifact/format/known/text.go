package known

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
)

// textExtensions are the extensions of text that no model loader executes, or that is source code with rules of its own.
func textExtensions() []string {
	return []string{".txt", ".md", ".rst", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".csv", ".tsv",
		".xml", ".html", ".htm", ".css", ".js", ".ts", ".py", ".pyi", ".ipynb", ".sh", ".go", ".c", ".h", ".cc", ".cpp", ".rs",
		".java", ".jinja", ".j2", ".svg", ".log", ".lock", ".sum", ".mod", ".license", ".gitignore", ".gitattributes", ".tmpl"}
}

// isText reports whether the head is text: UTF-8, UTF-16 with a byte-order mark, or an 8-bit encoding of a Western language.
func isText(p format.Probe) bool {
	head := p.Head
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(head, []byte(mark)) {
			return isUTF16(head[2:], mark[0] == 0xff)
		}
	}
	whole := p.Size == int64(len(head))
	return isUTF8(head, whole) || isLatin(head)
}

// isUTF8 reports whether b is UTF-8 without control characters that text has no use for. The last character may be cut when
// the content goes on.
func isUTF8(b []byte, whole bool) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return !whole && len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		if control(r) {
			return false
		}
		b = b[n:]
	}
	return true
}

// control reports whether text has no use for the character.
func control(r rune) bool {
	switch r {
	case '\t', '\n', '\r', '\f', '\v', '\b', 0x1b:
		return false
	}
	return r < 0x20 || r == 0x7f
}

// isUTF16 reports whether b is UTF-16 text.
func isUTF16(b []byte, little bool) bool {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		unit := uint16(b[i])<<8 | uint16(b[i+1])
		if little {
			unit = uint16(b[i+1])<<8 | uint16(b[i])
		}
		units = append(units, unit)
	}
	broken := 0
	for _, r := range utf16.Decode(units) {
		if control(r) {
			return false
		}
		if r == utf8.RuneError {
			broken++
		}
	}
	return broken <= 1 && len(units) > 0
}

// isLatin reports whether b is mostly ASCII text with some letters of an 8-bit encoding.
func isLatin(b []byte) bool {
	ascii := 0
	for _, c := range b {
		if control(rune(c)) || c >= 0x80 && c < 0xa0 {
			return false
		}
		if c < 0x80 {
			ascii++
		}
	}
	return len(b) >= 16 && ascii*10 >= len(b)*8
}
