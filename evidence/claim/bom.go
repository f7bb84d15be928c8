package claim

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// The predicate types of bills of materials, as in-toto names them. The predicate is the document.
const (
	TypeCycloneDX = "https://cyclonedx.org/bom"
	TypeSPDX      = "https://spdx.dev/Document/v3.0"
)

// BOM is a bill of materials, with what gates and lineage ask of it. Whether the document follows its schema in everything
// else is for whoever reads it.
type BOM struct {
	Format   string          `json:"-"` // CycloneDX or SPDX
	Version  string          `json:"-"` // of the format
	Document json.RawMessage `json:"-"` // the bill itself
	// Components counts all of them, nested ones included.
	Components int `json:"-"`
	// Files are the components that are files, with their SHA-256. When there are any, they must be all files of the content.
	Files []evidence.Resource `json:"-"`
	// Inputs are what the content was made from, as far as the bill gives digests.
	Inputs []TrainingInput `json:"-"`
}

// MarshalJSON gives the document back as it was read.
func (b *BOM) MarshalJSON() ([]byte, error) {
	if len(b.Document) == 0 {
		return nil, fmt.Errorf("encode bill of materials: there is no document: %w", evidence.ErrMalformed)
	}
	return b.Document, nil
}

// maxComponents bounds a bill.
const maxComponents = 1 << 20

// cycloneDX is what is read of a CycloneDX document.
type cycloneDX struct {
	Format   string `json:"bomFormat" const:"CycloneDX"`
	Version  string `json:"specVersion" min:"1" max:"20"`
	Metadata *struct {
		Component *cdxComponent `json:"component,omitempty"`
	} `json:"metadata,omitempty"`
	Components []cdxComponent `json:"components,omitempty" max:"1048576"`
}

// cdxComponent is one component.
type cdxComponent struct {
	Type   string `json:"type" min:"1" max:"100"`
	Name   string `json:"name"`
	PURL   string `json:"purl,omitempty"`
	Hashes []struct {
		Algorithm string `json:"alg" max:"100"`
		Content   string `json:"content" max:"1000"`
	} `json:"hashes,omitempty" max:"1000"`
	Pedigree *struct {
		Ancestors []cdxComponent `json:"ancestors,omitempty"`
	} `json:"pedigree,omitempty"`
	Components []cdxComponent `json:"components,omitempty" max:"1048576"`
}

// digest is the SHA-256 of the component, if the bill knows it.
func (c *cdxComponent) digest() picket.Digest {
	for _, h := range c.Hashes {
		if d, err := picket.ParseDigest("sha256:" + strings.ToLower(h.Content)); err == nil && h.Algorithm == "SHA-256" {
			return d
		}
	}
	return ""
}

// parseCycloneDX reads a CycloneDX document.
func parseCycloneDX(st *evidence.Statement) (Predicate, error) {
	var doc cycloneDX
	if err := lenient(st.Predicate, &doc); err != nil {
		return nil, err
	}
	b := &BOM{Format: "CycloneDX", Version: doc.Version, Document: st.Predicate}
	if doc.Metadata != nil && doc.Metadata.Component != nil {
		b.add(doc.Metadata.Component, true)
		b.Components-- // the content itself is not one of its components
	}
	for i := range doc.Components {
		b.add(&doc.Components[i], false)
	}
	return b, b.check()
}

// add takes a component and those inside.
func (b *BOM) add(c *cdxComponent, whole bool) {
	b.Components++
	digest := c.digest()
	switch {
	case digest == "" || whole:
	case c.Type == "file":
		b.Files = append(b.Files, evidence.Resource{Name: c.Name, Digest: digest, Size: -1})
	case c.Type == "data":
		b.input(RoleData, c.Name, digest, c.PURL)
	}
	if c.Pedigree != nil && whole {
		for _, a := range c.Pedigree.Ancestors {
			b.input(RoleBase, a.Name, a.digest(), a.PURL)
		}
	}
	for i := range c.Components {
		b.add(&c.Components[i], false)
	}
}

// input takes something that the content was made from.
func (b *BOM) input(role, name string, digest picket.Digest, uri string) {
	if name == "" {
		name = "unnamed"
	}
	b.Inputs = append(b.Inputs, TrainingInput{Role: role, Name: name, Digest: digest, URI: uri})
}

// check refuses a bill that is too large.
func (b *BOM) check() error {
	if b.Components > maxComponents {
		return fmt.Errorf("it has more than %d components: %w", maxComponents, evidence.ErrMalformed)
	}
	return nil
}

