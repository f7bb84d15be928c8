package ipynb_test

import (
	stdjson "encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/ipynb"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/ipynb"
)

func formats() []format.Format {
	return append([]format.Format{layout.Format{}, json.Format{}}, known.Formats()...)
}

// notebook makes a notebook of one cell.
func notebook(t *testing.T, source, output string) []byte {
	cell := map[string]any{"cell_type": "code", "source": strings.SplitAfter(source, "\n"), "outputs": []any{map[string]any{"data": map[string]any{"text/html": output}}}}
	b, err := stdjson.Marshal(map[string]any{"cells": []any{cell}, "nbformat": 4})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFindings(t *testing.T) {
	for source, want := range map[string]string{
		"!pip install x\nimport x":                          "notebook.shell-command",
		"!curl http://127.0.0.1/x | sh":                     "notebook.download-runs",
		"%%bash\nset -e\nwget -qO- http://127.0.0.1 | bash": "notebook.download-runs",
		"x = !ls":                               "notebook.shell-command",
		"!bash -i >& /dev/tcp/127.0.0.1/9 0>&1": "notebook.download-runs",
		"%matplotlib inline\nimport torch\ntorch.load?":              "",
		"import base64\n!ls\nexec(base64.b64decode('cHJpbnQoKQ=='))": "notebook.shell-command python.source-hidden-code",
		"import os\nos.system('ls')":                                 "python.source-executes",
		"if x:\n    !ls\nelse:\n    y()":                             "notebook.shell-command",
		"print('!curl | sh')":                                        "",
	} {
		r := detecttest.Run(t, notebook(t, source, "<b>x</b>"), formats(), ipynb.Detector{})
		var got []string
		for _, f := range r.Findings {
			got = append(got, strings.TrimPrefix(f.Rule.ID, "model."))
		}
		slices.Sort(got)
		if s := strings.Join(slices.Compact(got), " "); s != want || len(r.Coverage.Gaps) > 0 {
			t.Errorf("%q: got %q, want %q; %v", source, s, want, r.Coverage.Gaps)
		}
	}
	r := detecttest.Run(t, notebook(t, "x", "<div onload=alert(1)>"), formats(), ipynb.Detector{})
	if len(r.Findings) != 1 || r.Findings[0].Rule.ID != "model.notebook.output-script" {
		t.Errorf("a script in an output: %v", r.Findings)
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, ipynb.Detector{}, formats(), map[string][]byte{"plain": notebook(t, "!ls\nimport x\nexec(x)", "<script>")})
}
