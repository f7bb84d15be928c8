// Package spacy recognises and reads the two files by which spaCy loads a pipeline: config.cfg, which names the functions that
// build it, and meta.json, which names the packages it needs. It is for detectors. It calls no function, and judges nothing.
package spacy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/internal/limits"
)

// The names of the formats.
const (
	ConfigName = "spacy-config"
	MetaName   = "spacy-meta"
)

// Config recognises config.cfg.
type Config struct{}

// Info implements format.Format.
func (Config) Info() format.Info {
	return format.Info{Name: ConfigName, Title: "spaCy pipeline configuration", MediaType: "text/x-spacy-config", Risk: format.Active, Refines: "text",
		Forward: true, Parsed: true, Spec: "https://spacy.io/api/data-formats#config"}
}

// Match implements format.Format: a section [nlp] with a language or a pipeline, and sections only spaCy has.
func (Config) Match(p format.Probe) bool {
	if !bytes.Contains(p.Head, []byte("[nlp]")) {
		return false
	}
	settings, err := Parse(string(p.Head))
	if err != nil {
		return false
	}
	language, other := false, false
	for _, s := range settings {
		language = language || s.Section == "nlp" && (s.Key == "lang" || s.Key == "pipeline")
		other = other || strings.HasPrefix(s.Key, "@") || strings.HasPrefix(s.Section, "components") || s.Section == "training" || s.Section == "initialize"
	}
	return language && other
}

// Meta recognises meta.json.
type Meta struct{}

// Info implements format.Format.
func (Meta) Info() format.Info {
	return format.Info{Name: MetaName, Title: "spaCy pipeline description", MediaType: "application/json", Risk: format.Data, Refines: json.Name,
		Forward: true, Parsed: true, Spec: "https://spacy.io/api/data-formats#meta"}
}

// Match implements format.Format.
func (Meta) Match(p format.Probe) bool {
	names := json.Members(p)
	return slices.Contains(names, "spacy_version") && slices.Contains(names, "lang")
}

// Setting is one value of a configuration.
type Setting struct {
	Section string // "components.ner.model"
	Key     string // "@architectures"
	Value   string // as it stands, without the quotes of a string
	Offset  int64  // bytes from the start of the document
}

// Bounds of a configuration.
const (
	maxSize     = 4 << 20 // bytes
	maxSettings = 1 << 16
)

// Parse reads the text of a configuration as Python's configparser does, without resolving references. The error wraps
// format.ErrMalformed.
func Parse(src string) ([]Setting, error) {
	var list []Setting
	section, at := "", int64(0)
	for line := range strings.Lines(src) {
		offset := at
		at += int64(len(line))
		text := strings.TrimSpace(line)
		switch {
		case text == "" || text[0] == '#' || text[0] == ';':
		case line[0] == ' ' || line[0] == '\t':
			if len(list) == 0 {
				return list, format.Malformed(offset, "a value goes on before it begins")
			}
			list[len(list)-1].Value += "\n" + text
		case text[0] == '[':
			name, _, ended := strings.Cut(text[1:], "]")
			if !ended {
				return list, format.Malformed(offset, "the name of a section has no end")
			}
			section = name
		default:
			i := strings.IndexAny(text, "=:")
			if i < 0 || section == "" {
				return list, format.Malformed(offset, "neither a section nor a setting")
			}
			if len(list) == maxSettings {
				return list, format.Malformed(offset, "more than %d settings", maxSettings)
			}
			list = append(list, Setting{section, strings.TrimSpace(text[:i]), unquoted(strings.TrimSpace(text[i+1:])), offset})
		}
	}
	return list, nil
}

// unquoted is a string without its quotes.
func unquoted(s string) string {
	if n := len(s); n > 1 && s[0] == '"' && s[n-1] == '"' {
		return s[1 : n-1]
	}
	return s
}

// Read reads a configuration. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(blob *format.Blob, budget *limits.Budget) ([]Setting, error) {
	release, err := budget.Hold(2 * min(max(blob.Size(), 1<<16), maxSize))
	if err != nil {
		return nil, err
	}
	defer release()
	in, err := blob.Open()
	if err != nil {
		return nil, fmt.Errorf("open configuration: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSize+1))
	if err = errors.Join(err, in.Close(), budget.Ops(int64(len(text)))); err != nil {
		return nil, err
	}
	if len(text) > maxSize {
		return nil, format.Malformed(maxSize, "a configuration of more than %d bytes is not read", maxSize)
	}
	return Parse(string(text))
}
