// Package cyclonedx writes bills of materials as CycloneDX 1.6 and 1.7, and reads those of 1.4 to 1.7, as JSON. It is for the
// commands that write, score and compare bills. It opens no files, checks no signature of a document, and does not validate a
// document that it reads against the schema.
//
// # Where things stand
//
// What a bill is about is metadata.component: a machine-learning-model with its modelCard, data with its description, an
// application, or a file for a folder. Datasets are components of type data, software is of type library, files are of type
// file. What a model was made of is in pedigree.ancestors. The serial number is a UUID of version 5 that follows from the
// digest, so the same bill gives the same bytes.
//
// # Properties
//
// CycloneDX has no place for the source and the confidence of a value, and none for some of the values. They are properties of
// the component that they are about, or of metadata for the bill as a whole; NAME is the name that the value has in the JSON
// form of the bill, below that component, such as licences[0]:
//
//	picket:value:NAME       the value, where CycloneDX has no place for it, or none for this text
//	picket:confidence:NAME  unresolved, declared, inferred or verified
//	picket:source:NAME      where the value stands
//	picket:length:NAME      how long a list is, when it is shorter than the document shows
//	picket:kept:PLACE       a part of a bill in another form that Picket did not understand, as JSON
//
// Without properties a value is declared, and its source is "cyclonedx#" and its place. A value that is not there is unresolved.
//
// # What is kept
//
// Decode puts what it does not understand into Bill.Kept, and Encode writes it back in its place: reading and writing a
// document changes white space, the order of components and of members, members that are null, and the version, nothing else.
// A key is "cyclonedx#" and the place, as package document says; null stands for what Encode would write and the document
// did not have. A part that has no place any more, because the bill was changed, becomes a property picket:kept:PLACE.
package cyclonedx

import (
	"crypto/sha1" //nolint:gosec // what UUIDs of version 5 are made with; nothing relies on it
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/internal/document"
)

// Version is a version of CycloneDX.
type Version string

// The versions that are written.
const (
	V1_6 Version = "1.6"
	V1_7 Version = "1.7"
)

// FormatName is what Bill.Format is for a bill that was read here.
const FormatName = "CycloneDX"

// prefix begins the names of properties that Picket writes.
const prefix = "picket:"

// place begins the keys of Bill.Kept that belong to this form, and the sources of fields that were read from it.
const place = "cyclonedx#"

// ErrVersion is wrapped by the error for a version that is not written or not read.
var ErrVersion = errors.New("not a version of CycloneDX that Picket knows")

// Encode writes a bill. Text that is not UTF-8 has U+FFFD in place of the bytes that are not. The error wraps ErrVersion for
// any version but V1_6 and V1_7, and is otherwise that of the writer.
func Encode(w io.Writer, b *bom.Bill, v Version) error {
	tree, err := written(b, v)
	if err != nil {
		return fmt.Errorf("write CycloneDX: %w", err)
	}
	own := map[string]rawPart{}
	for key, part := range b.Kept {
		if at, ok := strings.CutPrefix(key, place); ok {
			own[at] = part
		}
	}
	for _, at := range document.Overlay(tree, own) {
		if text := string(own[at]); text != "null" {
			addProperty(metadata(tree), "kept:"+place+at, text)
		}
	}
	if err := document.Write(w, tree); err != nil {
		return fmt.Errorf("write CycloneDX: %w", err)
	}
	return nil
}

// written is the document of a bill without what was kept of another in this form.
func written(b *bom.Bill, v Version) (*document.Node, error) {
	version := cdx.SpecVersion1_6
	if v == V1_7 {
		version = cdx.SpecVersion1_7
	} else if v != V1_6 {
		return nil, fmt.Errorf("version %.20q: %w", string(v), ErrVersion)
	}
	clean, err := document.Clean(b)
	if err != nil {
		return nil, err
	}
	doc := compose(clean)
	doc.SpecVersion = version
	doc.JSONSchema = "http://cyclonedx.org/schema/bom-" + string(v) + ".schema.json"
	doc.Version = max(1, b.Revision)
	tree, err := document.Of(doc)
	if err != nil {
		return nil, err
	}
	addCardProperties(tree, clean)
	readBack := read(tree)
	document.Settle(readBack)
	owners := ownersOf(tree, clean)
	for _, s := range document.Statements(clean, readBack) {
		owners.add(s)
	}
	for _, key := range slices.Sorted(maps.Keys(b.Kept)) {
		if !strings.HasPrefix(key, place) {
			addProperty(metadata(tree), "kept:"+key, string(b.Kept[key]))
		}
	}
	return tree, nil
}

// serial is the serial number of the bill about a digest: a UUID of version 5 (RFC 9562) in the namespace of URLs.
func serial(b *bom.Bill) string {
	if b.Digest == "" {
		return ""
	}
	const urls = "\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8"
	u := sha1.Sum([]byte(urls + "https://github.com/picketsec/picket/bom/" + string(b.Digest))) //nolint:gosec // see the import
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}
