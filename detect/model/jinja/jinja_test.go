package jinja_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/jinja"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/jinja"
)

func formats() []format.Format { return append([]format.Format{layout.Format{}}, known.Formats()...) }

// scan scans a file of a name.
func scan(t *testing.T, name, text string) picket.Result {
	t.Helper()
	return detecttest.Scan(t, detect.Entry{Name: name, Blob: format.BytesBlob([]byte(text))}, formats(), jinja.Detector{})
}

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		name, text, rule string
		verdict          picket.Verdict
	}{
		{"chat_template.jinja", "{% for m in messages %}{{ m.content }}{% endfor %}", "", picket.Clean},
		{"x.txt", "{% for m in messages %}{{ m.__class__ }}{% endfor %}", "code-execution", picket.Malicious},
		{"x.jinja", "text {{ ''.__class__ }}", "code-execution", picket.Malicious},
		{"page.j2", "{% extends 'base.html' %}<a href='https://example.org/'>{{ url_for('x') }}</a>", "", picket.Clean},
		{"page.j2", "{{ lipsum.__globals__ }}", "code-execution", picket.Malicious},
		{"odd.j2", "{% if x", "", picket.Clean},
		{"chat_template.jinja", "{% if messages", "", picket.Incomplete},
		{"chat_template.jinja", "{% include 'messages' %}", "file-access", picket.Suspicious},
		{"notes.txt", "{% extends 'x' %}", "", picket.NotApplicable},
	} {
		r := scan(t, c.name, c.text)
		fired := c.rule == "" && len(r.Findings) == 0 || slices.ContainsFunc(r.Findings, func(f picket.Finding) bool { return strings.HasSuffix(f.Rule.ID, c.rule) })
		if r.Verdict != c.verdict || !fired {
			t.Errorf("%s %q: %s, want %s; %v", c.name, c.text, r.Verdict, c.verdict, r.Findings)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, jinja.Detector{}, formats(), map[string][]byte{"chat": []byte("{% for m in messages %}{{ m.__class__ }}{% endfor %}"), "other": []byte("{{ x }}")})
}
