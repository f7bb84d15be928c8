package cyclonedx

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
	"github.com/picketsec/picket/internal/jsonstream"
)

// rawPart is a part of a document that is kept.
type rawPart = json.RawMessage

// owner is a component, or metadata, and the beginning of the names of what its properties are about.
type owner struct {
	node   *document.Node
	prefix string // such as "model." or "software[3]."; empty for metadata
}

// owners finds where a statement stands.
type owners map[string]owner

// ownersOf lists where statements about parts of a bill stand in the document that was made of it.
func ownersOf(tree *document.Node, b *bom.Bill) owners {
	o := owners{"": {node: metadata(tree)}}
	for _, own := range layout(tree, b.Kind) {
		o[own.prefix] = own
	}
	return o
}

// metadata is the metadata of a document; it is added when it is missing.
func metadata(tree *document.Node) *document.Node {
	if m := tree.Get("metadata"); m != nil && m.Kind == jsonstream.ObjectStart {
		return m
	}
	m := &document.Node{Kind: jsonstream.ObjectStart, Key: "metadata"}
	tree.Children = append(tree.Children, m)
	return m
}

// add writes a statement as a property of what it is about.
func (o owners) add(s document.Statement) {
	part, path, _ := strings.Cut(s.Name, ":")
	head, below, isBelow := strings.Cut(path, ".")
	at, ok := o[head+"."]
	if !ok || !isBelow {
		at, below = o[""], path
	}
	addProperty(at.node, part+":"+below, s.Text)
}

// addProperty adds one of Picket's own properties.
func addProperty(owner *document.Node, name, value string) { appendProperty(owner, prefix+name, value) }

// appendProperty adds a property, and the list when it is the first.
func appendProperty(owner *document.Node, name, value string) {
	list := owner.Get("properties")
	if list == nil || list.Kind != jsonstream.ArrayStart {
		list = &document.Node{Kind: jsonstream.ArrayStart, Key: "properties"}
		owner.Children = append(owner.Children, list)
	}
	list.Children = append(list.Children, &document.Node{Kind: jsonstream.ObjectStart, Children: []*document.Node{
		{Kind: jsonstream.String, Key: "name", Text: name}, {Kind: jsonstream.String, Key: "value", Text: value},
	}})
}

// properties gives each property of a node that has a name.
func properties(node *document.Node, each func(name, value string)) {
	list := node.Get("properties")
	if list == nil {
		return
	}
	for _, p := range list.Children {
		if name := p.Get("name").String(); name != "" {
			each(name, p.Get("value").String())
		}
	}
}

// readStatements makes the statements of all properties. One that says nothing about a bill is passed over, and so is kept.
func readStatements(tree *document.Node, b *bom.Bill) {
	all, room := append([]owner{{node: tree.Get("metadata")}}, layout(tree, b.Kind)...), document.MaxAdded
	for _, own := range all {
		properties(own.node, func(name, value string) {
			if name, ok := strings.CutPrefix(name, prefix); ok {
				part, path, _ := strings.Cut(name, ":")
				_ = document.Apply(b, document.Statement{Name: part + ":" + own.prefix + path, Text: value}, &room) // see above
			}
		})
	}
}

// readKept takes the parts that were kept of bills in other forms.
func readKept(tree *document.Node, kept map[string]rawPart) {
	properties(tree.Get("metadata"), func(name, value string) {
		key, ok := strings.CutPrefix(name, prefix+"kept:")
		if _, twice := kept[key]; ok && !twice && !strings.HasPrefix(key, place) && document.Valid([]byte(value)) {
			kept[key] = rawPart(value)
		}
	})
}

// layout lists which component of a document is about which part of a bill.
func layout(tree *document.Node, kind bom.Kind) []owner {
	main := subject(tree)
	list := []owner{{main, "model."}}
	for i, a := range elements(main.Get("pedigree").Get("ancestors")) {
		list = append(list, owner{a, fmt.Sprintf("lineage[%d].", i)})
	}
	parts := sorted(tree)
	first := 0
	if kind == bom.DatasetKind && len(elements(main.Get("data"))) > 0 {
		first = 1 // the first dataset is what the bill is about
	}
	for i, c := range parts.datasets {
		list = append(list, owner{c, fmt.Sprintf("datasets[%d].", first+i)})
	}
	for i, c := range parts.software {
		list = append(list, owner{c, fmt.Sprintf("software[%d].", i)})
	}
	for i, c := range parts.files {
		list = append(list, owner{c, fmt.Sprintf("files[%d].", i)})
	}
	return list
}
