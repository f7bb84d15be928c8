// Package bom is the bill of materials of a model: what it is made of, where each statement about it comes from, and how far it
// can be believed. It is for the commands that write, score and compare such bills, and for gates.
//
// A value is never only a value: it carries its source and a confidence. What a card declares is declared, what follows from
// the content is inferred, what was checked against bytes or signatures is verified, and what should be there and is not is
// unresolved and says so. The package reads content that it is given and nothing else: it opens no files, asks no hub, and
// the same content gives the same bill.
package bom

import (
	"encoding/json"
	"time"

	"github.com/picketsec/picket"
)

// Confidence says how far a value can be believed.
type Confidence string

// The confidences, from the weakest. The zero value is not valid.
const (
	Unresolved Confidence = "unresolved" // it should be known and is not; Value says what was looked for, or is empty
	Declared   Confidence = "declared"   // someone wrote it down: a model card, a configuration
	Inferred   Confidence = "inferred"   // it follows from content: tensor shapes, headers, operators
	Verified   Confidence = "verified"   // checked: a digest over the bytes, a signature, a claim that counts
)

// Field is one value with its origin.
type Field struct {
	Value      string     `json:"value"`
	Confidence Confidence `json:"confidence"`
	// Source is where the value stands: a file below the root, with a place in it behind "#", such as
	// "config.json#architectures[0]", or "claims.jsonl line 3".
	Source string `json:"source"`
}

// Kind says what a bill is about.
type Kind string

// The kinds. The zero value stands for a bill that does not say.
const (
	ModelKind   Kind = "model"
	DatasetKind Kind = "dataset"
	ProgramKind Kind = "program" // executables with the modules that they were built from
	FolderKind  Kind = "folder"  // none of these was recognised
)

// Bill is the bill of materials of one model, dataset or program.
type Bill struct {
	Kind Kind `json:"kind"`
	// Format and FormatVersion name the form in which the bill was written down: "CycloneDX" and "1.7". A bill that Build made
	// has the names of Picket's own form.
	Format        string `json:"format"`
	FormatVersion string `json:"format_version"`
	// Revision counts the versions of the document, from 1; 0 when it has none.
	Revision int `json:"revision"`
	// Generation says at which point of the life of the content the bill was made, and from what.
	Generation Field `json:"generation"`
	// Digest is the identity of what the bill is about; Name is for people.
	Digest picket.Digest `json:"digest"`
	Name   string        `json:"name"`
	// Tool made the bill; Time is when, by its clock. A zero time is left out, so that a bill depends on content alone.
	Tool    string    `json:"tool"`
	Version string    `json:"tool_version"`
	Time    time.Time `json:"time,omitzero"`
	// Authors signed or supplied the bill.
	Authors []Field `json:"authors"`

	Model Model `json:"model"`
	// System is the system that the content is for, as far as it says.
	System   System   `json:"system"`
	Security Security `json:"security"`
	// Lineage are the models that this one was made of.
	Lineage []Ancestor `json:"lineage"`
	// Datasets are the data that a model was made or measured with. In a bill of kind dataset the first is what the bill is about.
	Datasets []Dataset `json:"datasets"`
	// Software are libraries and services that the content names or needs.
	Software []Software `json:"software"`
	Files    []File     `json:"files"`
	// References lead to more about the content: papers, repositories, home pages.
	References []Reference `json:"references"`
	// Claims are what is signed about the digest and counts: scans, evaluations, signatures, vulnerability statements.
	Claims []Claim `json:"claims"`
	// Kept holds the parts of an imported bill that Picket does not understand, by where they stood. They are written back.
	Kept map[string]json.RawMessage `json:"kept"`
}

// Model describes the model as such. A field that was not found is unresolved; a list that is empty was not found. What only
// models of language have, such as a vocabulary, is empty for others, and all of it is for programs.
type Model struct {
	Identifiers  []Field `json:"identifiers"` // purls, DOIs and other names that are unique beside the digest
	Version      Field   `json:"version"`
	Producer     Field   `json:"producer"`
	Description  Field   `json:"description"`
	Timestamp    Field   `json:"timestamp"` // of the release
	Location     Field   `json:"location"`  // where it can be had: a URL or purl
	Licences     []Field `json:"licences"`  // SPDX expressions where they are ones
	Task         Field   `json:"task"`      // such as text-generation
	Approach     Field   `json:"approach"`  // supervised, self-supervised, reinforcement-learning …
	Family       Field   `json:"family"`    // such as llama
	Architecture Field   `json:"architecture"`
	Parameters   Field   `json:"parameters"`   // a count
	Precision    Field   `json:"precision"`    // tensor types, the largest share first
	Quantisation Field   `json:"quantisation"` // such as Q4_K_M
	Context      Field   `json:"context"`      // tokens
	Vocabulary   Field   `json:"vocabulary"`   // tokens
	Tokenizer    Field   `json:"tokenizer"`
	Formats      []Field `json:"formats"` // of the weights
	Languages    []Field `json:"languages"`
	Inputs       []Field `json:"inputs"`
	Outputs      []Field `json:"outputs"`
	Uses         []Field `json:"uses"` // intended
	Limitations  []Field `json:"limitations"`
	Considered   []Field `json:"ethical_considerations"`
	Training     []Field `json:"training"` // properties of training: hyperparameters, hardware, energy
	Hardware     []Field `json:"hardware"` // that it runs on
	Energy       []Field `json:"energy"`
	// Properties are all other facts worth stating, by name: rope scaling, chat template, pooling …
	Properties []Property `json:"properties"`
	Metrics    []Metric   `json:"metrics"`
}

