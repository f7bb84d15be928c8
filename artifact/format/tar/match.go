package tar

import "github.com/picketsec/picket/artifact/format"

// Name is the name of the format.
const Name = "tar"

// Format recognises tar archives.
type Format struct{}

// New returns the format.
func New() format.Format { return Format{} }

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "tar archive", MediaType: "application/x-tar", Extensions: []string{".tar"},
		Risk: format.Active, Forward: true, Parsed: true,
		Spec: "https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html"}
}

// Match implements format.Format: a first header whose checksum is right, as Python's tarfile requires, and that has a name.
func (Format) Match(p format.Probe) bool {
	if len(p.Head) < block || allZero(p.Head[:block]) {
		return false
	}
	m, ok := parseHeader(p.Head[:block])
	return ok && m.Name != "" && p.Head[148] != 0
}
