package cyclonedx

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/bom"
)

// compose makes the document of a clean bill, without properties.
func compose(b *bom.Bill) *cdx.BOM {
	doc := &cdx.BOM{BOMFormat: cdx.BOMFormat, SerialNumber: serial(b)}
	main := mainComponent(b)
	doc.Metadata = &cdx.Metadata{
		Lifecycles: &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhasePostBuild}},
		Component:  main,
	}
	if !b.Time.IsZero() {
		doc.Metadata.Timestamp = b.Time.UTC().Format(time.RFC3339Nano)
	}
	if b.Tool != "" {
		tool := cdx.Component{Type: cdx.ComponentTypeApplication, Name: b.Tool, Version: b.Version}
		doc.Metadata.Tools = &cdx.ToolsChoice{Components: &[]cdx.Component{tool}}
	}
	doc.Metadata.Authors = each(texts(b.Authors), func(name string) cdx.OrganizationalContact {
		return cdx.OrganizationalContact{Name: name}
	})
	doc.Components = each(components(b), func(c cdx.Component) cdx.Component { return c })
	doc.Dependencies = dependencies(b, main.BOMRef)
	doc.Compositions = compositions(b, main.BOMRef)
	doc.Vulnerabilities = vulnerabilities(b, main.BOMRef)
	return doc
}

// componentTypes says how what a bill is about is called; a kind that it does not list is an application.
var componentTypes = map[bom.Kind]cdx.ComponentType{
	bom.ModelKind:   cdx.ComponentTypeMachineLearningModel,
	bom.DatasetKind: cdx.ComponentTypeData,
	bom.ProgramKind: cdx.ComponentTypeApplication,
	bom.FolderKind:  cdx.ComponentTypeFile,
}

// mainComponent describes what the bill is about.
func mainComponent(b *bom.Bill) *cdx.Component {
	m := &b.Model
	c := &cdx.Component{
		BOMRef:             mainRef(b),
		Type:               componentTypes[b.Kind],
		Name:               b.Name,
		Version:            text(m.Version),
		Description:        text(m.Description),
		Hashes:             hashes(b.Digest),
		Licenses:           licences(m.Licences...),
		PackageURL:         purl(texts(b.Model.Identifiers)...),
		ExternalReferences: references(b),
		Evidence:           evidence(b),
	}
	if c.Type == "" {
		c.Type = cdx.ComponentTypeApplication
	}
	if producer := text(m.Producer); producer != "" {
		c.Manufacturer = &cdx.OrganizationalEntity{Name: producer}
	}
	if b.Kind == bom.ModelKind {
		c.ModelCard = modelCard(b)
	}
	if b.Kind == bom.DatasetKind && len(b.Datasets) > 0 {
		c.Data = &[]cdx.ComponentData{componentData(&b.Datasets[0])}
	}
	if ancestors := each(b.Lineage, ancestor); ancestors != nil {
		for i := range *ancestors {
			(*ancestors)[i].BOMRef = fmt.Sprintf("ancestor/%d", i)
		}
		c.Pedigree = &cdx.Pedigree{Ancestors: ancestors}
	}
	return c
}

// mainRef names what the bill is about inside of the document.
func mainRef(b *bom.Bill) string {
	if b.Digest == "" {
		return "subject"
	}
	return string(b.Digest)
}

// ancestor describes a model that the model was made of.
func ancestor(a bom.Ancestor) cdx.Component {
	return cdx.Component{
		Type: cdx.ComponentTypeMachineLearningModel, Name: text(a.Name), Version: text(a.Version), Hashes: hashes(a.Digest),
	}
}

