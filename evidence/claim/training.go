package claim

import (
	"fmt"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// TrainingRun says how the content was made: from what, by which code, with which settings. The subject is always one of
// its outputs. Lineage walks from outputs to inputs.
type TrainingRun struct {
	Schema          string               `json:"schema" const:"picket.training-run/1"`
	Time            time.Time            `json:"time" doc:"When it was written, by the clock of whoever signed: self-asserted."`
	Run             string               `json:"run,omitempty" doc:"Identifier of the run where it was tracked."`
	Tool            string               `json:"tool,omitempty" doc:"Name and version of what trained or tracked it."`
	Inputs          []TrainingInput      `json:"inputs" max:"10000"`
	Outputs         []Reference          `json:"outputs" max:"10000" doc:"What it made beside the subject."`
	Hyperparameters map[string]string    `json:"hyperparameters" doc:"As texts, as they were recorded."`
	Privacy         *DifferentialPrivacy `json:"privacy,omitempty" doc:"The guarantee of differential privacy, when there is one."`
	Seeds           map[string]string    `json:"seeds" doc:"Of each source of randomness, as texts: some have 64 bits."`
	Repository      string               `json:"repository,omitempty" doc:"Where the code is kept."`
	Commit          string               `json:"commit,omitempty" max:"64" pattern:"^[0-9a-f]*$" doc:"Commit of the code, in hexadecimal."`
	Environment     map[string]string    `json:"environment" doc:"Versions of what it ran on, by name."`
	Started         time.Time            `json:"started,omitzero"`
	Finished        time.Time            `json:"finished,omitzero"`
}

// Reference names content, by its digest where that is known.
type Reference struct {
	Name   string        `json:"name" min:"1"`
	Digest picket.Digest `json:"digest,omitempty" doc:"SHA-256 of a file or root digest of a tree; left out when nobody knows it."`
	URI    string        `json:"uri,omitempty" doc:"Where it came from."`
}

// The roles of inputs of a training run.
const (
	RoleData          = "data"
	RoleBase          = "base"
	RoleAdapter       = "adapter"
	RoleCode          = "code"
	RoleConfiguration = "configuration"
)

// TrainingInput is what a run was made from.
type TrainingInput struct {
	Role   string        `json:"role" enum:"data base adapter code configuration"`
	Name   string        `json:"name" min:"1"`
	Digest picket.Digest `json:"digest,omitempty" doc:"SHA-256 of a file or root digest of a tree; left out when nobody knows it."`
	URI    string        `json:"uri,omitempty" doc:"Where it came from."`
}

// DifferentialPrivacy bounds what the content can tell about any one record of its data.
type DifferentialPrivacy struct {
	Epsilon   float64 `json:"epsilon" min:"0"`
	Delta     float64 `json:"delta" min:"0" max:"1"`
	Mechanism string  `json:"mechanism" min:"1" max:"200" doc:"Such as DP-SGD, with its accountant."`
}

func (r *TrainingRun) validate() error {
	if !r.Finished.IsZero() && r.Finished.Before(r.Started) {
		return fmt.Errorf("it finished before it started: %w", evidence.ErrMalformed)
	}
	return nil
}

// DatasetProfile describes data.
type DatasetProfile struct {
	Schema      string            `json:"schema" const:"picket.dataset-profile/1"`
	Time        time.Time         `json:"time" doc:"When it was made, by the clock of whoever signed: self-asserted."`
	Tool        string            `json:"tool,omitempty" doc:"Name and version of what made it."`
	Rows        int64             `json:"rows" min:"0"`
	Columns     []Column          `json:"columns" max:"10000"`
	Statistics  []Statistic       `json:"statistics,omitempty" max:"10000" doc:"Of the data as a whole."`
	Personal    *PersonalData     `json:"personal,omitempty" doc:"What a search for personal data found; left out when nobody searched."`
	Sensitivity string            `json:"sensitivity,omitempty" enum:"public internal confidential restricted"`
	Licence     string            `json:"licence,omitempty" max:"500" doc:"SPDX expression, or the name."`
	Source      string            `json:"source,omitempty" doc:"Where it came from."`
	Collected   time.Time         `json:"collected,omitzero"`
	Splits      map[string]int64  `json:"splits,omitempty" doc:"Rows by the name of the part, such as train."`
	Properties  map[string]string `json:"properties,omitempty"`
}

// Column is one column of data.
type Column struct {
	Name       string      `json:"name" min:"1"`
	Type       string      `json:"type" min:"1" max:"200"`
	Missing    int64       `json:"missing" min:"0" doc:"Rows without a value."`
	Distinct   int64       `json:"distinct,omitempty" min:"0" doc:"Different values; left out when not counted."`
	Statistics []Statistic `json:"statistics,omitempty" max:"100"`
}

// Statistic is a figure with its name, such as mean.
type Statistic struct {
	Name  string  `json:"name" min:"1" max:"200"`
	Value float64 `json:"value"`
}

// PersonalData is what a search for personal data found.
type PersonalData struct {
	Outcome string       `json:"outcome" enum:"none found removed unknown" doc:"Unknown: not everything was searched."`
	Tool    string       `json:"tool,omitempty"`
	Kinds   []KindOfData `json:"kinds,omitempty" max:"200"`
}

// KindOfData counts one kind of personal data.
type KindOfData struct {
	Kind  string `json:"kind" min:"1" max:"200" doc:"Such as email."`
	Count int64  `json:"count" min:"0"`
}

func (d *DatasetProfile) validate() error {
	for _, c := range d.Columns {
		if c.Missing > d.Rows {
			return fmt.Errorf("column %q misses more values than there are rows: %w", text(c.Name), evidence.ErrMalformed)
		}
	}
	return nil
}

// Evaluation is what came out of measuring the content.
type Evaluation struct {
	Schema  string     `json:"schema" const:"picket.evaluation/1"`
	Time    time.Time  `json:"time" doc:"When it was made, by the clock of whoever signed: self-asserted."`
	Suite   string     `json:"suite" min:"1" max:"500" doc:"What was run, such as the name of a benchmark."`
	Type    string     `json:"type" enum:"performance robustness fairness guardrail privacy"`
	Tool    string     `json:"tool,omitempty" doc:"Name and version of what measured."`
	Run     string     `json:"run,omitempty" doc:"Identifier of the run where it was tracked."`
	Dataset *Reference `json:"dataset,omitempty" doc:"What it was measured on."`
	Metrics []Metric   `json:"metrics" min:"1" max:"10000"`
}

// The types of evaluations.
const (
	Performance = "performance"
	Robustness  = "robustness"
	Fairness    = "fairness"
	Guardrail   = "guardrail"
	Privacy     = "privacy"
)

// Metric is one figure of an evaluation.
type Metric struct {
	Name       string      `json:"name" min:"1" max:"500"`
	Value      float64     `json:"value"`
	Threshold  *float64    `json:"threshold,omitempty" doc:"What it was compared with."`
	Better     string      `json:"better,omitempty" enum:"higher lower" doc:"Which side of the threshold is good."`
	Passed     *bool       `json:"passed,omitempty" doc:"Whether it is on the good side; left out when it was not judged."`
	Slice      string      `json:"slice,omitempty" max:"1000" doc:"The part of the data, such as age=65+; left out for all of it."`
	Confidence *Confidence `json:"confidence,omitempty"`
	Samples    int64       `json:"samples,omitempty" min:"0"`
}

// Confidence is an interval that holds the true value with some probability.
type Confidence struct {
	Level float64 `json:"level" min:"0" max:"1"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Failed counts the metrics that did not pass.
func (e *Evaluation) Failed() int {
	n := 0
	for _, m := range e.Metrics {
		if passed, judged := m.Verdict(); judged && !passed {
			n++
		}
	}
	return n
}

func (e *Evaluation) validate() error {
	seen := map[[2]string]bool{}
	for _, m := range e.Metrics {
		if c := m.Confidence; c != nil && c.Lower > c.Upper {
			return fmt.Errorf("metric %q: the interval ends before it begins: %w", text(m.Name), evidence.ErrMalformed)
		}
		if key := [2]string{m.Name, m.Slice}; seen[key] {
			return fmt.Errorf("metric %q is there twice for %q: %w", text(m.Name), text(m.Slice), evidence.ErrMalformed)
		} else {
			seen[key] = true
		}
		if wrong := m.Threshold != nil && m.Passed != nil && m.Better != "" && *m.Passed != m.good(); wrong {
			return fmt.Errorf("metric %q contradicts its threshold: %w", text(m.Name), evidence.ErrMalformed)
		}
	}
	return nil
}

// Verdict says whether the metric is on the good side, and whether it was judged at all. One with a threshold and the side of it
// that is good is judged by these, also when its author left out the outcome.
func (m Metric) Verdict() (passed, judged bool) {
	switch {
	case m.Passed != nil:
		return *m.Passed, true
	case m.Threshold != nil && m.Better != "":
		return m.good(), true
	}
	return false, false
}

// good compares with the threshold; equal is good.
func (m Metric) good() bool {
	if m.Better == "lower" {
		return m.Value <= *m.Threshold
	}
	return m.Value >= *m.Threshold
}