// spdxDocument is what is read of an SPDX 3 document in JSON-LD.
type spdxDocument struct {
	Context json.RawMessage   `json:"@context"`
	Graph   []json.RawMessage `json:"@graph" min:"1" max:"1048576"`
}

// spdxElement is what is read of an element. Values that are no plain texts or lists are passed over.
type spdxElement struct {
	Type         string          `json:"type"`
	ID           string          `json:"spdxId"`
	Name         string          `json:"name"`
	Version      string          `json:"specVersion"`
	Integrity    json.RawMessage `json:"verifiedUsing"`
	From         string          `json:"from"`
	To           json.RawMessage `json:"to"`
	Relationship string          `json:"relationshipType"`
}

// digest is the SHA-256 among the integrity methods of the element.
func (e *spdxElement) digest() picket.Digest {
	var methods []struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"hashValue"`
	}
	if json.Unmarshal(e.Integrity, &methods) != nil {
		return ""
	}
	for _, m := range methods {
		if d, err := picket.ParseDigest("sha256:" + strings.ToLower(m.Value)); err == nil && m.Algorithm == "sha256" {
			return d
		}
	}
	return ""
}

// parseSPDX reads an SPDX 3 document.
func parseSPDX(st *evidence.Statement) (Predicate, error) {
	var doc spdxDocument
	if err := lenient(st.Predicate, &doc); err != nil {
		return nil, err
	}
	b := &BOM{Format: "SPDX", Document: st.Predicate}
	elements := map[string]spdxElement{}
	var relations []spdxElement
	for _, raw := range doc.Graph {
		var e spdxElement
		if err := json.Unmarshal(raw, &e); err != nil || e.Type == "" {
			return nil, fmt.Errorf("an element of the graph has no type: %w", evidence.ErrMalformed)
		}
		switch {
		case e.Type == "CreationInfo":
			b.Version = e.Version
		case e.Type == "Relationship" || strings.HasSuffix(e.Type, "Relationship"):
			relations = append(relations, e)
		case e.ID != "":
			elements[e.ID] = e
			b.Components++
		}
		if d := e.digest(); e.Type == "software_File" && d != "" {
			b.Files = append(b.Files, evidence.Resource{Name: strings.TrimPrefix(e.Name, "./"), Digest: d, Size: -1})
		}
	}
	for _, r := range relations {
		b.relate(r, elements)
	}
	if b.Version == "" {
		return nil, fmt.Errorf("it has no CreationInfo with a specVersion: %w", evidence.ErrMalformed)
	}
	return b, b.check()
}

// relate takes the relationships that say what something was made from.
func (b *BOM) relate(r spdxElement, elements map[string]spdxElement) {
	role, ok := map[string]string{"trainedOn": RoleData, "descendantOf": RoleBase}[r.Relationship]
	if !ok {
		return
	}
	var to []string
	if json.Unmarshal(r.To, &to) != nil { // JSON-LD writes a list of one as its element
		to = make([]string, 1)
		if json.Unmarshal(r.To, &to[0]) != nil {
			return
		}
	}
	for _, id := range to {
		switch e, ok := elements[id]; {
		case ok:
			b.input(role, e.Name, e.digest(), "")
		case !strings.HasSuffix(id, "/terms/Core/NoneElement"): // that one says that there is nothing
			b.input(role, id, "", id) // it is described elsewhere: a gap, not nothing
		}
	}
}

// lists reports whether the bill lists every file of the content, if it lists files at all.
func (b *BOM) lists(m *evidence.Manifest) error {
	if len(b.Files) == 0 {
		return nil
	}
	listed := map[string]picket.Digest{}
	for _, f := range b.Files {
		if other, twice := listed[f.Name]; twice && other != f.Digest {
			return fmt.Errorf("%w: the bill lists %q as %s and as %s", ErrCoverage, text(f.Name), other, f.Digest)
		}
		listed[f.Name] = f.Digest
	}
	for _, r := range m.Resources {
		name := r.Name
		if m.File && len(b.Files) == 1 {
			name = b.Files[0].Name // a single file has no name of its own
		}
		switch got, ok := listed[name]; {
		case !ok:
			return fmt.Errorf("%w: the bill does not list %q", ErrCoverage, text(r.Name))
		case got != r.Digest:
			return fmt.Errorf("%w: the bill lists %q as %s, and it is %s", ErrCoverage, text(r.Name), got, r.Digest)
		}
	}
	return nil
}
