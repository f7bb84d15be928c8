package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCheckVersion(t *testing.T) {
	for version, ok := range map[string]bool{
		"v1.2.3": true, "v0.4.0": true, "v1.2.3-rc.1": true, "v0.0.0-20261121093335-85c1f67373f9": true,
		"": false, "1.2.3": false, "v1.2": false, "v01.2.3": false, "v1.2.3-": false, "v1.2.3 -X main.commit=x": false,
		"v1.2.3/../x": false, "v1.2.3\n": false, "v1.2.3+build": false, "v1.2.3-" + strings.Repeat("a", 100): false,
	} {
		if err := CheckVersion(version); (err == nil) != ok {
			t.Errorf("CheckVersion(%q) = %v, want ok %v", version, err, ok)
		}
	}
}

func TestTargets(t *testing.T) {
	all := Targets()
	if len(all) != 6 {
		t.Fatalf("targets: %v", all)
	}
	for _, target := range all {
		if got, err := ParseTarget(target.String()); err != nil || got != target {
			t.Errorf("ParseTarget(%q) = %v, %v", target, got, err)
		}
	}
	for _, bad := range []string{"", "linux", "plan9/amd64", "linux/amd64/v3", "Linux/amd64"} {
		if _, err := ParseTarget(bad); err == nil {
			t.Errorf("ParseTarget(%q) is a target", bad)
		}
	}
}

// TestEnvironmentIsClosed: what somebody set for their own builds does not reach a release.
func TestEnvironmentIsClosed(t *testing.T) {
	for name, value := range map[string]string{"GOFLAGS": "-tags=evil", "GOEXPERIMENT": "boringcrypto", "GOAMD64": "v4", "CGO_ENABLED": "1", "SECRET": "x"} {
		t.Setenv(name, value)
	}
	env, err := environment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "CGO_ENABLED=0", "GOENV=off", "GOTOOLCHAIN=local"} {
		if !slices.Contains(env, want) {
			t.Errorf("the environment lacks %s", want)
		}
	}
	if text := strings.Join(env, "\n"); strings.Contains(text, "evil") || strings.Contains(text, "SECRET") {
		t.Errorf("the environment lets settings through:\n%s", text)
	}
}

func TestFindToolchain(t *testing.T) {
	tc, err := FindToolchain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(tc.Version, "go1.") || tc.Host.OS == "" || len(tc.Programs) != 3 || len(tc.Programs["compile"].Hex()) != 64 {
		t.Errorf("the toolchain is %+v", tc)
	}
}

// repository makes a git repository with one commit of a known time.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "one\n", "sub/run.sh": "#!/bin/sh\n"} {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	command(t, dir, "init", "-q")
	command(t, dir, "add", ".")
	command(t, dir, "commit", "-q", "-m", "first")
	return dir
}

// command runs git with an author and a time of its own.
func command(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=Test", "-c", "user.email=test@example.com"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_DATE=2026-03-04T05:06:07Z", "GIT_COMMITTER_DATE=2026-03-04T05:06:07Z")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func TestCommitIsExportedAsCommitted(t *testing.T) {
	dir := repository(t)
	c, err := FindCommit(t.Context(), dir, "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC); !c.Time.Equal(want) || c.Version() != "v0.0.0-20260304050607-"+c.Hash[:12] {
		t.Errorf("the commit is %+v, version %s", c, c.Version())
	}
	command(t, dir, "tag", "v1.2.3")
	command(t, dir, "tag", "latest")
	if c, err = FindCommit(t.Context(), dir, "v1.2.3"); err != nil || c.Version() != "v1.2.3" {
		t.Errorf("with a tag the version is %s (%v)", c.Version(), err)
	}
	if changed, err := Changed(t.Context(), dir); changed || err != nil {
		t.Errorf("a fresh commit is changed: %v, %v", changed, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("two\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if changed, err := Changed(t.Context(), dir); !changed || err != nil {
		t.Errorf("an edit is not seen: %v, %v", changed, err)
	}
	into := t.TempDir()
	if err := c.Export(t.Context(), dir, into); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(into, "a.txt"))
	if err != nil || string(text) != "one\n" {
		t.Errorf("the export holds %q (%v), not what is committed", text, err)
	}
	if info, err := os.Stat(filepath.Join(into, "sub", "run.sh")); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("the export lost a mode: %v, %v", info, err)
	}
}

func TestFindCommitRefuses(t *testing.T) {
	dir := repository(t)
	for _, bad := range []string{"nowhere", "--output=x", ""} {
		if c, err := FindCommit(t.Context(), dir, bad); err == nil {
			t.Errorf("FindCommit(%q) = %+v", bad, c)
		}
	}
	if _, err := FindCommit(t.Context(), t.TempDir(), "HEAD"); err == nil {
		t.Error("a folder without a repository has a commit")
	}
}
