//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipesBesideContent puts pipes, which nobody writes to, where bundles are looked for. Whoever opens one waits for ever.
func TestPipesBesideContent(t *testing.T) {
	dir := t.TempDir()
	model, key := filepath.Join(dir, "model"), filepath.Join(dir, "k")
	file := filepath.Join(dir, "model.gguf")
	for _, name := range []string{filepath.Join(model, "config.json"), file} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, pipe := range []string{filepath.Join(model, "model.sig"), file + ".sig"} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, errs := command(t, "keygen", "--out", key); code != exitOK {
		t.Fatal(errs)
	}
	for _, args := range [][]string{
		{"verify", model, "--public-key", key + ".pub"},
		{"verify", model, "--public-key", key + ".pub", "--bundle", filepath.Join(model, "model.sig")},
		{"verify", file, "--public-key", key + ".pub"},
		{"gate", file, "--policy", "release"},
		{"gate", file, "--policy", "release", "--claims", file + ".sig"},
	} {
		code, out, errs := command(t, args...)
		if code == exitOK || !strings.Contains(out+errs, "is not a plain file") && args[0] == "verify" {
			t.Errorf("%s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
		}
	}
}

// TestErrorsAreLegible lets a name in the content steer the terminal through an error of the operating system.
func TestErrorsAreLegible(t *testing.T) {
	dir := t.TempDir()
	model, key := filepath.Join(dir, "model"), filepath.Join(dir, "k")
	if code, _, errs := command(t, "keygen", "--out", key); code != exitOK {
		t.Fatal(errs)
	}
	if err := os.Mkdir(model, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(model, "a"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := command(t, "sign", model, "--private-key", key+".pem"); code != exitOK {
		t.Fatal(errs)
	}
	if err := os.Symlink("nowhere", filepath.Join(model, "\x1b[2Jlink\x1b]0;title\a")); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, "verify", model, "--public-key", key+".pub", "--allow-symlinks")
	if code != exitError || !strings.Contains(errs, `\x1b[2Jlink`) || strings.ContainsAny(out+errs, "\x1b\a") {
		t.Errorf("exit code %d\n%q%q", code, out, errs)
	}
}
