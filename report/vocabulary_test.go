package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

// someRules are the rules that are listed below, out of order.
func someRules() []picket.Rule {
	return []picket.Rule{unknown(), codeExecution(), prefix(), badConfig()}
}

func TestListRules(t *testing.T) {
	for _, form := range Listings() {
		var b bytes.Buffer
		if err := ListRules(&b, someRules(), form, Options{Width: 60}); err != nil {
			t.Fatal(err)
		}
		at := -1
		for _, id := range []string{"artifact.zip.prefix", "model.pickle.code-execution", "model.pickle.unknown-global", "run.config.in-tree"} {
			next := strings.Index(b.String(), id)
			if next <= at {
				t.Errorf("%s: %s is missing or out of order", form, id)
			}
			at = next
		}
	}
	var list []docRule
	var b bytes.Buffer
	if err := ListRules(&b, someRules(), "json", Options{}); err != nil || json.Unmarshal(b.Bytes(), &list) != nil || len(list) != 4 {
		t.Errorf("%v: %s", err, b.String())
	}
	if err := ListRules(&b, nil, "pdf", Options{}); err == nil || !strings.Contains(err.Error(), "table, json, markdown") {
		t.Errorf("the error does not name the choices: %v", err)
	}
}

func TestExplain(t *testing.T) {
	r := codeExecution()
	for _, form := range Listings() {
		var b bytes.Buffer
		if err := Explain(&b, someRules(), r.ID, form, Options{Width: 60}); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(b.String()), " ")
		for _, want := range []string{r.ID, r.Title, "critical", r.What, r.Why, r.Remedy, "CWE-502", r.References[1].URL} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q:\n%s", form, want, b.String())
			}
		}
		for line := range strings.Lines(b.String()) {
			if form == "table" && layout.Width(strings.TrimSuffix(line, "\n")) > 60 && !strings.Contains(line, "https://") {
				t.Errorf("too wide: %q", line)
			}
		}
	}
	if err := Explain(&bytes.Buffer{}, someRules(), r.ID, "pdf", Options{}); err == nil {
		t.Error("an unknown form is accepted")
	}
}

func TestNearMatches(t *testing.T) {
	for id, want := range map[string][]string{
		"model.pickle.code-exection": {"model.pickle.code-execution"},
		"code-execution":             {"model.pickle.code-execution"},
		"Model.Pickle":               {"model.pickle.code-execution", "model.pickle.unknown-global"},
		"prefx":                      {"artifact.zip.prefix"},
		"something.quite.different":  nil,
		"":                           nil,
	} {
		if diff := cmp.Diff(want, nearest(someRules(), id)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", id, diff)
		}
	}
	err := Explain(&bytes.Buffer{}, someRules(), "model.pickle.\x1b[2J", "table", Options{})
	if !errors.Is(err, ErrRule) || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("error %v", err)
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"same", "same", 0}} {
		if got := edits(c.a, c.b); got != c.want {
			t.Errorf("edits(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
