package jsonstream

import "io"

// Node is a value of a document that was read as a whole, with its place. Members of an object keep their order and are not
// merged: a name that stands twice gives two nodes.
type Node struct {
	Kind     Kind   // ObjectStart, ArrayStart, String, Number or Literal
	Key      string // the name of a member of an object; empty for others
	Text     string // of a string, number or literal, up to Options.Text bytes
	Cut      bool   // Key or Text was longer than what is kept
	Offset   int64  // bytes from the start of the document to the value, or to the name of the member
	Children []*Node
}

// Get returns the last member of that name, as loaders that keep a map do; nil when there is none.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != ObjectStart {
		return nil
	}
	for i := len(n.Children) - 1; i >= 0; i-- {
		if n.Children[i].Key == key {
			return n.Children[i]
		}
	}
	return nil
}

// String is the text of a string; empty for every other value.
func (n *Node) String() string {
	if n == nil || n.Kind != String {
		return ""
	}
	return n.Text
}

// Walk calls visit for the node and everything below it, with the names on the way there ("layers", "[3]", "config").
func (n *Node) Walk(visit func(path []string, n *Node) error) error {
	var path []string
	return n.walk(&path, visit)
}

// walk is the recursion of Walk; Options.Depth bounded the document, so it bounds the recursion.
func (n *Node) walk(path *[]string, visit func([]string, *Node) error) error {
	if n == nil {
		return nil
	}
	if err := visit(*path, n); err != nil {
		return err
	}
	for _, c := range n.Children {
		name := c.Key
		if n.Kind == ArrayStart {
			name = "[]"
		}
		*path = append(*path, name)
		if err := c.walk(path, visit); err != nil {
			return err
		}
		*path = (*path)[:len(*path)-1]
	}
	return nil
}

// Tree reads a whole document of at most nodes values. It is for small documents, such as configurations: all of it is held
// in memory, about 150 bytes a value beside its text. Errors about the content are of type *Error.
func Tree(in io.Reader, opts Options, nodes int) (*Node, error) {
	r := New(in, opts)
	root := &Node{}
	open := []*Node{root}
	key := Token{}
	name, named := "", false
	for {
		t, err := r.Next()
		if err != nil {
			return nil, err
		}
		switch t.Kind {
		case End:
			return root.Children[0], nil
		case Key:
			key, name, named = t, string(t.Text), true
			continue
		case ObjectEnd, ArrayEnd:
			open = open[:len(open)-1]
			continue
		}
		if nodes--; nodes < 0 {
			return nil, &Error{Offset: t.Offset, Reason: "more values than are read of such a document"}
		}
		n := &Node{Kind: t.Kind, Text: string(t.Text), Cut: t.Cut, Offset: t.Offset}
		if named {
			n.Key, n.Offset, n.Cut, named = name, key.Offset, n.Cut || key.Cut, false
		}
		parent := open[len(open)-1]
		parent.Children = append(parent.Children, n)
		if t.Kind == ObjectStart || t.Kind == ArrayStart {
			n.Text = ""
			open = append(open, n)
		}
	}
}
