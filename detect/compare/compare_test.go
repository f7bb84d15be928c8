package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/compare"
)

// result makes what a scan says about a file.
func result(name, content string, facts ...picket.Fact) picket.Result {
	digest := picket.Digest(fmt.Sprintf("sha256:%064x", len(content)*1000+len(facts)))
	return picket.Result{Artifact: picket.Artifact{Name: name, Digest: digest}, Verdict: picket.Clean, Formats: []string{content}, Facts: facts}
}

// tensors serves the tensors of one file.
func tensors(file string, list ...compare.Tensor) func(string) ([]compare.Tensor, bool, error) {
	return func(name string) ([]compare.Tensor, bool, error) {
		if name != file {
			return nil, false, nil
		}
		return list, true, nil
	}
}

func TestFiles(t *testing.T) {
	global := func(name string) picket.Fact { return picket.Fact{Kind: picket.FactGlobal, Value: name} }
	bad := result("model.pkl", "pickle", global("a.B"), global("os.system"))
	bad.Verdict = picket.Malicious
	bad.Findings = []picket.Finding{{Rule: detect.RulePolyglot(), Evidence: picket.NewEvidence("two formats", "")}}
	old := compare.Side{
		Results: []picket.Result{result("same.txt", "text"), result("gone.txt", "text!"), result("model.pkl", "pickle", global("a.B"))},
		Tensors: tensors("model.pkl", compare.Tensor{Name: "w", Type: "F32", Shape: []int64{2}, Digest: "1"}, compare.Tensor{Name: "x"},
			compare.Tensor{Name: "z", Type: "F32", Digest: "1"}),
	}
	now := compare.Side{
		Results: []picket.Result{result("same.txt", "text"), bad, result("new.gguf", "gguf", picket.Fact{Kind: picket.FactTemplate, Value: "t sha256:1"})},
		Tensors: tensors("model.pkl", compare.Tensor{Name: "w", Type: "F16", Shape: []int64{2}, Digest: "1"}, compare.Tensor{Name: "y"},
			compare.Tensor{Name: "z", Type: "F32", Digest: "2"}),
	}
	files, err := compare.Files(old, now)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, string(f.How)+" "+f.Name)
		for _, c := range f.Changes {
			got = append(got, strings.TrimSpace(fmt.Sprintf("  %s %s %s %s>%s %s", c.How, c.What, c.Name, c.Old, c.New, c.Severity)))
		}
	}
	want := []string{
		"removed gone.txt",
		"changed model.pkl",
		"changed verdict verdict clean>malicious",
		"added global os.system >",
		"added finding " + detect.RulePolyglot().ID + " >two formats " + detect.RulePolyglot().Severity.String(),
		"changed tensor w F32 [2]>F16 [2]",
		"removed tensor x  []>",
		"added tensor y > []",
		"changed tensor z F32 []>F32 [], other values",
		"added new.gguf",
		"added template t sha256:1 >",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestUnhashedFilesAreTakenAsChanged(t *testing.T) {
	r := result("model.pkl", "pickle")
	r.Artifact.Digest = ""
	side := compare.Side{Results: []picket.Result{r}, Tensors: tensors("none")}
	files, err := compare.Files(side, side)
	if err != nil || len(files) != 1 || files[0].How != compare.Changed {
		t.Errorf("files without a digest gave %+v (%v)", files, err)
	}
}
