// Package torchserve recognises the archives of TorchServe (.mar, and .war for workflows) and reads their manifest: which files
// the server loads, and which Python it runs. It is for detectors. It opens none of the files, and judges nothing.
package torchserve

import (
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

const (
	// Name is the name of the format.
	Name = "torchserve"
	// ManifestName is the member that makes a zip archive one of TorchServe.
	ManifestName = "MAR-INF/MANIFEST.json"
)

// Format recognises archives of TorchServe.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "TorchServe archive", MediaType: "application/vnd.pytorch.mar", Extensions: []string{".mar", ".war"},
		Risk: format.Active, Refines: zip.Name, Parsed: true,
		Spec: "https://github.com/pytorch/serve/blob/master/model-archiver/README.md"}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	for _, name := range zip.Names(p) {
		if name == ManifestName {
			return true
		}
	}
	return false
}

// Manifest is what the manifest says. Empty fields are not there.
type Manifest struct {
	Runtime string // what runs the handler: "python"
	Handler string // a built-in handler, a file, or "module:function"
	// Files are the files of the archive that the manifest names, with the field that names each.
	Files []File
	// Requirements is the list of packages that the server installs.
	Requirements string
	// Repeated is the first member of an object that stands twice; readers keep one or the other.
	Repeated string
	// Texts are all strings of the manifest, in order.
	Texts []Text
}

// File is a file that a field names.
type File struct {
	Field, Path string
	Offset      int64 // in the manifest, bytes
	Code        bool  // the server runs it
}

// Text is a string with its place.
type Text struct {
	Value  string
	Offset int64
}

// Read reads a manifest. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(blob *format.Blob, budget *limits.Budget) (Manifest, error) {
	var m Manifest
	root, err := json.Tree(blob, budget)
	if err != nil {
		return m, err
	}
	if root.Kind != jsonstream.ObjectStart {
		return m, format.Malformed(0, "the manifest is no object")
	}
	m.Runtime = root.Get("runtime").String()
	for _, section := range []string{"model", "workflow"} {
		m.section(root.Get(section))
	}
	// What Walk returns is what visit returned, which is nil.
	_ = root.Walk(func(_ []string, n *jsonstream.Node) error {
		if n.Kind == jsonstream.String {
			m.Texts = append(m.Texts, Text{n.Text, n.Offset})
		}
		m.repeated(n)
		return nil
	})
	return m, nil
}

// section reads the fields of a model or workflow that name files.
func (m *Manifest) section(n *jsonstream.Node) {
	add := func(field, path string, code bool) {
		if path = strings.TrimSpace(path); path != "" {
			m.Files = append(m.Files, File{Field: field, Path: path, Offset: n.Get(field).Offset, Code: code})
		}
	}
	for _, field := range []string{"serializedFile", "configFile", "specFile"} {
		add(field, n.Get(field).String(), false)
	}
	add("modelFile", n.Get("modelFile").String(), true)
	for path := range strings.SplitSeq(n.Get("extraFiles").String(), ",") {
		add("extraFiles", path, false)
	}
	if r := n.Get("requirementsFile").String(); r != "" {
		add("requirementsFile", r, false)
		m.Requirements = r
	}
	if h := n.Get("handler").String(); h != "" {
		m.Handler = h
		file, _, _ := strings.Cut(h, ":")
		add("handler", file, true)
	}
}

// repeated notes a member that stands twice.
func (m *Manifest) repeated(n *jsonstream.Node) {
	if n.Kind != jsonstream.ObjectStart || m.Repeated != "" {
		return
	}
	seen := map[string]bool{}
	for _, c := range n.Children {
		if seen[c.Key] {
			m.Repeated = c.Key
		}
		seen[c.Key] = true
	}
}
