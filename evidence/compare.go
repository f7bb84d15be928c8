package evidence

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/picketsec/picket"
)

// Difference is one way in which content is not what was claimed.
type Difference struct {
	Kind Kind
	Name string // of the file or shard; comes from outside, print it escaped
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
	Unhashed Kind = "unhashed" // the content was not hashed in the way of the signature, so nothing is known
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
	case Unhashed:
		return "the content was not hashed as the signature demands (" + name + ")"
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

// Compare returns every way in which content differs from what was signed, and sets Unsigned. A file that only the signer
// left out is a difference too: a signature that exempts a file says nothing about it, and must not decide that nobody asks.
func (s *ModelSignature) Compare(found *Manifest) []Difference {
	resources, ok := found.As(s.Serialization)
	if !ok {
		return []Difference{{Kind: Unhashed, Name: s.Serialization.String()}}
	}
	claimed := s.Resources
	if path, single := s.singleFile(); found.File && single {
		// The specification uses the name of the file, the Python tool "."; the name of a single file is not part of it.
		claimed = make([]Resource, 0, len(s.Resources))
		for _, r := range s.Resources {
			if path != "." {
				r.Name = s.Serialization.rename(r.Name, ".")
			}
			claimed = append(claimed, r)
		}
	}
	s.Unsigned = s.unsigned(claimed, found)
	diffs := Diff(claimed, resources)
	for i, d := range diffs {
		if path, _, _, err := s.Serialization.splitName(d.Name); d.Kind == Extra && err == nil && under(path, s.IgnorePaths) {
			diffs[i].Kind = Unsigned
		}
	}
	return diffs
}

// singleFile is the one path at the top that all resources are about.
func (s *ModelSignature) singleFile() (path string, ok bool) {
	for i, r := range s.Resources {
		p, _, _, err := s.Serialization.splitName(r.Name)
		if err != nil || strings.Contains(p, "/") || i > 0 && p != path {
			return "", false
		}
		path = p
	}
	return path, len(s.Resources) > 0
}

// unsigned are the files and folders that are there and that no resource covers, but for those that no signature covers.
func (s *ModelSignature) unsigned(claimed []Resource, found *Manifest) []string {
	covered := make(map[string]bool, len(claimed))
	for _, r := range claimed {
		if path, _, _, err := s.Serialization.splitName(r.Name); err == nil {
			covered[path] = true
		}
	}
	var names []string
	for _, r := range found.Resources {
		if !covered[r.Name] {
			names = append(names, r.Name)
		}
	}
	for _, name := range found.Excluded {
		if !Reserved(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Files is the number of files that the signature covers, whole or in shards.
func (s *ModelSignature) Files() int {
	paths := make(map[string]bool, len(s.Resources))
	for _, r := range s.Resources {
		if path, _, _, err := s.Serialization.splitName(r.Name); err == nil {
			paths[path] = true
		}
	}
	return len(paths)
}

// Exempt are the paths that the signer left out beyond those that every signature leaves out, whether they exist or not.
func (s *ModelSignature) Exempt() []string {
	var paths []string
	for _, p := range s.IgnorePaths {
		if !Reserved(p) {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// KindOfName tells by its name whether a file is "code" or "weights", which decide what a model does; empty for any other.
func KindOfName(name string) string {
	base := strings.ToLower(path.Base(name))
	switch ext := path.Ext(base); ext {
	case ".py", ".pyc", ".ipynb", ".so", ".dll", ".dylib", ".js", ".wasm", ".jar", ".sh", ".jinja", ".lua", ".r":
		return "code"
	case ".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".gguf", ".ggml", ".onnx", ".h5", ".hdf5",
		".keras", ".pb", ".tflite", ".npy", ".npz", ".msgpack", ".model", ".params", ".mlmodel", ".llamafile", ".engine":
		return "weights"
	}
	return ""
}
