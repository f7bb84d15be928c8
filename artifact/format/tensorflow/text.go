package tensorflow

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// NameText is the name of the format of graphs that are written as text.
const NameText = "tensorflow-text"

// Text recognises graphs and SavedModels as the text of their protocol buffers: loaders take saved_model.pbtxt where there is no
// saved_model.pb.
type Text struct{}

// Info implements format.Format.
func (Text) Info() format.Info {
	return format.Info{Name: NameText, Title: "TensorFlow graph as text", MediaType: "text/x-tensorflow-graph", Extensions: []string{".pbtxt"}, Refines: "text",
		Risk: format.Active, Forward: true, Parsed: true, Spec: "https://protobuf.dev/reference/protobuf/textformat-spec/"}
}

// Match implements format.Format: the first field is one of a graph, and what belongs to graphs follows.
func (Text) Match(p format.Probe) bool {
	t := &textReader{b: p.Head}
	first := t.word()
	switch first {
	case "saved_model_schema_version", "meta_graphs":
		return bytes.Contains(p.Head, []byte("meta_graphs"))
	case "meta_info_def", "graph_def":
		return true
	case "node", "library", "versions":
		return bytes.Contains(p.Head, []byte("op:")) && bytes.Contains(p.Head, []byte("node"))
	}
	return false
}

// maxTextSize is how large a text may be, in bytes; graphs with weights are saved in binary.
const maxTextSize = 10 << 20

// ReadText translates a text into the protocol buffer that it stands for, as far as this package reads it, and says which format
// that has. The error wraps format.ErrMalformed for what readers refuse, or limits.ErrExceeded.
func ReadText(b *format.Blob, budget *limits.Budget) (content []byte, name string, err error) {
	if b.Size() < 0 || b.Size() > maxTextSize {
		return nil, "", format.Malformed(maxTextSize, "a graph as text of more than %d bytes", maxTextSize)
	}
	release, err := budget.Hold(b.Size() * 2)
	if err != nil {
		return nil, "", err
	}
	defer release()
	if err := budget.Ops(1 + b.Size()/4); err != nil {
		return nil, "", err
	}
	text, err := b.ReadRange(0, b.Size())
	if err != nil {
		return nil, "", err
	}
	t := &textReader{b: text, schema: schema(), types: elementTypes()}
	of, name := "Graph", NameGraph
	switch (&textReader{b: text}).word() {
	case "saved_model_schema_version", "meta_graphs":
		of, name = "SavedModel", NameSavedModel
	case "meta_info_def", "graph_def":
		of, name = "MetaGraph", NameMetaGraph
	}
	content, err = t.fields(of, 0, 0)
	return content, name, err
}

// textReader reads the text format of protocol buffers.
type textReader struct {
	b      []byte
	at     int
	schema map[string]map[string]fieldOf
	types  []string
}

// maxTextDepth is how deep messages may nest.
const maxTextDepth = 64

// malformed makes the error for the place where the reader is.
func (t *textReader) malformed(reason string) error {
	return format.Malformed(int64(t.at), "%s", reason)
}

// space skips white space, comments and what may stand between fields, and returns the next byte; 0 at the end.
func (t *textReader) space() byte {
	c := t.blank()
	for c == ',' || c == ';' {
		t.at++
		c = t.blank()
	}
	return c
}

// blank skips white space and comments, and returns the next byte; 0 at the end.
func (t *textReader) blank() byte {
	for t.at < len(t.b) {
		switch c := t.b[t.at]; c {
		case ' ', '\t', '\r', '\n':
			t.at++
		case '#':
			end := bytes.IndexByte(t.b[t.at:], '\n')
			if end < 0 {
				end = len(t.b) - t.at
			}
			t.at += end
		default:
			return c
		}
	}
	return 0
}

// word reads a name, a number, or the address of a type in brackets; empty for none.
func (t *textReader) word() string {
	c := t.space()
	start := t.at
	if c == '[' {
		if end := bytes.IndexByte(t.b[t.at:], ']'); end > 0 {
			t.at += end + 1
		}
		return string(t.b[start:t.at])
	}
	for t.at < len(t.b) {
		c := t.b[t.at]
		if !(c == '_' || c == '.' || c == '+' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			break
		}
		t.at++
	}
	return string(t.b[start:t.at])
}

// fields reads the fields of a message to its end: a closing bracket, or 0 for the end of the text.
func (t *textReader) fields(of string, end byte, depth int) (out []byte, err error) {
	if depth > maxTextDepth {
		return nil, t.malformed("messages nest too deep")
	}
	for {
		c := t.space()
		if c == end && (end != 0 || t.at == len(t.b)) {
			t.at++
			return out, nil
		}
		name := t.word()
		if name == "" {
			return nil, t.malformed("the name of a field is missing")
		}
		f, known := t.schema[of][name]
		colon := t.space() == ':'
		if colon {
			t.at++
		}
		switch c := t.space(); {
		case c == '[':
			t.at++
			for t.space() != ']' {
				if out, err = t.value(out, f, known, depth); err != nil {
					return nil, err
				}
			}
			t.at++
		case !colon && c != '{' && c != '<':
			return nil, t.malformed("a field has no value")
		default:
			if out, err = t.value(out, f, known, depth); err != nil {
				return nil, err
			}
		}
	}
}

