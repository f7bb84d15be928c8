package catboost

import (
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// maxNest is how deep the values of an exported model may nest. Uneven trees nest two levels for each of their own.
const maxNest = 1000

// ReadJSON reads an exported model. The error wraps format.ErrMalformed or limits.ErrExceeded, or is the visitor's.
func ReadJSON(in io.Reader, budget *limits.Budget, visit Visitor) (Model, error) {
	d := &document{json: jsonstream.New(in, jsonstream.Options{Depth: maxNest, Text: MaxText, Python: true}), budget: budget, visit: visit}
	err := d.read()
	if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
		err = format.Malformed(broken.Offset, "not JSON: %s", broken.Reason)
	}
	d.model.Core, d.model.End = d.json.Offset(), d.json.Offset()
	return d.model, err
}

// document is an exported model that is being read.
type document struct {
	json   *jsonstream.Reader
	budget *limits.Budget
	visit  Visitor
	model  Model
	stack  []container
	key    string
	tokens int64

	splits, leaves int64 // of the tree that is read
	dimension      int64 // values in a leaf, as the first tree shows
}

// container is an object or list that is open.
type container struct {
	key    string
	object bool
	seen   map[string]struct{}
}

// read reads all tokens.
func (d *document) read() error {
	for {
		t, err := d.json.Next()
		if err != nil || t.Kind == jsonstream.End {
			return err
		}
		const charge = 1 << 10
		if d.tokens++; d.tokens%charge == 0 {
			if err := d.budget.Ops(charge); err != nil {
				return fmt.Errorf("read model: %w", err)
			}
		}
		if err := d.token(t); err != nil {
			return err
		}
	}
}

// inTree is the key of the list inside of a symmetric tree in which the reader is; empty when it is in none.
func (d *document) inTree() string {
	if n := len(d.stack); n == 4 && d.stack[1].key == "oblivious_trees" && !d.stack[3].object {
		return d.stack[3].key
	}
	return ""
}

// token takes one token.
func (d *document) token(t jsonstream.Token) error {
	switch t.Kind {
	case jsonstream.Key:
		return d.name(t)
	case jsonstream.ObjectEnd, jsonstream.ArrayEnd:
		if n := len(d.stack); n == 3 && d.stack[1].key == "oblivious_trees" {
			d.tree(t.Offset)
		}
		d.stack = d.stack[:len(d.stack)-1]
		return nil
	case jsonstream.ObjectStart, jsonstream.ArrayStart:
		if t.Kind == jsonstream.ObjectStart && d.inTree() == "splits" {
			d.splits++
		}
		c := container{object: t.Kind == jsonstream.ObjectStart}
		if n := len(d.stack); n > 0 && d.stack[n-1].object {
			c.key = d.key
		}
		d.stack = append(d.stack, c)
	case jsonstream.Number:
		if d.inTree() == "leaf_values" {
			d.leaves++
		}
	case jsonstream.String:
		return d.visit.Text(Text{Place: d.key, Value: string(t.Text), Cut: t.Cut, Offset: t.Offset})
	}
	return nil
}

// name takes the name of a member.
func (d *document) name(t jsonstream.Token) error {
	top := &d.stack[len(d.stack)-1]
	d.key = string(t.Text[:min(len(t.Text), 128)])
	if len(d.stack) <= 3 {
		if top.seen == nil {
			top.seen = map[string]struct{}{}
		}
		if _, twice := top.seen[d.key]; twice {
			d.visit.Problem(Problem{Kind: Duplicate, Offset: t.Offset, Name: d.key, Reason: "a member that stands twice"})
		}
		if len(top.seen) < 1<<16 {
			top.seen[d.key] = struct{}{}
		}
	}
	if len(t.Text) > 16 {
		return d.visit.Text(Text{Place: "name", Value: string(t.Text), Cut: t.Cut, Offset: t.Offset})
	}
	return nil
}

// tree checks one symmetric tree: n splits have 2^n leaves of as many values as the model has outputs.
func (d *document) tree(at int64) {
	defer func() { d.splits, d.leaves = 0, 0 }()
	d.model.Trees++
	d.model.Splits += d.splits
	d.model.Leaves += d.leaves
	if d.splits > maxDepth {
		d.visit.Problem(Problem{Kind: Bounds, Offset: at, Reason: fmt.Sprintf("tree %d has %d levels", d.model.Trees-1, d.splits)})
		return
	}
	each := d.leaves >> d.splits
	if d.dimension == 0 {
		d.dimension = max(1, each)
	}
	if d.leaves != d.dimension<<d.splits {
		d.visit.Problem(Problem{Kind: Size, Offset: at, Reason: fmt.Sprintf("tree %d has %d values of leaves for %d splits", d.model.Trees-1, d.leaves, d.splits)})
	}
}
