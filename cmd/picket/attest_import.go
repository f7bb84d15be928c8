package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/claim/imports"
)

// importFormats lists the formats that predicates of a kind are imported from; empty for none.
func importFormats(kind string) string {
	var names []string
	for _, f := range imports.Formats() {
		if f.Kind == kind {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, ", ")
}

// importPredicate reads what another tool wrote: FORMAT:FILE.
func importPredicate(kind, from string, now time.Time) (claim.Predicate, error) {
	format, file, ok := strings.Cut(from, ":")
	for _, f := range imports.Formats() {
		if !ok || f.Name != format || f.Kind != kind {
			continue
		}
		data, err := readImport(format, file)
		if err != nil {
			return nil, usagef("--from: %w", err)
		}
		p, err := f.Read(data)
		if err != nil {
			return nil, usagef("--from %s: %w", file, err)
		}
		switch p := p.(type) {
		case *claim.Evaluation:
			p.Time = now
		case *claim.TrainingRun:
			p.Time = now
		}
		return p, nil
	}
	return nil, usagef("--from %q is not FORMAT:FILE with one of the formats %s", from, importFormats(kind))
}

// readImport reads the file of a tool: a run of MLflow may be a folder, and the metadata of a model card is YAML.
func readImport(format, file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.IsDir() && format == "mlflow" {
		return imports.ReadMLRuns(os.DirFS(file))
	}
	data, err := readSmall(file, imports.MaxFile)
	if err != nil || format != "model-index" || strings.EqualFold(filepath.Ext(file), ".json") {
		return data, err
	}
	if front, ok := bytes.CutPrefix(data, []byte("---\n")); ok { // a README.md
		data, _, _ = bytes.Cut(front, []byte("\n---"))
	}
	var doc any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	return json.Marshal(doc)
}
