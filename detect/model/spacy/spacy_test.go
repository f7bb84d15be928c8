package spacy_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/known"
	formatspacy "github.com/picketsec/picket/artifact/format/spacy"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/spacy"
)

func TestFindings(t *testing.T) {
	formats := append([]format.Format{formatspacy.Config{}, formatspacy.Meta{}, json.Format{}}, known.Formats()...)
	head := "[nlp]\nlang = \"en\"\n\n[training]\nseed = 0\n\n"
	for content, want := range map[string]string{
		head: "",
		head + "[components.ner.model]\n@architectures = \"spacy.TransitionBasedParser.v2\"\n": "",
		head + "[training.optimizer]\n@optimizers = \"Adam.v1\"\n":                             "",
		head + "[nlp.before_creation]\n@callbacks = \"spacy.copy_from_base_model.v1\"\n":       "",
		head + "[nlp.before_creation]\n@callbacks = \"evil_callback\"\n":                       "spacy.callback",
		head + "[initialize.before_init]\n@misc = \"evil\"\n":                                  "spacy.callback",
		head + "[components.x.model]\n@architectures = \"mine.Model.v1\"\n":                    "spacy.custom-function",
		head + "[components.x]\nsource = \"en_core_web_sm\"\n":                                 "spacy.source",
		head + "[paths]\nvectors = \"../../x\"\n":                                              "spacy.path-escape",
		head + "[paths]\ntrain = \"/home/me/train.spacy\"\n":                                   "",
		head + "[paths]\ntrain = null\n":                                                       "",
		`{"lang":"en","spacy_version":">=3.8","requirements":["spacy-transformers>=1.3"]}`:     "",
		`{"lang":"en","spacy_version":">=3.8","requirements":["x @ http://127.0.0.1/x.whl"]}`:  "requirements.untrusted-address",
	} {
		var ids []string
		for _, f := range detecttest.Run(t, []byte(content), formats, spacy.Detector{}).Findings {
			ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model."))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, spacy.Detector{}, []format.Format{formatspacy.Config{}}, map[string][]byte{
		"odd": []byte("[nlp]\nlang = x\n[training]\n[nlp.before_creation]\n@callbacks = \"x\"\n[paths]\nvectors = \"http://127.0.0.1/\"\n"),
	})
}
