// Package imports turns what other tools wrote about models into predicates of claims: evaluations from MLflow, Fairlearn,
// scikit-learn, the LM Evaluation Harness and Hugging Face, training runs from MLflow and the Trainer of transformers. It is
// for whoever signs such results.
//
// An importer takes figures as they are and judges nothing: thresholds are for policies. What does not have the form that
// the tool writes is an error, and so is a figure that is missing or no number: a gap must not look like a result. Nothing
// says that a tool was honest; whoever signs vouches for that. The time of a predicate is left to the caller.
package imports

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// MaxFile is how much is read of a file of a tool, in bytes.
const MaxFile = 16 << 20

// maxMetrics bounds an evaluation, as its schema does.
const maxMetrics = 10_000

// Format is a form that a tool writes.
type Format struct {
	Name string // as in --from NAME:FILE
	Kind string // of the claim
	File string // what the tool calls the file, for people
	Read func(data []byte) (claim.Predicate, error)
}

// Formats is the one list of all forms.
func Formats() []Format {
	return []Format{
		{"mlflow", "evaluation", "run of the REST API, run.to_dictionary() or metrics.json of mlflow.evaluate", evaluation(FromMLflow)},
		{"fairlearn", "evaluation", "MetricFrame.by_group as JSON or CSV, or {\"overall\", \"by_group\"}", evaluation(FromFairlearn)},
		{"sklearn", "evaluation", "classification_report(output_dict=True) as JSON", evaluation(FromSklearn)},
		{"lm-eval", "evaluation", "results.json", evaluation(FromLMEval)},
		{"hf-results", "evaluation", "all_results.json", evaluation(FromHFResults)},
		{"model-index", "evaluation", "metadata of a model card as JSON or YAML", evaluation(FromModelIndex)},
		{"mlflow", "training-run", "run of the REST API, or run.to_dictionary()", training(TrainingFromMLflow)},
		{"hf-trainer", "training-run", "trainer_state.json", training(FromTrainerState)},
	}
}

// evaluation gives an importer the form of the list, without typed nils.
func evaluation(read func([]byte) (*claim.Evaluation, error)) func([]byte) (claim.Predicate, error) {
	return func(data []byte) (claim.Predicate, error) {
		e, err := read(data)
		if err != nil {
			return nil, err
		}
		return e, nil
	}
}

func training(read func([]byte) (*claim.TrainingRun, error)) func([]byte) (claim.Predicate, error) {
	return func(data []byte) (claim.Predicate, error) {
		r, err := read(data)
		if err != nil {
			return nil, err
		}
		return r, nil
	}
}

// malformed is an error about a file of a tool.
func malformed(tool, message string, args ...any) error {
	return fmt.Errorf("import from %s: %s: %w", tool, fmt.Sprintf(message, args...), evidence.ErrMalformed)
}

// decode reads one JSON document of bounded size.
func decode(tool string, data []byte, v any) error {
	if len(data) > MaxFile {
		return malformed(tool, "%d bytes are more than %d", len(data), MaxFile)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		if bytes.Contains(data, []byte("NaN")) || bytes.Contains(data, []byte("Infinity")) {
			return malformed(tool, "it is not JSON; NaN and Infinity, which Python writes, are no figures: take them out")
		}
		return malformed(tool, "%v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return malformed(tool, "there is more after the document")
	}
	return nil
}

// figure reads a number that is one.
func figure(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

// clip bounds text from a file so that a claim can hold it.
func clip(s string, limit int) string { return picket.Printable(s, limit) }

// finish sorts and bounds the metrics of an evaluation.
func finish(tool string, e *claim.Evaluation) (*claim.Evaluation, error) {
	if len(e.Metrics) == 0 {
		return nil, malformed(tool, "it holds no metric")
	}
	if len(e.Metrics) > maxMetrics {
		return nil, malformed(tool, "it holds %d metrics, more than %d", len(e.Metrics), maxMetrics)
	}
	for i, m := range e.Metrics {
		if m.Name == "" {
			return nil, malformed(tool, "a metric has no name")
		}
		e.Metrics[i].Name, e.Metrics[i].Slice = clip(m.Name, 400), clip(m.Slice, 900)
	}
	slices.SortStableFunc(e.Metrics, func(a, b claim.Metric) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Slice, b.Slice))
	})
	for i := 1; i < len(e.Metrics); i++ {
		if a, b := e.Metrics[i-1], e.Metrics[i]; a.Name == b.Name && a.Slice == b.Slice {
			return nil, malformed(tool, "the metric %q is there twice for %q", a.Name, a.Slice)
		}
	}
	return e, nil
}

// sorted are the members of an object in the order of their names.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
