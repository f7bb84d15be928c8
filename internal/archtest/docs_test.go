package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages returns every Markdown page of the module with its text.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		if d.IsDir() && rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || rel == "corpus" || rel == "bin") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(rel, ".md") {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			found[filepath.ToSlash(rel)] = string(text)
		}
		return nil
	})
	if err != nil || len(found) < 8 {
		t.Fatalf("read the pages: %v (%d)", err, len(found))
	}
	return found
}

// TestLinksLeadSomewhere fails for a relative link to a file that does not exist.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for page, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := filepath.Join("..", "..", filepath.Dir(page), m[1])
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, m[1])
			}
		}
	}
}

// TestNamedFoldersExist fails for a folder of the module that ARCHITECTURE.md names and that does not exist.
func TestNamedFoldersExist(t *testing.T) {
	named := regexp.MustCompile("`((?:artifact|detect|evidence|policy|report|claimstore|internal|bench|docs|cmd)[a-z/]*)`")
	for _, m := range named.FindAllStringSubmatch(pages(t)["docs/ARCHITECTURE.md"], -1) {
		if _, err := os.Stat(filepath.Join("..", "..", m[1])); err != nil {
			t.Errorf("docs/ARCHITECTURE.md names %s, which does not exist", m[1])
		}
	}
}

// TestReadmeIsShort keeps the README readable in one sitting.
func TestReadmeIsShort(t *testing.T) {
	if n := strings.Count(pages(t)["README.md"], "\n"); n == 0 || n > 200 {
		t.Errorf("README.md has %d lines; the limit is 200", n)
	}
}

// TestDependenciesAreJustified compares docs/dependencies.md with the direct requirements of go.mod.
func TestDependenciesAreJustified(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(string(mod), -1) {
		direct[m[1]] = true
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(pages(t)["docs/dependencies.md"], -1) {
		documented[m[1]] = true
		if !direct[m[1]] {
			t.Errorf("docs/dependencies.md justifies %s, which go.mod does not require", m[1])
		}
	}
	for module := range direct {
		if !documented[module] {
			t.Errorf("go.mod requires %s without a line in docs/dependencies.md", module)
		}
	}
	if len(direct) > 45 {
		t.Errorf("%d direct dependencies; the limit is 45", len(direct))
	}
}
