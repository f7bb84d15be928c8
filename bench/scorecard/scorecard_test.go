package scorecard

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	for i, half := range []struct {
		name    string
		tallies []Tally
	}{{"hostile", card.Hostile}, {"benign", card.Benign}} {
		b.WriteString(" " + `"` + half.name + `": [` + "\n")
		for j, tally := range half.tallies {
			line, err := json.Marshal(tally)
			if err != nil {
				t.Fatalf("write scorecard: %v", err)
			}
			b.WriteString("  " + string(line) + strings.Repeat(",", min(1, len(half.tallies)-1-j)) + "\n")
		}
		b.WriteString(" ]" + strings.Repeat(",", 1-i) + "\n")
	}
	b.WriteString("}\n")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatalf("write scorecard: %v", err)
	}
}

func TestHostileSamplesAreJudgedNoWorse(t *testing.T) {
	engine, err := Engine()
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
	corpus := os.Getenv("PICKET_CORPUS")
	if corpus == "" {
		corpus = filepath.Join("..", "..", "corpus")
	}
	engine, err := Engine()
	if err != nil {
		t.Fatal(err)
	}
	files, err := Benign(t.Context(), engine, corpus)
	if errors.Is(err, ErrNoCorpus) {
		testkit.Missing(t, "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	tallies := Count(files)
	t.Logf("%+v", tallies[0])
	if *update {
		rewrite(t, func(card *Card) { card.Benign = tallies })
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
