package imports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/picketsec/picket/evidence/claim"
)

// FromFairlearn reads MetricFrame.by_group as pandas writes it, to_json() or to_csv(), or {"overall": …, "by_group": …} with both
// frames in JSON. To the figure of each group it adds the difference between the largest and the smallest, and the ratio of the
// smallest to the largest, as MetricFrame.difference and ratio do it between groups.
func FromFairlearn(data []byte) (*claim.Evaluation, error) {
	e := &claim.Evaluation{Suite: "fairlearn MetricFrame", Type: claim.Fairness, Tool: "fairlearn"}
	groups := map[string]map[string]any{}
	trimmed := bytes.TrimSpace(data)
	switch {
	case len(data) > MaxFile:
		return nil, malformed("fairlearn", "%d bytes are more than %d", len(data), MaxFile)
	case len(trimmed) > 0 && trimmed[0] != '{':
		if err := readFrameCSV(data, groups); err != nil {
			return nil, err
		}
	default:
		overall, err := readFrames(data, &groups)
		if err != nil {
			return nil, err
		}
		for _, name := range sorted(overall) {
			value, ok := figure(overall[name])
			if !ok {
				return nil, malformed("fairlearn", "the metric %q is no number", clip(name, 80))
			}
			e.Metrics = append(e.Metrics, claim.Metric{Name: name, Value: value})
		}
	}
	for _, name := range sorted(groups) {
		if err := addGroups(e, name, groups[name]); err != nil {
			return nil, err
		}
	}
	return finish("fairlearn", e)
}

// readFrames reads the JSON forms.
func readFrames(data []byte, groups *map[string]map[string]any) (overall map[string]any, err error) {
	var both struct {
		Overall map[string]any  `json:"overall"`
		ByGroup json.RawMessage `json:"by_group"`
	}
	if err := decode("fairlearn", data, &both); err != nil {
		return nil, err
	}
	if both.ByGroup != nil {
		data = both.ByGroup
	}
	return both.Overall, decode("fairlearn", data, groups)
}

// addGroups adds one metric for every group, and how far the groups are apart.
func addGroups(e *claim.Evaluation, name string, groups map[string]any) error {
	if len(groups) == 0 {
		return malformed("fairlearn", "the metric %q has no groups", clip(name, 80))
	}
	var least, most float64
	for i, group := range sorted(groups) {
		value, ok := figure(groups[group])
		if !ok {
			return malformed("fairlearn", "the metric %q has no value for the group %q", clip(name, 80), clip(group, 80))
		}
		if i == 0 {
			least, most = value, value
		}
		least, most = min(least, value), max(most, value)
		slice := group
		if slice == "" {
			slice = "(empty)"
		}
		e.Metrics = append(e.Metrics, claim.Metric{Name: name, Value: value, Slice: slice})
	}
	e.Metrics = append(e.Metrics, claim.Metric{Name: name + " difference", Value: most - least})
	if least >= 0 && most > 0 {
		e.Metrics = append(e.Metrics, claim.Metric{Name: name + " ratio", Value: least / most})
	}
	return nil
}

// readFrameCSV reads a table whose first columns name the group: the first, and every following one that holds no numbers.
func readFrameCSV(data []byte, groups map[string]map[string]any) error {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(rows) < 2 || len(rows[0]) < 2 {
		return malformed("fairlearn", "it is neither JSON nor a table with a head and groups")
	}
	features := 1
	for features < len(rows[0])-1 && !numbers(rows[1:], features) {
		features++
	}
	for _, row := range rows[1:] {
		var parts []string
		for i, value := range row[:features] {
			parts = append(parts, rows[0][i]+"="+value)
		}
		group := strings.Join(parts, ",")
		for i := features; i < len(row); i++ {
			name := rows[0][i]
			if groups[name] == nil {
				groups[name] = map[string]any{}
			}
			if _, twice := groups[name][group]; twice {
				return malformed("fairlearn", "the group %q is there twice", clip(group, 80))
			}
			groups[name][group] = json.Number(row[i])
		}
	}
	return nil
}

// numbers reports whether a column holds numbers only.
func numbers(rows [][]string, column int) bool {
	for _, row := range rows {
		if _, err := strconv.ParseFloat(row[column], 64); err != nil {
			return false
		}
	}
	return true
}

// FromSklearn reads classification_report(output_dict=True). Classes and averages become slices.
func FromSklearn(data []byte) (*claim.Evaluation, error) {
	var report map[string]any
	if err := decode("sklearn", data, &report); err != nil {
		return nil, err
	}
	e := &claim.Evaluation{Suite: "sklearn classification_report", Type: claim.Performance, Tool: "scikit-learn"}
	for _, name := range sorted(report) {
		if value, ok := figure(report[name]); ok {
			e.Metrics = append(e.Metrics, claim.Metric{Name: name, Value: value})
			continue
		}
		row, ok := report[name].(map[string]any)
		if !ok || row["precision"] == nil {
			return nil, malformed("sklearn", "%q is neither a figure nor a row with precision, recall, f1-score and support", clip(name, 80))
		}
		samples, ok := figure(row["support"])
		if !ok || samples < 0 || samples > 1<<53 {
			return nil, malformed("sklearn", "the support of %q is no count", clip(name, 80))
		}
		for _, metric := range sorted(row) {
			value, ok := figure(row[metric])
			if !ok {
				return nil, malformed("sklearn", "%s of %q is no number", clip(metric, 80), clip(name, 80))
			}
			if metric != "support" {
				e.Metrics = append(e.Metrics, claim.Metric{Name: metric, Value: value, Slice: className(name), Samples: int64(samples)})
			}
		}
	}
	return finish("sklearn", e)
}

// className is the slice of a class; averages keep their names.
func className(name string) string {
	if strings.HasSuffix(name, " avg") {
		return name
	}
	return fmt.Sprintf("class=%s", name)
}
