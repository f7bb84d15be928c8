package claim

import (
	"crypto/sha256"
	"fmt"

	"github.com/picketsec/picket"
)

// LeafHash is the hash of one line, without its newline, as a leaf of the Merkle tree of RFC 6962.
func LeafHash(line []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(line)
	return [32]byte(h.Sum(nil))
}

// node is the hash of an inner node of the tree.
func node(left, right [32]byte) [32]byte {
	var b [65]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}

// prefix holds the root of every prefix of a list of lines.
type prefix struct {
	perfect []subtree // complete subtrees, the largest first
	roots   []picket.Digest
}

// subtree is a complete tree over size leaves, a power of two.
type subtree struct {
	size int64
	hash [32]byte
}

func newPrefix() *prefix { return &prefix{} }

// add appends a leaf: it closes every subtree that becomes complete by it.
func (p *prefix) add(leaf [32]byte) {
	t := subtree{1, leaf}
	for n := len(p.perfect); n > 0 && p.perfect[n-1].size == t.size; n-- {
		t = subtree{2 * t.size, node(p.perfect[n-1].hash, t.hash)}
		p.perfect = p.perfect[:n-1]
	}
	p.perfect = append(p.perfect, t)
	root := t.hash
	for n := len(p.perfect) - 2; n >= 0; n-- {
		root = node(p.perfect[n].hash, root)
	}
	p.roots = append(p.roots, picket.SHA256(root))
}

// check compares a head with the leaves that were added.
func (p *prefix) check(h *Head) error {
	if err := p.at(h.Count, h.Root); err != nil {
		return err
	}
	if h.Previous != nil {
		return p.at(h.Previous.Count, h.Previous.Root)
	}
	return nil
}

// at compares the root of the first count leaves.
func (p *prefix) at(count int64, root picket.Digest) error {
	switch n := int64(len(p.roots)); {
	case count > n:
		return fmt.Errorf("%w: the head counts %d, and there are %d", ErrRemoved, count, n)
	case count < 1 || p.roots[count-1] != root:
		return fmt.Errorf("%w: the first %d do not have the root of the head", ErrEdited, count)
	}
	return nil
}
