package yaml

import (
	"bytes"

	goyaml "go.yaml.in/yaml/v3"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Bounds of a document that is read as a whole.
const (
	maxTree  = 4 << 20 // bytes
	maxNodes = 1 << 17
	maxDepth = 200
	// nodeCost is about how many bytes one value takes while a document is read.
	nodeCost = 300
)

// Tree reads the first document of a stream into memory; it is for configurations. Values have the kinds of JSON, whatever tags
// they have, and aliases stand as what they are for. The error wraps format.ErrMalformed when the content is no YAML or too
// large for a configuration, or limits.ErrExceeded.
func Tree(blob *format.Blob, budget *limits.Budget) (*jsonstream.Node, error) {
	text, release, err := Load(blob, budget)
	if err != nil {
		return nil, err
	}
	defer release()
	return Parse(text, budget)
}

// Parse is Tree for a text in memory.
func Parse(text []byte, budget *limits.Budget) (*jsonstream.Node, error) {
	if len(text) > maxTree {
		return nil, format.Malformed(maxTree, "a document of more than %d bytes is no configuration", maxTree)
	}
	if err := budget.Ops(int64(len(text))); err != nil {
		return nil, err
	}
	most := int64(1)
	for _, c := range []string{"\n", ",", ":", "[", "{", "-", "?"} { // every value has one of these before it
		most += int64(bytes.Count(text, []byte(c)))
	}
	release, err := budget.Hold(min(most*nodeCost, maxNodes*nodeCost))
	if err != nil {
		return nil, err
	}
	defer release()
	var root goyaml.Node
	if err := goyaml.NewDecoder(bytes.NewReader(text)).Decode(&root); err != nil {
		return nil, format.Malformed(0, "not YAML: %.200s", err.Error())
	}
	c := &converter{lines: lines(text), left: maxNodes}
	node := c.convert(&root, 0)
	return node, c.err
}

// lines are the offsets at which lines start.
func lines(text []byte) []int64 {
	starts := []int64{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, int64(i)+1)
		}
	}
	return starts
}

// converter turns the library's values into ours.
type converter struct {
	lines []int64
	left  int
	err   error
}

// offset is the place of a value.
func (c *converter) offset(n *goyaml.Node) int64 {
	if n.Line < 1 || n.Line > len(c.lines) {
		return 0
	}
	return c.lines[n.Line-1] + int64(max(n.Column, 1)-1)
}

// convert turns one value, with what it contains.
func (c *converter) convert(n *goyaml.Node, depth int) *jsonstream.Node {
	node := &jsonstream.Node{Kind: jsonstream.Literal, Text: "null", Offset: c.offset(n)}
	if c.left--; c.err == nil && (c.left < 0 || depth > maxDepth) {
		c.err = format.Malformed(node.Offset, "more values than are read of a configuration, or deeper than %d", maxDepth)
	}
	if c.err != nil {
		return node
	}
	switch n.Kind {
	case goyaml.DocumentNode:
		if len(n.Content) > 0 {
			return c.convert(n.Content[0], depth+1)
		}
	case goyaml.AliasNode:
		return c.convert(n.Alias, depth+1)
	case goyaml.SequenceNode:
		node.Kind, node.Text = jsonstream.ArrayStart, ""
		for _, item := range n.Content {
			node.Children = append(node.Children, c.convert(item, depth+1))
		}
	case goyaml.MappingNode:
		node.Kind, node.Text = jsonstream.ObjectStart, ""
		c.members(node, n, depth)
	case goyaml.ScalarNode:
		node.Kind, node.Text = kindOf(n.ShortTag()), n.Value
	}
	return node
}

// members adds the members of a mapping. What a merge key brings stands before the others, which replace it.
func (c *converter) members(node *jsonstream.Node, n *goyaml.Node, depth int) {
	var merged []*jsonstream.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], c.convert(n.Content[i+1], depth+1)
		if key.Kind == goyaml.ScalarNode && key.Value == "<<" && value.Kind == jsonstream.ObjectStart {
			merged = append(merged, value.Children...)
			continue
		}
		if key.Kind == goyaml.ScalarNode {
			value.Key = key.Value
		}
		value.Offset = c.offset(key)
		node.Children = append(node.Children, value)
	}
	node.Children = append(merged, node.Children...)
}

// kindOf is the kind of a value by its tag.
func kindOf(tag string) jsonstream.Kind {
	switch tag {
	case "!!int", "!!float":
		return jsonstream.Number
	case "!!bool", "!!null":
		return jsonstream.Literal
	}
	return jsonstream.String
}
