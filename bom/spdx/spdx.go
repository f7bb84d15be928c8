// Package spdx writes and reads bills of materials as SPDX 3.0.1 in JSON-LD, with the profiles core, software, AI, dataset and
// simple licensing. It is for the commands that write, score and compare bills. It opens no files, checks no signature of a
// document, and does not resolve names outside of it: a document is read as the graph that it lists, in the compact form that
// the specification prescribes. SPDX 2 is another format and is not read.
//
// # Where things stand
//
// A model is an ai_AIPackage, a dataset a dataset_DatasetPackage, everything else that a bill is about a software_Package.
// Libraries are packages that it dependsOn, datasets are those that it is trainedOn or testedOn, files are those that it
// contains, and a model that it was made of is its ancestorOf. Only the list of files is complete, and only when a digest covers
// them; every other relationship has the completeness noAssertion. The names of elements follow from the digest, so the same
// bill gives the same bytes.
//
// # What must be there and is not known
//
// SPDX wants four things of every package for AI and data that often nobody says. They are written so that nobody can take them
// for facts, and read back as unresolved: packageVersion and downloadLocation are NOASSERTION, suppliedBy is an agent of the
// name NOASSERTION, and releaseTime is 1970-01-01T00:00:00Z, the start of the clock. So is created, when the bill has no time.
//
// # Source and confidence
//
// SPDX has no place for the source and the confidence of a value, and none for some of the values. They are in one annotation of
// each element that has some: an object in JSON with the names that package cyclonedx gives to properties, such as
// picket:confidence:task. Without them a value is declared, and its source is "spdx#" and the property that has it.
//
// # What is kept
//
// Decode puts what it does not understand into Bill.Kept, and Encode writes it back in its place: reading and writing a document
// changes white space, the order of elements and of members, and members that are null, nothing else. A key is "spdx#" and
// the place, as package document says; null stands for what Encode would write and the document did not have. The key
// spdx#names holds what the document calls its elements. A part that has no place any more, because the bill was changed, and
// the parts of bills in other forms become picket:kept:PLACE in the annotation of the document.
package spdx

import (
	"crypto/sha1" //nolint:gosec // what UUIDs of version 5 are made with; nothing relies on it
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
	"github.com/picketsec/picket/internal/jsonstream"
)

// What Bill.Format is for a bill that was read here, and the version that is written.
const (
	FormatName = "SPDX"
	Version    = "3.0.1"
)

// place begins the keys of Bill.Kept that belong to this form, and the sources of fields that were read from it.
const place = "spdx#"

// namesKey is the key of Bill.Kept that holds what a document calls its elements.
const namesKey = place + "names"

// noAssertion stands where SPDX wants a text and nobody says one; unknownTime where it wants a time.
const (
	noAssertion = "NOASSERTION"
	unknownTime = "1970-01-01T00:00:00Z"
)

// ErrFormat is wrapped by the error for a document that is not SPDX 3.0 in JSON-LD.
var ErrFormat = errors.New("not SPDX 3.0 in JSON-LD")

// Encode writes a bill. Text that is not UTF-8 has U+FFFD in place of the bytes that are not. The error is that of the writer.
func Encode(w io.Writer, b *bom.Bill) error {
	tree, note, err := written(b)
	if err != nil {
		return fmt.Errorf("write SPDX: %w", err)
	}
	own := map[string]json.RawMessage{}
	for key, part := range b.Kept {
		if at, ok := strings.CutPrefix(key, place); ok && key != namesKey {
			own[at] = part
		}
	}
	lost := lostParts(tree, own)
	if len(lost) > 0 { // only a bill that was changed since it was read
		if tree, err = note(lost); err != nil {
			return fmt.Errorf("write SPDX: %w", err)
		}
	}
	document.Overlay(tree, own)
	if err := document.Write(w, tree); err != nil {
		return fmt.Errorf("write SPDX: %w", err)
	}
	return nil
}

// lostParts lists the kept parts that a document has no place for any more.
func lostParts(tree *document.Node, own map[string]json.RawMessage) []document.Statement {
	if len(own) == 0 {
		return nil
	}
	trial, err := document.Of(document.Raw(tree))
	if err != nil {
		return nil
	}
	var lost []document.Statement
	for _, at := range document.Overlay(trial, own) {
		if text := string(own[at]); text != "null" {
			lost = append(lost, document.Statement{Name: "kept:" + place + at, Text: text})
		}
	}
	return lost
}