// value reads one value and appends the field, if it is known.
func (t *textReader) value(out []byte, f fieldOf, known bool, depth int) ([]byte, error) {
	switch c := t.space(); c {
	case '{', '<':
		t.at++
		of := f.of
		if f.kind == entries || f.kind == texts {
			return t.entry(out, f, c+2, depth) // '}' and '>' are two behind
		}
		body, err := t.fields(of, c+2, depth+1)
		if err == nil && known && f.kind == message {
			out = appendField(out, f.number, body)
		}
		return out, err
	case '"', '\'':
		s, err := t.quoted()
		if err == nil && known && f.kind == bytesOf {
			out = appendField(out, f.number, s)
		}
		return out, err
	}
	word := t.word()
	if word == "" {
		return nil, t.malformed("a value is missing")
	}
	if known && f.kind == numeral {
		out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(f.number)<<3), t.integer(word))
	}
	return out, nil
}

// entry reads an entry of a map.
func (t *textReader) entry(out []byte, f fieldOf, end byte, depth int) ([]byte, error) {
	inner := &textReader{b: t.b, at: t.at, types: t.types, schema: t.schema}
	value := fieldOf{2, message, f.of}
	if f.kind == texts {
		value = fieldOf{2, bytesOf, ""}
	}
	// The schema of an entry depends on the map: it is added under a name that no message has.
	name := "entry of " + f.of
	if _, ok := t.schema[name]; !ok {
		t.schema[name] = map[string]fieldOf{"key": {1, bytesOf, ""}, "value": value}
	}
	body, err := inner.fields(name, end, depth+1)
	t.at = inner.at
	return appendField(out, f.number, body), err
}

// integer is the number that a word stands for.
func (t *textReader) integer(word string) uint64 {
	switch word {
	case "true", "True", "t":
		return 1
	case "false", "False", "f":
		return 0
	}
	if i := slices.Index(t.types, word); i >= 0 {
		return uint64(i)
	}
	if n, err := strconv.ParseInt(word, 0, 64); err == nil {
		return uint64(n)
	}
	n, _ := strconv.ParseUint(word, 0, 64) // an element type that is not listed is 0, which is none
	return n
}

// quoted reads texts in quotes that stand behind each other.
func (t *textReader) quoted() (out []byte, err error) {
	for c := t.blank(); c == '"' || c == '\''; c = t.blank() {
		t.at++
		for {
			if t.at >= len(t.b) {
				return nil, t.malformed("a text does not end")
			}
			x := t.b[t.at]
			t.at++
			if x == c {
				break
			}
			if x != '\\' {
				out = append(out, x)
				continue
			}
			r, multi, rest, err := strconv.UnquoteChar("\\"+string(t.b[t.at:min(len(t.b), t.at+10)]), c)
			if err != nil {
				if out, err = t.short(out); err != nil {
					return nil, err
				}
				continue
			}
			t.at += min(len(t.b), t.at+10) - t.at - len(rest)
			if multi {
				out = append(out, string(r)...)
			} else {
				out = append(out, byte(r))
			}
		}
	}
	return out, nil
}

// short reads an escape that Go does not have: a quote of the other kind, a question mark, or fewer digits than Go wants.
func (t *textReader) short(out []byte) ([]byte, error) {
	if t.at >= len(t.b) {
		return nil, t.malformed("a text does not end")
	}
	c := t.b[t.at]
	switch {
	case c == '"' || c == '\'' || c == '?':
		t.at++
		return append(out, c), nil
	case c >= '0' && c <= '7':
		v := 0
		for n := 0; n < 3 && t.at < len(t.b) && t.b[t.at] >= '0' && t.b[t.at] <= '7'; n++ {
			v = v<<3 | int(t.b[t.at]-'0')
			t.at++
		}
		return append(out, byte(v)), nil
	case (c == 'x' || c == 'X') && t.at+1 < len(t.b):
		end := t.at + 1
		for end < len(t.b) && end < t.at+3 && bytes.IndexByte([]byte("0123456789abcdefABCDEF"), t.b[end]) >= 0 {
			end++
		}
		v, err := strconv.ParseUint(string(t.b[t.at+1:end]), 16, 8)
		if err != nil {
			return nil, t.malformed("an escape without digits")
		}
		t.at = end
		return append(out, byte(v)), nil
	}
	return nil, t.malformed("an unknown escape")
}

// appendField appends a field with a length.
func appendField(out []byte, number int, body []byte) []byte {
	out = binary.AppendUvarint(out, uint64(number)<<3|length)
	return append(binary.AppendUvarint(out, uint64(len(body))), body...)
}
