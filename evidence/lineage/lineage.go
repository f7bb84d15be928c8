// Package lineage walks from data to models to adapters, over what signed claims say was made from what. It is for the gate,
// which must not let content pass that descends from something revoked, and for the commands that show where content comes
// from and what else is reached when something in it turns out to be bad.
//
// Only what somebody said who may say it makes an edge. A graph can show what descends from what; it cannot show that nothing
// else does: an input that nobody named is not in it. It reads no files and verifies no signatures.
package lineage

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// ErrTooLarge says that the claims make a larger graph than is walked. Nothing may be concluded from a part of it.
var ErrTooLarge = errors.New("the lineage is too large")

// Bounds on a graph. One training run may name ten thousand inputs and as many outputs, which are a hundred million links.
const (
	maxEdges      = 1 << 20
	maxOpen       = 1 << 18 // inputs without a digest, of all digests together
	maxUnresolved = 1000    // of those for one digest; more say no more
	maxNames      = 20      // for one digest
)

// Roles of edges beside those of the inputs of a training run.
const (
	RoleFile     = "file"     // is a file of the tree
	RoleMaterial = "material" // a build used it
)

// Edge says that To was made from From.
type Edge struct {
	From, To picket.Digest
	Role     string
	By       string // who says so
	Source   string // where that claim is
}

// Unresolved is an input that a claim names without a digest.
type Unresolved struct {
	Role, Name, URI string
	Source          string
}

// node is what is known about one digest.
type node struct {
	names      []string
	claims     []*claim.Claim // about it
	in, out    []Edge
	unresolved []Unresolved
}

// Graph is the lineage that a number of claims tell. The zero value is empty; make one with New.
type Graph struct {
	nodes map[picket.Digest]*node
	order []picket.Digest // of first appearance
	same  map[picket.Digest]picket.Digest
	// declared are digests that somebody says are the same content as another. A revocation believes it; nothing is cleared by it.
	declared map[picket.Digest]bool
	seen     map[Edge]bool // without Source and By
	open     map[input]bool
	taken    []*claim.Claim // revocations of content
	spoilt
}

// input is what a digest was made from that has none itself.
type input struct {
	to picket.Digest
	Unresolved
}

// New builds the graph of claims, of any content and in any order. The error wraps ErrTooLarge.
func New(claims []*claim.Claim) (*Graph, error) {
	g := &Graph{nodes: map[picket.Digest]*node{}, same: map[picket.Digest]picket.Digest{},
		declared: map[picket.Digest]bool{}, seen: map[Edge]bool{}, open: map[input]bool{}}
	for _, c := range claims {
		if m, ok := c.Said.(*claim.Manifest); ok {
			g.alias(c.Subject, m)
		}
	}
	for _, c := range claims {
		if c.Said == nil {
			continue
		}
		g.tell(c)
		if g.full() {
			return nil, fmt.Errorf("%w: more than %d links, or %d inputs without a digest", ErrTooLarge, maxEdges, maxOpen)
		}
	}
	return g, nil
}

// Contains adds the files of content as it is on disk, whatever anyone says about it.
func (g *Graph) Contains(m *evidence.Manifest) error {
	if len(g.seen)+len(m.Resources) > maxEdges {
		return fmt.Errorf("%w: more than %d links", ErrTooLarge, maxEdges)
	}
	g.name(m.Digest(), m.Name)
	for _, r := range m.Resources {
		g.file(m.Digest(), r.Name, r.Digest, "", "the content itself")
	}
	return nil
}

// alias makes one of the digests by which tools know the same content.
func (g *Graph) alias(subject picket.Digest, m *claim.Manifest) {
	for _, a := range m.Aliases {
		other, err := picket.ParseDigest(a.Value)
		if err != nil || a.System != claim.AliasPython && a.System != claim.AliasOCI {
			continue
		}
		if from, to := g.canonical(other), g.canonical(subject); from != to {
			g.same[from] = to // both stand for themselves, so this makes no circle
			if !m.Proves(subject, a) {
				g.declared[from] = true
			}
		}
	}
}

// canonical is the one digest of content that has several.
func (g *Graph) canonical(d picket.Digest) picket.Digest {
	at := d
	for {
		one, ok := g.same[at]
		if !ok {
			break
		}
		at = one
	}
	if at != d {
		g.same[d] = at // the next time it is one step
	}
	return at
}

// at finds or makes the node of a digest.
func (g *Graph) at(d picket.Digest) *node {
	d = g.canonical(d)
	n := g.nodes[d]
	if n == nil {
		n = &node{}
		g.nodes[d] = n
		g.order = append(g.order, d)
	}
	return n
}

// full reports whether the graph is larger than it may be.
func (g *Graph) full() bool { return len(g.seen) > maxEdges || len(g.open) > maxOpen }

// name notes what a digest is called.
func (g *Graph) name(d picket.Digest, name string) {
	n := g.at(d)
	if name != "" && len(n.names) < maxNames && !slices.Contains(n.names, name) {
		n.names = append(n.names, name)
	}
}

