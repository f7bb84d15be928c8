// Package skops reads the tree of objects in a file of skops: a zip archive whose member schema.json names the type of every
// object and how it is loaded. It is for detectors. It reads forward in memory bounded by the depth of the tree, imports and
// loads nothing, and judges nothing; the arrays in the other members are other formats.
package skops

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "skops"

// Schema is the member that holds the tree.
const Schema = "schema.json"

// Format recognises files of skops.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "skops file", MediaType: "application/vnd.skops", Extensions: []string{".skops"}, Refines: zip.Name,
		Risk: format.Active, Parsed: true, Spec: "https://skops.readthedocs.io/en/stable/persistence.html",
	}
}

// Match implements format.Format: a zip archive whose schema.json names a loader near its start.
func (Format) Match(p format.Probe) bool {
	for _, name := range zip.Names(p) {
		if name == Schema {
			return schemaHead(p.Blob)
		}
	}
	return false
}

// schemaHead reports whether the schema of an archive begins like that of skops.
func schemaHead(blob *format.Blob) bool {
	if blob == nil || blob.At() == nil {
		return false
	}
	r, done, err := Open(blob, limits.NewBudget(limits.Default()))
	defer done()
	if err != nil {
		return false
	}
	head := make([]byte, 64<<10)
	n, _ := io.ReadFull(r, head) // what can be read decides
	return bytes.Contains(head[:n], []byte(`"__loader__"`)) || bytes.Contains(head[:n], []byte(`"__class__"`))
}

// Open opens the schema of an archive. Call done when it was read.
func Open(blob *format.Blob, budget *limits.Budget) (r io.Reader, done func(), err error) {
	return zip.OpenMember(blob, budget, Schema)
}

// Node is one object of the tree.
type Node struct {
	Loader, Module, Class string
	Offset                int64 // of the object in the schema
	File                  string
	ID                    string // the identity of the object as digits; empty for none
	Depth                 int
	// Function and Owner are, for a method, its name and the type that it belongs to as the content says.
	Function, Owner string
	Text            string // the content of a node that holds JSON, up to MaxText bytes
	Cut             bool
	Twice           string // a member that stands twice; empty for none
}

// Type is the qualified name of the type or function.
func (n Node) Type() string { return n.Module + "." + n.Class }

// Bounds of the tree.
const (
	MaxText = 4 << 10 // bytes of a text
	maxNest = 1000    // levels; Python's reader of JSON gives up there
)

// frame is an object or list that is open.
type frame struct {
	node   Node
	key    string // under which it stands
	isNode bool
	object bool
	seen   map[string]bool
}

// Read reads a schema and calls visit for every node when it ends, children first. The error wraps format.ErrMalformed or
// limits.ErrExceeded, or is the visitor's.
func Read(in io.Reader, budget *limits.Budget, visit func(Node) error) error {
	r := &reader{json: jsonstream.New(in, jsonstream.Options{Depth: maxNest, Text: MaxText, Python: true}), budget: budget, visit: visit}
	err := r.read()
	if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
		err = format.Malformed(broken.Offset, "the schema is not JSON: %s", broken.Reason)
	}
	return err
}

// reader reads one schema.
type reader struct {
	json   *jsonstream.Reader
	budget *limits.Budget
	visit  func(Node) error
	stack  []frame
	key    string
	tokens int64
}

// read reads all tokens.
func (r *reader) read() error {
	for {
		t, err := r.json.Next()
		if err != nil || t.Kind == jsonstream.End {
			return err
		}
		const charge = 1 << 10
		if r.tokens++; r.tokens%charge == 0 {
			if err := r.budget.Ops(charge); err != nil {
				return fmt.Errorf("read schema: %w", err)
			}
		}
		switch t.Kind {
		case jsonstream.Key:
			r.name(t)
		case jsonstream.ObjectStart, jsonstream.ArrayStart:
			r.open(t)
		case jsonstream.ObjectEnd, jsonstream.ArrayEnd:
			err = r.close()
		default:
			r.value(t)
		}
		if err != nil {
			return err
		}
	}
}

// own reports whether a name is one of those that make a node.
func own(name string) bool {
	switch name {
	case "__class__", "__module__", "__loader__", "content", "file", "__id__", "type", "func", "obj", "attrs", "key_types", "protocol":
		return true
	}
	return false
}

// name takes the name of a member.
func (r *reader) name(t jsonstream.Token) {
	top := &r.stack[len(r.stack)-1]
	r.key = string(t.Text)
	if !own(r.key) {
		return
	}
	if top.seen == nil {
		top.seen = map[string]bool{}
	}
	if top.seen[r.key] {
		top.node.Twice = r.key
	}
	top.seen[r.key] = true
}

// open begins an object or list.
func (r *reader) open(t jsonstream.Token) {
	f := frame{object: t.Kind == jsonstream.ObjectStart, node: Node{Offset: t.Offset, Depth: len(r.stack)}}
	if n := len(r.stack); n > 0 && r.stack[n-1].object {
		f.key = r.key
	}
	r.stack = append(r.stack, f)
}

// close ends the innermost object or list.
func (r *reader) close() error {
	f := r.stack[len(r.stack)-1]
	r.stack = r.stack[:len(r.stack)-1]
	if len(r.stack) > 0 {
		up := &r.stack[len(r.stack)-1]
		switch {
		case f.key == "content" && !f.isNode: // the function of a method and its object stand one level below
			up.node.Function, up.node.Owner = f.node.Function, f.node.Owner
		case f.key == "obj" && f.isNode:
			up.node.Owner = f.node.Type()
		}
	}
	if !f.isNode {
		return nil
	}
	return r.visit(f.node)
}

// value takes a text or number.
func (r *reader) value(t jsonstream.Token) {
	if len(r.stack) == 0 || !r.stack[len(r.stack)-1].object {
		return
	}
	f := &r.stack[len(r.stack)-1]
	text := string(t.Text)
	switch r.key {
	case "__class__":
		f.node.Class, f.isNode = text, true
	case "__module__":
		f.node.Module, f.isNode = text, true
	case "__loader__":
		f.node.Loader, f.isNode = text, true
	case "file":
		f.node.File = text
	case "__id__":
		f.node.ID = text
	case "func":
		f.node.Function = text
	case "content":
		if t.Kind == jsonstream.String {
			f.node.Text, f.node.Cut = text, t.Cut
		}
	}
}
