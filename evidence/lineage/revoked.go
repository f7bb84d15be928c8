package lineage

import (
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
)

// Revocation is why a digest is revoked.
type Revocation struct {
	By   *claim.Claim
	Path []Edge // from what was revoked, the first hundred steps when there are more; empty when it is the digest itself
}

// Revoked lists the revocations that reach a digest: of itself, of a file that is in it, and of what it descends from when the
// revocation says that it cascades.
func (g *Graph) Revoked(d picket.Digest) []Revocation {
	if cascade, alone := g.Spoilt(d); !cascade && !alone {
		return nil
	}
	d = g.canonical(d)
	var list []Revocation
	made := g.onward(d, func(Edge) bool { return true })
	holds := g.onward(d, func(e Edge) bool { return e.Role == RoleFile })
	for _, c := range g.taken {
		r, _ := c.Said.(*claim.Revocation)
		path := holds
		if r.Cascade {
			path = made
		}
		from := g.canonical(c.Subject)
		if from == d {
			list = append(list, Revocation{By: c})
		} else if steps := path(from); steps != nil {
			list = append(list, Revocation{By: c, Path: steps})
		}
	}
	return list
}

// onward walks back from a digest along the edges that are wanted, once, and returns a function that tells the shortest way
// from any other to it.
func (g *Graph) onward(to picket.Digest, wanted func(Edge) bool) func(from picket.Digest) []Edge {
	next := map[picket.Digest]Edge{}
	for queue := []picket.Digest{to}; len(queue) > 0; queue = queue[1:] {
		n := g.nodes[queue[0]]
		if n == nil {
			continue
		}
		for _, e := range n.in {
			if _, seen := next[e.From]; !seen && wanted(e) {
				next[e.From] = e
				queue = append(queue, e.From)
			}
		}
	}
	return func(from picket.Digest) []Edge {
		var path []Edge
		for at := from; ; {
			e, ok := next[at]
			if !ok {
				return nil
			}
			path = append(path, e)
			if at = e.To; at == to || len(path) == maxPath {
				return path
			}
		}
	}
}

// spoilt is what revocations reach: those that take along what descends from the content, and those that do not.
type spoilt struct {
	edges          int // of the graph when it was walked; it grows when content is added
	cascade, alone map[picket.Digest]bool
}

// Spoilt reports whether a digest is reached by a revocation that takes descendants along, and by one that does not. All
// digests together cost one walk.
func (g *Graph) Spoilt(d picket.Digest) (cascade, alone bool) {
	if len(g.taken) == 0 {
		return false, false
	}
	if g.spoilt.cascade == nil || g.edges != len(g.seen) {
		all := func(Edge) bool { return true }
		g.spoilt = spoilt{len(g.seen), g.spread(true, all), g.spread(false, func(e Edge) bool { return e.Role == RoleFile })}
	}
	d = g.canonical(d)
	return g.cascade[d], g.alone[d]
}

// spread walks from all that was revoked in one of the two ways.
func (g *Graph) spread(cascade bool, wanted func(Edge) bool) map[picket.Digest]bool {
	reached := map[picket.Digest]bool{}
	var queue []picket.Digest
	for _, c := range g.taken {
		if r, _ := c.Said.(*claim.Revocation); r.Cascade == cascade && !reached[g.canonical(c.Subject)] {
			reached[g.canonical(c.Subject)] = true
			queue = append(queue, g.canonical(c.Subject))
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, e := range g.nodes[queue[0]].out {
			if !reached[e.To] && wanted(e) {
				reached[e.To] = true
				queue = append(queue, e.To)
			}
		}
	}
	return reached
}

// Enforce condemns the content of a set when a revocation reaches it by lineage. The files of the content count as they are.
func Enforce(set *claim.Set, content claim.Options) error {
	revoked := slices.ContainsFunc(set.All(), func(c *claim.Claim) bool {
		_, ok := c.Said.(*claim.Revocation)
		return ok
	})
	if !revoked || content.Content == nil {
		return nil
	}
	g, err := New(set.All())
	if err == nil {
		err = g.Contains(content.Content)
	}
	if err != nil {
		return err
	}
	// Signatures of the Python tool are about the digest in its order: whoever revokes what they verified revokes that one.
	python := content.Content.PythonDigest()
	for _, c := range set.All() {
		if r, ok := c.Said.(*claim.Revocation); ok && r.Target == claim.RevokeContent && c.Subject == python && python != content.Content.Digest() {
			set.Inherit(c, "the same content by the digest of the Python tool")
		}
	}
	for _, r := range g.Revoked(content.Content.Digest()) {
		if len(r.Path) > 0 {
			set.Inherit(r.By, g.Explain(r.Path))
		} else {
			set.Inherit(r.By, "the same content by another digest")
		}
	}
	return nil
}
