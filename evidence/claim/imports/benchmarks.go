package imports

import (
	"math"
	"strings"

	"github.com/picketsec/picket/evidence/claim"
)

// lmEval is what is read of a results.json of the LM Evaluation Harness.
type lmEval struct {
	Results map[string]map[string]any `json:"results"`
	Samples map[string]struct {
		Effective int64 `json:"effective"`
	} `json:"n-samples"`
	Version string `json:"lm_eval_version"`
	Config  struct {
		Model     any `json:"model"`
		ModelArgs any `json:"model_args"`
	} `json:"config"`
}

// normal95 is how many standard errors hold 95 % of a normal distribution on either side.
const normal95 = 1.959963984540054

// FromLMEval reads the results.json of the LM Evaluation Harness. Tasks become slices; the interval is that of the normal
// distribution at the standard error that the harness computed.
func FromLMEval(data []byte) (*claim.Evaluation, error) {
	var doc lmEval
	if err := decode("lm-eval", data, &doc); err != nil {
		return nil, err
	}
	e := &claim.Evaluation{Suite: "lm-evaluation-harness", Type: claim.Performance, Tool: "lm-eval"}
	if doc.Version != "" {
		e.Tool += " " + clip(doc.Version, 100)
	}
	for _, task := range sorted(doc.Results) {
		for _, key := range sorted(doc.Results[task]) {
			name, filter, isMetric := strings.Cut(key, ",")
			if !isMetric || strings.HasSuffix(name, "_stderr") {
				continue // alias, sample counts, and what belongs to a metric
			}
			value, ok := figure(doc.Results[task][key])
			if !ok {
				return nil, malformed("lm-eval", "%s of %s is no number", clip(key, 80), clip(task, 80))
			}
			if filter != "none" && filter != "" {
				name = key
			}
			m := claim.Metric{Name: name, Value: value, Slice: task, Samples: max(0, doc.Samples[task].Effective)}
			if deviation, ok := figure(doc.Results[task][strings.TrimSuffix(key, ","+filter)+"_stderr,"+filter]); ok {
				m.Confidence = interval(value, math.Abs(deviation))
			}
			e.Metrics = append(e.Metrics, m)
		}
	}
	return finish("lm-eval", e)
}

// interval is the 95 % interval around a value; nil when it is beyond all numbers.
func interval(value, deviation float64) *claim.Confidence {
	c := &claim.Confidence{Level: 0.95, Lower: value - normal95*deviation, Upper: value + normal95*deviation}
	if math.IsInf(c.Lower, 0) || math.IsInf(c.Upper, 0) {
		return nil
	}
	return c
}

// FromHFResults reads the all_results.json or eval_results.json of the examples and the Trainer of transformers: what begins
// with eval_, test_ or predict_ and is no measure of speed.
func FromHFResults(data []byte) (*claim.Evaluation, error) {
	var doc map[string]any
	if err := decode("hf-results", data, &doc); err != nil {
		return nil, err
	}
	e := &claim.Evaluation{Suite: "transformers", Type: claim.Performance, Tool: "transformers"}
	for _, name := range sorted(doc) {
		part, metric, _ := strings.Cut(name, "_")
		if part != "eval" && part != "test" && part != "predict" || speed(metric) {
			continue
		}
		value, ok := figure(doc[name])
		if !ok {
			return nil, malformed("hf-results", "%q is no number", clip(name, 80))
		}
		m := claim.Metric{Name: metric, Value: value, Slice: part}
		if samples, ok := figure(doc[part+"_samples"]); ok && samples >= 0 && samples <= 1<<53 {
			m.Samples = int64(samples)
		}
		e.Metrics = append(e.Metrics, m)
	}
	return finish("hf-results", e)
}

// speed reports what says how fast it was, or how much, and not how good.
func speed(metric string) bool {
	return metric == "runtime" || metric == "samples" || strings.HasSuffix(metric, "_per_second") || strings.HasSuffix(metric, "_time")
}

// modelIndex is the part of a model card's metadata that holds results.
type modelIndex struct {
	Models []struct {
		Name    string `json:"name"`
		Results []struct {
			Task struct {
				Type string `json:"type"`
				Name string `json:"name"`
			} `json:"task"`
			Dataset struct {
				Name   string `json:"name"`
				Type   string `json:"type"`
				Config any    `json:"config"`
				Split  any    `json:"split"`
			} `json:"dataset"`
			Metrics []struct {
				Type  string `json:"type"`
				Name  string `json:"name"`
				Value any    `json:"value"`
			} `json:"metrics"`
		} `json:"results"`
	} `json:"model-index"`
}

// FromModelIndex reads the results that a model card of the Hugging Face hub states, in JSON. They are the word of whoever wrote
// the card.
func FromModelIndex(data []byte) (*claim.Evaluation, error) {
	var doc modelIndex
	if err := decode("model-index", data, &doc); err != nil {
		return nil, err
	}
	if len(doc.Models) != 1 {
		return nil, malformed("model-index", "it has results of %d models, not of one", len(doc.Models))
	}
	e := &claim.Evaluation{Suite: "model card", Type: claim.Performance, Tool: "model-index"}
	for _, r := range doc.Models[0].Results {
		where := []string{}
		for _, part := range []any{r.Task.Type, r.Dataset.Type, r.Dataset.Name, r.Dataset.Config, r.Dataset.Split} {
			if s, ok := part.(string); ok && s != "" {
				where = append(where, clip(s, 200))
			}
		}
		for _, m := range r.Metrics {
			value, ok := figure(m.Value)
			if !ok {
				return nil, malformed("model-index", "the metric %q is no number", clip(m.Type, 80))
			}
			name := m.Type
			if m.Name != "" && !strings.EqualFold(m.Name, m.Type) {
				name = m.Type + " (" + m.Name + ")"
			}
			e.Metrics = append(e.Metrics, claim.Metric{Name: name, Value: value, Slice: strings.Join(where, ", ")})
		}
	}
	return finish("model-index", e)
}
