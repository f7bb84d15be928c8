package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
)

// mlflowRun is a run as MLflow's REST API returns it; Python's to_dictionary has objects where that has lists.
type mlflowRun struct {
	Info struct {
		ID     string      `json:"run_id"`
		Name   string      `json:"run_name"`
		Status string      `json:"status"`
		Start  json.Number `json:"start_time"`
		End    json.Number `json:"end_time"`
	} `json:"info"`
	Data struct {
		Metrics pairs `json:"metrics"`
		Params  pairs `json:"params"`
		Tags    pairs `json:"tags"`
	} `json:"data"`
	Inputs struct {
		Datasets []mlflowInput `json:"dataset_inputs"`
	} `json:"inputs"`
}

// mlflowInput is a data set that a run used.
type mlflowInput struct {
	Dataset struct {
		Name   string `json:"name"`
		Digest string `json:"digest"` // MLflow's own, of eight characters: no SHA-256
		Source string `json:"source"`
	} `json:"dataset"`
}

// pairs are names with values: an object, or a list of {key, value}.
type pairs map[string]any

// UnmarshalJSON reads both forms. Of several values of one name the last counts, which is the latest.
func (p *pairs) UnmarshalJSON(data []byte) error {
	var list []struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	}
	*p = pairs{}
	if err := decode("mlflow", data, &list); err == nil {
		for _, one := range list {
			(*p)[one.Key] = one.Value
		}
		return nil
	}
	return decode("mlflow", data, (*map[string]any)(p))
}

// text is a value as text.
func (p pairs) text(name string) string {
	s, _ := p[name].(string)
	return s
}

// readMLflow reads a run, in a document of its own or inside {"run": …}.
func readMLflow(data []byte) (*mlflowRun, error) {
	var outer struct {
		Run *mlflowRun `json:"run"`
	}
	if err := decode("mlflow", data, &outer); err != nil {
		return nil, err
	}
	if outer.Run != nil {
		return outer.Run, nil
	}
	run := &mlflowRun{}
	if err := decode("mlflow", data, run); err != nil {
		return nil, err
	}
	return run, nil
}

// FromMLflow reads the metrics of a run, or the metrics.json that the result of mlflow.evaluate saves.
func FromMLflow(data []byte) (*claim.Evaluation, error) {
	var top map[string]json.RawMessage
	if err := decode("mlflow", data, &top); err != nil {
		return nil, err
	}
	if top["run"] == nil && top["info"] == nil && top["data"] == nil {
		var metrics map[string]any
		if err := decode("mlflow", data, &metrics); err != nil {
			return nil, err
		}
		return measured("mlflow", &claim.Evaluation{Suite: "mlflow.evaluate", Type: claim.Performance, Tool: "mlflow"}, metrics)
	}
	run, err := readMLflow(data)
	if err != nil {
		return nil, err
	}
	return run.evaluation()
}

// evaluation is what a run measured.
func (r *mlflowRun) evaluation() (*claim.Evaluation, error) {
	e := &claim.Evaluation{Suite: "mlflow run", Type: claim.Performance, Tool: "mlflow", Run: clip(r.Info.ID, 200)}
	if r.Info.Name != "" {
		e.Suite = "mlflow run " + clip(r.Info.Name, 400)
	}
	if len(r.Inputs.Datasets) == 1 {
		d := r.Inputs.Datasets[0].Dataset
		e.Dataset = &claim.Reference{Name: orName(d.Name), URI: clip(d.Source, 2000)}
	}
	return measured("mlflow", e, r.Data.Metrics)
}

// measured adds metrics for all of the data.
func measured(tool string, e *claim.Evaluation, metrics map[string]any) (*claim.Evaluation, error) {
	for _, name := range sorted(metrics) {
		value, ok := figure(metrics[name])
		if !ok {
			return nil, malformed(tool, "the metric %q is no number", clip(name, 80))
		}
		e.Metrics = append(e.Metrics, claim.Metric{Name: name, Value: value})
	}
	return finish(tool, e)
}

// orName is a name for what has none.
func orName(name string) string {
	if name == "" {
		return "unnamed"
	}
	return clip(name, 1000)
}

// TrainingFromMLflow reads how a run trained: its parameters, its data sets and the commit of its code. MLflow's own digests of
// data sets are no SHA-256, so these inputs have none; give them by hand where they are known.
func TrainingFromMLflow(data []byte) (*claim.TrainingRun, error) {
	run, err := readMLflow(data)
	if err != nil {
		return nil, err
	}
	return run.training()
}

