package scorecard

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite scorecard.json from this run")

const file = "scorecard.json"

// committed reads the scorecard of the repository.
func committed(t *testing.T) Card {
	t.Helper()
	var card Card
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("read scorecard: %v", err)
	}
	if err := json.Unmarshal(content, &card); err != nil {
		t.Fatalf("read scorecard: %v", err)
	}
	return card
}

// rewrite changes one half of the scorecard.
func rewrite(t *testing.T, change func(card *Card)) {
	t.Helper()
	card := committed(t)
	change(&card)
	var b bytes.Buffer
	b.WriteString("{\n")
	for i, part := range []struct {
		name  string
		lines []any
	}{{"hostile", anys(card.Hostile)}, {"benign", anys(card.Benign)}, {"families", anys(card.Families)}, {"weights", anys(card.Weights)}} {
		b.WriteString(" " + `"` + part.name + `": [` + "\n")
		for j, entry := range part.lines {
			line, err := json.Marshal(entry)
			if err != nil {
				t.Fatalf("write scorecard: %v", err)
			}
			b.WriteString("  " + string(line) + strings.Repeat(",", min(1, len(part.lines)-1-j)) + "\n")
		}
		b.WriteString(" ]" + strings.Repeat(",", min(1, 3-i)) + "\n")
	}
	b.WriteString("}\n")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatalf("write scorecard: %v", err)
	}
}

// anys is a list of any type as a list of values.
func anys[T any](list []T) []any {
	values := make([]any, len(list))
	for i, v := range list {
		values[i] = v
	}
	return values
}

func TestHostileSamplesAreJudgedNoWorse(t *testing.T) {
	engine, err := Engine(false)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Hostile(t.Context(), engine)
	if err != nil {
		t.Fatal(err)
	}
	tallies := Count(files)
	t.Logf("%+v", tallies[0])
	if *update {
		rewrite(t, func(card *Card) { card.Hostile = tallies })
	}
	for _, f := range files {
		if passes(f.Verdict) {
			t.Errorf("%s passes as %v: %s", f.Name, f.Verdict, f.Why)
		}
	}
	for _, line := range Worse(files, committed(t).Hostile, hostileFaults()) {
		t.Error(line)
	}
	noInternalErrors(t, files)
}

func TestBenignFilesAreJudgedNoWorse(t *testing.T) {
	engine, err := Engine(false)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Benign(t.Context(), engine, corpusFolder())
	if errors.Is(err, ErrNoCorpus) {
		testkit.Missing(t, "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	tallies, families := Count(files), Count(ByFamily(files))
	t.Logf("%+v", tallies[0])
	if *update {
		rewrite(t, func(card *Card) { card.Benign, card.Families = tallies, families })
	}
	for _, tally := range families[1:] {
		if alarms := tally.Malicious + tally.Suspicious; 100*alarms > tally.Files {
			t.Errorf("%d of %d benign files of the format %s raise an alarm; the bar is 1 %%", alarms, tally.Files, tally.Group)
		}
	}
	for _, f := range files {
		if f.Verdict == picket.Malicious {
			t.Errorf("%s is malicious: %s", f.Name, f.Why)
		}
	}
	for _, line := range Worse(files, committed(t).Benign, benignFaults()) {
		t.Error(line)
	}
	noInternalErrors(t, files)
}

// corpusFolder is where the corpus is.
func corpusFolder() string {
	if corpus := os.Getenv("PICKET_CORPUS"); corpus != "" {
		return corpus
	}
	return filepath.Join("..", "..", "corpus")
}

// TestWeightRulesAreQuietOnBenignFiles counts what the rules about the values of tensors say about the benign corpus.
func TestWeightRulesAreQuietOnBenignFiles(t *testing.T) {
	engine, err := Engine(true)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Benign(t.Context(), engine, corpusFolder())
	if errors.Is(err, ErrNoCorpus) {
		testkit.Missing(t, "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f Judged) bool { return !slices.Contains([]string{"safetensors", "gguf", "torch-zip"}, f.Family) })
	noise := CountNoise(files, []string{"model.weights.non-finite", "model.weights.constant", "model.weights.low-bit-payload"})
	if *update {
		rewrite(t, func(card *Card) { card.Weights = noise })
	}
	if diff := cmp.Diff(committed(t).Weights, noise); diff != "" {
		t.Errorf("the scorecard says something else (-scorecard +now):\n%s", diff)
	}
}

// noInternalErrors fails for a parser that panicked: the engine turns a panic into a gap.
func noInternalErrors(t *testing.T, files []Judged) {
	t.Helper()
	for _, f := range files {
		if strings.Contains(f.Why, "internal error") {
			t.Errorf("%s: %s", f.Name, f.Why)
		}
	}
}

// The bars of the project: what the committed scorecard must say, whatever it said before.
func TestCommittedScorecardMeetsTheBars(t *testing.T) {
	card := committed(t)
	hostile, benign := card.Hostile[0], card.Benign[0]
	for _, bar := range []struct {
		name        string
		part, whole int
		least       float64
	}{
		{"hostile samples", hostile.Files, 400, 1},
		{"hostile samples that are not clean", hostile.Files - hostile.Clean, hostile.Files, 1},
		{"executing samples malicious with the technique named", hostile.ExecutingNamed, hostile.Executing, 0.95},
		{"benign files", benign.Files, 1500, 1},
		{"benign writers", len(card.Benign) - 1, 12, 1},
		{"benign files that are not malicious", benign.Files - benign.Malicious, benign.Files, 1},
		{"benign files that are not suspicious", benign.Files - benign.Suspicious, benign.Files, 0.99},
		{"benign files that are clean", benign.Clean, benign.Files, 0.98},
	} {
		if ratio := float64(bar.part) / float64(bar.whole); ratio < bar.least {
			t.Errorf("%s: %d of %d, %.1f %%; the bar is %.0f %%", bar.name, bar.part, bar.whole, 100*ratio, 100*bar.least)
		}
	}
}

func TestWorseNamesEveryFileThatGotWorse(t *testing.T) {
	files := []Judged{
		{Name: "a", Group: "g", Executes: true, Verdict: picket.Malicious, Named: true},
		{Name: "b", Group: "g", Executes: true, Verdict: picket.Suspicious, Why: "because"},
		{Name: "c", Group: "h", Verdict: picket.Clean},
	}
	if lines := Worse(files, Count(files), hostileFaults()); len(lines) != 0 {
		t.Errorf("a run is worse than itself: %q", lines)
	}
	lines := strings.Join(Worse(files, nil, hostileFaults()), "\n")
	for _, want := range []string{"g: 1 executing and not malicious, the scorecard has 0", "b is suspicious: because",
		"h: 1 clean", "c is clean"} {
		if !strings.Contains(lines, want) {
			t.Errorf("%q is missing in:\n%s", want, lines)
		}
	}
	if strings.Contains(lines, "a is") {
		t.Errorf("a good file is named in:\n%s", lines)
	}
	better := []Judged{{Name: "b", Group: "g", Executes: true, Verdict: picket.Malicious, Named: true}}
	if lines := Worse(better, Count(files), hostileFaults()); len(lines) != 0 {
		t.Errorf("a better run is called worse: %q", lines)
	}
	if total := Count(files)[0]; total.Files != 3 || total.Executing != 2 || total.ExecutingNamed != 1 || total.Clean != 1 {
		t.Errorf("the total is %+v", total)
	}
}
