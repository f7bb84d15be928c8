package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/internal/testkit"
)

// run executes a script of testdata with the Python of a virtual environment, and returns the folder that it wrote to.
func run(t *testing.T, venv, script string) (dir, output string) {
	t.Helper()
	python := testkit.Venv(t, filepath.Join("..", venv, "bin", "python"))
	dir = t.TempDir()
	out, err := exec.CommandContext(t.Context(), python, filepath.Join("testdata", script), dir).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("%s: %v: %s", script, err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return dir, strings.TrimSpace(string(out))
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// figures are the metrics by "name@slice". The claim must be one that is accepted.
func figures(t testing.TB, e *claim.Evaluation, err error) map[string]float64 {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, e)
	m := map[string]float64{}
	for _, metric := range e.Metrics {
		m[metric.Name+"@"+metric.Slice] = metric.Value
	}
	return m
}

// accepted fails when a predicate cannot be signed as it is.
func accepted(t testing.TB, p claim.Predicate) {
	t.Helper()
	switch p := p.(type) {
	case *claim.Evaluation:
		p.Time = time.Unix(1, 0)
	case *claim.TrainingRun:
		p.Time = time.Unix(1, 0)
	}
	if _, err := claim.NewStatement("m", picket.SHA256([32]byte{1}), p); err != nil {
		t.Errorf("the predicate is not accepted: %v", err)
	}
}

func near(t *testing.T, what string, got, want map[string]float64) {
	t.Helper()
	for name, value := range want {
		if g, ok := got[name]; !ok || math.Abs(g-value) > 1e-12 {
			t.Errorf("%s: %s is %v, want %v", what, name, g, value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d metrics, want %d: %v", what, len(got), len(want), got)
	}
}

func TestMLflow(t *testing.T) {
	dir, id := run(t, "mlflow", "mlflow_run.py")
	folder, err := ReadMLRuns(os.DirFS(filepath.Join(dir, "mlruns", "0", id)))
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string][]byte{"REST": read(t, dir, "rest.json"), "dictionary": read(t, dir, "dictionary.json"), "folder": folder} {
		e, err := FromMLflow(data)
		near(t, what, figures(t, e, err), map[string]float64{"accuracy@": 0.75, "val/loss@": 0.25})
		if e.Run != id || e.Suite != "mlflow run tuned" || e.Dataset == nil {
			t.Errorf("%s: %+v", what, e)
		}
		r, err := TrainingFromMLflow(data)
		if err != nil {
			t.Fatal(err)
		}
		accepted(t, r)
		if r.Run != id || r.Commit != strings.Repeat("a", 40) || r.Started.IsZero() || r.Finished.Before(r.Started) || len(r.Inputs) != 1 ||
			r.Inputs[0].Role != claim.RoleData || r.Inputs[0].Digest != "" {
			t.Errorf("%s: %+v", what, r)
		}
		if diff := cmp.Diff(map[string]string{"lr": "0.1"}, r.Hyperparameters) + cmp.Diff(map[string]string{"random_state": "7"}, r.Seeds); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
		if what != "folder" && r.Inputs[0].Name != "train.csv" {
			t.Errorf("%s: %+v", what, r.Inputs)
		}
	}
	e, err := FromMLflow(read(t, dir, "evaluated", "metrics.json"))
	if got := figures(t, e, err); got["accuracy_score@"] != 0.75 || len(got) < 8 {
		t.Errorf("mlflow.evaluate: %v", got)
	}
}

func TestFairlearnAndSklearn(t *testing.T) {
	dir, _ := run(t, "fairness", "fairness.py")
	var truth map[string]float64
	if err := json.Unmarshal(read(t, dir, "truth.json"), &truth); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"by_group.json", "by_group.csv", "both.json", "two.csv", "two.json"} {
		e, err := FromFairlearn(read(t, dir, file))
		got := figures(t, e, err)
		if e.Type != claim.Fairness {
			t.Errorf("%s: type %s", file, e.Type)
		}
		if strings.HasPrefix(file, "two") {
			if len(got) != 4*2+4 && len(got) != 4*2+3 { // a ratio of nothing to nothing is none
				t.Errorf("%s: %v", file, got)
			}
			continue
		}
		for name, want := range truth {
			if math.Abs(got[name+"@"]-want) > 1e-9 {
				t.Errorf("%s: %s is %v, Fairlearn says %v", file, name, got[name+"@"], want)
			}
		}
	}
	e, err := FromFairlearn(read(t, dir, "by_group.csv"))
	if got := figures(t, e, err); got["accuracy@sex=f"] != 0.75 || got["accuracy@sex=m"] != 0.5 {
		t.Errorf("got %v", got)
	}
	e, err = FromFairlearn(read(t, dir, "both.json"))
	if got := figures(t, e, err); got["accuracy@"] != 0.625 {
		t.Errorf("got %v", got)
	}
	e, err = FromSklearn(read(t, dir, "report.json"))
	got := figures(t, e, err)
	if got["accuracy@"] != 0.625 || got["precision@class=1"] != 0.75 || got["recall@class=1"] != 0.6 || got["f1-score@macro avg"] == 0 || len(got) != 13 {
		t.Errorf("got %v", got)
	}
}

func TestHub(t *testing.T) {
	dir, _ := run(t, "hub", "hub.py")
	e, err := FromModelIndex(read(t, dir, "index.json"))
	slice := "text-classification, glue, GLUE, validation"
	near(t, "model-index", figures(t, e, err), map[string]float64{"accuracy@" + slice: 0.9, "f1@" + slice: 0.8})
	r, err := FromTrainerState(read(t, dir, "trainer_state.json"))
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, r)
	if h := r.Hyperparameters; h["global_step"] != "20" || h["train_batch_size"] != "8" || h["last loss"] != "0.25" || h["epoch"] != "2.0" {
		t.Errorf("got %v", h)
	}
}

