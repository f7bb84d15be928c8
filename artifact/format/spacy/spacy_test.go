package spacy_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/spacy"
	"github.com/picketsec/picket/internal/limits"
)

const config = "[nlp]\nlang = \"en\"\npipeline = [\"ner\"]\n\n[components.ner.model]\n@architectures = \"spacy.X.v1\"\nlong = [1,\n  2]\n"

func TestParse(t *testing.T) {
	got, err := spacy.Parse(config)
	want := []spacy.Setting{{"nlp", "lang", "en", 6}, {"nlp", "pipeline", `["ner"]`, 18}, {"components.ner.model", "@architectures", "spacy.X.v1", 61},
		{"components.ner.model", "long", "[1,\n2]", 91}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, bad := range []string{"a = 1", " x", "[a", "[a]\nword"} {
		if _, err := spacy.Parse(bad); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestMatch(t *testing.T) {
	probe := func(s string) format.Probe { return format.Probe{Head: []byte(s), Size: int64(len(s))} }
	for content, want := range map[string]bool{config: true, "[nlp]\nlang = \"en\"\n": false, "[tool]\nx = 1": false, "the section [nlp] of\nlang = en": false} {
		if got := (spacy.Config{}).Match(probe(content)); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
	for content, want := range map[string]bool{`{"lang":"en","spacy_version":">=3"}`: true, `{"lang":"en"}`: false, "[]": false} {
		if got := (spacy.Meta{}).Match(probe(content)); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(config)
	f.Fuzz(func(t *testing.T, content string) {
		list, err := spacy.Read(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		for i, s := range list {
			if s.Section == "" || i > 0 && s.Offset <= list[i-1].Offset {
				t.Errorf("%+v is out of order", s)
			}
		}
	})
}
