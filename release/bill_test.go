package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/internal/testkit"
	"github.com/picketsec/picket/release/build"
)

// checkBill makes the bill of materials of the binary in a folder, compares it with what go version says about the binary, and
// validates it with CycloneDX's own library.
func checkBill(t *testing.T, target build.Target, dir string) {
	t.Helper()
	var bills [2][]byte
	var name string
	for i := range bills {
		a := &assembly{source: stamp, dir: t.TempDir(), record: &record{}}
		var err error
		if name, err = a.bill(t.Context(), target, dir); err != nil {
			t.Fatal(err)
		}
		if bills[i], err = os.ReadFile(filepath.Join(a.dir, name)); err != nil {
			t.Fatal(err)
		}
		name = filepath.Join(a.dir, name)
	}
	if !bytes.Equal(bills[0], bills[1]) {
		t.Error("the same binary has two bills of materials")
	}
	var document struct {
		Metadata struct {
			Component struct{ Name, Version string }
		}
		Components []struct{ Type, Name, Version, PURL string }
	}
	if err := json.Unmarshal(bills[0], &document); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range document.Components {
		if c.Type == "library" && c.Name != "go" && c.Name != modulePath {
			got = append(got, c.Name+" "+c.Version)
		}
		if c.Name == modulePath && c.PURL != "pkg:golang/github.com/picketsec/picket@v9.8.7" {
			t.Errorf("the main module is %s", c.PURL)
		}
	}
	if document.Metadata.Component.Version != "v9.8.7" {
		t.Errorf("the bill is about version %q", document.Metadata.Component.Version)
	}
	want := modules(t, filepath.Join(dir, target.Program()))
	slices.Sort(got)
	if !slices.Equal(got, want) || len(want) < 10 {
		t.Errorf("the bill lists %d modules, go version -m lists %d:\n%q\n%q", len(got), len(want), got, want)
	}
	python := testkit.Venv(t, filepath.Join("..", "bom", "bin", "python"))
	script := "import sys\nfrom cyclonedx.schema import SchemaVersion\nfrom cyclonedx.validation.json import JsonStrictValidator\n" +
		"error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())\nsys.exit(str(error) if error else 0)\n"
	if out, err := exec.CommandContext(t.Context(), python, "-c", script, name).CombinedOutput(); err != nil {
		t.Errorf("cyclonedx-python-lib: %v\n%s", err, out)
	}
}

// modules asks go for the modules in a binary.
func modules(t *testing.T, binary string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), filepath.Join(runtime.GOROOT(), "bin", "go"), "version", "-m", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(out)) {
		if words := strings.Fields(line); len(words) >= 3 && words[0] == "dep" {
			all = append(all, words[1]+" "+words[2])
		}
	}
	slices.Sort(all)
	return all
}
