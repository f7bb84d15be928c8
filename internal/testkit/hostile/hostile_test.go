package hostile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket/internal/testkit"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// The design asks for at least 400 samples of every published technique.
const (
	fewestSamples = 400
	fewestGroups  = 35
)

func TestSamplesAreDescribedAndBuild(t *testing.T) {
	samples := hostile.Samples()
	names, groups := map[string]bool{}, map[string]bool{}
	for _, s := range samples {
		if s.Name == "" || names[s.Name] || strings.ContainsAny(s.Name, "/\\\n ") {
			t.Errorf("the name %q is empty, used twice or no file name", s.Name)
		}
		names[s.Name], groups[s.Group] = true, true
		if s.Group == "" || s.Loader == "" || len(s.Technique) < 8 {
			t.Errorf("%s: the group, the loader or the technique is missing", s.Name)
		}
		first, err := s.Build()
		if err != nil || len(first) == 0 {
			t.Errorf("%s: built %d bytes, %v", s.Name, len(first), err)
			continue
		}
		second, err := s.Build()
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: two builds differ (%v)", s.Name, err)
		}
	}
	if len(samples) < fewestSamples || len(groups) < fewestGroups {
		t.Errorf("%d samples in %d groups, want at least %d in %d", len(samples), len(groups), fewestSamples, fewestGroups)
	}
	t.Logf("%d samples in %d groups", len(samples), len(groups))
}

func TestPayloadsStayOnTheMachine(t *testing.T) {
	for _, s := range hostile.Samples() {
		content, err := s.Build()
		if err != nil {
			continue // reported by the test above
		}
		for _, scheme := range []string{"http://", "https://", "ftp://"} {
			for rest := content; ; {
				_, after, found := bytes.Cut(rest, []byte(scheme))
				if !found {
					break
				}
				if !bytes.HasPrefix(after, []byte("127.0.0.1")) {
					t.Errorf("%s names an address beyond the loopback interface", s.Name)
				}
				rest = after
			}
		}
	}
}

// proof is one line of prove.py.
type proof struct {
	Path  string `json:"path"`
	Ran   bool   `json:"ran"`
	How   string `json:"how"`
	Error string `json:"error"`
}

// A sample that claims to execute must do so when its loader loads it, and one that claims not to must not.
func TestExecutingSamplesExecute(t *testing.T) {
	const python = "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		testkit.Missing(t, "/usr/bin/python3 is not there: that the samples execute is not proven in this run")
	}
	folder, samples := t.TempDir(), map[string]hostile.Sample{}
	var list bytes.Buffer
	for _, s := range hostile.Samples() {
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, s.Name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		samples[path] = s
		if err := json.NewEncoder(&list).Encode(map[string]string{"path": path, "loader": s.Loader,
			"needs": s.Needs}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, filepath.Join("..", "..", "..", "bench", "corpus", "prove.py"))
	cmd.Stdin = &list
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("run prove.py: %v", err)
	}
	judge(t, samples, output)
}

// judge compares what ran with what the samples claim.
func judge(t *testing.T, samples map[string]hostile.Sample, output []byte) {
	t.Helper()
	seen, proven, claimed := 0, 0, 0
	for line := range bytes.Lines(output) {
		var p proof
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatalf("read %q: %v", line, err)
		}
		s := samples[p.Path]
		seen++
		if s.Executes {
			claimed++
		}
		switch {
		case p.Ran && s.Executes:
			proven++
		case p.Ran:
			t.Errorf("%s ran (%s) and claims that it does not", s.Name, p.How)
		case s.Executes && s.Needs == "":
			t.Errorf("%s did not run: %s", s.Name, p.Error)
		case s.Executes:
			t.Logf("%s is not proven, it needs %s: %s", s.Name, s.Needs, p.Error)
		}
	}
	if seen != len(samples) {
		t.Errorf("prove.py answered for %d of %d samples", seen, len(samples))
	}
	t.Logf("%d of %d samples that claim to execute ran", proven, claimed)
}
