// Package catboost reads models of CatBoost: its own binary form, a FlatBuffer with parts behind it, and the JSON that it
// exports. It is for detectors. It checks the structure that CatBoost's evaluator relies on, hands every text to its visitor,
// reads no values of leaves, and judges nothing.
package catboost

import (
	"encoding/binary"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
)

// The names of the formats.
const (
	Name     = "catboost"
	NameJSON = "catboost-json"
)

// Kind names a problem of the structure. It is stable.
type Kind string

// The kinds of problems.
const (
	Bounds    Kind = "bounds"        // an index of a split, node, leaf or feature is outside of what there is
	Size      Kind = "size"          // lists or counts that must agree differ
	Unknown   Kind = "unknown"       // a version or part that CatBoost does not write
	Duplicate Kind = "duplicate-key" // a member that stands twice
)

// Problem is one thing that is wrong with the structure.
type Problem struct {
	Kind   Kind
	Offset int64  // bytes from the start of the content
	Reason string // for a person
	Name   string // the name that it is about; may be empty, may be hostile
}

// Text is one text of the model.
type Text struct {
	Place  string // where it stands: "params" of the information, "feature"
	Value  string // up to MaxText bytes
	Cut    bool   // the text is longer
	Offset int64
}

// MaxText is how many bytes of one text are kept. The parameters of the training are one text of some kilobytes.
const MaxText = 1 << 20

// Visitor gets what a reader finds. Every function must be set.
type Visitor struct {
	Problem func(Problem)
	Text    func(Text) error
}

// Model sums up a model that was read to its end.
type Model struct {
	Trees, Splits, Leaves int64
	Core                  int64 // where the FlatBuffer ends: bytes from the start of the content
	End                   int64 // where the last part ends that the model announces
}

// magic begins the binary form; the length of the FlatBuffer follows it.
const magic = "CBM1"

// headerSize is the length of both in bytes.
const headerSize = 8

// spec is where the readers of the format are.
const spec = "https://github.com/catboost/catboost/tree/master/catboost/libs/model"

// Format recognises the binary form.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "CatBoost model", MediaType: "application/vnd.catboost", Extensions: []string{".cbm"},
		Risk: format.Data, Parsed: true, Spec: spec}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	return len(p.Head) > headerSize && string(p.Head[:4]) == magic && binary.LittleEndian.Uint32(p.Head[4:]) > headerSize
}

// JSON recognises exported models.
type JSON struct{}

// Info implements format.Format.
func (JSON) Info() format.Info {
	return format.Info{Name: NameJSON, Title: "CatBoost model in JSON", MediaType: "application/vnd.catboost+json", Refines: json.Name,
		Risk: format.Data, Forward: true, Parsed: true, Spec: spec}
}

// Match implements format.Format: the members that every exported model has. Those behind a large first one may lie beyond the
// head, so one is enough beside the information about the features.
func (JSON) Match(p format.Probe) bool {
	names := json.Members(p)
	return slices.Contains(names, "features_info") && (slices.Contains(names, "model_info") || slices.Contains(names, "oblivious_trees") ||
		slices.Contains(names, "trees") || len(p.Head) == format.HeadSize) ||
		slices.Contains(names, "ctr_data") && (len(names) == 1 || slices.Contains(names, "features_info"))
}
