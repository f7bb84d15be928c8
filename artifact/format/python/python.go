// Package python reads Python source without running it: tokens as CPython makes them, and from these the imports, calls and
// uses of names, with names followed through aliases and strings followed through the functions that people hide names with.
// It is for detectors that judge code which models bring along. It is no compiler: it accepts what is nearly Python, knows no
// types, and follows no value through a data structure or a loop. It judges nothing.
package python

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// FormatName is the name of the format, by which a part is inspected as source whatever it looks like.
const FormatName = "python"

// MaxSize is the number of bytes of source that are read. The largest modules in use, which are generated, have a tenth of it.
const MaxSize = 16 << 20

// Format recognises Python source by its first statements.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: FormatName, Title: "Python source", MediaType: "text/x-python", Extensions: []string{".py"}, Refines: "text",
		Risk: format.Active, Forward: true, Parsed: true, Spec: "https://docs.python.org/3/reference/lexical_analysis.html",
	}
}

// The statements that Python source begins with. JavaScript, Java and Haskell have imports too: theirs end otherwise.
var (
	first = regexp.MustCompile(`^(?:import[ \t]+[A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?)*[ \t]*(?:;.*\S.*|#.*)?\r?$` +
		`|from[ \t]+\.*[\w.]*[ \t]+import[ \t(*]|(?:async[ \t]+)?def[ \t]+\w+[ \t]*[(\[]|class[ \t]+\w+[ \t]*[:(\[]|@[A-Za-z_][\w.]*|(?:try|else)[ \t]*:[ \t]*(?:#.*)?\r?$` +
		`|(?:if|for|while|with)[ \t].*:[ \t]*(?:#.*)?\r?$)`)
	assignment  = regexp.MustCompile(`^[A-Za-z_]\w*(?:[ \t]*:[^=]+)?[ \t]*=[^=]`)
	further     = regexp.MustCompile(`(?m)^(?:from[ \t]+\.*[\w.]*[ \t]+import[ \t(*]|import[ \t]+[A-Za-z_][\w.]*[ \t]*\r?$|(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(.*|class[ \t]+\w+[ \t]*[:(].*)`)
	interpreter = regexp.MustCompile(`^#!.*\bpython[0-9.]*\b`)
)

// Match implements format.Format. It looks at the first statement, behind comments and a docstring.
func (Format) Match(p format.Probe) bool {
	head := bytes.TrimPrefix(p.Head, []byte("\xef\xbb\xbf"))
	if interpreter.Match(head) {
		return true
	}
	for len(head) > 0 {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		text := bytes.TrimRight(line, " \t\r\f")
		switch {
		case len(bytes.TrimLeft(text, " \t\f")) == 0 || text[0] == '#':
			head = rest
			continue
		case text[0] == '"' || text[0] == '\'' || len(text) > 1 && (text[0] == 'r' || text[0] == 'R') && (text[1] == '"' || text[1] == '\''):
			quote := bytes.IndexAny(head, `"'`)
			end, _, ok := scanString(string(head), 0, quote, 0)
			if !ok {
				return false
			}
			after, rest, _ := bytes.Cut(head[end:], []byte("\n"))
			if s := bytes.TrimSpace(after); len(s) > 0 && s[0] != '#' && s[0] != ';' {
				return false
			}
			head = rest
			continue
		}
		return first.Match(line) || (assignment.Match(line) || text[0] == '_') && further.Match(rest)
	}
	return false
}

// cookie is the comment that names the encoding of a source file, in one of its first two lines.
var cookie = regexp.MustCompile(`^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`)

// Encoding is the encoding that a source file declares, in lower case with hyphens; "utf-8" when it declares none.
func Encoding(content []byte) string {
	rest := bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	for range 2 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if m := cookie.FindSubmatch(line); m != nil {
			return strings.ReplaceAll(strings.ToLower(string(m[1])), "_", "-")
		}
		if s := bytes.TrimSpace(line); len(s) > 0 && s[0] != '#' {
			break
		}
		rest = after
	}
	return "utf-8"
}

// Transparent reports whether plain ASCII bytes mean the same characters in an encoding, so that the source can be read without
// knowing more of it.
func Transparent(encoding string) bool {
	switch encoding {
	case "utf-7", "unicode-escape", "raw-unicode-escape", "punycode", "idna", "undefined", "hex", "base64", "rot13", "rot-13", "zlib", "bz2", "uu",
		"quopri", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf16", "utf32", "u16", "u32", "utf7", "u7",
		"unicode-1-1-utf-7", "hz", "iso2022-jp", "iso-2022-jp", "iso-2022-kr", "csunicode11utf7", "hz-gb-2312":
		return false
	}
	return !strings.HasPrefix(encoding, "cp0") && !strings.HasPrefix(encoding, "ebcdic") && encoding != "cp037" && encoding != "cp500" &&
		encoding != "cp1026" && encoding != "cp1140" && encoding != "cp273" && encoding != "cp424" && encoding != "cp875"
}

// Decode makes the text of a source file. Bytes that are no UTF-8 become the characters of Latin-1, one byte each, whatever the
// encoding: only strings and comments can hold them.
func Decode(content []byte) string {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if utf8.Valid(content) {
		return string(content)
	}
	var b strings.Builder
	b.Grow(len(content) + len(content)/8)
	for len(content) > 0 {
		r, n := utf8.DecodeRune(content)
		if r == utf8.RuneError && n == 1 {
			r = rune(content[0])
		}
		b.WriteRune(r)
		content = content[n:]
	}
	return b.String()
}

// Load reads the bytes of a source file. The error wraps format.ErrMalformed when there are more than MaxSize, or
// limits.ErrExceeded. Release gives the memory back to the budget.
func Load(blob *format.Blob, budget *limits.Budget) (content []byte, release func(), err error) {
	if blob.Size() > MaxSize {
		return nil, nil, format.Malformed(MaxSize, "source of more than %d bytes", MaxSize)
	}
	release, err = budget.Hold(max(blob.Size(), 0))
	if err != nil {
		return nil, nil, fmt.Errorf("read source: %w", err)
	}
	in, err := blob.Open()
	if err != nil {
		release()
		return nil, nil, fmt.Errorf("open source: %w", err)
	}
	content, err = io.ReadAll(io.LimitReader(in, MaxSize+1))
	if closing := in.Close(); err == nil {
		err = closing
	}
	if err == nil && len(content) > MaxSize {
		err = format.Malformed(MaxSize, "source of more than %d bytes", MaxSize)
	}
	if err != nil {
		release()
		return nil, nil, fmt.Errorf("read source: %w", err)
	}
	return content, release, nil
}
