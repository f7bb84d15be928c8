package jinja_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/jinja"
	"github.com/picketsec/picket/internal/limits"
)

func match(text string) bool {
	return (jinja.Format{}).Match(format.Probe{Head: []byte(text), Size: int64(len(text))})
}

func TestMatch(t *testing.T) {
	for text, want := range map[string]bool{
		"{% for m in messages %}{{ m.content }}{% endfor %}": true, "\n{{- bos_token }}": true, "{#- x -#}{{ messages }}": true,
		"<|im_start|>{% for m in messages %}{% endfor %}": true, "{{ x }}": false, "": false, `{"messages": 1}`: false, "messages {% x %}": false,
		"import x\nmessages = '{% a %}'": false, "{% extends 'base.html' %}": false, "{{- if .Values.x }}\nkey: v": false, "\x00{% messages %}": false,
	} {
		if got := match(text); got != want {
			t.Errorf("%q: recognised %v, want %v", text, got, want)
		}
	}
}

func TestRead(t *testing.T) {
	budget := limits.NewBudget(limits.Default())
	got, err := jinja.Read(format.BytesBlob([]byte("{{ x }}")), 7, budget)
	if err != nil || string(got) != "{{ x }}" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := jinja.Read(format.BytesBlob(bytes.Repeat([]byte("x"), 8)), 7, budget); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("a template beyond the bound: %v", err)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("{% for m in messages %}")
	f.Add("<s>{{ bos_token }}{% if x %}")
	f.Fuzz(func(t *testing.T, text string) {
		if match(text) != match(text) {
			t.Fatal("two answers")
		}
		if match(text) && !strings.Contains(text, "{") {
			t.Fatalf("%q is a template", text)
		}
	})
}
