package lightgbm

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// section is the part of the model that a line belongs to.
type section int

const (
	inHeader section = iota
	inTree
	afterTrees
	inImportance
	inParameters
)

// reader reads one model.
type reader struct {
	*lines
	budget  *limits.Budget
	visit   Visitor
	model   Model
	section section
	tree    tree
	open    bool // a tree has begun
	keys    map[string]perTree
	seen    map[string]bool
	sizes   []int64 // of the trees, as the header says
	starts  []int64 // of the trees
	end     int64   // of the trees; 0 when the model does not say
	held    int64
	free    []func()
}

// maxTrees is how many trees a model may have.
const maxTrees = 1 << 20

// Read reads a model to the end of the content. The error wraps format.ErrMalformed or limits.ErrExceeded, or is the visitor's.
func Read(in io.Reader, budget *limits.Budget, visit Visitor) (Model, error) {
	r := &reader{lines: newLines(in, budget), budget: budget, visit: visit, model: Model{Features: -1}, seen: map[string]bool{}, keys: treeKeys()}
	defer func() {
		for _, free := range r.free {
			free()
		}
	}()
	for {
		more, err := r.next()
		if err == nil && more {
			err = r.line()
		}
		switch {
		case err != nil:
			return r.model, err
		case !more:
			return r.model, r.finish()
		}
	}
}

func (r *reader) problem(kind Kind, at int64, name, reason string, args ...any) {
	r.visit.Problem(Problem{Kind: kind, Offset: at, Name: name, Reason: fmt.Sprintf(reason, args...)})
}

// line reads one line.
func (r *reader) line() error {
	at := r.offset
	if r.section == inParameters {
		return r.parameter(at)
	}
	if head, err := r.in.Peek(len(categoriesKey)); err == nil && string(head) == categoriesKey {
		return r.categories()
	}
	key, valued, err := r.key('=')
	if err != nil {
		return err
	}
	switch {
	case !valued && (key == "" || key == "tree" && at < 32):
		return nil
	case valued && key == "Tree" && (r.section == inHeader || r.section == inTree):
		return r.begin(at)
	case !valued && key == "end of trees":
		r.closeTree()
		r.section, r.end = afterTrees, at
		return nil
	case !valued && (key == "feature_importances:" || key == "feature importances:"):
		r.closeTree() // models before version 3 do not say that the trees end
		r.section = inImportance
		return nil
	case !valued && key == "parameters:":
		r.closeTree()
		r.section = inParameters
		return nil
	}
	return r.member(at, key, valued)
}

// member reads a line of a section whose lines are keys with values.
func (r *reader) member(at int64, key string, valued bool) error {
	switch {
	case r.section == inTree:
		return r.array(at, key)
	case r.section == inHeader:
		return r.header(at, key)
	case r.section == inImportance && valued:
		if err := r.visit.Text(Text{Place: "feature_importances", Value: key, Offset: at}); err != nil {
			return err
		}
		_, _, err := r.rest()
		return err
	}
	value, cut, err := r.rest()
	if err != nil {
		return err
	}
	r.problem(Foreign, at, key, "a line that LightGBM does not write")
	return r.visit.Text(Text{Place: "line", Value: key + "=" + value, Cut: cut, Offset: at})
}

// header reads a line of the header.
func (r *reader) header(at int64, key string) error {
	if r.seen[key] {
		r.problem(Duplicate, at, key, "the key %q stands twice", key)
	}
	r.seen[key] = true
	text, known := headerKeys()[key]
	switch {
	case key == "tree_sizes":
		return r.values(func(word []byte) error {
			if len(r.sizes) >= maxTrees {
				return fmt.Errorf("read model: more than %d trees: %w", maxTrees, limits.ErrExceeded)
			}
			n, err := strconv.ParseInt(string(word), 10, 64)
			if err != nil || n < 0 {
				n = -1
			}
			r.sizes = append(r.sizes, n)
			return nil
		})
	case key == "feature_names" || key == "feature_infos":
		return r.values(func(word []byte) error {
			return r.visit.Text(Text{Place: key, Value: string(word), Cut: len(word) == MaxText, Offset: r.offset})
		})
	case !known:
		r.problem(Unknown, at, key, "a key that LightGBM does not write")
	}
	value, cut, err := r.rest()
	if err != nil {
		return err
	}
	switch key {
	case "version":
		r.model.Version = value
	case "max_feature_idx":
		if n := whole([]byte(value)); n >= -1 {
			r.model.Features = int64(n) + 1
		}
	case "objective":
		if name, _, _ := strings.Cut(value, " "); !slices.Contains(objectives(), name) {
			r.problem(Unknown, at, value, "an objective that LightGBM does not have")
		}
	}
	if !text && known && number(value) {
		return nil
	}
	return r.visit.Text(Text{Place: key, Value: value, Cut: cut, Offset: at})
}

// number reports whether a value is made of numbers only.
func number[Text string | []byte](value Text) bool {
	for i := range len(value) {
		switch c := value[i]; {
		case c >= '0' && c <= '9', c == '+', c == '-', c == '.', c == ' ', c == 'e':
		default:
			return false
		}
	}
	return true
}

// special reports whether a word is a number that is not finite.
func special(word string) bool {
	word = strings.ToLower(strings.TrimLeft(word, "+-"))
	return word == "nan" || word == "inf" || word == "infinity"
}

