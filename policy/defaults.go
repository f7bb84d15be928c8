package policy

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed defaults/*.yaml
var defaultFiles embed.FS

// Defaults are the shipped policies as files, all in audit mode: what a new project starts from.
func Defaults() fs.FS {
	sub, err := fs.Sub(defaultFiles, "defaults")
	if err != nil {
		return defaultFiles // only an invalid constant path leads here
	}
	return sub
}

// Shipped are the names of the shipped policies, from the mildest to the strictest.
func Shipped() []string { return []string{"development", "release", "regulated"} }

// LoadShipped loads a shipped policy by its name.
func LoadShipped(name string) (*Policy, error) {
	if !slices.Contains(Shipped(), name) {
		return nil, fmt.Errorf("there is no shipped policy %q; there are %s: %w", name, strings.Join(Shipped(), ", "), ErrPolicy)
	}
	data, err := fs.ReadFile(Defaults(), name+".yaml")
	if err != nil {
		return nil, fmt.Errorf("read policy %s: %w", name, err)
	}
	return Load(bytes.NewReader(data), name)
}
