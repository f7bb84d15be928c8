package detect

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/picketsec/picket"
)

// unknownContent is what is said about content that no format recognises.
const unknownContent = "unknown binary content"

// maxVouches bounds how many files one artifact vouches for.
const maxVouches = 1 << 16

// Vouch says that a file beside the artifact, by its slash-separated path relative to the artifact's folder, holds raw data of the
// artifact, which nothing executes, up to its last byte: the external data of a graph, a shard of a checkpoint. A path that ends
// in a slash stands for every file below it. The detector has compared the sizes where the artifact states them. It matters only
// if no format recognises the file; see Settle. Parts of an artifact vouch for nothing.
func (o *Output) Vouch(name string) {
	clean := path.Clean(name)
	if o.member != "" || path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || len(o.run.vouches) >= maxVouches {
		return
	}
	if strings.HasSuffix(name, "/") {
		clean += "/"
	}
	o.run.vouches[clean] = true
}

// vouched lists the files in order.
func (r *run) vouched() []string { return slices.Sorted(maps.Keys(r.vouches)) }

// Settle completes the results of one place: unknown content that another artifact vouches for is its raw data, and counts as
// opaque. What formats recognise in such a file stays as it was found.
func Settle(results []picket.Result) {
	files, folders := map[string]bool{}, map[string]bool{}
	for _, r := range results {
		for _, v := range r.Vouches {
			full := path.Join(path.Dir(r.Artifact.Name), v)
			if strings.HasSuffix(v, "/") {
				folders[full] = true
			} else {
				files[full] = true
			}
		}
	}
	for i := range results {
		if r := &results[i]; (files[path.Clean(r.Artifact.Name)] || below(folders, r.Artifact.Name)) && onlyUnknown(r.Coverage) {
			r.Coverage.Unsupported = nil
			r.Coverage.Opaque += max(0, r.Artifact.Size)
			r.Verdict = picket.Judge(r.Findings, r.Coverage)
		}
	}
}

// below reports whether a file is in one of the folders.
func below(folders map[string]bool, name string) bool {
	for dir := path.Dir(path.Clean(name)); len(folders) > 0 && dir != "." && dir != "/"; dir = path.Dir(dir) {
		if folders[dir] {
			return true
		}
	}
	return false
}

// onlyUnknown reports whether all that is unsupported about an artifact is content that no format recognises.
func onlyUnknown(c picket.Coverage) bool {
	for _, u := range c.Unsupported {
		if !strings.HasSuffix(u, "("+unknownContent+")") {
			return false
		}
	}
	return len(c.Unsupported) > 0
}
