package rdata

import (
	"slices"
	"strings"
)

// node is a value in a piece of code, kept to show it and to find its names.
type node struct {
	kind     nodeKind
	text     string // of a symbol, string or number
	name     string // of the argument
	children []*node
}

// nodeKind says what a node is.
type nodeKind byte

const (
	otherNode nodeKind = iota
	symbolNode
	stringNode
	callNode // the first child is what is called
	listNode
	functionNode
)

// collector gathers what an expression holds.
type collector struct {
	calls, symbols, strings []string
	seen                    map[string]bool
	text                    strings.Builder
	cut                     bool
}

// expression sums up code; cut says that it was not kept as a whole.
func expression(n *node, cut bool) *Expr {
	c := &collector{seen: map[string]bool{}, cut: cut}
	c.names(n)
	c.write(n, 0)
	text := c.text.String()
	if len(text) > maxText {
		text = text[:maxText] + "…"
	}
	return &Expr{Text: text, Symbols: slices.Concat(c.calls, c.symbols), Calls: len(c.calls), Strings: c.strings, Cut: c.cut}
}

// add keeps a name once.
func (c *collector) add(list *[]string, prefix, name string) {
	if name == "" || c.seen[prefix+name] {
		return
	}
	if len(c.seen) >= maxNames {
		c.cut = true
		return
	}
	c.seen[prefix+name] = true
	*list = append(*list, name)
}

// names gathers the names of a node and of what is below it.
func (c *collector) names(n *node) {
	if n == nil {
		return
	}
	switch n.kind {
	case symbolNode:
		c.add(&c.symbols, "s", n.text)
	case stringNode:
		c.add(&c.strings, "t", n.text)
	case callNode:
		if len(n.children) > 0 {
			c.called(n.children[0])
		}
	}
	for _, child := range n.children {
		c.names(child)
	}
}

// called notes what a call calls: a name, a string, or a name of a package.
func (c *collector) called(head *node) {
	switch {
	case head == nil:
	case head.kind == symbolNode, head.kind == stringNode:
		c.add(&c.calls, "c", head.text)
	case head.kind == callNode && len(head.children) == 3 && head.children[0] != nil && head.children[2] != nil && strings.HasPrefix(head.children[0].text, "::"):
		c.add(&c.calls, "c", head.children[2].text)
	}
}

// write shows a node as R would print it.
func (c *collector) write(n *node, depth int) {
	const deepest = 64
	if c.text.Len() > maxText || depth > deepest {
		return
	}
	switch {
	case n == nil:
		c.text.WriteString("NULL")
	case n.kind == symbolNode:
		c.text.WriteString(n.text)
	case n.kind == stringNode:
		c.text.WriteString(`"` + n.text + `"`)
	case n.kind == callNode && len(n.children) == 3 && operator(n.children[0]):
		c.write(n.children[1], depth+1)
		c.text.WriteString(spaced(n.children[0].text))
		c.write(n.children[2], depth+1)
	case n.kind == callNode && len(n.children) > 0:
		c.write(n.children[0], depth+1)
		c.list(n.children[1:], depth)
	case n.kind == listNode:
		c.list(n.children, depth)
	case n.kind == functionNode:
		c.text.WriteString("function(…) ")
		for _, child := range n.children {
			c.write(child, depth+1)
		}
	default:
		c.text.WriteString(n.text)
	}
}

// list shows arguments.
func (c *collector) list(children []*node, depth int) {
	c.text.WriteByte('(')
	for i, child := range children {
		if i > 0 {
			c.text.WriteString(", ")
		}
		if child != nil && child.name != "" {
			c.text.WriteString(child.name + " = ")
		}
		c.write(child, depth+1)
	}
	c.text.WriteByte(')')
}

// operator reports whether a call of a name is written between its arguments.
func operator(head *node) bool {
	return head != nil && head.kind == symbolNode && head.text != "" && (strings.Trim(head.text, "+-*/^<>=!&|:$@~") == "" || head.text[0] == '%')
}

// spaced is an operator as it is written.
func spaced(text string) string {
	if strings.Trim(text, ":$@^") == "" {
		return text
	}
	return " " + text + " "
}
