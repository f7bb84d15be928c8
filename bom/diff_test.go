package bom_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/bom"
)

// short writes changes as lines without digests.
func short(changes []bom.Change) []string {
	var list []string
	for _, c := range changes {
		values := c.Old + " → " + c.New
		if strings.Contains(values, "sha256:") {
			values = "…"
		}
		list = append(list, strings.Join([]string{string(c.Severity), c.What, c.Name, c.How, values}, " | "))
	}
	return list
}

func TestDiff(t *testing.T) {
	before, after := llama(), llama()
	card := strings.NewReplacer("license: apache-2.0", "license: cc-by-nc-4.0", "example-org/base-1b", "evil-org/base-1b", "Developed by:** Example Org", "Developed by:** Someone Else",
		"squad]", "squad, extra/data]").Replace(llamaCard)
	after["README.md"] = card
	delete(after, "LICENSE")
	after["requirements.txt"] = "torch==2.8.0\nleftpad==1.0\n"
	after["model-00002-of-00002.safetensors"] = safetensorsFile(nil, map[string]tensor{"head": {"BF16", []int64{100, 65}}})
	after["modeling_ledger.py"] = "import os\n"
	got := short(bom.Diff(build(t, before.tree()), build(t, after.tree())))
	want := []string{
		"important | licence |  | changed | Apache-2.0 → CC-BY-NC-4.0",
		"important | base model | evil-org/base-1b | added |  → finetune",
		"important | base model | example-org/base-1b | removed | finetune → ",
		"important | weights | model-00002-of-00002.safetensors | changed | …",
		"important | code | modeling_ledger.py | changed | …",
		"important | library | leftpad | added |  → 1.0",
		"important | producer | producer | changed | Example Org → Someone Else",
		"important | property | conflict.parameters | added |  → model.safetensors.index.json#metadata.total_parameters says \"12864\", model-00001-of-00002.safetensors and 1 more says \"12964\"",
		"notable | library | torch | changed | 2.7.0 → 2.8.0",
		"notable | dataset | train extra/data | added |  → ",
		"notable | field | parameters | changed | 12864 → 12964",
		"notable | file | LICENSE | removed | …",
		"minor | library | accelerate | removed | >=1.0 → ",
		"minor | library | safetensors | removed |  → ",
		"minor | card | README.md | changed | …",
	}
	if diff := cmp.Diff(want, slicesWithout(got, "requirements.txt")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func slicesWithout(list []string, part string) (kept []string) {
	for _, s := range list {
		if !strings.Contains(s, part) {
			kept = append(kept, s)
		}
	}
	return kept
}

// TestDiffOfTheSame: a bill does not differ from itself, whatever tool made it and when.
func TestDiffOfTheSame(t *testing.T) {
	for name, r := range repositories(t) {
		x, y := build(t, r.tree()), build(t, r.tree())
		y.Tool, y.Version, y.Format, y.Revision = "other", "2", "CycloneDX", 7
		if changes := bom.Diff(x, y); len(changes) != 0 {
			t.Errorf("%s: %v", name, short(changes))
		}
	}
}

// TestConfidenceLost: a value that was verified and is now only declared is an important change.
func TestConfidenceLost(t *testing.T) {
	field := func(c bom.Confidence) *bom.Bill {
		return &bom.Bill{Model: bom.Model{Producer: bom.Field{Value: "x", Confidence: c, Source: "y"}}}
	}
	got := short(bom.Diff(field(bom.Verified), field(bom.Declared)))
	if diff := cmp.Diff([]string{"important | confidence | producer | changed | verified → declared"}, got); diff != "" {
		t.Error(diff)
	}
	if got := bom.Diff(field(bom.Declared), field(bom.Verified)); len(got) != 0 {
		t.Errorf("confidence that was gained is no change: %v", got)
	}
}

func TestWriteDiff(t *testing.T) {
	var text bytes.Buffer
	err := bom.WriteDiff(&text, []bom.Change{{Severity: bom.Important, What: "licence", How: "changed", Old: "MIT", New: "\x1b[31mevil"},
		{Severity: bom.Minor, What: "card", Name: "README.md", How: "removed", Old: "sha256:0"}})
	want := "important\n  ~ licence: MIT → \\x1b[31mevil\nminor\n  - card README.md: sha256:0\n"
	if diff := cmp.Diff(want, text.String()); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	text.Reset()
	if err := bom.WriteDiff(&text, nil); err != nil || text.String() != "Nothing changed.\n" {
		t.Errorf("%v %q", err, text.String())
	}
}

func TestWriteText(t *testing.T) {
	var text bytes.Buffer
	if err := bom.WriteText(&text, build(t, llama().tree())); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"parameters         12,864  (inferred, model-00001-of-00002.safetensors and 1 more)", "location           ?  looked for",
		"Made of (1)\n  finetune     example-org/base-1b", "licence            Apache-2.0  (inferred, LICENSE)", "Data (3)"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
}
