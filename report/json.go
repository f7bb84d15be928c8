package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/picketsec/picket"
)

// jsonFormat writes everything that a scan holds; see document.
type jsonFormat struct{}

// Info implements Format.
func (jsonFormat) Info() Info {
	return Info{Name: "json", Title: "everything, for programs; the schema is docs/reference/scan.schema.json",
		MediaType: "application/json", Extension: ".json"}
}

// Write implements Format. It holds one artifact at a time in memory.
func (jsonFormat) Write(w io.Writer, scan picket.Scan, _ Options) error {
	return buffered(w, "json", func(b *bufio.Writer) error {
		head := document{
			Schema: SchemaID, Tool: utf8Text(scan.Tool), Target: utf8Text(scan.Target), Digest: string(scan.Digest),
			Verdict: scan.Verdict().String(), Summary: newSummary(scan, add(scan)),
		}
		o := newObject(b, "")
		o.field("schema", head.Schema)
		o.field("tool", head.Tool)
		o.field("target", head.Target)
		if head.Digest != "" {
			o.field("digest", head.Digest)
		}
		if at := scan.Origin; at != nil {
			o.field("origin", docOrigin{utf8Text(at.Place), at.Size, at.Transferred, at.Requests})
		}
		o.field("verdict", head.Verdict)
		o.field("summary", head.Summary)
		o.list("artifacts", len(scan.Results), func(i int) any { return newArtifact(scan.Results[i]) })
		o.field("findings", newFindings(scan.Findings, ""))
		return o.end("\n")
	})
}

// object writes a JSON object field by field, indented, so that long lists need not be in memory as a whole. The first error
// is kept and returned by end.
type object struct {
	w      *bufio.Writer
	indent string
	first  bool
	err    error
}

// newObject starts an object at an indentation.
func newObject(w *bufio.Writer, indent string) *object {
	_, _ = w.WriteString("{")
	return &object{w: w, indent: indent, first: true}
}

// key starts a field.
func (o *object) key(name string) {
	if !o.first {
		_, _ = o.w.WriteString(",")
	}
	o.first = false
	_, _ = fmt.Fprintf(o.w, "\n%s  %q: ", o.indent, name)
}

// value writes any value.
func (o *object) value(v any, indent string) {
	text, err := marshal(v, indent)
	if err != nil && o.err == nil {
		o.err = err
	}
	_, _ = o.w.Write(text)
}

// field writes a whole field.
func (o *object) field(name string, v any) {
	o.key(name)
	o.value(v, o.indent+"  ")
}

// list writes a field with n values that are made one at a time.
func (o *object) list(name string, n int, at func(i int) any) {
	o.key(name)
	_, _ = o.w.WriteString("[")
	for i := range n {
		if i > 0 {
			_, _ = o.w.WriteString(",")
		}
		_, _ = o.w.WriteString("\n" + o.indent + "    ")
		o.value(at(i), o.indent+"    ")
	}
	if n > 0 {
		_, _ = o.w.WriteString("\n" + o.indent + "  ")
	}
	_, _ = o.w.WriteString("]")
}

// end closes the object, writes what follows it and returns the first error.
func (o *object) end(after string) error {
	_, _ = o.w.WriteString("\n" + o.indent + "}" + after)
	return o.err
}

// marshal writes v as indented JSON in which no character can move a terminal's cursor, hide or reorder text: those are
// written as \uXXXX, which every parser reads back as the same character.
func marshal(v any, indent string) ([]byte, error) {
	text, err := json.MarshalIndent(v, indent, "  ")
	if err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	if bytes.IndexFunc(text, hidden) < 0 {
		return text, nil
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes(), nil
}

// hidden reports whether a character is one that JSON allows and a terminal should not see. encoding/json has escaped the
// characters below the space; the line feeds left are its own.
func hidden(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }

// utf8Text makes s valid UTF-8, which JSON and XML need: each invalid byte becomes a backslash, x and two hexadecimal digits.
func utf8Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
				continue
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
