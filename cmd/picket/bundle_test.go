package main

import (
	"path/filepath"
	"testing"
)

// TestDataStoreIsNeverBelowTheCurrentFolder: a folder that is inspected may hold anything, also what looks like installed packs.
func TestDataStoreIsNeverBelowTheCurrentFolder(t *testing.T) {
	home := t.TempDir()
	for _, tt := range []struct{ home, data, own, want string }{
		{"", "", "", ""},
		{"relative", "also/relative", "", ""},
		{home, "relative", "", filepath.Join(home, ".local", "share", "picket", "installed")},
		{"", home, "", filepath.Join(home, "picket", "installed")},
		{"", "", home, filepath.Join(home, "installed")},
	} {
		env := Env{Home: tt.home, Getenv: func(name string) string {
			return map[string]string{"XDG_DATA_HOME": tt.data, "PICKET_HOME": tt.own}[name]
		}}
		if got := dataStore(env).Dir; got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}
