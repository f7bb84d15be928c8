// Package nemo recognises the archives of NVIDIA's NeMo (.nemo) and reads what their configuration says: the class that the model
// is made of, and the members that it refers to. It is for detectors. It restores no model, and judges nothing.
package nemo

import (
	"errors"
	"path"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tar"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

const (
	// Name is the name of the format.
	Name = "nemo"
	// ConfigName is the member that makes a tar archive one of NeMo.
	ConfigName = "model_config.yaml"
)

// Format recognises archives of NeMo.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "NeMo model archive", MediaType: "application/vnd.nvidia.nemo", Extensions: []string{".nemo"},
		Risk: format.Active, Refines: tar.Name, Forward: true, Parsed: true,
		Spec: "https://docs.nvidia.com/nemo-framework/user-guide/latest/nemotoolkit/core/core.html"}
}

// Match implements format.Format: a tar archive with the configuration among the first at its root.
func (Format) Match(p format.Probe) bool {
	for name := range tar.Names(p) {
		if clean(name) == ConfigName {
			return true
		}
	}
	return false
}

// clean is a name without the "./" that NeMo puts before each.
func clean(name string) string { return path.Clean(strings.TrimPrefix(name, "./")) }

// Reference is a member that the configuration refers to, as "nemo:NAME".
type Reference struct {
	Name   string
	Offset int64 // in the configuration, bytes
}

// Model is what the configuration says.
type Model struct {
	Target     string // the class of the model, by its import path
	TargetAt   int64  // in the configuration, bytes
	References []Reference
	Members    map[string]bool // by name, without "./"
	// Config is the name of the member with the configuration.
	Config string
}

// maxMembers bounds how many names of members are kept.
const maxMembers = 1 << 16

// Read reads an archive. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(blob *format.Blob, budget *limits.Budget) (Model, error) {
	m := Model{Members: map[string]bool{}, TargetAt: -1}
	var root *jsonstream.Node
	var unread error
	_, err := tar.Walk(blob, budget, func(t *tar.Member) error {
		name := clean(t.Name)
		if len(m.Members) < maxMembers {
			m.Members[name] = true
		}
		if name == ConfigName && t.File() {
			m.Config = t.Name
			root, unread = yaml.Tree(t.Blob, budget)
		}
		return nil
	})
	if err = errors.Join(err, unread); root == nil {
		return m, err
	}
	if t := root.Get("target"); t != nil {
		m.Target, m.TargetAt = t.String(), t.Offset
	}
	// What Walk returns is what visit returned, which is nil.
	_ = root.Walk(func(_ []string, n *jsonstream.Node) error {
		if name, ok := strings.CutPrefix(n.String(), "nemo:"); ok {
			m.References = append(m.References, Reference{name, n.Offset})
		}
		return nil
	})
	return m, err
}