// The files below have the form of the tools, which are too large to install here.
const lmResults = `{"results": {"hellaswag": {"alias": "hellaswag", "acc,none": 0.5, "acc_stderr,none": 0.01, "acc_norm,none": 0.6, "acc_norm_stderr,none": "N/A"},
 "gsm8k": {"exact_match,strict-match": 0.3, "exact_match_stderr,strict-match": 0.02}}, "n-samples": {"hellaswag": {"original": 10042, "effective": 100}},
 "lm_eval_version": "0.4.9", "config": {"model": "hf", "model_args": {"pretrained": "m"}}}`

const hfResults = `{"epoch": 3.0, "eval_accuracy": 0.9, "eval_loss": 0.3, "eval_runtime": 1.5, "eval_samples": 872, "eval_samples_per_second": 500.0,
 "train_loss": 0.1, "train_runtime": 100}`

func TestBenchmarks(t *testing.T) {
	e, err := FromLMEval([]byte(lmResults))
	near(t, "lm-eval", figures(t, e, err), map[string]float64{"acc@hellaswag": 0.5, "acc_norm@hellaswag": 0.6, "exact_match,strict-match@gsm8k": 0.3})
	for _, m := range e.Metrics {
		if m.Name == "acc" && (m.Confidence == nil || math.Abs(m.Confidence.Lower-0.4804) > 1e-4 || m.Samples != 100) || m.Name == "acc_norm" && m.Confidence != nil {
			t.Errorf("got %+v %+v", m, m.Confidence)
		}
	}
	e, err = FromHFResults([]byte(hfResults))
	near(t, "transformers", figures(t, e, err), map[string]float64{"accuracy@eval": 0.9, "loss@eval": 0.3})
	if e.Metrics[0].Samples != 872 {
		t.Errorf("got %+v", e.Metrics[0])
	}
}

