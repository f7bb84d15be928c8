package findings_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/findings"
)

// noisy reports 30 findings of one rule and 2 of another.
type noisy struct{}

func rule(id string) picket.Rule {
	return picket.Rule{ID: id, Title: "t", Severity: picket.Low, Class: picket.Structure, What: "w", Why: "y", Remedy: "r",
		References: picket.Refs("CWE-22")}
}

func (noisy) Info() detect.Info {
	return detect.Info{Name: "noisy", Title: "t", Formats: []string{"text"}, Rules: []picket.Rule{rule("a.many"), rule("a.few")}}
}

func (noisy) Detect(_ context.Context, _ detect.Input, out *detect.Output) error {
	list := findings.New(out)
	defer list.Close()
	for i := range 30 {
		list.Add(rule("a.many"), int64(i), fmt.Sprint(i), "again")
	}
	list.Named(rule("a.few"), 1, "x", "once", "known")
	if !list.Fired(rule("a.few")) || list.Fired(rule("a.none")) {
		return fmt.Errorf("Fired is wrong")
	}
	return nil
}

func TestFindingsOfOneRuleAreSummedUp(t *testing.T) {
	r := detecttest.Run(t, []byte("some text"), append([]format.Format{}, known.Formats()...), noisy{})
	if len(r.Findings) != 22 || len(r.Coverage.Gaps) > 0 {
		t.Fatalf("%d findings, want 20, their sum and one more; gaps %v", len(r.Findings), r.Coverage.Gaps)
	}
	found := false
	for _, f := range r.Findings {
		found = found || f.Evidence.Summary == "10 more findings like these"
	}
	if !found {
		t.Error("the findings that are not listed are not counted")
	}
}

func TestLeaves(t *testing.T) {
	for name, want := range map[string]string{
		"weights/weight.bin": "", "a..b": "", "": "", "./x": "", "...": "",
		"/etc/passwd": format.Absolute, `C:\x`: format.Drive, `\\host\share`: format.Absolute, "../x": format.Climbing,
		`a\..\..\b`: format.Climbing, "http://127.0.0.1/x": findings.Address, "~/x": findings.Home,
		"x\x00.bin": findings.Control,
	} {
		if got := findings.Leaves(name); got != want {
			t.Errorf("Leaves(%q) is %q, want %q", name, got, want)
		}
	}
}

func TestLibrary(t *testing.T) {
	for name, want := range map[string]bool{
		"libx.so": true, "a/libx.so.1.2": true, `C:\x\Y.DLL`: true, "x.dylib": true, "x.bin": false, "so": false, "also": false,
	} {
		if got := findings.Library(name); got != want {
			t.Errorf("Library(%q) is %v", name, got)
		}
	}
}