// begin starts a tree.
func (r *reader) begin(at int64) error {
	r.closeTree()
	value, _, err := r.rest()
	if err != nil {
		return err
	}
	if len(r.starts) >= maxTrees {
		return fmt.Errorf("read model: more than %d trees: %w", maxTrees, limits.ErrExceeded)
	}
	if n := int64(whole([]byte(value))); n != r.model.Trees {
		r.problem(Layout, at, "", "tree %d follows %d trees", n, r.model.Trees)
	}
	r.starts = append(r.starts, at)
	r.tree.reset(at, r.model.Trees)
	r.model.Trees++
	r.section, r.open = inTree, true
	return nil
}

// closeTree checks the tree that was read.
func (r *reader) closeTree() {
	if r.open {
		r.tree.check(r.keys, r.model.Features, r.visit.Problem)
	}
	r.open = false
}

// array reads one array of a tree.
func (r *reader) array(at int64, key string) error {
	kind, known := r.keys[key]
	if !known {
		value, cut, err := r.rest()
		if err != nil {
			return err
		}
		r.problem(Unknown, at, key, "a key that LightGBM does not write")
		return r.visit.Text(Text{Place: key, Value: value, Cut: cut, Offset: at})
	}
	t := &r.tree
	if _, twice := t.sizes[key]; twice {
		r.problem(Duplicate, at, key, "tree %d: the key %q stands twice", t.number, key)
	}
	list := t.list(key)
	if list != nil {
		*list = (*list)[:0]
	}
	n := int64(0)
	err := r.values(func(word []byte) error {
		n++
		switch {
		case list != nil:
			if err := r.hold(n); err != nil {
				return err
			}
			*list = append(*list, whole(word))
		case key == "num_leaves":
			t.leaves = int64(whole(word))
		case key == "num_cat":
			t.cat = int64(whole(word))
		case key == "leaf_features" && t.linear != notWhole:
			if f := whole(word); f < 0 {
				t.linear = notWhole
			} else {
				t.linear = max(t.linear, f)
			}
		case !number(word) && !special(string(word)):
			bad := format.Malformed(at, "tree %d: a value that is no number", t.number)
			return errors.Join(bad, r.visit.Text(Text{Place: key, Value: string(word), Offset: at}))
		}
		return nil
	})
	t.sizes[key] = n
	if err == nil && kind == single && n != 1 {
		r.problem(Size, at, key, "tree %d: %d values of %s", t.number, n, key)
	}
	return err
}

// hold accounts for the memory of n values of each array of a tree.
func (r *reader) hold(n int64) error {
	const step, size = 1 << 14, 6 * 4 // bytes of a value in every array that is kept
	if n <= r.held {
		return nil
	}
	if n > maxLeaves {
		return fmt.Errorf("read tree: more than %d leaves: %w", maxLeaves, limits.ErrExceeded)
	}
	free, err := r.budget.Hold(step * size)
	if err != nil {
		return fmt.Errorf("read tree: %w", err)
	}
	r.free = append(r.free, free)
	r.held += step
	return nil
}

// parameter reads a line of the parameters: "[name: value]".
func (r *reader) parameter(at int64) error {
	line, cut, err := r.rest()
	switch {
	case err != nil:
		return err
	case line == "end of parameters":
		r.section = afterTrees
		return nil
	case line == "":
		return nil
	}
	inner, ok := strings.CutPrefix(strings.TrimSuffix(line, "]"), "[")
	name, value, pair := strings.Cut(inner, ":")
	if !ok || !pair {
		r.problem(Foreign, at, line, "a line that is no parameter")
		return r.visit.Text(Text{Place: "line", Value: line, Cut: cut, Offset: at})
	}
	return r.visit.Text(Text{Place: "[" + strings.TrimSpace(name) + "]", Value: strings.TrimSpace(value), Cut: cut, Offset: at})
}

// finish checks what only the whole model shows.
func (r *reader) finish() error {
	r.closeTree()
	if r.section == inHeader || r.section == inTree {
		return format.Malformed(r.offset, "the model ends before its last tree does")
	}
	if r.section == inParameters {
		return format.Malformed(r.offset, "the model ends inside of its parameters")
	}
	if len(r.sizes) == 0 {
		return nil // LightGBM then reads the trees one by one
	}
	if int64(len(r.sizes)) != r.model.Trees {
		r.problem(Layout, 0, "", "tree_sizes has %d entries for %d trees", len(r.sizes), r.model.Trees)
		return nil
	}
	for i, size := range r.sizes {
		end := r.end
		if i+1 < len(r.starts) {
			end = r.starts[i+1]
		}
		if got := end - r.starts[i]; got != size {
			r.problem(Layout, r.starts[i], "", "tree %d has %d bytes, and %d by tree_sizes", i, got, size)
			break
		}
	}
	return nil
}

// categoriesKey begins the line with which Python's package keeps the categories of a table.
const categoriesKey = "pandas_categorical:"

// categories reads that line, which Python reads as JSON.
func (r *reader) categories() error {
	if _, _, err := r.key(':'); err != nil {
		return err
	}
	const depth = 64
	start := r.offset
	j := jsonstream.New(lineReader{r.lines}, jsonstream.Options{Depth: depth, Text: MaxText, Python: true})
	for {
		t, err := j.Next()
		if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
			return format.Malformed(start+broken.Offset, "%s not JSON: %s", categoriesKey, broken.Reason)
		}
		if err != nil || t.Kind == jsonstream.End {
			return err
		}
		if t.Kind == jsonstream.String || t.Kind == jsonstream.Key {
			if err := r.visit.Text(Text{Place: "pandas_categorical", Value: string(t.Text), Cut: t.Cut, Offset: start + t.Offset}); err != nil {
				return err
			}
		}
	}
}