// components lists datasets, software and files, in this order.
func components(b *bom.Bill) []cdx.Component {
	var list []cdx.Component
	for i := range b.Datasets {
		if i == 0 && b.Kind == bom.DatasetKind {
			continue // it is what the bill is about
		}
		d := &b.Datasets[i]
		list = append(list, cdx.Component{
			BOMRef: fmt.Sprintf("dataset/%d", i), Type: cdx.ComponentTypeData, Name: text(d.Name), Version: text(d.Version),
			Hashes: hashes(d.Digest), Licenses: licences(d.Licence), PackageURL: purl(text(d.Identifier)),
			Data: &[]cdx.ComponentData{componentData(d)},
		})
	}
	for i, s := range b.Software {
		list = append(list, cdx.Component{
			BOMRef: fmt.Sprintf("software/%d", i), Type: cdx.ComponentTypeLibrary, Name: text(s.Name), Version: text(s.Version),
			Licenses: licences(s.Licence), PackageURL: purl(s.PURL),
		})
	}
	for i, f := range b.Files {
		list = append(list, cdx.Component{
			BOMRef: fmt.Sprintf("file/%d", i), Type: cdx.ComponentTypeFile, Name: f.Name, Hashes: hashes(f.Digest),
		})
	}
	return list
}

// componentData describes the content of a dataset.
func componentData(d *bom.Dataset) cdx.ComponentData {
	c := cdx.ComponentData{
		Type: cdx.ComponentDataTypeDataset, Name: text(d.Name), Description: text(d.Description), Classification: text(d.Sensitivity),
	}
	if at := text(d.Location); isReference(at) {
		c.Contents = &cdx.ComponentDataContents{URL: at}
	}
	if statistics := text(d.Statistics); statistics != "" {
		if c.Contents == nil {
			c.Contents = &cdx.ComponentDataContents{}
		}
		c.Contents.Properties = &[]cdx.Property{{Name: "statistics", Value: statistics}}
	}
	return c
}

// dependencies is the graph as far as it is known: what the bill is about needs its software and its datasets, and files and
// datasets need nothing. What the software needs is not known, so it has no entry.
func dependencies(b *bom.Bill, main string) *[]cdx.Dependency {
	needs := []string{}
	list := []cdx.Dependency{{Ref: main}}
	for i := range b.Datasets {
		if i > 0 || b.Kind != bom.DatasetKind {
			ref := fmt.Sprintf("dataset/%d", i)
			needs = append(needs, ref)
			list = append(list, cdx.Dependency{Ref: ref})
		}
	}
	for i := range b.Software {
		needs = append(needs, fmt.Sprintf("software/%d", i))
	}
	for i := range b.Files {
		list = append(list, cdx.Dependency{Ref: fmt.Sprintf("file/%d", i)})
	}
	if len(needs) > 0 {
		list[0].Dependencies = &needs
	}
	return &list
}

// compositions says how complete the document is. Nothing shows that software, data or ancestors are all named: whether the
// graph is complete is unknown. Files are complete when the digest covers them; a description with gaps is incomplete.
func compositions(b *bom.Bill, main string) *[]cdx.Composition {
	list := []cdx.Composition{{
		Aggregate: cdx.CompositionAggregateUnknown, Dependencies: &[]cdx.BOMReference{cdx.BOMReference(main)},
	}}
	described := cdx.Composition{
		Aggregate: cdx.CompositionAggregateIncomplete, Assemblies: &[]cdx.BOMReference{cdx.BOMReference(main)},
	}
	if !unresolved(b) {
		described.Aggregate = cdx.CompositionAggregateUnknown
	}
	list = append(list, described)
	if len(b.Files) > 0 && b.Digest != "" {
		refs := make([]cdx.BOMReference, len(b.Files))
		for i := range refs {
			refs[i] = cdx.BOMReference(fmt.Sprintf("file/%d", i))
		}
		list = append(list, cdx.Composition{Aggregate: cdx.CompositionAggregateComplete, Assemblies: &refs})
	}
	return &list
}

// unresolved reports whether something about the content that should be known is not.
func unresolved(b *bom.Bill) bool {
	m := &b.Model
	fields := []bom.Field{m.Version, m.Producer, m.Description, m.Location}
	if b.Kind == bom.ModelKind {
		fields = append(fields, m.Task, m.Approach, m.Family, m.Architecture, m.Parameters, m.Precision)
	}
	return len(m.Licences) == 0 || slices.ContainsFunc(fields, func(f bom.Field) bool { return f.Confidence == bom.Unresolved })
}

