package known

import (
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
)

// texts is text in every encoding that files of models and their tools come in: source code, JSON, YAML, Markdown, tables.
func texts() []entry {
	return []entry{{describe(format.Inert, "text", "Text", "text/plain", "https://www.rfc-editor.org/rfc/rfc3629",
		".txt", ".md", ".rst", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini", ".csv", ".tsv", ".py", ".pyi", ".ipynb", ".sh",
		".html", ".xml", ".svg", ".css", ".js", ".go", ".rs", ".c", ".h", ".cpp", ".java", ".jinja", ".j2", ".tex", ".bib", ".sql", ".cfg", ".conf",
		".log", ".lock", ".cc", ".htm", ".gitignore", ".gitattributes"), text}}
}

// Pieces that are looked at of longer text than is read to its end.
const (
	windows    = 16
	windowSize = 4 << 10
)

// text reads all of the content, or of more than format.WholeSize the start, the end and places between: calling it inert is safe
// because nothing else stands in it. Formats that can hide in longer text are recognised beside it.
func text(p format.Probe) bool {
	if len(p.Head) == 0 {
		return false
	}
	for _, valid := range encodings(p) {
		if valid(p.Head) && (len(p.Tail) == 0 || valid(p.Tail)) && throughout(p, valid) {
			return true
		}
	}
	return false
}

// throughout checks what stands between the start and the end of the content.
func throughout(p format.Probe, valid func([]byte) bool) bool {
	switch {
	case p.Blob == nil || int64(len(p.Head)) == p.Size:
		return true
	case p.Size < 0 || p.Size <= format.WholeSize:
		return whole(p.Blob, valid)
	case p.Blob.At() == nil:
		return true
	}
	for i := int64(1); i <= windows; i++ {
		offset := p.Size / (windows + 1) * i &^ 1 // even, for encodings of two bytes
		b, err := p.Blob.ReadRange(offset, min(windowSize, p.Size-offset))
		if err != nil || !valid(b) {
			return false
		}
	}
	return true
}

// whole checks content from its start, up to format.WholeSize.
func whole(b *format.Blob, valid func([]byte) bool) bool {
	r, err := b.Open()
	if err != nil {
		return false
	}
	defer func() { _ = r.Close() }()            // what cannot be read is told by those who read it
	const piece, overlap = 64 << 10, windowSize // a short last piece is looked at with what stands before it
	buf, kept := make([]byte, overlap+piece), 0
	for left := int64(format.WholeSize); left > 0; left -= piece {
		n, err := io.ReadFull(r, buf[kept:kept+piece])
		if n > 0 && !valid(buf[:kept+n]) {
			return false
		}
		if err != nil {
			return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		}
		kept = copy(buf, buf[kept+n-overlap:kept+n])
	}
	return true
}

// encodings lists the checks for a piece of the content that its first bytes allow.
func encodings(p format.Probe) []func([]byte) bool {
	head := p.Head
	switch {
	case len(head) >= 4 && head[0] == 0xff && head[1] == 0xfe:
		return []func([]byte) bool{func(b []byte) bool { return wide(b, p.Size, binary.LittleEndian) }}
	case len(head) >= 4 && head[0] == 0xfe && head[1] == 0xff:
		return []func([]byte) bool{func(b []byte) bool { return wide(b, p.Size, binary.BigEndian) }}
	case utf8.RuneStart(head[0]):
		return []func([]byte) bool{unicode8, latin}
	}
	return []func([]byte) bool{latin}
}

// control reports whether a character is one that text does not hold. Escape stands in logs with colours.
func control(c rune) bool {
	return c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\v' && c != 0x1b || c == 0x7f
}

// unicode8 checks UTF-8. A character may be cut at the start and at the end of the piece.
func unicode8(b []byte) bool {
	for i := 0; i < utf8.UTFMax-1 && len(b) > 0 && !utf8.RuneStart(b[0]); i++ {
		b = b[1:]
	}
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
				b = b[:len(b)-i]
			}
			break
		}
	}
	for {
		for len(b) > 0 && printable[b[0]] {
			b = b[1:]
		}
		if len(b) == 0 {
			return true
		}
		r, n := utf8.DecodeRune(b)
		if control(r) || r == utf8.RuneError && n == 1 {
			return false
		}
		b = b[n:]
	}
}

// printable are the bytes of ASCII that text holds.
var printable = func() (table [256]bool) {
	for c := range utf8.RuneSelf {
		table[c] = !control(rune(c))
	}
	return table
}()

// wide checks UTF-16 of a file with a byte order mark. Half a pair may be cut at the ends of the piece.
func wide(b []byte, size int64, order binary.ByteOrder) bool {
	if size >= 0 && size%2 != 0 {
		return false
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	if len(units) > 0 && utf16.IsSurrogate(rune(units[0])) {
		units = units[1:]
	}
	if n := len(units); n > 0 && utf16.IsSurrogate(rune(units[n-1])) {
		units = units[:n-1]
	}
	for _, r := range utf16.Decode(units) {
		if control(r) || r == utf8.RuneError {
			return false
		}
	}
	return len(units) > 0
}

// latin checks the encodings of one byte per character in Europe and America: nearly everything is ASCII.
func latin(b []byte) bool {
	const shortest, share = 16, 5 // at most one character of five is beyond ASCII
	beyond := 0
	for _, c := range b {
		if printable[c] {
			continue
		}
		if control(rune(c)) {
			return false
		}
		beyond++
	}
	return len(b) >= shortest && beyond <= len(b)/share
}