// written is the document of a bill without what was kept of another in this form, and a way to make it with more to say.
func written(b *bom.Bill) (*document.Node, func([]document.Statement) (*document.Node, error), error) {
	clean, err := document.Clean(b)
	if err != nil {
		return nil, nil, err
	}
	names := map[string]string{}
	_ = json.Unmarshal(b.Kept[namesKey], &names) // without names, or with odd ones, elements have their own
	plain, err := document.Of(compose(clean, names, nil))
	if err != nil {
		return nil, nil, err
	}
	readBack := read(plain).bill
	document.Settle(readBack)
	statements := document.Statements(clean, readBack)
	for _, key := range slices.Sorted(maps.Keys(b.Kept)) {
		if !strings.HasPrefix(key, place) {
			statements = append(statements, document.Statement{Name: "kept:" + key, Text: string(b.Kept[key])})
		}
	}
	note := func(more []document.Statement) (*document.Node, error) {
		return document.Of(compose(clean, names, slices.Concat(statements, more)))
	}
	tree, err := note(nil)
	return tree, note, err
}

// Decode reads a bill of SPDX 3.0 in JSON-LD. What it does not understand is in Kept. It refuses more than 32 MiB, names that
// stand twice in one object, nesting of more than 64 levels, more than 1,048,576 values or 131,072 elements, invalid UTF-8
// and anything behind the document. The error wraps ErrFormat for other formats.
func Decode(r io.Reader) (*bom.Bill, error) {
	tree, err := document.Read(r)
	if err != nil {
		return nil, fmt.Errorf("read SPDX: %w", err)
	}
	if v := tree.Get("spdxVersion").String(); v != "" {
		return nil, fmt.Errorf("read SPDX: %.20q: %w; SPDX 2 has to be converted first", v, ErrFormat)
	}
	context := tree.Get("@context")
	if c := context.String(); context == nil || c != "" && !strings.HasPrefix(c, "https://spdx.org/rdf/3.0") {
		return nil, fmt.Errorf("read SPDX: the @context is not that of SPDX 3.0: %w", ErrFormat)
	}
	graph := tree.Get("@graph")
	if graph == nil || graph.Kind != jsonstream.ArrayStart {
		return nil, fmt.Errorf("read SPDX: there is no list @graph: %w", ErrFormat)
	}
	if n := len(graph.Children); n > 2*document.MaxElements {
		return nil, fmt.Errorf("read SPDX: %d elements: %w", n, document.ErrTooLarge)
	}
	doc := read(tree)
	doc.annotations()
	b := doc.bill
	document.Settle(b)
	doc.keptElsewhere()
	b.Format, b.FormatVersion = FormatName, doc.creation.Get("specVersion").String()
	if names := doc.names(); len(names) > 0 {
		raw, err := json.Marshal(names)
		if err != nil {
			return nil, fmt.Errorf("read SPDX: %w", err)
		}
		b.Kept[namesKey] = raw
	}
	have, _, err := written(b)
	if err != nil {
		return nil, fmt.Errorf("read SPDX: %w", err)
	}
	arrange(graph, have.Get("@graph"))
	for at, part := range document.Difference(have, tree) {
		b.Kept[place+at] = part
	}
	if len(b.Kept) == 0 {
		b.Kept = nil
	}
	return b, nil
}

// arrange brings elements into the order in which they are written, those that are not written last; their order says nothing.
func arrange(graph, as *document.Node) {
	position := map[string]int{}
	for i, e := range as.Children {
		position[idOf(e)] = i
	}
	slices.SortStableFunc(graph.Children, func(a, b *document.Node) int {
		i, ok := position[idOf(a)]
		j, ok2 := position[idOf(b)]
		if !ok {
			i = len(as.Children)
		}
		if !ok2 {
			j = len(as.Children)
		}
		return i - j
	})
}

// idOf is what an element is called.
func idOf(e *document.Node) string {
	if id := e.Get("spdxId").String(); id != "" {
		return id
	}
	return e.Get("@id").String()
}

// namespace is what the names of elements begin with: a UUID of version 5 (RFC 9562) that follows from the digest, or from the
// whole bill when it has none.
func namespace(b *bom.Bill) string {
	seed := string(b.Digest)
	if seed == "" {
		raw, err := json.Marshal(b)
		if err != nil { // a clean bill was made by reading JSON
			raw = nil
		}
		sum := sha256.Sum256(raw)
		seed = hex.EncodeToString(sum[:])
	}
	const urls = "\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8"
	u := sha1.Sum([]byte(urls + "https://github.com/picketsec/picket/bom/" + seed)) //nolint:gosec // see the import
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}
