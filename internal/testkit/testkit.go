// Package testkit holds what tests of several packages share. Its subfolders make samples; this package says what a test
// does when an optional tool is missing. It is for tests only and inspects nothing.
package testkit

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Missing skips a test because an optional tool is not there, and says why. Where PICKET_NO_SKIP is set, as in continuous
// integration, it fails the test instead: there everything is installed.
func Missing(t testing.TB, why string, args ...any) {
	t.Helper()
	if os.Getenv("PICKET_NO_SKIP") != "" {
		t.Fatalf("PICKET_NO_SKIP is set, and "+why, args...)
	}
	if list := os.Getenv("PICKET_SKIPPED"); list != "" {
		note(t, list, fmt.Sprintf("  %s: "+why+"\n", append([]any{t.Name()}, args...)...))
	}
	t.Skipf("SKIPPED: "+why, args...)
}

// note appends a line to the list of skipped tests that make test prints at its end.
func note(t testing.TB, list, line string) {
	t.Helper()
	f, err := os.OpenFile(list, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatalf("note the skipped test: %v", err)
	}
	if _, err := f.WriteString(line); err != nil {
		t.Fatalf("note the skipped test: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatalf("note the skipped test: %v", err)
	}
}

// Samples reads the files that match a pattern, by their base names, and fails the test when there are fewer than it expects.
func Samples(t testing.TB, pattern string, least int) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) < least {
		t.Fatalf("%d samples in %s, want %d or more (%v)", len(names), pattern, least, err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Venv returns the path of a program in the virtual environment that make setup makes: the one that PICKET_VENV names, else
// .venv at the root of the module. When it is not there, the test ends as Missing says.
func Venv(t testing.TB, program string) string {
	t.Helper()
	venv := os.Getenv("PICKET_VENV")
	for dir := "."; venv == "" && len(dir) < 40; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			venv = filepath.Join(dir, ".venv")
		}
	}
	path := filepath.Join(venv, "bin", program)
	if _, err := os.Stat(path); err != nil {
		Missing(t, "%s is not in the virtual environment (make setup makes it)", program)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