// tell adds what one claim says.
func (g *Graph) tell(c *claim.Claim) {
	switch p := c.Said.(type) {
	case *claim.Head, *claim.Decision:
		return // records of claims, not of content
	case *claim.Revocation:
		if p.Target != claim.RevokeContent {
			return
		}
		g.taken = append(g.taken, c)
	case *claim.TrainingRun:
		g.inputs(c, c.Subject, p.Inputs)
		for _, out := range p.Outputs {
			if g.full() {
				return
			}
			if out.Digest != "" && g.canonical(out.Digest) != g.canonical(c.Subject) {
				g.name(out.Digest, out.Name)
				g.inputs(c, out.Digest, p.Inputs)
			}
		}
	case *claim.BOM:
		g.inputs(c, c.Subject, p.Inputs)
	case *claim.Provenance:
		g.materials(c, p)
	case *claim.Manifest:
		for _, r := range p.Resources {
			g.file(c.Subject, r.Name, r.Digest, c.Signer, c.Source)
		}
	case *evidence.ModelSignature:
		for _, r := range p.Resources {
			g.file(c.Subject, r.Name, r.Digest, c.Signer, c.Source)
		}
	}
	g.name(c.Subject, c.Name)
	n := g.at(c.Subject)
	n.claims = append(n.claims, c)
}

// inputs adds what something was trained from.
func (g *Graph) inputs(c *claim.Claim, to picket.Digest, inputs []claim.TrainingInput) {
	for _, in := range inputs {
		if g.full() {
			return
		}
		if in.Digest == "" {
			g.unresolved(to, Unresolved{Role: in.Role, Name: in.Name, URI: in.URI, Source: c.Source})
			continue
		}
		g.name(in.Digest, in.Name)
		g.name(in.Digest, in.URI)
		g.link(Edge{From: in.Digest, To: to, Role: in.Role, By: c.Signer, Source: c.Source})
	}
}

// unresolved notes an input without a digest.
func (g *Graph) unresolved(to picket.Digest, u Unresolved) {
	n, one := g.at(to), input{g.canonical(to), u}
	if len(n.unresolved) < maxUnresolved && !g.open[one] {
		g.open[one] = true
		n.unresolved = append(n.unresolved, u)
	}
}

// materials adds what a build used.
func (g *Graph) materials(c *claim.Claim, p *claim.Provenance) {
	for _, d := range p.Definition.Dependencies {
		name := d.Name
		if name == "" {
			name = d.URI
		}
		digest := d.SHA256()
		if digest == "" {
			g.unresolved(c.Subject, Unresolved{Role: RoleMaterial, Name: name, URI: d.URI, Source: c.Source})
			continue
		}
		g.name(digest, name)
		g.link(Edge{From: digest, To: c.Subject, Role: RoleMaterial, By: c.Signer, Source: c.Source})
	}
}

// file adds that a tree holds a file. A single file is its own digest.
func (g *Graph) file(tree picket.Digest, name string, digest picket.Digest, by, source string) {
	if digest == "" || g.canonical(digest) == g.canonical(tree) {
		return
	}
	g.name(digest, name)
	g.link(Edge{From: digest, To: tree, Role: RoleFile, By: by, Source: source})
}

// link adds an edge, once for each role.
func (g *Graph) link(e Edge) {
	if g.declared[e.From] && e.Role != RoleFile {
		g.unresolved(e.To, Unresolved{Role: e.Role, Name: string(e.From), URI: "known only by an alias that nobody can check", Source: e.Source})
	}
	e.From, e.To = g.canonical(e.From), g.canonical(e.To)
	key := Edge{From: e.From, To: e.To, Role: e.Role}
	if g.seen[key] || len(g.seen) > maxEdges {
		return
	}
	g.seen[key] = true
	from, to := g.at(e.From), g.at(e.To)
	from.out, to.in = append(from.out, e), append(to.in, e)
}

// Parents are the edges that lead to a digest, without the files of a tree.
func (g *Graph) Parents(d picket.Digest) []Edge {
	var made []Edge
	if n := g.nodes[g.canonical(d)]; n != nil {
		for _, e := range n.in {
			if e.Role != RoleFile {
				made = append(made, e)
			}
		}
	}
	return made
}

// Unresolved are the inputs of a digest that claims name without a digest.
func (g *Graph) Unresolved(d picket.Digest) []Unresolved {
	if n := g.nodes[g.canonical(d)]; n != nil {
		return n.unresolved
	}
	return nil
}

// Known reports whether there is a claim about a digest.
func (g *Graph) Known(d picket.Digest) bool {
	n := g.nodes[g.canonical(d)]
	return n != nil && len(n.claims) > 0
}

// Names is what claims call a digest; the first is the oldest in their order.
func (g *Graph) Names(d picket.Digest) []string {
	if n := g.nodes[g.canonical(d)]; n != nil {
		return n.names
	}
	return nil
}

// Label is a digest for people, with its first name. It is made of text from claims: escape it for printing.
func (g *Graph) Label(d picket.Digest) string {
	short := string(d)
	if len(short) > 19 {
		short = short[:19] + "…"
	}
	if names := g.Names(d); len(names) > 0 {
		return picket.Printable(names[0], 80) + " " + short
	}
	return short
}

// Explain is a path for people: "train.csv sha256:12…, data of model sha256:34…".
func (g *Graph) Explain(path []Edge) string {
	if len(path) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(g.Label(path[0].From))
	for _, e := range path {
		fmt.Fprintf(&b, ", %s of %s", e.Role, g.Label(e.To))
	}
	return b.String()
}
