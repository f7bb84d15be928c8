package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket"
)

// Resource is one file of a manifest.
type Resource struct {
	Name string // path below the root, with slashes; "." for a model that is a single file; PATH:START:END for a shard
	// Digest is the SHA-256, but in serializations with another hash, where the name of that stands in front of the colon.
	Digest picket.Digest
	Size   int64 // bytes; -1 in a manifest that was read from a signature
}

// Manifest lists every file of a tree, or a single file, with its digest. Make it with HashTree or HashFile.
type Manifest struct {
	// Name is the last element of the path of the tree, for people.
	Name string
	// File is true when this is a single file and not a tree of one.
	File bool
	// Resources are in the order of the specification: by the bytes of the whole name.
	Resources []Resource
	// Excluded are the names at the root that the digest does not cover although they exist.
	Excluded []string

	linked bool     // a symbolic link was followed
	ignore []string // what was left out by rule or by the operator, present or not
	others map[Serialization][]Resource
}

// Digest is the identity of the content. Of a file it is its SHA-256. Of a tree it is the root digest of OpenSSF Model
// Signing with method "files", SHA-256 and resources in the order of the specification.
//
// The root digest covers contents, not names: two trees that hold the same files in the same order under other names have
// the same one. Whoever decides about a tree therefore compares the resources as well, see Diff.
func (m *Manifest) Digest() picket.Digest {
	if m.File && len(m.Resources) == 1 {
		return m.Resources[0].Digest
	}
	return rootDigest(m.Resources)
}

// PythonDigest is the root digest with resources in the order of the Python tool, an alias of a tree. It differs from
// Digest when a directory "x" stands beside a name such as "x-y" or "x.y".
func (m *Manifest) PythonDigest() picket.Digest {
	return rootDigest(Serialization{}.pythonOrder(m.Resources))
}

// As lists the content in another serialization; false when it was not hashed so, see Options.Also.
func (m *Manifest) As(s Serialization) ([]Resource, bool) {
	if s.Identity() {
		return m.Resources, true
	}
	resources, ok := m.others[s.normal()]
	return resources, ok
}

// Adopt takes over the other serializations of a manifest of the same content that was made later. The error wraps
// ErrChanged when the content is not the same any more.
func (m *Manifest) Adopt(again *Manifest) error {
	if diffs := Diff(m.Resources, again.Resources); len(diffs) > 0 {
		return fmt.Errorf("%s: %w", diffs[0], ErrChanged)
	}
	if m.others == nil {
		m.others = map[Serialization][]Resource{}
	}
	maps.Copy(m.others, again.others)
	return nil
}

// DirHash is the directory digest of in-toto ("dirHash": Hash1 of Go's sumdb/dirhash, in hexadecimal), which covers names where
// Digest does not. It is empty for a single file, and for a tree with a line break in a name, which has none.
func (m *Manifest) DirHash() string {
	if m.File || len(m.Resources) == 0 {
		return ""
	}
	ordered := slices.Clone(m.Resources)
	sortResources(ordered)
	h := sha256.New()
	for _, r := range ordered {
		if strings.Contains(r.Name, "\n") || r.Digest == "" {
			return ""
		}
		fmt.Fprintf(h, "%s  %s\n", r.Digest.Hex(), r.Name)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Size is the number of bytes in all resources.
func (m *Manifest) Size() int64 {
	var n int64
	for _, r := range m.Resources {
		n += max(r.Size, 0)
	}
	return n
}

// rootDigest is the SHA-256 over the raw digests, one after the other.
func rootDigest(resources []Resource) picket.Digest {
	h := sha256.New()
	for _, r := range resources {
		raw, ok := rawDigest(r.Digest)
		if !ok {
			return "" // equals nothing, so nothing is ever cleared by it
		}
		h.Write(raw)
	}
	return picket.SHA256([sha256.Size]byte(h.Sum(nil)))
}

// sortResources brings resources into the order of the specification.
func sortResources(rs []Resource) {
	slices.SortFunc(rs, func(a, b Resource) int { return strings.Compare(a.Name, b.Name) })
}

// CheckResources refuses names that repeat or that could reach out of the root.
func CheckResources(rs []Resource) error { return checkResources(rs, Serialization{}) }

func checkResources(rs []Resource, s Serialization) error {
	seen := make(map[string]bool, len(rs))
	dots := 0
	for _, r := range rs {
		path, _, _, err := s.splitName(r.Name)
		if err != nil {
			return err
		}
		if path == "." {
			dots++ // a model that is a single file
		} else if !validName(path) {
			return fmt.Errorf("resource %q is not a path below the root: %w", clip(r.Name), ErrMalformed)
		}
		if seen[r.Name] {
			return fmt.Errorf("resource %q appears twice: %w", clip(r.Name), ErrMalformed)
		}
		seen[r.Name] = true
	}
	if dots != 0 && dots != len(rs) {
		return fmt.Errorf("resource \".\" stands beside others: %w", ErrMalformed)
	}
	return nil
}

// validName reports whether name is a clean relative path that every tool reads alike.
func validName(name string) bool {
	return name != "." && fs.ValidPath(name) && utf8.ValidString(name) && !strings.ContainsRune(name, 0) && len(name) <= maxText
}
