// Package freetext judges texts that a model carries for people and for other programs: attributes, descriptions, names of
// features, parameters of the training. It is for detectors of formats with such texts. It looks for what honest ones do not
// hold: code, active markup, terminal escapes, paths out of the model, credentials, and other content in an encoding, which it
// hands to the engine. It runs and follows nothing.
package freetext

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// The patterns look for what real texts of trainers and model hubs do not hold. They are written so that words in prose
// ("model.eval()", "system prompt") do not match.
var (
	codeCall = regexp.MustCompile(`\b(?:__import__|builtins\.\w+|os\.(?:system|popen|exec[lv]\w*|spawn\w*)|` +
		`subprocess\.\w+|pty\.spawn|runpy\.\w+|importlib\.\w+|pickle\.loads?|marshal\.loads|shutil\.rmtree|socket\.socket|` +
		`ctypes\.\w+)\s*\(|(?:^|[^.\w])(?:eval|exec|compile)\s*\(|__(?:subclasses|globals|builtins|reduce|mro)__|` +
		`(?:^|[\s;|&])(?:curl|wget)\s+[^\n]{0,200}\|\s*(?:ba|z)?sh\b|\bpowershell(?:\.exe)?\s+-|/bin/(?:ba|da|z)?sh\s+-c\b|` +
		`\$\{jndi:|Runtime\.getRuntime\(\)|\bProcessBuilder\s*\(`)
	markup   = regexp.MustCompile(`(?i)<\s*(?:script|iframe|object|embed)\b|javascript:[^\s"']|<[a-z][^>]*\son(?:error|load|click|mouseover|focus)\s*=`)
	escape   = regexp.MustCompile(`\x1b[\[\]PX^_c]|\x{9b}`)
	hidden   = regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\x{202a}-\x{202e}\x{2066}-\x{2069}\x{e0000}-\x{e007f}]`)
	paths    = regexp.MustCompile(`(?:\.\.[/\\]){3,}|(?:^|[^\w/])/(?:etc/(?:passwd|shadow|hosts)|proc/self|root/\.)|[/\\]\.ssh[/\\]|(?i:c:[/\\]windows[/\\])`)
	base64ed = regexp.MustCompile(`^(?:data:[\w/+.-]*;base64,)?([A-Za-z0-9+/_-]{24,}={0,2})$`)
	digits   = regexp.MustCompile(`^[0-9a-fA-F-]+$`)
	secret   = regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bhf_[A-Za-z0-9]{30,}\b|\bgh[pousr]_[A-Za-z0-9]{36,}\b|` +
		`\bglpat-[\w-]{20,}|\bxox[abpr]-[\w-]{10,}|\bsk-[A-Za-z0-9_-]{32,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|` +
		`(?i:\b(?:password|passwd|api[_-]?key|secret|access[_-]?token)["']?\s*[:=]\s*["']?)[^\s"',;]{8,}`)
	link       = regexp.MustCompile(`\b(?:https?|ftp|file)://[^\s"'<>\\]+`)
	textPickle = regexp.MustCompile(`^[(}\]IV0-9\n]*c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n`)
)

// Sign is one thing in a text that does not belong there.
type Sign struct {
	Rule  picket.Rule
	What  string // continues a sentence that begins with what the text is: "holds code"
	Match string // the part of the text that shows it; of a credential only the first letters
}

// kinds are the signs that are looked for, in the order of their weight.
var kinds = [...]struct {
	pattern  *regexp.Regexp
	possible func(text string, m marks) bool // false when the pattern cannot match
	rule     func() picket.Rule
	what     string
}{
	{codeCall, possibleCode, ruleCode, "holds code"},
	{markup, possibleMarkup, ruleMarkup, "holds markup that a page would act on"},
	{escape, possibleEscape, ruleEscape, "holds sequences that control a terminal"},
	{hidden, possibleHidden, ruleHidden, "holds characters that hide or reorder text"},
	{paths, possiblePath, rulePath, "holds a path that leads out of the model"},
	{secret, possibleSecret, ruleSecret, "looks like a credential"},
	{link, possibleLink, ruleLink, "holds an address"},
}

// Look lists the signs in one text, at most one of each rule. The address, which is harmless by itself, comes last.
func Look(text string) []Sign {
	m := marksOf(text)
	if m == 0 {
		return nil
	}
	var signs []Sign
	for i := range kinds {
		k := &kinds[i]
		if !k.possible(text, m) {
			continue
		}
		at := k.pattern.FindStringIndex(text)
		if at == nil {
			continue
		}
		match := text[at[0]:min(len(text), at[1]+80)]
		if k.pattern == secret {
			match = text[at[0]:at[0]+4] + "… (redacted)"
		}
		signs = append(signs, Sign{k.rule(), k.what, match})
	}
	return signs
}

// shortestHidden is the length of the shortest text that hides content, in bytes: of a pickle that names a global.
const shortestHidden = 5

// Hidden returns content that a text encodes: base64, hexadecimal digits, or a pickle of protocol 0, which is text itself. It
// may well be a hash or the pixels of an image: give it to the engine as detect.TensorData.
func Hidden(text string) (content []byte, ok bool) {
	if len(text) < shortestHidden {
		return nil, false
	}
	if strings.IndexByte(text, '\n') > 0 && textPickle.MatchString(text) {
		return []byte(text), true
	}
	if strings.IndexByte(text, ' ') > 0 && strings.TrimSpace(text) == text { // no encoding has a space inside
		return nil, false
	}
	match := base64ed.FindStringSubmatch(strings.TrimSpace(text))
	if match == nil || digits.MatchString(match[1]) {
		return nil, false
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(match[1], "-_") {
		encoding = base64.RawURLEncoding
	}
	content, err := encoding.DecodeString(strings.TrimRight(match[1], "="))
	return content, err == nil // letters that only look like it
}

// maxHidden is how many encoded texts of one file are decoded.
const maxHidden = 32

// Judge reports the signs in the texts of one file. Make one for each file.
type Judge struct {
	out    *detect.Output
	list   *findings.List
	hidden int
	linked bool
}

// New begins the judgement of a file whose findings go to list.
func New(out *detect.Output, list *findings.List) *Judge { return &Judge{out: out, list: list} }

// signs reports the signs in a text, or in one that it encodes.
func (j *Judge) signs(where picket.Location, what, text string) {
	for _, s := range Look(text) {
		if s.Rule.Severity == picket.Info {
			if j.linked {
				continue
			}
			j.linked = true
		}
		j.list.Report(picket.Finding{Rule: s.Rule, Location: where, Subject: picket.Printable(what, 80), Confidence: picket.Likely,
			Evidence: picket.NewEvidence(what+" "+s.What, s.Match)})
	}
}

// Text judges one text: what is the name of its place for a person ("attribute \"note\""), where its location. Only the first
// address is reported. The error is about the run and must be passed on.
func (j *Judge) Text(ctx context.Context, where picket.Location, what, text string) error {
	if Plain(text) {
		return nil
	}
	j.signs(where, what, text)
	content, ok := Hidden(text)
	if !ok {
		return nil
	}
	if j.hidden++; j.hidden > maxHidden {
		if j.hidden == maxHidden+1 {
			j.out.Gap(where.Offset, -1, "more encoded texts than are inspected")
		}
		return nil
	}
	if utf8.Valid(content) && !hidden.Match(content) { // the engine takes it for harmless text
		j.signs(where, what+", decoded,", string(content))
	}
	return j.out.Inspect(ctx, detect.Part{Name: fmt.Sprintf("text at %d", where.Offset), Blob: format.BytesBlob(content),
		Expect: detect.TensorData})
}
