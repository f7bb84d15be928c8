package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source/resolve"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/reference"
)

// testEnv is an environment without a terminal.
func testEnv() (Env, *bytes.Buffer) {
	var out bytes.Buffer
	return Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now,
		Getenv: func(string) string { return "" }, OutColumns: 100}, &out
}

// TestReferenceIsCurrent fails when docs/reference is not what make generate writes.
func TestReferenceIsCurrent(t *testing.T) {
	env, _ := testEnv()
	set, err := builtin.Set(builtin.Config{Weights: true})
	if err != nil {
		t.Fatal(err)
	}
	files, err := reference.Files(set, runRules(), newRoot(env))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		have, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", f.Name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, f.Content) {
			t.Errorf("docs/reference/%s is not what the code says; run make generate", f.Name)
		}
	}
}

// TestKindsOfAddressesAreDocumented compares the table of docs/sources.md with the list in the code.
func TestKindsOfAddressesAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "sources.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Count(string(page), "\n| `")
	for _, k := range resolve.Kinds() {
		row := fmt.Sprintf("\n| `%s` | %s |\n", strings.ReplaceAll(k.Form, "|", `\|`), k.Holds)
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/sources.md lacks the row %s", row)
		}
	}
	if rows != len(resolve.Kinds()) {
		t.Errorf("docs/sources.md has %d kinds of addresses, the code %d", rows, len(resolve.Kinds()))
	}
}

// TestCommandsInDocsExist parses every picket command line of the README and of the pages: verbs and flags must exist.
func TestCommandsInDocsExist(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^    picket ([^#>|\n]*)`)
	count := 0
	for _, page := range append(pages, filepath.Join("..", "..", "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			env, _ := testEnv()
			cmd, rest, err := newRoot(env).Find(strings.Fields(m[1]))
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err != nil || !cmd.HasParent() {
				t.Errorf("%s: picket %s: %v", filepath.Base(page), m[1], err)
			}
			count++
		}
	}
	if count < 15 {
		t.Errorf("%d commands were found", count)
	}
}

// deliberateSamples are files that real writers made for tests and that hold code, harmless but there.
func deliberateSamples() []string {
	return []string{
		"artifact/format/rdata/testdata/late.rds", // a promise that would say echo
		"detect/model/keras/testdata/lambda.h5", "detect/model/keras/testdata/lambda.json", "detect/model/keras/testdata/lambda.keras",
	}
}

// TestOwnRepositoryHoldsOnlyDeliberateSamples scans the repository as a user would.
func TestOwnRepositoryHoldsOnlyDeliberateSamples(t *testing.T) {
	root := filepath.Join("..", "..")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range entries {
		if !slices.Contains([]string{".git", ".venv", "bin", "corpus"}, e.Name()) {
			paths = append(paths, filepath.Join(root, e.Name()))
		}
	}
	env, _ := testEnv()
	s, _, err := scanFlags{}.scan(context.Background(), env, paths)
	if err != nil {
		t.Fatal(err)
	}
	deliberate := 0
	for _, r := range s.Results {
		switch {
		case strings.HasPrefix(r.Artifact.Name, "../../examples/models/hostile/"):
			deliberate++
			if r.Verdict != picket.Malicious {
				t.Errorf("%s is %s", r.Artifact.Name, r.Verdict)
			}
		case slices.Contains(deliberateSamples(), strings.TrimPrefix(r.Artifact.Name, "../../")):
			if r.Verdict != picket.Malicious && r.Verdict != picket.Suspicious {
				t.Errorf("%s is %s", r.Artifact.Name, r.Verdict)
			}
		case r.Verdict == picket.Malicious || r.Verdict == picket.Suspicious:
			t.Errorf("%s is %s: %+v", r.Artifact.Name, r.Verdict, r.Findings[0].Evidence)
		}
	}
	if deliberate == 0 {
		t.Error("the deliberate samples are not there")
	}
}
