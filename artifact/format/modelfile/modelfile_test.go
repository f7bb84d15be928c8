package modelfile_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/modelfile"
	"github.com/picketsec/picket/internal/limits"
)

const sample = "# made by hand\nFROM llama3.2\nparameter stop \"<|x|>\"\nTEMPLATE \"\"\"{{ .System }}\n{{ .Prompt }}\"\"\"\n\nSYSTEM \"be kind\"\n"

func TestParse(t *testing.T) {
	got, err := modelfile.Parse(sample)
	want := []modelfile.Instruction{{"FROM", "llama3.2", 15}, {"PARAMETER", `stop "<|x|>"`, 29}, {"TEMPLATE", "{{ .System }}\n{{ .Prompt }}", 52},
		{"SYSTEM", "be kind", 96}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, bad := range []string{"FROM x\nRUN y", "SYSTEM \"\"\"x", "hello"} {
		if _, err := modelfile.Parse(bad); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{sample: true, "FROM x\nPARAMETER a 1": true, "FROM x": false, "FROM python:3.11\nRUN pip install x\n": false,
		"SYSTEM x\nPARAMETER y": false, "": false, "from os import path\nsystem = 1": false, "From me\nsystem of a down\n": true} {
		if got := (modelfile.Format{}).Match(format.Probe{Head: []byte(content), Size: int64(len(content))}); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(t *testing.T, content string) {
		list, err := modelfile.Read(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		for n, i := range list {
			if i.Offset >= int64(len(content)) || n > 0 && i.Offset <= list[n-1].Offset || len(i.Argument) > len(content) {
				t.Errorf("%+v is out of order", i)
			}
		}
	})
}
