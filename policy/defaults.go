package policy

import (
	"embed"
	"io/fs"
)

//go:embed defaults/*.yaml
var defaultFiles embed.FS

// Defaults are the policies that a new project starts from, all in audit mode.
func Defaults() fs.FS {
	sub, err := fs.Sub(defaultFiles, "defaults")
	if err != nil {
		return defaultFiles // only an invalid constant path leads here
	}
	return sub
}
