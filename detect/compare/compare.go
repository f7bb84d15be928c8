// Package compare tells what changed between two versions of a model: files, what is in them, tensors, and findings. It is for
// reviewing a new version against the one that was approved. It judges nothing by itself: the findings are those of the scans.
package compare

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/weights"
)

// Side is one of the two versions.
type Side struct {
	// Results are of the files, whose names are relative to the version's own root. Every one has a digest, or is taken as changed.
	Results []picket.Result
	// Tensors lists the tensors of a file by its name; ok is false when the file holds no weights that can be listed.
	Tensors func(name string) (tensors []Tensor, ok bool, err error)
}

// Tensor is one array, as far as it is compared.
type Tensor struct {
	Name, Type string
	Shape      []int64
	Digest     picket.Digest // of its elements in order
}

// How says in which way something changed.
type How string

// The ways.
const (
	Added   How = "added"
	Removed How = "removed"
	Changed How = "changed"
)

// Change is one difference.
type Change struct {
	How  How    `json:"how"`
	What string `json:"what"` // "file", "format", "verdict", "tensor", "finding", or the kind of a fact
	Name string `json:"name"` // may come from hostile input: print it escaped
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	// Severity is that of a finding; empty for others.
	Severity string `json:"severity,omitempty"`
}

// File is everything that changed in one file.
type File struct {
	Name    string   `json:"name"`
	How     How      `json:"how"`
	Changes []Change `json:"changes"`
	// Unknown says why a part of the content could not be compared; empty when all was.
	Unknown string `json:"unknown,omitempty"`
}

// Files compares two versions and returns the files that differ, by name: in content, or, because a file can lead to others, in
// what the scan says about the same content. The error is about reading tensors.
func Files(old, now Side) ([]File, error) {
	before, after := byName(old.Results), byName(now.Results)
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var files []File
	for name := range names {
		o, was := before[name]
		n, is := after[name]
		file := File{Name: name, How: Changed}
		switch {
		case !was:
			file.How = Added
		case !is:
			file.How = Removed
		case o.Artifact.Digest != "" && o.Artifact.Digest == n.Artifact.Digest:
			if file.contents(o, n); len(file.Changes) > 0 { // the same bytes, and other files beside them that they lead to
				files = append(files, file)
			}
			continue
		}
		file.contents(o, n)
		if err := file.tensors(old, now); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// byName indexes results.
func byName(results []picket.Result) map[string]picket.Result {
	index := make(map[string]picket.Result, len(results))
	for _, r := range results {
		index[r.Artifact.Name] = r
	}
	return index
}

// contents compares what two scans say; one of them is empty for a file that was added or removed.
func (f *File) contents(o, n picket.Result) {
	if f.How == Changed {
		f.field("format", strings.Join(o.Formats, ", "), strings.Join(n.Formats, ", "))
		f.field("verdict", o.Verdict.String(), n.Verdict.String())
	}
	f.sets(facts(o), facts(n))
	f.sets(findings(o), findings(n))
	if len(n.Coverage.Gaps) > 0 || len(o.Coverage.Gaps) > 0 {
		f.Unknown = "a part of the content was not read"
	}
}

// field notes a value that differs.
func (f *File) field(what, old, now string) {
	if old != now {
		f.Changes = append(f.Changes, Change{How: Changed, What: what, Name: what, Old: old, New: now})
	}
}

// facts are the facts of a result as changes without their way.
func facts(r picket.Result) map[Change]bool {
	set := map[Change]bool{}
	for _, fact := range r.Facts {
		set[Change{What: string(fact.Kind), Name: fact.Value}] = true
	}
	return set
}

// findings are those of a result. Two findings are the same if they say the same about the same subject: offsets move when
// anything before them changes.
func findings(r picket.Result) map[Change]bool {
	set := map[Change]bool{}
	for _, f := range r.Findings {
		set[Change{What: "finding", Name: f.Rule.ID, New: f.Evidence.Summary, Severity: f.Rule.Severity.String()}] = true
	}
	return set
}

// sets notes what only one of two sets has.
func (f *File) sets(old, now map[Change]bool) {
	var changes []Change
	only := func(these, those map[Change]bool, how How) {
		for c := range these {
			if !those[c] {
				c.How = how
				changes = append(changes, c)
			}
		}
	}
	only(old, now, Removed)
	only(now, old, Added)
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.What, b.What), strings.Compare(a.Name, b.Name), strings.Compare(a.New, b.New),
			strings.Compare(string(a.How), string(b.How)))
	})
	f.Changes = append(f.Changes, changes...)
}

// tensors compares the weights.
func (f *File) tensors(old, now Side) error {
	var before, after []Tensor
	var was, is bool
	var err error
	if f.How != Added {
		if before, was, err = old.Tensors(f.Name); err != nil {
			return err
		}
	}
	if f.How != Removed {
		if after, is, err = now.Tensors(f.Name); err != nil {
			return err
		}
	}
	if was != is && f.How == Changed && f.Unknown == "" {
		f.Unknown = "the tensors of only one version can be listed"
	}
	olds, news := map[string]Tensor{}, map[string]Tensor{}
	var names []string
	for _, t := range before {
		olds[t.Name], names = t, append(names, t.Name)
	}
	for _, t := range after {
		if _, both := olds[t.Name]; !both {
			names = append(names, t.Name)
		}
		news[t.Name] = t
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		o, was := olds[name]
		n, is := news[name]
		change := Change{How: Changed, What: "tensor", Name: name, Old: o.form(was), New: n.form(is)}
		switch {
		case !was:
			change.How = Added
		case !is:
			change.How = Removed
		case change.Old != change.New:
		case o.Digest != n.Digest:
			change.New += ", other values"
		default:
			continue
		}
		f.Changes = append(f.Changes, change)
	}
	return nil
}

// form is the type and shape of a tensor.
func (t Tensor) form(exists bool) string {
	if !exists {
		return ""
	}
	var b strings.Builder
	b.WriteString(t.Type + " [")
	for i, n := range t.Shape {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	b.WriteByte(']')
	return b.String()
}

// Sum computes the digest of the elements of each tensor. It stops when ctx ends.
func Sum(ctx context.Context, set *weights.Set) ([]Tensor, error) {
	list := make([]Tensor, 0, len(set.Tensors))
	for _, t := range set.Tensors {
		h := sha256.New()
		if err := t.Elements(ctx, h); err != nil {
			return nil, err
		}
		list = append(list, Tensor{Name: t.Name, Type: t.Type, Shape: t.Shape, Digest: picket.SHA256([sha256.Size]byte(h.Sum(nil)))})
	}
	return list, nil
}
