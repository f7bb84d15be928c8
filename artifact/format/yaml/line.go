package yaml

import (
	"bytes"
	"strings"
)

// structural reports whether a line is one of which a block of YAML consists: the name of a member and a colon, or an element of
// a list.
func structural(line []byte) bool {
	line = bytes.TrimLeft(line, " ")
	if len(line) == 0 {
		return false
	}
	if line[0] == '-' && (len(line) == 1 || line[1] == ' ') {
		return true
	}
	end := keyEnd(line)
	if end == 0 {
		return false
	}
	rest := bytes.TrimLeft(line[end:], " ")
	return len(rest) > 0 && rest[0] == ':' && (len(rest) == 1 || rest[1] == ' ' || rest[1] == '\t')
}

// keyEnd is the length of the key at the start of a line: in quotes, or one word or two; 0 when there is none.
func keyEnd(line []byte) int {
	if quote := line[0]; quote == '"' || quote == '\'' {
		if i := bytes.IndexByte(line[1:], quote); i >= 0 {
			return i + len(`""`)
		}
		return 0
	}
	n := 0
	for n < len(line) && (wordByte(line[n]) || strings.IndexByte("$<>*&!@+", line[n]) >= 0) {
		n++
	}
	if n == 0 || n+1 >= len(line) || line[n] != ' ' || !wordByte(line[n+1]) {
		return n
	}
	for n++; n < len(line) && wordByte(line[n]); n++ {
		continue
	}
	return n
}

// wordByte reports whether a byte stands in keys without quotes.
func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '/' || c == '-'
}

// marker reports whether a line is a directive, or begins or ends a document.
func marker(line []byte) bool {
	if rest, ok := bytes.CutPrefix(line, []byte("---")); ok {
		return len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t'
	}
	return string(line) == "..." || bytes.HasPrefix(line, []byte("%YAML ")) || bytes.HasPrefix(line, []byte("%TAG "))
}

// coded reports whether a line begins with a word of a programming language.
func coded(text []byte) bool {
	n := 0
	for n < len(text) && (text[n] >= 'a' && text[n] <= 'z' || n == 0 && text[n] == '#') {
		n++
	}
	if n < len(text) && (text[n] == '_' || text[n] >= '0' && text[n] <= '9' || text[n] >= 'A' && text[n] <= 'Z') {
		return false
	}
	switch string(text[:n]) {
	case "import", "from", "def", "class", "if", "for", "while", "try", "else", "function", "var", "let", "const", "return", "package", "use", "#include":
		return true
	}
	return false
}
