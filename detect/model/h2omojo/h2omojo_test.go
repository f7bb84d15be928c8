package h2omojo_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/h2omojo"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/h2omojo"
)

func formats() []format.Format { return []format.Format{layout.Format{}} }

// archive is a MOJO of its members by name.
func archive(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		f, err := w.Create(members[i])
		if err == nil {
			_, err = f.Write([]byte(members[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const plain = "[info]\nh2o_version = 3\nalgo = gbm\nn_columns = 2\nn_domains = 1\nn_trees = 1\nn_trees_per_class = 1\n\n[columns]\na\nb\n\n[domains]\n1: 2 d000.txt\n"

func TestFindings(t *testing.T) {
	tree := "\x70\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, c := range map[string]struct {
		edit    []string
		more    []string
		rules   string
		verdict picket.Verdict
	}{
		"fine":            {nil, nil, "", picket.Clean},
		"other algorithm": {[]string{"gbm", "new"}, nil, "unknown-algorithm", picket.Clean},
		"no categories":   {[]string{"d000.txt", "d001.txt"}, nil, "missing-member", picket.Clean},
		"path":            {[]string{"d000.txt", "../d000.txt"}, nil, "path-escape", picket.Suspicious},
		"columns":         {[]string{"n_columns = 2", "n_columns = 3"}, nil, "claim", picket.Suspicious},
		"trees":           {[]string{"n_trees = 1", "n_trees = 99999"}, nil, "claim", picket.Suspicious},
		"twice":           {[]string{"algo = gbm", "algo = gbm\nalgo = glm"}, nil, "duplicate-key", picket.Suspicious},
		"class":           {nil, []string{"Evil.class", "x"}, "code", picket.Suspicious},
		"tree":            {nil, []string{"trees/t00_001.bin", tree[:12]}, "tree", picket.Suspicious},
		"tree of another": {nil, []string{"models/x/trees/t00_000.bin", "\x70\x09\x00" + tree[3:]}, "", picket.Clean},
		"column code":     {[]string{"\nb\n", "\neval(input())\n"}, nil, "model.text.code", picket.Suspicious},
	} {
		members := append([]string{"model.ini", strings.NewReplacer(c.edit...).Replace(plain), "domains/d000.txt", "x\ny\n", "trees/t00_000.bin", tree}, c.more...)
		r := detecttest.Run(t, archive(t, members...), formats(), h2omojo.Detector{})
		var ids []string
		for _, f := range r.Findings {
			ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model.mojo."))
		}
		if got := strings.Join(slices.Compact(ids), " "); got != c.rules || r.Verdict != c.verdict {
			t.Errorf("%s: want %q and %v, got %q and %v, gaps %v", name, c.rules, c.verdict, got, r.Verdict, r.Coverage.Gaps)
		}
	}
}

func TestModelsOfH2OAreClean(t *testing.T) {
	names, err := filepath.Glob("../../../artifact/format/h2omojo/testdata/*.zip")
	if err != nil || len(names) < 3 {
		t.Fatalf("samples: %v %v", names, err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if r := detecttest.Run(t, content, formats(), h2omojo.Detector{}); r.Verdict != picket.Clean || len(r.Findings) > 0 {
			t.Errorf("%s: %v, findings %v, gaps %v", name, r.Verdict, r.Findings, r.Coverage.Gaps)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, h2omojo.Detector{}, formats(), map[string][]byte{"plain": archive(t, "model.ini", plain, "Evil.class", "x")})
}
