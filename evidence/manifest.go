package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket"
)

// Resource is one file of a manifest.
type Resource struct {
	Name   string // path below the root, with slashes; "." for a model that is a single file
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
	if m.File {
		return rootDigest(m.Resources)
	}
	ordered := slices.Clone(m.Resources)
	slices.SortFunc(ordered, func(a, b Resource) int {
		return slices.Compare(strings.Split(a.Name, "/"), strings.Split(b.Name, "/"))
	})
	return rootDigest(ordered)
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
		raw, err := hex.DecodeString(r.Digest.Hex())
		if err != nil || len(raw) != sha256.Size {
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
func CheckResources(rs []Resource) error {
	seen := make(map[string]bool, len(rs))
	for _, r := range rs {
		single := r.Name == "." && len(rs) == 1
		if !single && !validName(r.Name) {
			return fmt.Errorf("resource %q is not a path below the root: %w", clip(r.Name), ErrMalformed)
		}
		if seen[r.Name] {
			return fmt.Errorf("resource %q appears twice: %w", clip(r.Name), ErrMalformed)
		}
		seen[r.Name] = true
	}
	return nil
}

// validName reports whether name is a clean relative path that every tool reads alike.
func validName(name string) bool {
	return name != "." && fs.ValidPath(name) && utf8.ValidString(name) && !strings.ContainsRune(name, 0) && len(name) <= maxText
}

// Difference is one way in which content is not what was claimed.
type Difference struct {
	Kind Kind
	Name string // of the file; comes from outside, print it escaped
	Want picket.Digest
	Got  picket.Digest
}

// Kind says how a file differs.
type Kind string

// The kinds of differences.
const (
	Missing  Kind = "missing"  // claimed, but not there
	Extra    Kind = "extra"    // there, but not claimed
	Changed  Kind = "changed"  // there with other content
	Unsigned Kind = "unsigned" // there, and the signer chose to leave it out; the operator did not
)

// String is the difference as a line for people.
func (d Difference) String() string {
	name := picket.Printable(d.Name, picket.MaxExcerpt)
	switch d.Kind {
	case Missing:
		return name + " is missing"
	case Extra:
		return name + " was added"
	case Unsigned:
		return name + " is left out by the signature's own ignore list"
	}
	return fmt.Sprintf("%s was changed (claimed %s, found %s)", name, d.Want, d.Got)
}

// Diff compares what was claimed with what is there, by name and digest, and returns every difference in the order of names.
func Diff(claimed, found []Resource) []Difference {
	there := make(map[string]picket.Digest, len(found))
	for _, r := range found {
		there[r.Name] = r.Digest
	}
	var diffs []Difference
	for _, want := range claimed {
		got, ok := there[want.Name]
		switch {
		case !ok:
			diffs = append(diffs, Difference{Kind: Missing, Name: want.Name, Want: want.Digest})
		case got != want.Digest || got == "":
			diffs = append(diffs, Difference{Kind: Changed, Name: want.Name, Want: want.Digest, Got: got})
		}
		delete(there, want.Name)
	}
	for name, got := range there {
		diffs = append(diffs, Difference{Kind: Extra, Name: name, Got: got})
	}
	slices.SortFunc(diffs, func(a, b Difference) int { return strings.Compare(a.Name, b.Name) })
	return diffs
}
