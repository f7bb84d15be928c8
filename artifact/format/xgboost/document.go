package xgboost

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// ReadJSON reads a model in JSON. The error wraps format.ErrMalformed or limits.ErrExceeded, or is the visitor's.
func ReadJSON(in io.Reader, budget *limits.Budget, visit Visitor) (Model, error) {
	return read(newJSON(in, budget), budget, visit)
}

// ReadUBJSON reads a model in Universal Binary JSON, as ReadJSON does.
func ReadUBJSON(in io.Reader, budget *limits.Budget, visit Visitor) (Model, error) {
	return read(newUBJSON(in, budget), budget, visit)
}

// frame is one container that is open.
type frame struct {
	object bool
	key    string // of the container in its object; empty in an array
	at     int64
	index  int64               // of the element that is read, in an array
	seen   map[string]struct{} // keys of the object
	tree   bool                // the object is a tree
}

// document is a model that is being read.
type document struct {
	source
	budget *limits.Budget
	visit  Visitor
	model  Model
	stack  []frame
	key    string
	keyAt  int64
	tree   tree
	held   int64 // values of a tree's array that memory is held for
	free   []func()

	claimed, groups int64 // trees and output groups, as the model says; -1 when it does not
	highest         int64 // feature that a tree uses
	infos           int64 // entries of tree_info
	maxGroup        int64 // the highest entry of tree_info
	boundary        int64 // the last entry of iteration_indptr
	parts           map[string]bool

	names  map[string]string     // standard names of members that were met, so that each is made once
	unused []map[string]struct{} // of frames that are closed
}

// maxNames is how many names of members are kept between objects.
const maxNames = 256

func read(s source, budget *limits.Budget, visit Visitor) (Model, error) {
	d := &document{source: s, budget: budget, visit: visit, model: Model{Features: -1}, claimed: -1, highest: -1, infos: -1,
		maxGroup: -1, boundary: -1, parts: map[string]bool{}, names: map[string]string{}}
	defer func() {
		for _, free := range d.free {
			free()
		}
	}()
	for {
		e, err := d.next()
		if err == nil && e.kind == jsonstream.End {
			d.model.End = d.offset()
			d.finish()
			return d.model, nil
		}
		if err == nil {
			err = d.event(e)
		}
		if err != nil {
			if len(d.stack) == maxNest && errors.Is(err, format.ErrMalformed) {
				d.problem(Depth, d.offset(), "", "containers nest deeper than %d", maxNest)
			}
			return d.model, err
		}
	}
}

func (d *document) problem(kind Kind, at int64, name, reason string, args ...any) {
	d.visit.Problem(Problem{Kind: kind, Offset: at, Name: name, Reason: fmt.Sprintf(reason, args...)})
}

// top is the innermost container; nil outside of all.
func (d *document) top() *frame {
	if len(d.stack) == 0 {
		return nil
	}
	return &d.stack[len(d.stack)-1]
}

// event takes one token.
func (d *document) event(e event) error {
	switch e.kind {
	case jsonstream.Key:
		return d.named(e)
	case jsonstream.ObjectEnd, jsonstream.ArrayEnd:
		return d.close()
	}
	top := d.top()
	key := ""
	if top != nil && top.object {
		key = d.key
	} else if top != nil {
		top.index++
	}
	switch {
	case e.kind == jsonstream.ArrayStart && top != nil && top.tree:
		return d.array(key, e)
	case e.kind == jsonstream.ObjectStart, e.kind == jsonstream.ArrayStart:
		return d.open(key, e)
	case e.kind == jsonstream.String:
		return d.text(key, e)
	case top != nil && !top.object:
		d.number(top, e)
	}
	return nil
}

// named takes the name of a member.
func (d *document) named(e event) error {
	top := d.top()
	if e.cut {
		return format.Malformed(e.at, "the name of a member has more than %d bytes", MaxText)
	}
	key, known := d.names[string(e.text)]
	if !known {
		key = string(e.text)
	}
	d.key, d.keyAt = key, e.at
	if top.seen == nil {
		top.seen = d.keys()
	}
	if _, twice := top.seen[d.key]; twice {
		d.problem(Duplicate, e.at, d.key, "the member %q stands twice", d.key)
	}
	const most = 1 << 16 // members of one object
	if len(top.seen) >= most {
		return fmt.Errorf("read model: more than %d members: %w", most, limits.ErrExceeded)
	}
	top.seen[d.key] = struct{}{}
	if len(d.stack) == 2 && d.stack[1].key == "learner" {
		d.parts[d.key] = true
	}
	if known {
		return nil
	}
	if !standard(d.key) {
		return d.visit.Text(Text{Place: d.place("") + " (name)", Value: d.key, Offset: e.at})
	}
	if len(d.names) < maxNames {
		d.names[d.key] = d.key
	}
	return nil
}

