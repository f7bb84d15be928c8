// Package template judges Jinja chat templates, wherever they are stored: in GGUF metadata, in tokenizer files, in files of
// their own. A chat template is a program that every inference server runs on every request; one that leaves its sandbox runs
// code on the server, and one that adds words speaks to the model in the user's name. The package reads a template and
// computes what its expressions would look up, through concatenation, formatting and escapes; it never renders one.
package template

import (
	"errors"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// MaxSize is the number of bytes that a template may have. The largest in use have less than a tenth of it.
const MaxSize = 1 << 20

// Inspect returns what is dangerous about a template. Locations are relative to its text. The error wraps
// format.ErrMalformed when a part of it is not the syntax of Jinja, which leaves that part judged by its words only, or
// limits.ErrExceeded; the findings are valid beside an error.
func Inspect(text string, budget *limits.Budget) ([]picket.Finding, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("read template of %d bytes: %w (%d)", len(text), limits.ErrExceeded, MaxSize)
	}
	if err := budget.Ops(int64(len(text))); err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	c := &checks{src: text, vars: map[string]value{}, macros: map[string]value{}, seen: map[string]bool{},
		judged: map[string]bool{}, work: maxWork}
	c.invisible(text)
	blocks, broken := split(text)
	var err error
	for _, b := range blocks {
		if problem := c.block(b); problem != nil && err == nil {
			err = format.Malformed(int64(b.offset), "a block that is not the syntax of Jinja")
		}
	}
	if broken && err == nil {
		err = format.Malformed(int64(blocks[len(blocks)-1].offset), "a block without an end")
	}
	if c.work < 0 {
		err = errors.Join(err, fmt.Errorf("read template: more than %d bytes of computed text: %w", maxWork, limits.ErrExceeded))
	}
	return c.findings, err
}

// Prose returns what is dangerous about a text that a model is given as it stands, or in the template language of another
// engine: instructions against the user, and characters that a reader does not see. Locations are relative to the text, of
// which the first MaxSize bytes are judged.
func Prose(text string) []picket.Finding {
	text = text[:min(len(text), MaxSize)]
	c := &checks{src: text, seen: map[string]bool{}, judged: map[string]bool{}}
	c.invisible(text)
	c.prose(text, 0)
	return c.findings
}

// block judges one block.
func (c *checks) block(b block) error {
	switch b.kind {
	case 't':
		c.prose(b.text, b.offset)
		c.emit(text(clip(b.text)))
		return nil
	case 'c':
		c.prose(b.text, b.offset)
		return nil
	}
	p := &parser{checks: c, tokens: b.tokens}
	var err error
	if b.kind == 'e' {
		var v value
		if v, err = p.expression(); err == nil {
			c.emit(v)
		}
	} else {
		err = p.statement()
	}
	if err == nil && p.at < len(p.tokens) {
		err = errSyntax
	}
	if err != nil {
		c.words(b.tokens)
	}
	return err
}

// clip bounds the text that a capture can collect at once.
func clip(s string) string { return s[:min(len(s), maxString)] }
