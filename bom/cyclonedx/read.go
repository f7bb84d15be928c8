package cyclonedx

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
	"github.com/picketsec/picket/internal/jsonstream"
)

// Decode reads a bill of CycloneDX 1.4 to 1.7 in JSON. What it does not understand is in Kept. It refuses more than 32 MiB,
// names that stand twice in one object, nesting of more than 64 levels, more than 1,048,576 values or 65,536 components,
// invalid UTF-8 and anything behind the document. The error wraps ErrVersion for other versions.
func Decode(r io.Reader) (*bom.Bill, error) {
	tree, err := document.Read(r)
	if err != nil {
		return nil, fmt.Errorf("read CycloneDX: %w", err)
	}
	if tree.Get("bomFormat").String() != "CycloneDX" {
		return nil, fmt.Errorf("read CycloneDX: the document does not say bomFormat CycloneDX")
	}
	version := tree.Get("specVersion").String()
	if !slices.Contains([]string{"1.4", "1.5", "1.6", "1.7"}, version) {
		return nil, fmt.Errorf("read CycloneDX: version %.20q: %w", version, ErrVersion)
	}
	if n := len(elements(tree.Get("components"))); n > document.MaxElements {
		return nil, fmt.Errorf("read CycloneDX: %d components: %w", n, document.ErrTooLarge)
	}
	arrange(tree)
	b := read(tree)
	readStatements(tree, b)
	document.Settle(b)
	b.Kept = map[string]rawPart{}
	readKept(tree, b.Kept)
	n, err := strconv.Atoi(textOf(tree.Get("version")))
	if b.Format, b.FormatVersion = FormatName, version; err == nil && n > 0 {
		b.Revision = n
	}
	have, err := written(b, writtenAs(version))
	if err != nil {
		return nil, fmt.Errorf("read CycloneDX: %w", err)
	}
	for at, part := range document.Difference(have, tree) {
		if at != "/specVersion" && at != "/$schema" {
			b.Kept[place+at] = part
		}
	}
	if len(b.Kept) == 0 {
		b.Kept = nil
	}
	return b, nil
}

// writtenAs is the version that a document is compared with: its own, or the nearest that is written.
func writtenAs(version string) Version {
	if version == string(V1_7) {
		return V1_7
	}
	return V1_6
}

// groups are the components of a document that stand for parts of a bill, and the others.
type groups struct{ datasets, software, files, others []*document.Node }

// sorted tells the components of a document apart.
func sorted(tree *document.Node) groups {
	var g groups
	main := subject(tree)
	for _, c := range elements(tree.Get("components")) {
		switch {
		case c == main:
			g.others = append(g.others, c)
		case is(c, "data"):
			g.datasets = append(g.datasets, c)
		case is(c, "library") || is(c, "framework") || is(c, "application") || is(c, "platform"):
			g.software = append(g.software, c)
		case is(c, "file"):
			g.files = append(g.files, c)
		default:
			g.others = append(g.others, c)
		}
	}
	return g
}

// is reports whether a component has a type.
func is(c *document.Node, kind string) bool { return c.Get("type").String() == kind }

// arrange brings the components of a document into the order in which they are written; their order says nothing.
func arrange(tree *document.Node) {
	if list := tree.Get("components"); list != nil && list.Kind == jsonstream.ArrayStart {
		g := sorted(tree)
		list.Children = slices.Concat(g.datasets, g.software, g.files, g.others)
	}
}

// subject is the component that a document is about: that of its metadata, or the one model among the components when the
// metadata name something else, as some tools do for the program around a model.
func subject(tree *document.Node) *document.Node {
	main := tree.Get("metadata").Get("component")
	if is(main, "machine-learning-model") {
		return main
	}
	models := slices.DeleteFunc(slices.Clone(elements(tree.Get("components"))), func(c *document.Node) bool {
		return !is(c, "machine-learning-model")
	})
	if len(models) == 1 {
		return models[0]
	}
	return main
}

// elements lists the elements of an array; nil for everything else.
func elements(n *document.Node) []*document.Node {
	if n == nil || n.Kind != jsonstream.ArrayStart {
		return nil
	}
	return n.Children
}

// textOf is a string or a number as text.
func textOf(n *document.Node) string {
	if n != nil && n.Kind == jsonstream.Number {
		return n.Text
	}
	return n.String()
}

// read makes the bill of a document without its properties.
func read(tree *document.Node) *bom.Bill {
	b := &bom.Bill{}
	meta := tree.Get("metadata")
	if t, err := time.Parse(time.RFC3339Nano, meta.Get("timestamp").String()); err == nil && t.Year() >= 0 && t.UTC().Year() <= 9999 {
		b.Time = t.UTC()
	}
	tools := meta.Get("tools")
	if components := tools.Get("components"); components != nil {
		tools = components
	}
	if list := elements(tools); len(list) > 0 {
		b.Tool, b.Version = list[0].Get("name").String(), list[0].Get("version").String()
	}
	for _, a := range elements(meta.Get("authors")) {
		b.Authors = addField(b.Authors, a.Get("name").String(), "metadata.authors.name")
	}
	readSubject(b, subject(tree))
	parts := sorted(tree)
	for _, c := range parts.datasets {
		b.Datasets = append(b.Datasets, readDataset(c))
	}
	for _, c := range parts.software {
		b.Software = append(b.Software, bom.Software{
			Name: field(c.Get("name").String(), "name"), Version: field(c.Get("version").String(), "version"),
			PURL: c.Get("purl").String(), Licence: field(licenceOf(c), "licenses"),
		})
	}
	for _, c := range parts.files {
		b.Files = append(b.Files, bom.File{Name: c.Get("name").String(), Digest: digestOf(c)})
	}
	for _, v := range elements(tree.Get("vulnerabilities")) {
		b.Security.Vulnerabilities = addField(b.Security.Vulnerabilities, v.Get("id").String(), "vulnerabilities.id")
	}
	return b
}

