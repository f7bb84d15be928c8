// Package legacy judges models of runtimes that are no longer written or whose formats are not published, CNTK, RKNN and Torch7,
// as far as that is possible without a parser: by the texts in them. Code, commands and native libraries that a text names are
// reported; nothing else is known, so none of these models is ever clean.
package legacy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector searches the texts of models that are not parsed.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "legacy", Title: "CNTK, RKNN, Torch7: code, commands and libraries that their texts name",
		Formats: []string{"cntk", "rknn", "torch7"}, Rules: append([]picket.Rule{ruleCode(), ruleLibrary()}, freetext.Rules()...)}
}

// maxSearch is how many bytes of a model are searched; what follows them is not read either.
const maxSearch = 4 << 30

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open model: %w", err)
	}
	list := findings.New(out)
	defer list.Close()
	s := search{ctx: ctx, list: list, judge: freetext.New(out, list)}
	if err = errors.Join(s.read(io.LimitReader(r, maxSearch), in.Budget.Ops), r.Close()); err != nil {
		return err
	}
	out.Gap(0, in.Blob.Size(), "a model of a format that is not parsed: only its texts were searched")
	return nil
}

// search finds the texts of one model.
type search struct {
	ctx          context.Context
	list         *findings.List
	judge        *freetext.Judge
	narrow, wide text
	offset       int64
	err          error // that ended the judgement
}

// text is a run of printable characters.
type text struct {
	start   int64
	content []byte
	zero    bool // in a run of UTF-16, the next byte must be zero
}

// The marks of a text: characters without which no pattern matches.
const (
	calls   = 1 << iota // what follows the name of a function
	options             // of a command
	dot                 // before the extension of a library
)

// mark is the mark of one character.
func mark(c byte) uint8 {
	switch c {
	case '(', '"', '\'', '[':
		return calls
	case '-', '/', ':':
		return options
	case '.':
		return dot
	}
	return 0
}

// The bounds of a text in bytes: shorter runs are chance, longer ones are judged in pieces.
const (
	leastText   = 6
	longestText = 64 << 10
)

// read goes through the content once.
func (s *search) read(r io.Reader, ops func(int64) error) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if err := ops(int64(n)/64 + 1); err != nil {
			return err
		}
		for _, c := range buf[:n] {
			s.next(c)
		}
		switch {
		case errors.Is(err, io.EOF):
			s.end(&s.narrow)
			s.end(&s.wide)
			return s.err
		case err != nil:
			return fmt.Errorf("read model at %d: %w", s.offset, err)
		case s.err != nil:
			return s.err
		}
	}
}

// next takes a byte into the run of single bytes and into that of UTF-16, which are what models of Windows hold.
func (s *search) next(c byte) {
	text := printable(c)
	switch {
	case text:
		s.add(&s.narrow, c)
	case len(s.narrow.content) > 0:
		s.end(&s.narrow)
	}
	switch {
	case s.wide.zero && c == 0:
		s.wide.zero = false
	default:
		if len(s.wide.content) > 0 && (s.wide.zero || !text) {
			s.end(&s.wide)
		}
		if text {
			s.add(&s.wide, c)
			s.wide.zero = true
		}
	}
	s.offset++
}

// printable reports whether a byte belongs to a text.
func printable(c byte) bool { return c >= ' ' && c <= '~' || c == '\t' || c == '\n' || c == '\r' }

// add continues a run.
func (s *search) add(t *text, c byte) {
	if len(t.content) == longestText {
		s.end(t)
	}
	if len(t.content) == 0 {
		t.start = s.offset
	}
	t.content = append(t.content, c)
}

// The patterns of what a text of a model does not hold. A library is named with its folder, as an argument or as the whole text.
var (
	code = regexp.MustCompile(`\b(?:os\s*\.\s*execute|io\s*\.\s*popen|loadstring|dofile|loadfile|package\s*\.\s*loadlib|ffi\s*\.\s*load)\s*[("'\[]|` +
		`\b(?:ba|da|z)?sh\s+-c\b|\bcmd(?:\.exe)?\s+/c\b|(?:^|[\s;|&"'])(?:curl|wget)\s+(?:-|https?:)`)
	library = regexp.MustCompile(`(?:^|[\s"'=:(,])(?:[A-Za-z]:)?(?:[/\\]?[\w.-]+[/\\])*[\w-]{3,}\.(?:so|dll|dylib)(?:$|[\s"',;)])`)
)

// end judges a run that is over.
func (s *search) end(t *text) {
	raw := t.content
	t.content, t.zero = t.content[:0], false
	if len(raw) < leastText || s.err != nil {
		return
	}
	marks := uint8(0)
	for _, c := range raw {
		marks |= mark(c)
	}
	if marks&(calls|options) != 0 {
		if match := code.Find(raw); match != nil {
			s.found(ruleCode(), t.start, match, "a text of the model holds code or a command")
		}
	}
	if marks&dot != 0 {
		if match := library.Find(raw); match != nil {
			s.found(ruleLibrary(), t.start, match, "a text of the model names a native library")
		}
	}
	if !freetext.Plain(raw) {
		s.err = s.judge.Text(s.ctx, picket.At("", t.start), "a text of the model", string(raw))
	}
}

// found reports what matches. It is likely and not certain, because nobody knows what the text is for.
func (s *search) found(rule picket.Rule, at int64, match []byte, summary string) {
	s.list.Report(picket.Finding{Rule: rule, Location: picket.At("", at), Subject: picket.Printable(string(match), 120), Confidence: picket.Likely,
		Evidence: picket.NewEvidence(summary, string(match))})
}

func ruleCode() picket.Rule {
	return picket.Rule{
		ID: "model.legacy.code", Title: "Model of an old runtime holds code or a command",
		Severity: picket.High, Class: picket.Execution,
		What:       "A text in a CNTK, RKNN or Torch7 model calls a function of Lua that runs commands or loads code, or is a command of a shell.",
		Why:        "A Torch7 file can bring functions that replace methods of the model; the others hand texts to custom operators.",
		Remedy:     "Do not load the model. Convert it to a format that can be read on a machine that does not matter.",
		References: picket.Refs("CWE-502", "AML.T0010"),
	}
}

func ruleLibrary() picket.Rule {
	return picket.Rule{
		ID: "model.legacy.library", Title: "Model of an old runtime names a native library",
		Severity: picket.High, Class: picket.Execution,
		What:       "A text in a CNTK, RKNN or Torch7 model is the name of a shared library.",
		Why:        "CNTK loads the library of a native user function, and RKNN that of a custom operator, when the model is loaded.",
		Remedy:     "Ask the author for the source of the library and review it, or use a model without custom operators.",
		References: picket.Refs("CWE-829", "AML.T0010"),
	}
}
