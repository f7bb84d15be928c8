package pickle_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/testkit"
)

// TestRealWriters scans what the libraries that are installed write. Every file must be clean.
func TestRealWriters(t *testing.T) {
	if testing.Short() {
		t.Skip("real writers take a minute")
	}
	python := os.Getenv("PICKET_TEST_PYTHON")
	if python == "" {
		python = "/usr/bin/python3"
	}
	if _, err := os.Stat(python); err != nil {
		testkit.Missing(t, "there is no Python at %s (set PICKET_TEST_PYTHON)", python)
	}
	dir := t.TempDir()
	cmd := exec.Command(python, "testdata/write.py", dir)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "PYTHONWARNINGS=ignore")
	report, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("write files: %v\n%s", err, tail(string(report)))
	}
	for _, line := range strings.Split(string(report), "\n") {
		if strings.HasPrefix(line, "missing ") {
			t.Logf("%s: its files are not tested", line)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files were written: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if r := scan(t, content); r.Verdict != picket.Clean {
			t.Errorf("%s is %v: %s", filepath.Base(file), r.Verdict, why(r))
		}
	}
	t.Logf("%d files are clean", len(files))
}

// why lists what keeps a file from being clean.
func why(r picket.Result) string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, f.Rule.ID+": "+f.Evidence.Summary)
	}
	for _, gap := range r.Coverage.Gaps {
		list = append(list, "gap: "+gap.Reason)
	}
	return strings.Join(append(list, fmt.Sprint(r.Coverage.Unsupported)), "; ")
}

// tail is the end of a long text.
func tail(text string) string { return text[max(0, len(text)-2000):] }
