// Package lightgbm reads the text models of LightGBM: the header, the trees, and the parameters of the training. It is for
// detectors. It reads forward, holds one tree at a time, checks the structure that LightGBM's own reader relies on, hands every
// text to its visitor, and judges nothing.
package lightgbm

import (
	"bytes"
	"regexp"

	"github.com/picketsec/picket/artifact/format"
)

// Name is the name of the format.
const Name = "lightgbm"

// Kind names a problem of the structure. It is stable.
type Kind string

// The kinds of problems.
const (
	Bounds    Kind = "bounds"        // an index of a node, leaf, feature or category is outside of what there is
	Cycle     Kind = "cycle"         // the nodes of a tree are no tree
	Size      Kind = "size"          // arrays or counts that must agree differ
	Layout    Kind = "layout"        // tree_sizes leads readers to other trees than the text shows
	Depth     Kind = "depth"         // a tree deeper than any that is trained
	Duplicate Kind = "duplicate-key" // a key that stands twice
	Unknown   Kind = "unknown"       // a key or objective that LightGBM does not write
	Foreign   Kind = "foreign"       // a line that has not the form of any of LightGBM's
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
	// Place is where it stands: "objective", "feature_names", "pandas_categorical"; a parameter has the name of the parameter
	// in brackets: "[data]".
	Place  string
	Value  string // up to MaxText bytes
	Cut    bool   // the text is longer
	Offset int64
}

// MaxText is how many bytes of one text are kept.
const MaxText = 64 << 10

// Visitor gets what the reader finds. Every function must be set.
type Visitor struct {
	Problem func(Problem)
	Text    func(Text) error
}

// Model sums up a model that was read to its end.
type Model struct {
	Version  string
	Trees    int64
	Features int64 // as the model claims; -1 when it does not
}

// Format recognises text models of LightGBM.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "LightGBM model", MediaType: "text/vnd.lightgbm", Refines: "text", Extensions: []string{".lgb", ".lgbm"},
		Risk: format.Data, Forward: true, Parsed: true,
		Spec: "https://github.com/lightgbm-org/LightGBM/blob/master/src/boosting/gbdt_model_text.cpp",
	}
}

// begin is how a model begins; the keys of its header may stand in any order.
var begin = regexp.MustCompile(`^\s{0,16}tree\r?\n`)

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	return begin.Match(p.Head) && (bytes.Contains(p.Head, []byte("\nnum_class=")) || bytes.Contains(p.Head, []byte("\nversion=v")) ||
		bytes.Contains(p.Head, []byte("\nfeature_names=")))
}

// objectives lists the objectives that LightGBM has.
func objectives() []string {
	return []string{
		"regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie", "binary", "multiclass",
		"multiclassova", "cross_entropy", "cross_entropy_lambda", "lambdarank", "rank_xendcg", "custom", "none", "null", "na",
	}
}

// headerKeys lists the keys of the header; true for those with free text.
func headerKeys() map[string]bool {
	return map[string]bool{
		"version": true, "num_class": false, "num_tree_per_iteration": false, "label_index": false, "max_feature_idx": false, "objective": true,
		"feature_names": true, "feature_infos": true, "monotone_constraints": false, "tree_sizes": false, "average_output": false,
		"feature_penalty": false, "sigmoid": false, "feature_index": false, "parser_config_str": true,
	}
}

// perTree says how many values an array of a tree has: of inner nodes, of leaves, of categories, or any number.
type perTree int

const (
	anyNumber perTree = iota
	perNode
	perLeaf
	single
)

// treeKeys lists the keys of a tree.
func treeKeys() map[string]perTree {
	return map[string]perTree{
		"num_leaves": single, "num_cat": single, "shrinkage": single, "is_linear": single,
		"split_feature": perNode, "split_gain": perNode, "threshold": perNode, "decision_type": perNode, "left_child": perNode, "right_child": perNode,
		"internal_value": perNode, "internal_weight": perNode, "internal_count": perNode,
		"leaf_value": perLeaf, "leaf_weight": perLeaf, "leaf_count": perLeaf, "leaf_const": perLeaf, "num_features": perLeaf, "leaf_parent": perLeaf,
		"cat_boundaries": anyNumber, "cat_threshold": anyNumber, "leaf_features": anyNumber, "leaf_coeff": anyNumber, "has_categorical": single,
		"leaf_depth": perLeaf,
	}
}
