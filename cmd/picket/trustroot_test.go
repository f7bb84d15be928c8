package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/trust"
)

// TestRememberNeverGoesBack: whoever writes last, the newest version stays.
func TestRememberNeverGoesBack(t *testing.T) {
	state := filepath.Join(t.TempDir(), "deep", "acme.json")
	flags := trustFlags{state: state}
	digest := func(n int) picket.Digest { return picket.SHA256([32]byte{byte(n)}) }
	const newest = 20
	var group sync.WaitGroup
	for n := newest; n > 0; n-- {
		group.Go(func() {
			err := flags.remember(Env{}, trust.Memory{Project: "acme", Number: n, Digest: digest(n)})
			if err != nil && !strings.Contains(err.Error(), "was accepted while") {
				t.Error(err)
			}
		})
	}
	group.Wait()
	m, err := loadMemory(state)
	if err != nil || m == nil || *m != (trust.Memory{Project: "acme", Number: newest, Digest: digest(newest)}) {
		t.Errorf("%+v %v", m, err)
	}
	if err := flags.remember(Env{}, trust.Memory{Project: "acme", Number: newest, Digest: digest(1)}); err == nil {
		t.Error("a fork is remembered")
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(state), ".picket-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestStateThatCannotBeKept: what cannot be remembered could be rolled back, so nothing is decided.
func TestStateThatCannotBeKept(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := trust.Memory{Project: "acme", Number: 1, Digest: picket.SHA256([32]byte{1})}
	if err := (trustFlags{state: filepath.Join(file, "x.json")}).remember(Env{}, m); err == nil {
		t.Error("no error below a file")
	}
	nowhere := Env{Getenv: func(string) string { return "" }}
	if _, err := (trustFlags{}).statePath(nowhere, "acme"); err == nil || !strings.Contains(err.Error(), "--trust-state") {
		t.Errorf("got %v", err)
	}
	relative := Env{Home: "/home/u", Getenv: func(name string) string { return map[string]string{"XDG_STATE_HOME": "state"}[name] }}
	if got, err := (trustFlags{}).statePath(relative, "acme"); err != nil || got != filepath.Join("/home/u", ".local", "state", "picket", "trust", "acme.json") {
		t.Errorf("%q %v", got, err)
	}
}
