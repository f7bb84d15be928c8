package hdf5_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	detecthdf5 "github.com/picketsec/picket/detect/model/hdf5"
	detectpickle "github.com/picketsec/picket/detect/model/pickle"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// scan inspects content with the detectors of HDF5 and of pickles.
func scan(t testing.TB, content []byte) picket.Result {
	t.Helper()
	return detecttest.Run(t, content, []format.Format{hdf5.Format{}, pickle.Format{}}, []detect.Detector{detecthdf5.Detector{},
		detectpickle.New(detectpickle.Config{})}...)
}

// rulesOf lists the rules that fired, each once, in order.
func rulesOf(r picket.Result) string {
	var ids []string
	for _, f := range r.Findings {
		if !slices.Contains(ids, f.Rule.ID) {
			ids = append(ids, f.Rule.ID)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// real are files of h5py, with links to other files and a dataset in one.
func real(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("../../../artifact/format/hdf5/testdata/*.h5")
	if err != nil || len(names) < 3 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	all := map[string][]byte{}
	for _, n := range names {
		if all[filepath.Base(n)], err = os.ReadFile(n); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestFilesOfScience(t *testing.T) {
	for name, content := range real(t) {
		r := scan(t, content)
		if got := rulesOf(r); got != "model.hdf5.file-beside" || r.Verdict != picket.Clean || len(r.Findings) != 5 {
			t.Errorf("%s is %s: %q %d %+v", name, r.Verdict, got, len(r.Findings), r.Coverage.Gaps)
		}
		if c := r.Coverage; c.Parsed < 1000 || c.Opaque < 1000 {
			t.Errorf("%s: %d bytes parsed, %d data", name, c.Parsed, c.Opaque)
		}
	}
}

func TestHostileSamples(t *testing.T) {
	const pickled = "model.pickle.code-execution"
	want := map[string]string{ // by the group, unless the name says something else
		"hdf5-payload": pickled, "hdf5-external-link": "model.hdf5.external-link", "hdf5-external-storage": "model.hdf5.external-storage",
		"hdf5-virtual": "model.hdf5.virtual-dataset", "hdf5-plugin-link": "model.hdf5.plugin-link", "hdf5-shape": "model.hdf5.shape-bomb",
		"hdf5-chunk-bomb": "model.hdf5.shape-bomb", "hdf5-after-a-cycle": "model.hdf5.external-link", "hdf5-broken-before": "model.hdf5.external-link",
		"hdf5-overlap": "model.hdf5.overlap " + pickled, "hdf5-trailing": "model.hdf5.trailing-data " + pickled,
		"hdf5-user-block.h5": "artifact.content.polyglot " + pickled + " model.pickle.trailing-data",
	}
	count := 0
	for _, s := range hostile.Samples() {
		if !strings.HasPrefix(s.Group, "hdf5") {
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		count++
		r := scan(t, content)
		if r.Verdict == picket.Clean || r.Verdict == picket.NotApplicable {
			t.Errorf("%s is %s: %s", s.Name, r.Verdict, rulesOf(r))
		}
		best := "" // the longest prefix that fits
		for prefix := range want {
			if strings.HasPrefix(s.Name, prefix) && len(prefix) > len(best) {
				best = prefix
			}
		}
		if best == "" && s.Group == "hdf5-payload" && !strings.Contains(s.Name, "large") {
			best = s.Group
		}
		if best != "" && rulesOf(r) != want[best] {
			t.Errorf("%s: %s, want %s", s.Name, rulesOf(r), want[best])
		}
	}
	if count < 35 {
		t.Errorf("%d samples", count)
	}
}

func TestLinksOfHonestModelsPass(t *testing.T) {
	for _, s := range hostile.Samples() {
		if s.Name != "hdf5-external-link-beside.h5" {
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		// The same link in a file that is no model is one to a file beside it.
		plain := []byte(strings.ReplaceAll(string(content), "layers", "tables"))
		if got := rulesOf(scan(t, plain)); got != "model.hdf5.file-beside" {
			t.Error(got)
		}
		// A link of another name to an object of the file itself is none to another file.
		if got := rulesOf(scan(t, content)); got != "model.hdf5.external-link" {
			t.Error(got)
		}
	}
}

func TestWhatCannotBeDecompressedIsNotClean(t *testing.T) {
	for _, s := range hostile.Samples() {
		if s.Name != "hdf5-dataset-gzip.h5" {
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		const gzip, blosc = "\x01\x00\x08\x00\x01\x00\x01\x00deflate\x00", "\x01\x7d\x08\x00\x01\x00\x01\x00deflate\x00"
		foreign := strings.Replace(string(content), gzip, blosc, 1)
		if r := scan(t, []byte(foreign)); r.Verdict != picket.Incomplete || rulesOf(r) != "model.hdf5.filter-plugin" {
			t.Errorf("%s: %s %+v", r.Verdict, rulesOf(r), r.Coverage)
		}
	}
}

func TestAcceptance(t *testing.T) {
	samples := map[string][]byte{"latest": real(t)["small-latest-0.h5"][:60000]}
	for _, s := range hostile.Samples() {
		if s.Name == "hdf5-external-storage.h5" || s.Name == "hdf5-virtual.h5" || s.Name == "hdf5-dataset-gzip.h5" {
			content, err := s.Build()
			if err != nil {
				t.Fatal(err)
			}
			samples[s.Name] = content
		}
	}
	detecttest.Accept(t, detecthdf5.Detector{}, []format.Format{hdf5.Format{}}, samples)
}