// keys makes an empty set for the keys of an object, or empties one that is no longer used: a model has thousands of trees.
func (d *document) keys() map[string]struct{} {
	n := len(d.unused)
	if n == 0 {
		return map[string]struct{}{}
	}
	set := d.unused[n-1]
	d.unused = d.unused[:n-1]
	clear(set)
	return set
}

// standard reports whether a name is a plain word, as all of the format's own are.
func standard(name string) bool {
	for i := range len(name) {
		if c := name[i]; c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(name) < 40
}

// open begins a container.
func (d *document) open(key string, e event) error {
	top := d.top()
	f := frame{object: e.kind == jsonstream.ObjectStart, key: key, at: e.at, index: -1}
	if f.object && top != nil && !top.object && top.key == "trees" {
		f.tree = true
		d.tree.reset(e.at, top.index)
	}
	d.stack = append(d.stack, f)
	switch {
	case e.floats && (key == "tree_info" || key == "iteration_indptr"):
	case e.floats:
		d.top().index += e.count
		return d.skip()
	}
	return nil
}

// close ends the innermost container.
func (d *document) close() error {
	f := *d.top()
	d.stack = d.stack[:len(d.stack)-1]
	if f.seen != nil && len(f.seen) <= maxNames {
		d.unused = append(d.unused, f.seen)
	}
	switch {
	case f.tree:
		highest, err := d.tree.check(-1, d.budget, d.visit.Problem)
		d.highest = max(d.highest, highest)
		d.model.Trees++
		d.model.Nodes += int64(len(d.tree.left))
		return err
	case f.key == "tree_info" && !f.object:
		d.infos = f.index + 1
	}
	return nil
}

// place is where the next value stands.
func (d *document) place(key string) string {
	var names []string
	for _, f := range d.stack {
		if f.key != "" {
			names = append(names, f.key)
		}
	}
	if key != "" {
		names = append(names, key)
	}
	return strings.Join(names, ".")
}

// text takes a string.
func (d *document) text(key string, e event) error {
	value := string(e.text)
	parent := ""
	if top := d.top(); top != nil {
		parent = top.key
	}
	switch parent + "." + key {
	case "tree_param.num_nodes":
		d.tree.nodes = count(value)
	case "tree_param.num_feature":
		d.tree.features = count(value)
	case "tree_param.size_leaf_vector":
		d.tree.vector = count(value)
	case "learner_model_param.num_feature":
		d.model.Features = count(value)
	case "learner_model_param.num_class", "learner_model_param.num_target":
		d.groups = max(d.groups, count(value), 1)
	case "gbtree_model_param.num_trees":
		d.claimed = count(value)
	case "objective.name":
		d.model.Objective = value
		if !slices.Contains(objectives(), value) {
			d.problem(Unknown, e.at, value, "an objective that XGBoost does not have")
		}
	case "gradient_booster.name", "gbtree.name":
		if parent == "gradient_booster" {
			d.model.Booster = value
		}
		if !slices.Contains(Boosters(), value) {
			d.problem(Unknown, e.at, value, "a booster that XGBoost does not have")
		}
	}
	return d.visit.Text(Text{Place: d.place(key), Value: value, Cut: e.cut, Offset: e.at})
}

// number takes an element of an array outside of trees.
func (d *document) number(top *frame, e event) {
	switch top.key {
	case "tree_info":
		if e.whole < 0 && d.maxGroup != 1<<62 {
			d.problem(Bounds, e.at, "", "tree_info: tree %d adds to output %d", top.index, e.whole)
			d.maxGroup = 1 << 62
		}
		d.maxGroup = max(d.maxGroup, e.whole)
	case "iteration_indptr":
		if e.whole < d.boundary || e.whole < 0 {
			d.problem(Bounds, e.at, "", "iteration_indptr: entry %d goes back to %d", top.index, e.whole)
		}
		d.boundary = e.whole
	}
}

// finish checks what only the whole model shows.
func (d *document) finish() {
	m := d.model
	if d.claimed >= 0 && d.claimed != m.Trees {
		d.problem(Size, 0, "", "the model claims %d trees and has %d", d.claimed, m.Trees)
	}
	if d.infos >= 0 && d.infos != m.Trees {
		d.problem(Size, 0, "", "tree_info has %d entries for %d trees", d.infos, m.Trees)
	}
	if d.boundary > m.Trees {
		d.problem(Bounds, 0, "", "iteration_indptr reaches tree %d of %d", d.boundary, m.Trees)
	}
	if d.groups > 0 && d.maxGroup >= d.groups && d.maxGroup != 1<<62 {
		d.problem(Bounds, 0, "", "tree_info: a tree adds to output %d of %d", d.maxGroup, d.groups)
	}
	if m.Features >= 0 && d.highest >= m.Features {
		d.problem(Bounds, 0, "", "a tree splits on feature %d of %d", d.highest, m.Features)
	}
	for _, part := range []string{"gradient_booster", "learner_model_param", "objective"} {
		if len(d.parts) > 0 && !d.parts[part] {
			d.problem(Missing, 0, part, "the model has no %s", part)
		}
	}
}