// training is how a run trained.
func (r *mlflowRun) training() (*claim.TrainingRun, error) {
	if r.Info.ID == "" {
		return nil, malformed("mlflow", "it has no run_id")
	}
	t := &claim.TrainingRun{Run: clip(r.Info.ID, 200), Tool: "mlflow", Hyperparameters: map[string]string{}, Seeds: map[string]string{},
		Environment: map[string]string{}}
	for _, name := range sorted(r.Data.Params) {
		value := clip(r.Data.Params.text(name), 4000)
		if name == "" {
			return nil, malformed("mlflow", "a parameter has no name")
		}
		if lower := strings.ToLower(name); lower == "seed" || strings.HasSuffix(lower, "_seed") || lower == "random_state" {
			t.Seeds[clip(name, 1000)] = value
			continue
		}
		t.Hyperparameters[clip(name, 1000)] = value
	}
	for _, in := range r.Inputs.Datasets {
		t.Inputs = append(t.Inputs, claim.TrainingInput{Role: claim.RoleData, Name: orName(in.Dataset.Name), URI: clip(in.Dataset.Source, 2000)})
	}
	if commit := strings.ToLower(r.Data.Tags.text("mlflow.source.git.commit")); isHex(commit) {
		t.Commit, t.Repository = commit, clip(r.Data.Tags.text("mlflow.source.git.repoURL"), 2000)
	}
	t.Started, t.Finished = millis(r.Info.Start), millis(r.Info.End)
	return t, nil
}

// isHex reports a commit in hexadecimal.
func isHex(s string) bool {
	_, err := picket.ParseDigest("sha256:" + s + strings.Repeat("0", max(0, 64-len(s))))
	return s != "" && err == nil
}

// millis is a time in milliseconds since 1970; zero for none.
func millis(n json.Number) time.Time {
	ms, err := n.Int64()
	if err != nil || ms <= 0 || ms > 253_402_300_799_000 { // the year 9999
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// maxRunFiles bounds the metrics, parameters and tags of a run in a folder.
const maxRunFiles = 10_000

// ReadMLRuns reads the folder of one run in an MLflow file store (mlruns/EXPERIMENT/RUN) and gives its content in the form of
// the REST API, for FromMLflow and TrainingFromMLflow.
func ReadMLRuns(run fs.FS) ([]byte, error) {
	doc := map[string]any{}
	data := map[string]any{}
	for _, part := range []string{"metrics", "params", "tags"} {
		values, err := readValues(run, part)
		if err != nil {
			return nil, err
		}
		data[part] = values
	}
	info, err := readMeta(run)
	if err != nil {
		return nil, err
	}
	inputs, err := fs.ReadDir(run, "inputs")
	if err != nil && !errors.Is(err, fs.ErrNotExist) || len(inputs) > maxRunFiles {
		return nil, malformed("mlflow", "its inputs cannot be listed")
	}
	list := []any{}
	for _, in := range inputs { // what they are is kept outside of the folder of the run: they stay without a digest
		list = append(list, map[string]any{"dataset": map[string]any{"name": "mlflow input " + in.Name()}})
	}
	doc["info"], doc["data"], doc["inputs"] = info, data, map[string]any{"dataset_inputs": list}
	return json.Marshal(doc)
}

// readMeta takes the plain values of meta.yaml, which are all that is needed.
func readMeta(run fs.FS) (map[string]any, error) {
	text, err := readBounded(run, "meta.yaml", 1<<20)
	if err != nil {
		return nil, fmt.Errorf("import from mlflow: %w", err)
	}
	info := map[string]any{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		value = strings.Trim(value, `'"`)
		switch {
		case !ok:
		case name == "run_id" || name == "run_name":
			info[name] = value
		case name == "start_time" || name == "end_time":
			if _, err := strconv.ParseInt(value, 10, 64); err == nil {
				info[name] = json.Number(value)
			}
		}
	}
	if info["run_id"] == nil {
		return nil, malformed("mlflow", "meta.yaml has no run_id")
	}
	return info, nil
}

// readValues reads a folder with a file for each name. Names may hold slashes, which are folders.
func readValues(run fs.FS, part string) (map[string]any, error) {
	values := map[string]any{}
	err := fs.WalkDir(run, part, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == part:
			return fs.SkipAll
		case err != nil || d.IsDir():
			return err
		case !d.Type().IsRegular():
			return malformed("mlflow", "%s is not a plain file", clip(name, 200))
		case len(values) >= maxRunFiles:
			return malformed("mlflow", "the run has more than %d %s", maxRunFiles, part)
		}
		text, err := readBounded(run, name, 1<<20)
		if err != nil {
			return err
		}
		key := strings.TrimPrefix(name, part+"/")
		values[key] = string(text)
		if part == "metrics" { // lines of time, value and step: the last is the latest
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			fields := strings.Fields(lines[len(lines)-1])
			if len(fields) < 2 {
				return malformed("mlflow", "the metric %q has no value", clip(key, 80))
			}
			if _, err := strconv.ParseFloat(fields[1], 64); err != nil || !json.Valid([]byte(fields[1])) {
				return malformed("mlflow", "the metric %q is no number", clip(key, 80))
			}
			values[key] = json.Number(fields[1])
		}
		return nil
	})
	return values, err
}

// readBounded reads a small file.
func readBounded(dir fs.FS, name string, limit int64) (data []byte, err error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = malformed("mlflow", "%s is larger than %d bytes", clip(name, 200), limit)
	}
	return data, err
}