// readSubject reads what the bill is about.
func readSubject(b *bom.Bill, c *document.Node) {
	if c == nil {
		return
	}
	b.Kind = bom.ProgramKind
	for kind, name := range componentTypes {
		if is(c, string(name)) {
			b.Kind = kind
		}
	}
	m := &b.Model
	b.Name, b.Digest = c.Get("name").String(), digestOf(c)
	m.Version = field(c.Get("version").String(), "version")
	m.Description = field(c.Get("description").String(), "description")
	m.Producer = firstField(c, "manufacturer.name", "supplier.name", "publisher", "author")
	for _, l := range licencesOf(c) {
		m.Licences = addField(m.Licences, l, "licenses")
	}
	b.Model.Identifiers = addField(b.Model.Identifiers, c.Get("purl").String(), "purl")
	for _, a := range elements(c.Get("pedigree").Get("ancestors")) {
		b.Lineage = append(b.Lineage, bom.Ancestor{
			Name: field(a.Get("name").String(), "name"), Version: field(a.Get("version").String(), "version"),
			Digest: digestOf(a), Relation: bom.Base,
		})
	}
	readReferences(b, c)
	readCard(m, c.Get("modelCard"))
	if data := elements(c.Get("data")); b.Kind == bom.DatasetKind && len(data) > 0 {
		d := bom.Dataset{Name: field(data[0].Get("name").String(), "data.name")}
		readData(&d, data[0])
		b.Datasets = append(b.Datasets, d)
	}
}

// readReferences reads what leads elsewhere.
func readReferences(b *bom.Bill, c *document.Node) {
	for _, r := range elements(c.Get("externalReferences")) {
		at := field(r.Get("url").String(), "externalReferences.url")
		kind := r.Get("type").String()
		switch kind {
		case "distribution":
			if b.Model.Location.Value == "" {
				b.Model.Location = at
				continue
			}
		case "security-contact":
			if b.Security.Policy.Value == "" {
				b.Security.Policy = at
			}
			continue
		case "documentation", "website":
		case "license":
			kind = "licence"
		case "vcs":
			kind = "repository"
		case "other":
		default: // model cards and attestations are files and claims; the rest is kept
			continue
		}
		b.References = append(b.References, bom.Reference{Kind: kind, URL: at})
	}
}

// readDataset reads a component of type data.
func readDataset(c *document.Node) bom.Dataset {
	d := bom.Dataset{
		Name: field(c.Get("name").String(), "name"), Version: field(c.Get("version").String(), "version"),
		Licence: field(licenceOf(c), "licenses"), Identifier: field(c.Get("purl").String(), "purl"), Digest: digestOf(c),
	}
	if data := elements(c.Get("data")); len(data) > 0 {
		readData(&d, data[0])
	}
	if d.Description.Value == "" {
		d.Description = field(c.Get("description").String(), "description")
	}
	return d
}

// readData reads the description of the content of a dataset.
func readData(d *bom.Dataset, data *document.Node) {
	d.Description = field(data.Get("description").String(), "data.description")
	d.Sensitivity = field(data.Get("classification").String(), "data.classification")
	d.Location = field(data.Get("contents").Get("url").String(), "data.contents.url")
	properties(data.Get("contents"), func(name, value string) {
		if name == "statistics" && d.Statistics.Value == "" {
			d.Statistics = field(value, "data.contents.properties")
		}
	})
}

// field is a value that the document declares; unresolved when it is empty.
func field(value, at string) bom.Field {
	if value == "" {
		return bom.Field{Confidence: bom.Unresolved}
	}
	return bom.Field{Value: value, Confidence: bom.Declared, Source: place + at}
}

// addField adds a value to a list, unless it is empty.
func addField(list []bom.Field, value, at string) []bom.Field {
	if value == "" {
		return list
	}
	return append(list, field(value, at))
}

// firstField is the first value of a component that is there.
func firstField(c *document.Node, places ...string) bom.Field {
	for _, at := range places {
		n := c
		for step := range strings.SplitSeq(at, ".") {
			n = n.Get(step)
		}
		if n.String() != "" {
			return field(n.String(), at)
		}
	}
	return field("", "")
}

// licencesOf lists the licences of a component.
func licencesOf(c *document.Node) (list []string) {
	for _, l := range elements(c.Get("licenses")) {
		for _, n := range []*document.Node{l.Get("expression"), l.Get("license").Get("id"), l.Get("license").Get("name")} {
			if n.String() != "" {
				list = append(list, n.String())
				break
			}
		}
	}
	return list
}

// licenceOf is the licences of a component as one value.
func licenceOf(c *document.Node) string {
	return strings.Join(licencesOf(c), " AND ")
}

// digestOf is the SHA-256 of a component; empty when it has none.
func digestOf(c *document.Node) picket.Digest {
	for _, h := range elements(c.Get("hashes")) {
		if h.Get("alg").String() == "SHA-256" {
			if d, err := picket.ParseDigest("sha256:" + strings.ToLower(h.Get("content").String())); err == nil {
				return d
			}
		}
	}
	return ""
}
