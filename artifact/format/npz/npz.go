// Package npz recognises the zip archives that numpy.savez writes, by the names of their members. It is for reports, which then
// call the file what it is; its members are found by package zip and read by package npy.
package npz

import (
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/zip"
)

// Name is the name of the format.
const Name = "npz"

// Format recognises NumPy's archives.
type Format struct{}

// New returns the format.
func New() format.Format { return Format{} }

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "NumPy archive", MediaType: "application/x-npz", Extensions: []string{".npz"},
		Risk: format.Active, Refines: zip.Name, Parsed: true, Spec: "https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"}
}

// Match implements format.Format: a zip archive all of whose members, as far as they are looked at, end in .npy.
func (Format) Match(p format.Probe) bool {
	names := zip.Names(p)
	for _, name := range names {
		if !strings.HasSuffix(name, ".npy") {
			return false
		}
	}
	return len(names) > 0
}
