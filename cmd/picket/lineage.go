package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/lineage"
)

// lineageDocument is where content comes from.
type lineageDocument struct {
	Schema  string         `json:"schema"`
	Path    string         `json:"path"`
	Origin  originDocument `json:"origin"`
	Missing int            `json:"missing"` // links that nobody tells
	Notes   []string       `json:"notes"`
}

// originDocument is one digest and what it was made from.
type originDocument struct {
	Digest  picket.Digest    `json:"digest"` // empty when no claim knows it
	Name    string           `json:"name"`
	Role    string           `json:"role"` // for what is made from it; empty for the content itself
	By      string           `json:"by"`   // who says so
	State   string           `json:"state"`
	Revoked []string         `json:"revoked"`
	From    []originDocument `json:"from"`
}

// The states of an origin.
const (
	stateClaimed = "claimed" // there are claims about it
	stateMissing = "missing" // nobody says anything about it
	stateUnknown = "unknown" // nobody knows its digest
	stateAbove   = "above"   // it is listed already
	stateDeeper  = "deeper"  // it is not listed for want of room
)

func newLineageCmd(env Env) *cobra.Command {
	var flags walkFlags
	var hashing hashFlags
	cmd := &cobra.Command{
		Use:   "lineage PATH",
		Short: "Show what a model was made from, as far as signed claims tell, and which links are missing",
		Long: "Lineage prints a tree of what went into the content. Claims about what it was made from often lie elsewhere: name\n" +
			"them with --claims. An input that nobody named cannot be shown.\n\n" +
			"Exit codes: 0 · 1 error · 2 usage · 3 something in the lineage is revoked, or it is a circle.",
		Example: "  picket lineage model/ --claims data/ --claims base/ --trust trust.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			set, notes, err := flags.gather(env, c.entries()...)
			if err != nil {
				return err
			}
			m, err := hashing.hash(cmd.Context(), env, c)
			if err != nil {
				return err
			}
			g, err := lineage.New(set.All())
			if err != nil {
				return err
			}
			if err := g.Contains(m); err != nil {
				return err
			}
			doc := newLineageDocument(c.path, g, m.Digest(), notes)
			if err := flags.out.answer(env, doc, doc.write); err != nil {
				return err
			}
			if len(g.Cycles()) > 0 || doc.Origin.revoked() {
				return exitCode(exitFinding)
			}
			return nil
		},
	}
	flags.add(cmd)
	hashing.add(cmd)
	return cmd
}

// maxOrigins bounds what is printed.
const maxOrigins = 2000

// newLineageDocument walks up from the content.
func newLineageDocument(path string, g *lineage.Graph, digest picket.Digest, notes []string) *lineageDocument {
	doc := &lineageDocument{Schema: "picket.lineage/1", Path: path, Notes: append([]string{}, notes...)}
	seen := map[picket.Digest]bool{}
	doc.Origin = doc.origin(g, lineage.Edge{From: digest}, seen, 0)
	doc.Origin.State = stateClaimed
	for _, circle := range g.Cycles() {
		doc.Notes = append(doc.Notes, "content is said to be made from itself: "+g.Explain(circle))
	}
	return doc
}

// origin is one digest with everything above it.
func (d *lineageDocument) origin(g *lineage.Graph, e lineage.Edge, seen map[picket.Digest]bool, depth int) originDocument {
	o := originDocument{Digest: e.From, Role: e.Role, By: e.By, State: stateClaimed, Revoked: []string{}, From: []originDocument{}}
	if names := g.Names(e.From); len(names) > 0 {
		o.Name = names[0]
	}
	for _, r := range g.Revoked(e.From) {
		why := r.By.Signer + " revoked it"
		if len(r.Path) > 0 {
			why = r.By.Signer + " revoked " + g.Explain(r.Path)
		}
		o.Revoked = append(o.Revoked, why)
	}
	switch {
	case seen[e.From]:
		o.State = stateAbove
		return o
	case len(seen) >= maxOrigins || depth > 100:
		o.State = stateDeeper
		return o
	case !g.Known(e.From) && depth > 0:
		o.State = stateMissing
		d.Missing++
	}
	seen[e.From] = true
	for _, u := range g.Unresolved(e.From) {
		o.From = append(o.From, originDocument{Name: u.Name, Role: u.Role, State: stateUnknown, Revoked: []string{}, From: []originDocument{}})
		d.Missing++
	}
	for _, parent := range g.Parents(e.From) {
		o.From = append(o.From, d.origin(g, parent, seen, depth+1))
	}
	return o
}

// revoked reports whether anything in the tree is.
func (o *originDocument) revoked() bool {
	for i := range o.From {
		if o.From[i].revoked() {
			return true
		}
	}
	return len(o.Revoked) > 0
}

// write is the tree for people.
func (d *lineageDocument) write(w io.Writer) error {
	var l lines
	d.Origin.write(&l, 0)
	if len(d.Origin.From) == 0 {
		l.add("  nobody says what it was made from")
	}
	if d.Missing > 0 {
		l.add("%s missing", count(d.Missing, "link"))
	}
	for _, note := range d.Notes {
		l.add("note: %s", shown(note))
	}
	return l.writeTo(w)
}

// write is one digest and what is above it.
func (o *originDocument) write(l *lines, depth int) {
	parts := []string{}
	if o.Role != "" {
		parts = append(parts, o.Role)
	}
	if o.Digest != "" {
		parts = append(parts, string(o.Digest))
	}
	if o.Name != "" {
		parts = append(parts, shown(o.Name))
	}
	if o.By != "" {
		parts = append(parts, "(says "+shown(o.By)+")")
	}
	switch o.State {
	case stateMissing:
		parts = append(parts, "MISSING: nobody says anything about it")
	case stateUnknown:
		parts = append(parts, "MISSING: nobody knows its digest")
	case stateAbove:
		parts = append(parts, "(listed above)")
	case stateDeeper:
		parts = append(parts, "(there is more than can be listed)")
	}
	l.add("%s%s", strings.Repeat("  ", depth), strings.Join(parts, "  "))
	for _, why := range o.Revoked {
		l.add("%s  REVOKED: %s", strings.Repeat("  ", depth), shown(why))
	}
	for i := range o.From {
		o.From[i].write(l, depth+1)
	}
}
