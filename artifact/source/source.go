// Package source is the contract of places where artifacts live: folders, hubs, registries, buckets. Each subpackage knows one
// kind of place. A place lists its artifacts, which are opened when their turn comes; it never runs, changes or judges what it
// holds. What is wrong with the place itself becomes a result of the listing.
package source

import (
	"context"
	"errors"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect"
)

// Place is somewhere that artifacts can be listed.
type Place interface {
	// List finds the artifacts, in a fixed order. A place that does not exist, or may not be read, is an error: it is never an
	// empty list.
	List(ctx context.Context) (*Listing, error)
}

// Listing is what was found at a place.
type Listing struct {
	Items []detect.Item
	// Skipped names folders that hold version-control data and were not entered.
	Skipped []string
	// Root is set when the place is exactly one folder of this machine.
	Root string
	// Base is what the names of all items begin with; the rest is the path inside the place. Empty for files of this machine.
	Base string
	// Target names the place as it was resolved, with the exact revision or digest; empty for files of this machine.
	Target string
	// Findings are about the place: a revision that can move, a registry without encryption.
	Findings []picket.Finding

	held []io.Closer
}

// Within is the path of an artifact inside the place; the last element for a file that was named by itself.
func (l *Listing) Within(name string) string {
	switch root := path.Clean(filepath.ToSlash(l.Root)); {
	case l.Base != "":
		return strings.TrimPrefix(name, l.Base)
	case l.Root == "":
		return path.Base(name)
	case root == ".":
		return name
	default:
		return strings.TrimPrefix(strings.TrimPrefix(name, root), "/")
	}
}

// Hold keeps something open until Close.
func (l *Listing) Hold(c io.Closer) { l.held = append(l.held, c) }

// Close releases what the items are opened through.
func (l *Listing) Close() error {
	var errs []error
	for _, c := range l.held {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
