// Package dvc recognises the files of Data Version Control: .dvc files, which stand for data kept elsewhere, and dvc.yaml, which
// says by which commands models are made. It is for detectors, which get the commands and paths. It fetches and runs nothing,
// and judges nothing.
package dvc

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "dvc"

// Format recognises files of DVC.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "DVC file", MediaType: "application/vnd.dvc+yaml", Extensions: []string{".dvc"}, Risk: format.Active,
		Refines: yaml.Name, Forward: true, Parsed: true, Spec: "https://dvc.org/doc/user-guide/project-structure"}
}

// Match implements format.Format: outputs with their checksum, or stages with their command.
func (Format) Match(p format.Probe) bool {
	return yaml.HasMember(p.Head, false, "outs") && yaml.HasMember(p.Head, true, "md5", "etag", "checksum") ||
		yaml.HasMember(p.Head, false, "stages") && yaml.HasMember(p.Head, true, "cmd")
}

// Entry is a command or a path.
type Entry struct {
	Kind   string // "cmd", "outs", "deps" or "wdir"
	Value  string
	Offset int64 // bytes from the start of the document
}

// Read lists commands and paths in order. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(blob *format.Blob, budget *limits.Budget) ([]Entry, error) {
	root, err := yaml.Tree(blob, budget)
	if err != nil {
		return nil, err
	}
	var list []Entry
	// What Walk returns is what visit returned, which is nil.
	_ = root.Walk(func(way []string, n *jsonstream.Node) error {
		if n.Kind != jsonstream.String || n.Text == "" || len(way) == 0 {
			return nil
		}
		last, above := way[len(way)-1], ""
		for _, name := range way {
			switch name {
			case "cmd", "outs", "deps", "wdir":
				above = name
			}
		}
		if above != "" && (last == above || last == "path" || last == "[]") {
			list = append(list, Entry{above, n.Text, n.Offset})
		}
		return nil
	})
	return list, nil
}
