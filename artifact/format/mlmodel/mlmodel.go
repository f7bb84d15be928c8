// Package mlmodel recognises and reads the MLmodel file of MLflow, which says how a model folder is loaded: the module that loads
// it, the code and the packages that it brings, and the files that hold it. It is for detectors. It opens none of these files,
// and judges nothing.
package mlmodel

import (
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "mlmodel"

// Format recognises MLmodel files.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "MLflow model", MediaType: "application/vnd.mlflow.model+yaml", Risk: format.Active, Refines: yaml.Name,
		Forward: true, Parsed: true, Spec: "https://mlflow.org/docs/latest/ml/model/#storage-format"}
}

// Match implements format.Format: flavours, and another member that MLflow writes, both in the head.
func (Format) Match(p format.Probe) bool {
	return len(p.Head) > 0 && p.Head[0] != '{' && yaml.HasMember(p.Head, false, "flavors") && yaml.HasMember(p.Head, false,
		"artifact_path", "model_uuid", "mlflow_version", "utc_time_created", "model_id", "run_id", "model_size_bytes")
}

// Path is a file or folder that the model names.
type Path struct {
	Field  string // the member that names it
	Value  string
	Offset int64 // bytes from the start of the document
}

// Model is what the file says. Members that are not there are empty.
type Model struct {
	Loader Path // the module that loads the model as a function
	// Code is the folder of source that is put on Python's path.
	Code Path
	// Source is the file of source that is the model itself ("models from code"). Its Value is the name in the folder: the file
	// states the whole path on the machine where the model was saved, of which MLflow takes the last element.
	Source Path
	// Environments are the files that list packages, each with the kind in Field: "conda" or "virtualenv".
	Environments []Path
	// Paths are all files and folders that loading reads, the ones above among them.
	Paths []Path
	Root  *jsonstream.Node
}

// pathFields are the members of flavours whose values are paths in the model's folder.
func pathFields() []string {
	return []string{"data", "model_path", "model_data", "python_model", "pickled_model", "code", "config_path", "model_dir",
		"saved_model_dir", "model_file", "spark_model", "conda", "virtualenv", "tokenizer", "path", "model_binary", "python_env"}
}

// Read reads an MLmodel file. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(blob *format.Blob, budget *limits.Budget) (Model, error) {
	var m Model
	root, err := yaml.Tree(blob, budget)
	if err != nil {
		return m, err
	}
	m.Root = root
	list := root.Get("flavors")
	if list == nil || list.Kind != jsonstream.ObjectStart {
		return m, format.Malformed(0, "the flavours of the model are missing")
	}
	fields := pathFields()
	// What Walk returns is what visit returned, which is nil.
	_ = list.Walk(func(way []string, n *jsonstream.Node) error {
		if n.Kind != jsonstream.String || n.Text == "" || len(way) < 2 {
			return nil
		}
		name := way[len(way)-1]
		p := Path{name, n.Text, n.Offset}
		if name == "env" && len(way) == 2 {
			p.Field = "conda" // how MLflow wrote it before version 2
		}
		switch {
		case name == "loader_module":
			m.Loader = p
			return nil
		case p.Field == "conda" || name == "virtualenv":
			m.Environments = append(m.Environments, p)
		case name == "code" && way[0] == "python_function":
			m.Code = p
		case name == "model_code_path":
			m.Source = Path{name, p.Value[strings.LastIndexAny(p.Value, `/\`)+1:], p.Offset}
		}
		if slices.Contains(fields, p.Field) {
			m.Paths = append(m.Paths, p)
		}
		return nil
	})
	return m, nil
}
