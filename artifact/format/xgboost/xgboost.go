// Package xgboost reads models of XGBoost in each of its encodings: JSON, Universal Binary JSON, and the binary form of the
// versions before 3.1. It is for detectors. It reads forward, holds one tree at a time, checks the structure that XGBoost's own
// readers rely on, hands every text to its visitor, and judges nothing.
package xgboost

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
)

// The names of the formats.
const (
	NameJSON   = "xgboost-json"
	NameUBJSON = "xgboost-ubjson"
	NameBinary = "xgboost-binary"
)

// Kind names a problem of the structure. It is stable.
type Kind string

// The kinds of problems.
const (
	Bounds    Kind = "bounds"        // an index of a node, feature or category is outside of what there is
	Cycle     Kind = "cycle"         // the nodes of a tree are no tree
	Size      Kind = "size"          // arrays or counts that must agree differ
	Claim     Kind = "claim"         // a count that the content has no room for
	Depth     Kind = "depth"         // a tree deeper than any that is trained
	Duplicate Kind = "duplicate-key" // a member that stands twice
	Unknown   Kind = "unknown-name"  // an objective or booster that XGBoost does not have
	Missing   Kind = "missing"       // a member that every model has is not there
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
	Place  string // where it stands: "learner.attributes.note"
	Value  string // up to MaxText bytes
	Cut    bool   // the text is longer
	Offset int64
}

// MaxText is how many bytes of one text are kept.
const MaxText = 64 << 10

// Visitor gets what a reader finds. Every function must be set.
type Visitor struct {
	Problem func(Problem)
	Text    func(Text) error
}

// Model sums up a model that was read to its end.
type Model struct {
	Booster, Objective string
	Trees, Nodes       int64
	Features           int64 // as the model claims
	End                int64 // bytes that were read; more may follow in the binary forms
}

// Boosters lists the boosters that XGBoost has, or had.
func Boosters() []string { return []string{"gbtree", "gblinear", "dart"} }

// objectives lists the objectives that XGBoost has, or had.
func objectives() []string {
	return []string{
		"reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror",
		"reg:expectileerror", "reg:gamma", "reg:tweedie", "reg:linear", "binary:logistic", "binary:logitraw", "binary:hinge",
		"multi:softmax", "multi:softprob", "rank:pairwise", "rank:ndcg", "rank:map", "count:poisson", "survival:cox",
		"survival:aft", "gpu:reg:linear", "gpu:reg:logistic", "gpu:binary:logistic", "gpu:binary:logitraw",
	}
}

// describe makes the constant facts of one encoding.
func describe(name, title, media, refines string, extensions ...string) format.Info {
	return format.Info{
		Name: name, Title: title, MediaType: media, Refines: refines, Extensions: extensions, Risk: format.Data, Forward: true,
		Parsed: true, Spec: "https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html",
	}
}

// JSON recognises models in JSON.
type JSON struct{}

// Info implements format.Format.
func (JSON) Info() format.Info {
	return describe(NameJSON, "XGBoost model in JSON", "application/vnd.xgboost+json", json.Name)
}

// Match implements format.Format.
func (JSON) Match(p format.Probe) bool {
	if !bytes.Contains(p.Head, []byte(`"gradient_booster"`)) && !bytes.Contains(p.Head, []byte(`"learner_model_param"`)) {
		return false
	}
	return first.Match(p.Head)
}

// first is how a model begins: members of a model stand in the order of their names, or of the version that wrote them.
var first = regexp.MustCompile(`^\s*\{\s*"(?:learner"\s*:\s*\{|Config"\s*:\s*\{|Model"\s*:\s*\{|version"\s*:\s*\[[\d\s,]{0,40}\]\s*,\s*"learner"\s*:\s*\{)`)

// UBJSON recognises models in Universal Binary JSON, and what a pickled booster holds.
type UBJSON struct{}

// Info implements format.Format.
func (UBJSON) Info() format.Info {
	return describe(NameUBJSON, "XGBoost model in UBJSON", "application/vnd.xgboost+ubjson", "", ".ubj")
}

// Match implements format.Format: an object whose first member is one of those of a model.
func (UBJSON) Match(p format.Probe) bool {
	if len(p.Head) < 12 || string(p.Head[:2]) != "{L" {
		return false
	}
	n := binary.BigEndian.Uint64(p.Head[2:])
	if n > 16 || uint64(len(p.Head)) < 11+n {
		return false
	}
	switch string(p.Head[10 : 10+n]) {
	case "learner", "version", "Config", "Model":
		return p.Head[10+n] == '{' || p.Head[10+n] == '['
	}
	return false
}

// Binary recognises models in the old binary form.
type Binary struct{}

// Info implements format.Format.
func (Binary) Info() format.Info {
	return describe(NameBinary, "XGBoost model in the old binary form", "application/vnd.xgboost", "", ".model", ".bst", ".xgb")
}

// Match implements format.Format: the magic of some versions, or the names of an objective and of a booster where they stand in
// the others.
func (Binary) Match(p format.Probe) bool {
	if bytes.HasPrefix(p.Head, []byte(magic)) {
		return len(p.Head) > 16
	}
	objective, end := name(p.Head, learnerParam)
	if objective == "" || !bytes.ContainsRune([]byte(objective), ':') {
		return false
	}
	booster, _ := name(p.Head, end)
	return slices.Contains(Boosters(), booster)
}

// name reads a short name with its length at an offset; empty when there is none.
func name(head []byte, at int) (string, int) {
	if len(head) < at+8 {
		return "", 0
	}
	n := binary.LittleEndian.Uint64(head[at:])
	if n == 0 || n > 64 || uint64(len(head)-at-8) < n {
		return "", 0
	}
	return string(head[at+8 : at+8+int(n)]), at + 8 + int(n)
}