// identifier is what a vulnerability is called in a database.
var identifier = regexp.MustCompile(`^[A-Z]{2,10}-[A-Za-z0-9-]{4,40}$`)

// vulnerabilities lists those that are named; where else something is said about them is a property.
func vulnerabilities(b *bom.Bill, main string) *[]cdx.Vulnerability {
	return each(texts(b.Security.Vulnerabilities), func(id string) cdx.Vulnerability {
		return cdx.Vulnerability{ID: id, Affects: &[]cdx.Affects{{Ref: main}}}
	}, identifier.MatchString)
}

// evidence says how sure the identity is and how it was found.
func evidence(b *bom.Bill) *cdx.Evidence {
	var list []cdx.EvidenceIdentity
	add := func(field cdx.EvidenceIdentityFieldType, value string, c bom.Confidence, source string) {
		level, technique := float32(0.5), cdx.EvidenceIdentityTechniqueManifestAnalysis
		switch c {
		case bom.Verified:
			level, technique = 1, cdx.EvidenceIdentityTechniqueHashComparison
		case bom.Inferred:
			level, technique = 0.8, cdx.EvidenceIdentityTechniqueBinaryAnalysis
		}
		list = append(list, cdx.EvidenceIdentity{
			Field: field, Confidence: &level, ConcludedValue: value,
			Methods: &[]cdx.EvidenceIdentityMethod{{Technique: technique, Confidence: &level, Value: source}},
		})
	}
	if b.Digest != "" {
		add(cdx.EvidenceIdentityFieldTypeHash, string(b.Digest), bom.Verified, "every byte that the digest covers was read")
	}
	if f := b.Model.Version; text(f) != "" {
		add(cdx.EvidenceIdentityFieldTypeVersion, f.Value, f.Confidence, f.Source)
	}
	for _, f := range b.Model.Identifiers {
		if f.Value == purl(texts(b.Model.Identifiers)...) && text(f) != "" {
			add(cdx.EvidenceIdentityFieldTypePURL, f.Value, f.Confidence, f.Source)
			break
		}
	}
	if list == nil {
		return nil
	}
	return &cdx.Evidence{Identity: &cdx.EvidenceIdentityChoice{Identities: &list}}
}

// text is the value of a field that is known; empty for others.
func text(f bom.Field) string {
	if f.Confidence == bom.Unresolved {
		return ""
	}
	return f.Value
}

// texts lists the values of fields that are known.
func texts(fields []bom.Field) []string {
	var list []string
	for _, f := range fields {
		if t := text(f); t != "" {
			list = append(list, t)
		}
	}
	return list
}

// each makes a list for the document of the elements that all conditions hold for; nil when there are none.
func each[A, B any](list []A, turn func(A) B, when ...func(A) bool) *[]B {
	var out []B
	for _, a := range list {
		if !slices.ContainsFunc(when, func(holds func(A) bool) bool { return !holds(a) }) {
			out = append(out, turn(a))
		}
	}
	if out == nil {
		return nil
	}
	return &out
}

// hashes is a digest as the document has it; nil for none.
func hashes(d picket.Digest) *[]cdx.Hash {
	if _, err := picket.ParseDigest(string(d)); err != nil {
		return nil
	}
	return &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: d.Hex()}}
}

// packageURL is a package URL as far as readers insist: a type and a name, in printable ASCII.
var packageURL = regexp.MustCompile(`^pkg:[A-Za-z][A-Za-z0-9.+-]*/[!-~]*[A-Za-z0-9][!-~]*$`)

// purl is the first package URL among texts.
func purl(candidates ...string) string {
	for _, t := range candidates {
		if packageURL.MatchString(t) {
			return t
		}
	}
	return ""
}

// isReference reports whether a text is a URL or a relative one, without what parsers differ about.
func isReference(text string) bool {
	u, err := url.Parse(text)
	return text != "" && err == nil && u.String() == text && u.Scheme != "pkg"
}