// System describes the system around a model. The model's own fields answer what is not here.
type System struct {
	Name      Field   `json:"name"`
	Version   Field   `json:"version"`
	Producer  Field   `json:"producer"`
	Timestamp Field   `json:"timestamp"`
	DataFlow  []Field `json:"data_flow"`  // from where to where data goes
	DataUsage []Field `json:"data_usage"` // what is done with data that users give
	Area      []Field `json:"area"`       // in which it is meant to be used
}

// Security is what is said about the security of the content, beside claims.
type Security struct {
	Controls        []Field `json:"controls"`
	Compliance      []Field `json:"compliance"`      // standards and laws
	Policy          Field   `json:"policy"`          // how to report and handle vulnerabilities
	Vulnerabilities []Field `json:"vulnerabilities"` // identifiers and places of statements about them
	Metrics         []Field `json:"metrics"`         // such as the success rate of attacks
}

// Reference is a pointer to something outside.
type Reference struct {
	Kind string `json:"kind"` // documentation, paper, repository, website, distribution or other
	URL  Field  `json:"url"`
}

// Property is a named field.
type Property struct {
	Name string `json:"name"`
	Field
}

// Metric is one result of an evaluation.
type Metric struct {
	Name    Field `json:"name"`
	Value   Field `json:"value"`
	Dataset Field `json:"dataset"`
	Slice   Field `json:"slice"`
}

// Relation says how a model came from another.
type Relation string

// The relations.
const (
	FineTuned Relation = "finetune"
	Adapter   Relation = "adapter"
	Merged    Relation = "merge"
	Quantised Relation = "quantized"
	Distilled Relation = "distilled"
	Base      Relation = "base" // it came from that model; how is not said
)

// Ancestor is a model that this one was made of.
type Ancestor struct {
	Name     Field         `json:"name"` // such as org/model
	Version  Field         `json:"version"`
	Digest   picket.Digest `json:"digest"` // empty when unknown
	Relation Relation      `json:"relation"`
}

// Dataset is data that the model was trained or tested with.
type Dataset struct {
	Name        Field         `json:"name"`
	Identifier  Field         `json:"identifier"` // a purl or DOI
	Use         string        `json:"use"`        // train, test, validation or empty
	Content     Field         `json:"content"`    // kind of data: text, image, table; and its columns
	Version     Field         `json:"version"`
	Description Field         `json:"description"`
	Licence     Field         `json:"licence"`
	Location    Field         `json:"location"`
	Provenance  Field         `json:"provenance"`
	Sensitivity Field         `json:"sensitivity"`
	Statistics  Field         `json:"statistics"` // rows, columns, classes
	Digest      picket.Digest `json:"digest"`     // empty when unknown
}

// Software is a library, framework or service.
type Software struct {
	Name    Field  `json:"name"`
	Version Field  `json:"version"` // exact, or a requirement as written
	PURL    string `json:"purl"`
	Sum     string `json:"sum"` // of a Go module, as go.sum has it; empty for others
	Licence Field  `json:"licence"`
	Use     string `json:"use"` // training, inference, build or empty
}

// File is one file that the digest covers.
type File struct {
	Name   string        `json:"name"`
	Digest picket.Digest `json:"digest"`
	Size   int64         `json:"size"` // bytes
	Format string        `json:"format"`
	Role   string        `json:"role"` // weights, configuration, tokenizer, card, code, licence, data or other
}

// Claim is a signed statement about the digest.
type Claim struct {
	Kind   string `json:"kind"` // such as scan-result
	Signer string `json:"signer"`
	Source string `json:"source"`
	// Summary is one line for people: the verdict of a scan, the score of an evaluation.
	Summary string `json:"summary"`
}
