// Package jinja recognises files that are Jinja chat templates, as models bring them beside their tokenizer. It is for the
// detector of such files. It parses no template: package detect/model/template does, wherever a template is stored.
package jinja

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "jinja"

// Format recognises chat templates.
type Format struct{}

// Info implements format.Format. A file with such a name is inspected as a template whatever it holds: every loader does.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "Jinja template", MediaType: "text/x-jinja", Extensions: []string{".jinja", ".jinja2", ".j2"},
		Risk: format.Active, Forward: true, Parsed: true, Spec: "https://jinja.palletsprojects.com/en/stable/templates/",
	}
}

// Match implements format.Format. It accepts text that begins with a tag of Jinja, or with a token of a chat, and speaks of
// the variables that chat templates are given.
func (Format) Match(p format.Probe) bool {
	head := bytes.TrimLeft(bytes.TrimPrefix(p.Head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.IndexByte(head, 0) >= 0 || !Chat(head) {
		return false
	}
	for _, start := range []string{"{%", "{{", "{#"} {
		if bytes.HasPrefix(head, []byte(start)) {
			return true
		}
	}
	for _, start := range []string{"<|", "<s>", "[INST]", "<bos>", "<start_of_turn>"} {
		if bytes.HasPrefix(head, []byte(start)) && bytes.Contains(head, []byte("{%")) {
			return true
		}
	}
	return false
}

// Chat reports whether a template uses the variables of a conversation. Other templates make pages or configurations.
func Chat(text []byte) bool {
	for _, word := range []string{"messages", "add_generation_prompt", "bos_token", "eos_token", "raise_exception", "message['role']", "message.role"} {
		if bytes.Contains(text, []byte(word)) {
			return true
		}
	}
	return false
}

// Read returns the whole template. The error wraps format.ErrMalformed when it has more than most bytes, or
// limits.ErrExceeded.
func Read(b *format.Blob, most int64, budget *limits.Budget) ([]byte, error) {
	if b.Size() > most {
		return nil, format.Malformed(most, "a template of more than %d bytes", most)
	}
	if err := budget.Ops(max(b.Size(), 0) / 8); err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	r, err := b.Open()
	if err != nil {
		return nil, fmt.Errorf("open template: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(r, most+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	if int64(len(content)) > most {
		return nil, format.Malformed(most, "a template of more than %d bytes", most)
	}
	return content, nil
}
