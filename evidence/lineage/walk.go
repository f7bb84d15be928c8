package lineage

import (
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
)

// Ancestors are all digests that one was made from, and the files of those, nearest first. A digest in a circle is its own
// ancestor, and is not listed.
func (g *Graph) Ancestors(d picket.Digest) []picket.Digest {
	return g.reach(d, func(n *node) []Edge { return n.in }, func(e Edge) picket.Digest { return e.From })
}

// Descendants are all digests that were made from one, nearest first.
func (g *Graph) Descendants(d picket.Digest) []picket.Digest {
	return g.reach(d, func(n *node) []Edge { return n.out }, func(e Edge) picket.Digest { return e.To })
}

// reach walks breadth first.
func (g *Graph) reach(d picket.Digest, edges func(*node) []Edge, next func(Edge) picket.Digest) []picket.Digest {
	d = g.canonical(d)
	seen, queue := map[picket.Digest]bool{d: true}, []picket.Digest{d}
	for i := 0; i < len(queue); i++ {
		n := g.nodes[queue[i]]
		if n == nil {
			continue
		}
		for _, e := range edges(n) {
			if to := next(e); !seen[to] {
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
	return queue[1:]
}

// Path is the shortest way from an ancestor to a descendant; nil when there is none, and for a digest to itself the shortest
// circle.
func (g *Graph) Path(from, to picket.Digest) []Edge {
	from, to = g.canonical(from), g.canonical(to)
	return g.paths(from, func(Edge) bool { return true })(to)
}

// paths walks from a digest along the edges that are wanted, once, and returns a function that tells the shortest way to any
// other.
func (g *Graph) paths(from picket.Digest, wanted func(Edge) bool) func(to picket.Digest) []Edge {
	came := map[picket.Digest]Edge{}
	for queue := []picket.Digest{from}; len(queue) > 0; queue = queue[1:] {
		n := g.nodes[queue[0]]
		if n == nil {
			continue
		}
		for _, e := range n.out {
			if _, seen := came[e.To]; !seen && wanted(e) {
				came[e.To] = e
				queue = append(queue, e.To)
			}
		}
	}
	return func(to picket.Digest) []Edge {
		var path []Edge
		for at := to; ; {
			e, ok := came[at]
			if !ok {
				return nil
			}
			path = append(path, e)
			if at = e.From; at == from {
				slices.Reverse(path)
				return path
			}
		}
	}
}

// maxCycles bounds the circles that are reported.
const maxCycles = 100

// Cycles are circles: content that is said to be made from itself, which is nobody's honest lineage. At most a hundred are
// listed.
func (g *Graph) Cycles() [][]Edge {
	left := g.inCircles()
	var cycles [][]Edge
	for _, d := range g.order {
		if !left[d] || len(cycles) == maxCycles {
			continue
		}
		circle := g.paths(d, func(e Edge) bool { return left[e.To] })(d)
		for _, e := range circle {
			delete(left, e.From)
		}
		if len(circle) > 0 {
			cycles = append(cycles, circle)
		}
	}
	return cycles
}

// inCircles takes away, again and again, what has nothing before it or nothing after it.
func (g *Graph) inCircles() map[picket.Digest]bool {
	in, out := map[picket.Digest]int{}, map[picket.Digest]int{}
	left := map[picket.Digest]bool{}
	var queue []picket.Digest
	for _, d := range g.order {
		n := g.nodes[d]
		left[d], in[d], out[d] = true, len(n.in), len(n.out)
		if in[d] == 0 || out[d] == 0 {
			left[d] = false
			queue = append(queue, d)
		}
	}
	take := func(d picket.Digest, counts map[picket.Digest]int) {
		if counts[d]--; counts[d] == 0 && left[d] {
			left[d] = false
			queue = append(queue, d)
		}
	}
	for i := 0; i < len(queue); i++ {
		for _, e := range g.nodes[queue[i]].out {
			take(e.To, in)
		}
		for _, e := range g.nodes[queue[i]].in {
			take(e.From, out)
		}
	}
	return left
}

// Missing are the ancestors of a digest about which nobody says anything, without files of trees, nearest first.
func (g *Graph) Missing(d picket.Digest) []picket.Digest {
	var missing []picket.Digest
	for _, a := range g.Ancestors(d) {
		onlyFile := !slices.ContainsFunc(g.nodes[a].out, func(e Edge) bool { return e.Role != RoleFile })
		if len(g.nodes[a].claims) == 0 && !onlyFile {
			missing = append(missing, a)
		}
	}
	return missing
}

// Reach is a digest that something reaches.
type Reach struct {
	Digest picket.Digest
	Names  []string
	// Sources say where the claims about it are.
	Sources []string
	// Path leads there from what was asked for, the last hundred steps when there are more; empty when it is that itself, or
	// was signed by that key.
	Path []Edge
	far  int // steps
}

// maxPath bounds the path that is told for each of what is reached.
const maxPath = 100

// Blast lists what is reached from something: a digest, the name of a data set or a model as claims call it, or a key, by its
// fingerprint or the name of its signer. What it is itself comes first.
func (g *Graph) Blast(what string) []Reach {
	var list []Reach
	came := map[picket.Digest]step{}
	for _, start := range g.find(what) {
		if _, reached := came[start]; reached {
			continue
		}
		came[start] = step{}
		// What an earlier start reached is not entered again: everything behind it was reached as well.
		for queue := []picket.Digest{start}; len(queue) > 0; queue = queue[1:] {
			at := queue[0]
			list = append(list, g.reachOf(at, came))
			for _, e := range g.nodes[at].out {
				if _, reached := came[e.To]; !reached {
					came[e.To] = step{e, came[at].far + 1}
					queue = append(queue, e.To)
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Reach) int { return a.far - b.far })
	return list
}

// step is the edge by which a digest was reached, and how many there were.
type step struct {
	edge Edge
	far  int
}

// reachOf describes what was reached.
func (g *Graph) reachOf(d picket.Digest, came map[picket.Digest]step) Reach {
	n := g.nodes[d]
	r := Reach{Digest: d, Names: n.names, far: came[d].far}
	for at := d; came[at].far > 0 && len(r.Path) < maxPath; at = came[at].edge.From {
		r.Path = append(r.Path, came[at].edge)
	}
	slices.Reverse(r.Path)
	for _, c := range n.claims {
		r.Sources = append(r.Sources, c.Source)
	}
	return r
}

// find resolves what somebody asks for.
func (g *Graph) find(what string) []picket.Digest {
	hex := strings.TrimPrefix(what, "sha256:")
	wanted := g.canonical(picket.Digest("sha256:" + hex))
	var found []picket.Digest
	for _, d := range g.order {
		n := g.nodes[d]
		signed := slices.ContainsFunc(n.claims, func(c *claim.Claim) bool {
			return slices.ContainsFunc(c.Signers, func(s claim.Signer) bool {
				return s.Name == what || s.Proof != nil && s.Proof.Signatory.Key != "" && s.Proof.Signatory.Key == hex ||
					s.Proof != nil && s.Proof.Signatory.Subject != "" && s.Proof.Signatory.Subject == what
			})
		})
		if d == wanted || signed || slices.Contains(n.names, what) {
			found = append(found, d)
		}
	}
	return found
}
