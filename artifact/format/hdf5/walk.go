package hdf5

import (
	"context"
	"errors"
	"fmt"

	"github.com/picketsec/picket/internal/limits"
)

// Visitor receives what Walk finds. A nil function is skipped. An error of a function ends the walk.
type Visitor struct {
	Attribute func(Attribute) error
	Link      func(Link) error
	Dataset   func(*Dataset) error
	// Broken says that a part of an object could not be read.
	Broken func(path string, err error) error
}

const (
	maxObjects = 1 << 18
	maxDepth   = 256 // groups in groups
)

// object is one that the walk will come to.
type object struct {
	path    string
	address uint64
	depth   int
}

// walker is one walk.
type walker struct {
	f       *File
	ctx     context.Context
	visit   Visitor
	seen    map[uint64]struct{}
	pending []object
	held    []func()
}

// Walk visits every object that can be reached from the root, each once however many links lead to it, and with each its
// attributes, its links and, for a dataset, how it is stored. An object that breaks the format is reported as Broken and the
// walk goes on; the error wraps limits.ErrExceeded, or comes from the context or the visitor.
func (f *File) Walk(ctx context.Context, visit Visitor) error {
	w := &walker{f: f, ctx: ctx, visit: visit.complete(), seen: map[uint64]struct{}{}}
	defer func() {
		for _, release := range w.held {
			release()
		}
	}()
	if err := w.push(object{path: "/", address: f.root}); err != nil {
		return err
	}
	for len(w.pending) > 0 {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		next := w.pending[len(w.pending)-1]
		w.pending = w.pending[:len(w.pending)-1]
		if err := w.object(next); err != nil {
			return err
		}
	}
	return nil
}

// RootAttributes visits the attributes of the root group only. The error is that of visit, or about what cannot be read.
func (f *File) RootAttributes(visit func(Attribute) error) error {
	w := &walker{f: f, ctx: context.Background(), visit: Visitor{Attribute: visit}.complete()}
	err := w.read(&reading{at: object{path: "/", address: f.root}, attributesOnly: true})
	if ended, ok := errors.AsType[stop](err); ok {
		return ended.error
	}
	return err
}

// complete fills in functions that do nothing.
func (v Visitor) complete() Visitor {
	if v.Attribute == nil {
		v.Attribute = func(Attribute) error { return nil }
	}
	if v.Link == nil {
		v.Link = func(Link) error { return nil }
	}
	if v.Dataset == nil {
		v.Dataset = func(*Dataset) error { return nil }
	}
	if v.Broken == nil {
		v.Broken = func(string, error) error { return nil }
	}
	return v
}

// push plans to visit an object, once.
func (w *walker) push(o object) error {
	if _, again := w.seen[o.address]; again || o.address == undefined {
		return nil
	}
	if len(w.seen) >= maxObjects || o.depth > maxDepth {
		return fmt.Errorf("walk an HDF5 file: more than %d objects or %d levels: %w", maxObjects, maxDepth, limits.ErrExceeded)
	}
	const batch, size = 1 << 10, 192 // bytes of one object with its path
	if len(w.seen)%batch == 0 {
		release, err := w.f.budget.Hold(batch * size)
		if err != nil {
			return fmt.Errorf("walk an HDF5 file: %w", err)
		}
		w.held = append(w.held, release)
	}
	w.seen[o.address] = struct{}{}
	w.pending = append(w.pending, o)
	return nil
}

// stop is an error that ends the walk, and is not about one object.
type stop struct{ error }

// Unwrap gives the error itself.
func (s stop) Unwrap() error { return s.error }

// reading is one object while its header is read.
type reading struct {
	at             object
	d              Dataset
	isDataset      bool
	pending        []message // those that refer to other structures, read after the header
	broken         error     // what is wrong with single messages; the others are read all the same
	attributesOnly bool
}

// object reads one object. What breaks the format is reported.
func (w *walker) object(o object) error {
	r := &reading{at: o}
	err := w.read(r)
	if ended, ok := errors.AsType[stop](err); ok {
		return ended.error
	}
	if errors.Is(err, limits.ErrExceeded) {
		return err
	}
	if err != nil {
		return w.visit.Broken(o.path, err)
	}
	return nil
}

// read reads the header of an object, and then what it refers to.
func (w *walker) read(r *reading) error {
	err := w.f.messages(r.at.address, func(m message) error {
		err := w.message(r, m)
		if _, ended := errors.AsType[stop](err); ended || err == nil || errors.Is(err, limits.ErrExceeded) {
			return err
		}
		if r.broken == nil {
			r.broken = err
		}
		return nil
	})
	for _, m := range r.pending {
		if _, ended := errors.AsType[stop](err); ended || errors.Is(err, limits.ErrExceeded) {
			return err
		}
		err = errors.Join(err, w.refer(r, m))
	}
	if r.isDataset && !r.attributesOnly {
		r.d.Path, r.d.Object = r.at.path, r.at.address
		if r.d.Storage == Virtual {
			if mapErr := w.f.mappings(&r.d); mapErr != nil {
				r.d.Unread, err = 1, errors.Join(err, mapErr)
			}
		}
		if visitErr := w.visit.Dataset(&r.d); visitErr != nil {
			return stop{visitErr}
		}
	}
	return errors.Join(err, r.broken)
}

// message handles one message of a header.
func (w *walker) message(r *reading, m message) error {
	c := w.f.cursor(m.data, m.address)
	switch m.kind {
	case msgAttribute:
		a, err := w.f.attribute(r.at, m)
		if err != nil {
			return err
		}
		return w.attribute(a)
	case msgAttrInfo, msgLinkInfo, msgSymbols:
		r.pending = append(r.pending, m)
	case msgLink:
		if r.attributesOnly {
			return nil
		}
		l, err := w.f.link(r.at, m)
		if err != nil {
			return err
		}
		return w.link(r, l)
	case msgSpace:
		r.d.Space = c.dataspace()
	case msgType:
		r.d.Type = c.datatype(0)
	case msgFilters:
		r.d.Filters = c.filters()
	case msgLayout:
		r.isDataset = true
		r.d.layout = c.layout()
		r.d.Storage, r.d.Chunk, r.d.Offset = r.d.layout.storage, r.d.layout.chunk, w.f.offset(m.address)
	case msgExternal:
		var err error
		r.d.External, err = w.f.external(m)
		return err
	}
	return c.err
}

// refer reads attributes and links that lie outside of the header.
func (w *walker) refer(r *reading, m message) error {
	link := func(l Link) error { return w.link(r, l) }
	switch {
	case m.kind == msgAttrInfo:
		return w.f.denseAttributes(r.at, m, w.attribute)
	case r.attributesOnly:
		return nil
	case m.kind == msgLinkInfo:
		return w.f.denseLinks(r.at, m, link)
	}
	return w.f.symbols(r.at, m, link)
}

// attribute hands an attribute on.
func (w *walker) attribute(a Attribute) error {
	if err := w.visit.Attribute(a); err != nil {
		return stop{err}
	}
	return nil
}

// link hands a link on and plans to visit its object.
func (w *walker) link(r *reading, l Link) error {
	if err := w.visit.Link(l); err != nil {
		return stop{err}
	}
	if l.Kind != Hard {
		return nil
	}
	path := r.at.path
	if path != "/" {
		path += "/"
	}
	if len(path)+len(l.Name) > maxName {
		return fmt.Errorf("walk an HDF5 file: a path of more than %d bytes: %w", maxName, limits.ErrExceeded)
	}
	return w.push(object{path: path + l.Name, address: l.address, depth: r.at.depth + 1})
}