// TestRefusals: what is missing or no number does not become a result.
func TestRefusals(t *testing.T) {
	byName := map[string]Format{}
	for _, f := range Formats() {
		byName[f.Name+" "+f.Kind] = f
	}
	many := map[string]float64{}
	for i := range maxMetrics + 1 {
		many[fmt.Sprint("m", i)] = 1
	}
	tooMany, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ format, data, want string }{
		"NaN":                      {"mlflow evaluation", `{"a": NaN}`, "NaN and Infinity"},
		"a text":                   {"mlflow evaluation", `{"a": "good"}`, `"a" is no number`},
		"no metrics":               {"mlflow evaluation", `{"run": {"info": {"run_id": "x"}}}`, "holds no metric"},
		"too many":                 {"mlflow evaluation", string(tooMany), "more than 10000"},
		"too large":                {"mlflow evaluation", strings.Repeat(" ", MaxFile+1), "are more than"},
		"two documents":            {"mlflow evaluation", `{"a": 1} {"b": 2}`, "more after the document"},
		"beyond all numbers":       {"mlflow evaluation", `{"a": 1e999}`, "is no number"},
		"a run without a name":     {"mlflow training-run", `{"run": {"info": {}}}`, "no run_id"},
		"a group without a value":  {"fairlearn evaluation", `{"accuracy": {"f": 0.5, "m": null}}`, `no value for the group "m"`},
		"no groups":                {"fairlearn evaluation", `{"accuracy": {}}`, "no groups"},
		"a table without a head":   {"fairlearn evaluation", "sex,accuracy\n", "neither JSON nor a table"},
		"a group twice":            {"fairlearn evaluation", "sex,accuracy\nf,1\nf,0\n", "is there twice"},
		"an empty cell":            {"fairlearn evaluation", "sex,accuracy\nf,1\nm,\n", "neither JSON nor|no value|no groups"},
		"a row without precision":  {"sklearn evaluation", `{"0": {"recall": 1}}`, "neither a figure nor a row"},
		"no support":               {"sklearn evaluation", `{"0": {"precision": 1}}`, "support"},
		"a task without a number":  {"lm-eval evaluation", `{"results": {"t": {"acc,none": "N/A"}}}`, "is no number"},
		"no results":               {"lm-eval evaluation", `{}`, "holds no metric"},
		"training figures only":    {"hf-results evaluation", `{"train_loss": 1}`, "holds no metric"},
		"results of two models":    {"model-index evaluation", `{"model-index": [{}, {}]}`, "2 models"},
		"a figure in words":        {"model-index evaluation", `{"model-index": [{"results": [{"metrics": [{"type": "a", "value": "high"}]}]}]}`, "is no number"},
		"a state without steps":    {"hf-trainer training-run", `{"log_history": []}`, "global_step"},
		"a state without a log":    {"hf-trainer training-run", `{"global_step": 1}`, "log_history"},
		"a list where a run is":    {"mlflow training-run", `[]`, "import from mlflow"},
		"the same metric two ways": {"model-index evaluation", `{"model-index": [{"results": [{"metrics": [{"type": "a", "value": 1}, {"type": "a", "value": 2}]}]}]}`, "is there twice"},
	} {
		f, ok := byName[tt.format]
		if !ok {
			t.Fatalf("no format %q", tt.format)
		}
		p, err := f.Read([]byte(tt.data))
		found := false
		for want := range strings.SplitSeq(tt.want, "|") {
			found = found || err != nil && strings.Contains(err.Error(), want)
		}
		if !errors.Is(err, evidence.ErrMalformed) || !found || p != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRunsInFolders(t *testing.T) {
	good := fstest.MapFS{"meta.yaml": {Data: []byte("run_id: r\n")}, "metrics/a": {Data: []byte("1 0.5 0\n2 0.75 1\n")}}
	if _, err := ReadMLRuns(good); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]fstest.MapFS{
		"no meta.yaml":        {"metrics/a": good["metrics/a"]},
		"no run_id":           {"meta.yaml": {Data: []byte("name: x\n")}},
		"an empty metric":     {"meta.yaml": good["meta.yaml"], "metrics/a": {}},
		"a metric in words":   {"meta.yaml": good["meta.yaml"], "metrics/a": {Data: []byte("1 high 0\n")}},
		"NaN":                 {"meta.yaml": good["meta.yaml"], "metrics/a": {Data: []byte("1 nan 0\n")}},
		"a large file":        {"meta.yaml": {Data: make([]byte, 2<<20)}},
		"a link for a metric": {"meta.yaml": good["meta.yaml"], "metrics/a": {Mode: os.ModeSymlink}},
	} {
		if _, err := ReadMLRuns(change); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzImports: what any importer accepts can be signed.
func FuzzImports(f *testing.F) {
	for i, seed := range []string{`{"accuracy": 0.5}`, `{"run": {"info": {"run_id": "r"}, "data": {"metrics": [{"key": "a", "value": 1}], "params": {"seed": "1"}}}}`,
		`{"accuracy": {"f": 0.5, "m": 1}}`, "sex,age,accuracy\nf,old,1\nm,new,0\n", `{"0": {"precision": 1, "support": 3}, "accuracy": 1}`, lmResults, hfResults,
		`{"model-index": [{"results": [{"metrics": [{"type": "a", "value": 1}]}]}]}`, `{"global_step": 1, "log_history": [{"loss": 1}]}`} {
		f.Add(uint8(i), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		formats := Formats()
		p, err := formats[int(which)%len(formats)].Read(data)
		if err != nil {
			if !errors.Is(err, evidence.ErrMalformed) || p != nil {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		accepted(t, p)
	})
}
