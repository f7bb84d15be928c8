// Package kitfile recognises Kitfiles, which say what a ModelKit of KitOps is packed from and unpacked to, and reads the paths in
// them. It is for detectors. It opens none of the files, and judges nothing.
package kitfile

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "kitfile"

// Format recognises Kitfiles.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "KitOps Kitfile", MediaType: "application/vnd.kitops.kitfile+yaml", Risk: format.Data, Refines: yaml.Name,
		Forward: true, Parsed: true, Spec: "https://kitops.org/docs/kitfile/format/"}
}

// Match implements format.Format: the version of the manifest, and one of its parts.
func (Format) Match(p format.Probe) bool {
	return yaml.HasMember(p.Head, false, "manifestVersion") &&
		yaml.HasMember(p.Head, false, "package", "model", "code", "datasets", "docs", "prompts")
}

// Path is a path in a Kitfile.
type Path struct {
	Part   string // the part that has it: "model", "code"
	Value  string
	Offset int64 // bytes from the start of the document
}

// Read lists the paths. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(blob *format.Blob, budget *limits.Budget) ([]Path, error) {
	root, err := yaml.Tree(blob, budget)
	if err != nil {
		return nil, err
	}
	var list []Path
	// What Walk returns is what visit returned, which is nil.
	_ = root.Walk(func(way []string, n *jsonstream.Node) error {
		if len(way) > 1 && way[len(way)-1] == "path" && n.String() != "" {
			list = append(list, Path{way[0], n.Text, n.Offset})
		}
		return nil
	})
	return list, nil
}
