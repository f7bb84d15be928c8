// Package document is what the two standard forms of a bill share: it reads a JSON document as a tree within bounds, writes
// trees, tells what one tree has beyond another, and names every value of a bill. It is for the packages that write and read
// bills as CycloneDX and as SPDX. It knows neither form, and it opens no files.
//
// Two differences make both directions lossless by construction. What a form has no place for is the difference between a
// bill and what can be read back of it: it is written as statements (see Statements). What a reader does not understand is
// the difference between a document and what would be written of the bill that was read: it is kept (see Difference).
package document

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/internal/jsonstream"
)

// The bounds of a document.
const (
	MaxSize = 32 << 20 // bytes
	depth   = 64       // levels of nesting
	values  = 1 << 20  // values, each of some 200 bytes while the document is held
)

// ErrTooLarge is wrapped by the error for a document that is larger than any honest one.
var ErrTooLarge = errors.New("the document is too large")

// Node is a value of a document.
type Node = jsonstream.Node

// Read reads a document whose top-level value is an object. It refuses more than MaxSize bytes, deep nesting, more values than
// any bill has, names that stand twice in one object, and anything after the document. Members and elements that are null are
// left out: in neither form they say anything.
func Read(r io.Reader) (*Node, error) {
	tree, err := jsonstream.Tree(&bounded{in: r, left: MaxSize}, jsonstream.Options{Depth: depth, Text: MaxSize}, values)
	if err != nil {
		return nil, err
	}
	if tree.Kind != jsonstream.ObjectStart {
		return nil, errors.New("the document is not a JSON object")
	}
	return tree, prepare(tree)
}

// bounded reads at most so many bytes and fails beyond them.
type bounded struct {
	in   io.Reader
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.in.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// prepare refuses names that stand twice and leaves out what is null.
func prepare(n *Node) error {
	seen := map[string]bool{}
	kept := n.Children[:0]
	for _, c := range n.Children {
		if n.Kind == jsonstream.ObjectStart {
			if seen[c.Key] {
				return fmt.Errorf("JSON at byte %d: a name stands twice in one object", c.Offset)
			}
			seen[c.Key] = true
		}
		if IsNull(c) {
			continue
		}
		if err := prepare(c); err != nil {
			return err
		}
		kept = append(kept, c)
	}
	n.Children = kept
	return nil
}

// IsNull reports whether a value is null.
func IsNull(n *Node) bool { return n.Kind == jsonstream.Literal && n.Text == "null" }

// Of makes the tree of a value that encoding/json can write. Its strings become valid UTF-8.
func Of(value any) (*Node, error) {
	raw, err := marshal(value)
	if err != nil {
		return nil, err
	}
	return jsonstream.Tree(bytes.NewReader(raw), jsonstream.Options{Depth: 2 * depth, Text: len(raw)}, len(raw)+1)
}

// marshal writes a value as JSON without escapes that only HTML needs.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Raw writes a tree without white space.
func Raw(n *Node) json.RawMessage {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	write(w, n, "", "", ":")
	_ = w.Flush() // a bytes.Buffer takes everything
	return b.Bytes()
}

// Write writes a tree with two spaces for each level and a line feed at its end.
func Write(w io.Writer, n *Node) error {
	out := bufio.NewWriter(w)
	write(out, n, "\n", "  ", ": ")
	out.WriteString("\n") //nolint:errcheck // the error of a bufio.Writer stays until Flush
	return out.Flush()
}

// write writes a value. Separator is what stands before a member: a line feed and the indent so far, or nothing.
func write(w *bufio.Writer, n *Node, separator, step, colon string) {
	brackets := "{}"
	switch n.Kind {
	case jsonstream.String:
		writeString(w, n.Text)
		return
	case jsonstream.ObjectStart:
	case jsonstream.ArrayStart:
		brackets = "[]"
	default:
		w.WriteString(n.Text) //nolint:errcheck // see Write
		return
	}
	w.WriteByte(brackets[0]) //nolint:errcheck // see Write
	for i, c := range n.Children {
		if i > 0 {
			w.WriteByte(',') //nolint:errcheck // see Write
		}
		w.WriteString(separator + step) //nolint:errcheck // see Write
		if n.Kind == jsonstream.ObjectStart {
			writeString(w, c.Key)
			w.WriteString(colon) //nolint:errcheck // see Write
		}
		write(w, c, separator+step, step, colon)
	}
	if len(n.Children) > 0 {
		w.WriteString(separator) //nolint:errcheck // see Write
	}
	w.WriteByte(brackets[1]) //nolint:errcheck // see Write
}

// writeString writes a string with its quotes.
func writeString(w *bufio.Writer, text string) {
	raw, err := marshal(text)
	if err != nil { // a string is always written
		raw = []byte(`""`)
	}
	w.Write(raw) //nolint:errcheck // see Write
}
