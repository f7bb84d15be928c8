// Package jinja judges files that are templates. Chat templates are judged by every rule for templates, as they are inside
// other files; other templates, which make pages and configurations, only by whether they reach the interpreter: they include
// each other and hold addresses honestly. It renders nothing.
package jinja

import (
	"context"
	"errors"
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/jinja"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/template"
)

// Detector inspects template files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "jinja", Title: "Template files: sandbox escapes, hidden orders, invisible text", Formats: []string{jinja.Name}, Rules: template.Rules()}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	content, err := jinja.Read(in.Blob, template.MaxSize, in.Budget)
	if err != nil {
		return err
	}
	chat := jinja.Chat(content)
	findings, err := template.Inspect(string(content), in.Budget)
	for _, f := range findings {
		if chat || serious(f) {
			out.Report(f)
		}
	}
	if errors.Is(err, format.ErrMalformed) && !chat {
		err = nil // of another kind of template, whose words were looked at all the same
	}
	if err == nil {
		out.Parsed(int64(len(content)))
	}
	return err
}

// serious reports whether a finding matters in a template of any kind.
func serious(f picket.Finding) bool {
	return slices.Contains([]string{template.RuleCode().ID, template.RuleHidden().ID, template.RuleInternals().ID}, f.Rule.ID) && f.Subject != "url_for" &&
		f.Subject != "get_flashed_messages" && f.Subject != "self"
}
