// Package ipynb reads Jupyter notebooks forward, cell by cell: the source of each, and the markup among its outputs. It is for
// the detector of notebooks. It keeps one cell at a time, and judges nothing.
package ipynb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "ipynb"

// Bounds of what is kept.
const (
	maxSource = 1 << 20 // bytes of one cell's source, and of one string
	perByte   = 8       // steps of the budget for so many bytes
)

// Format recognises notebooks.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "Jupyter notebook", MediaType: "application/x-ipynb+json", Extensions: []string{".ipynb"}, Refines: "json",
		Risk: format.Data, Forward: true, Parsed: true, Spec: "https://nbformat.readthedocs.io/en/latest/format_description.html",
	}
}

// Match implements format.Format. The version of the format stands at the end of a file, and the cells at its start.
func (Format) Match(p format.Probe) bool {
	if int64(len(p.Head)) == p.Size && !bytes.Contains(p.Head, []byte(`\u`)) && !bytes.Contains(p.Head, []byte(`"cell_type"`)) && !bytes.Contains(p.Head, []byte(`"nbformat"`)) {
		return false
	}
	members := json.Members(p)
	return slices.Contains(members, "cells") || slices.Contains(members, "worksheets")
}

// Cell is one cell of a notebook.
type Cell struct {
	Number int // counts from 1
	Type   string
	Source string // up to 1 MiB
	Cut    bool   // the source was longer
	Markup []string
	Offset int64 // bytes from the start of the notebook
}

// reader reads one notebook.
type reader struct {
	json   *jsonstream.Reader
	path   []string // keys of the containers that are open; "[]" for an element of a list
	cell   *Cell
	source []byte // of the cell
	depth  int    // of the cell that is open
	count  int
	visit  func(Cell) error
}

// Read reads a notebook and calls visit for every cell. The error wraps format.ErrMalformed when it cannot be read to its end, or
// limits.ErrExceeded, or is the one that visit returned. Size is the number of bytes read.
func Read(in io.Reader, budget *limits.Budget, visit func(Cell) error) (size int64, err error) {
	r := &reader{json: jsonstream.New(in, jsonstream.Options{Depth: json.MaxDepth, Text: maxSource, Python: true}), visit: visit}
	key, charged := "", int64(0)
	for {
		t, err := r.json.Next()
		if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
			err = format.Malformed(broken.Offset, "the notebook is not JSON: %s", broken.Reason)
		}
		if err != nil {
			return r.json.Offset(), err
		}
		if done := r.json.Offset() - charged; done > 1<<16 || t.Kind == jsonstream.End {
			charged += done
			if err := budget.Ops(done / perByte); err != nil {
				return charged, fmt.Errorf("read notebook: %w", err)
			}
		}
		switch t.Kind {
		case jsonstream.End:
			return r.json.Offset(), nil
		case jsonstream.Key:
			key = string(t.Text[:min(len(t.Text), 64)])
			continue
		case jsonstream.ObjectStart, jsonstream.ArrayStart:
			r.begin(key, t)
		case jsonstream.ObjectEnd, jsonstream.ArrayEnd:
			if err := r.end(); err != nil {
				return charged, err
			}
		case jsonstream.String:
			r.text(key, t)
		}
		key = ""
	}
}

// begin opens a container; an object in the list of cells is a cell.
func (r *reader) begin(key string, t jsonstream.Token) {
	if n := len(r.path); r.cell == nil && t.Kind == jsonstream.ObjectStart && n > 0 && r.path[n-1] == "cells" {
		r.count++
		r.cell, r.depth = &Cell{Number: r.count, Offset: t.Offset}, n+1
	}
	r.path = append(r.path, key)
}

// end closes a container.
func (r *reader) end() error {
	r.path = r.path[:len(r.path)-1]
	if r.cell == nil || len(r.path) >= r.depth {
		return nil
	}
	cell := *r.cell
	cell.Source = string(r.source)
	r.cell, r.source = nil, r.source[:0]
	return r.visit(cell)
}

// text keeps what matters of a string in a cell.
func (r *reader) text(key string, t jsonstream.Token) {
	if r.cell == nil {
		return
	}
	name := key
	if name == "" {
		name = r.path[len(r.path)-1]
	}
	level := len(r.path) - r.depth
	switch {
	case key == "cell_type" && level == 0:
		r.cell.Type = string(t.Text)
	case (name == "source" || name == "input") && (key != "" && level == 0 || key == "" && level == 1):
		if r.cell.Cut = r.cell.Cut || t.Cut || len(r.source)+len(t.Text) > maxSource; !r.cell.Cut {
			r.source = append(r.source, t.Text...)
		}
	case name == "text/html" || name == "image/svg+xml" || name == "application/javascript":
		const most = 64
		if len(r.cell.Markup) < most {
			r.cell.Markup = append(r.cell.Markup, string(t.Text[:min(len(t.Text), 1<<14)]))
		}
	}
}
