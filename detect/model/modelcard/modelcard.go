// Package modelcard judges pages that people and agents read beside a model: model cards in Markdown, HTML, SVG images. Pages
// run scripts and hold prose honestly, so what is reported is medium at most. It streams: every text file of a repository
// passes here, and those that are no pages pass without being read.
package modelcard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect"
)

const (
	window  = 256 << 10 // bytes that are looked at at once
	overlap = 1 << 10   // bytes of the window before that are looked at again
	maxEach = 5         // findings of one rule that are listed one by one
)

// Detector inspects text whose name says that it is a page.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "model-card", Title: "Model cards and pages: scripts, hidden instructions, commands that trust remote code", Formats: []string{"text"},
		Rules: []picket.Rule{ruleScript(), ruleHidden(), ruleInstruction(), ruleTrust()},
	}
}

// references are what the rules refer to.
func references(ids ...string) []picket.Reference {
	return append(picket.Refs(ids...), picket.Reference{Kind: "URL", ID: "Model cards", URL: "https://huggingface.co/docs/hub/model-cards"})
}

func ruleScript() picket.Rule {
	return picket.Rule{
		ID: "model.card.script", Title: "Model card runs a script",
		Severity: picket.Medium, Class: picket.Content,
		What:   "A page in Markdown or an image in SVG holds a script, an event handler, a frame or an address that runs.",
		Why:    "A viewer that does not clean the page runs it with the rights of whoever reads it.",
		Remedy: "Remove the markup, or view the page as text.", References: references("CWE-79"),
	}
}

func ruleHidden() picket.Rule {
	return picket.Rule{
		ID: "model.card.hidden-text", Title: "Model card hides text",
		Severity: picket.Medium, Class: picket.Content,
		What:   "The page holds tag characters or characters that reorder text, which a language model reads and a person does not see.",
		Why:    "Instructions to an assistant that reads the page can be written in them.",
		Remedy: "Remove the characters.", References: references("CWE-1007", "AML.T0051"),
	}
}

func ruleInstruction() picket.Rule {
	return picket.Rule{
		ID: "model.card.instruction", Title: "Model card gives orders to assistants",
		Severity: picket.Medium, Class: picket.Content,
		What:   "A comment or a part of the page that is not shown tells whoever reads it to ignore instructions or to keep something from the user.",
		Why:    "An assistant that reads the page for somebody may obey.",
		Remedy: "Remove the text.", References: references("AML.T0051"),
	}
}

func ruleTrust() picket.Rule {
	return picket.Rule{
		ID: "model.card.trust-remote-code", Title: "Page tells its reader to trust remote code",
		Severity: picket.Info, Class: picket.Content,
		What:   "An example or a command sets trust_remote_code.",
		Why:    "Who follows it runs the code of the repository.",
		Remedy: "Read the source files of the model before you follow the example, and pin the revision.", References: references("CWE-829"),
	}
}

// kind says how a page is read.
type kind byte

const (
	none     kind = iota
	markdown      // shown by hubs, which remove scripts
	html          // runs scripts by nature: only what is hidden counts
	image         // SVG
	launcher      // a command
)

// kindOf tells by the name of a file how it is read.
func kindOf(name string) kind {
	lower := strings.ToLower(name)
	switch path.Ext(lower) {
	case ".md", ".markdown", ".mdx", ".rst":
		return markdown
	case ".html", ".htm", ".xhtml":
		return html
	case ".svg":
		return image
	case ".sh", ".bat", ".ps1", ".cmd":
		return launcher
	}
	switch {
	case strings.HasPrefix(lower, "readme"), lower == "model_card", lower == "modelcard":
		return markdown
	case strings.HasPrefix(lower, "dockerfile"), lower == "makefile", lower == "procfile":
		return launcher
	}
	return none
}

// The markup that runs, the orders, and the settings.
var (
	running = regexp.MustCompile(`(?i)^<(?:script|iframe|object|embed)[\s>/]|\son(?:error|load|click|mouseover|focus|toggle|begin|animationend|pointerover)\s*=\s*["']?[^\s"'>]|` +
		`(?:href|src|action|xlink:href|data)\s*=\s*["']?\s*(?:(?:javascript|vbscript):|data:text/html)|^<meta[^>]*http-equiv\s*=\s*["']?refresh`)
	order = regexp.MustCompile(`(?i)\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+)?(?:previous|prior|above|earlier)\s+(?:instructions?|prompts?|rules|messages?)|` +
		`\b(?:do\s+not|don't|never)\s+(?:tell|inform|alert|notify|reveal\s+(?:this|it)\s+to)\s+the\s+user`)
	unseen = regexp.MustCompile(`display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0|color\s*:\s*(?:white|transparent|#fff)`)
	trust  = regexp.MustCompile(`--trust[-_]remote[-_]code\b|\btrust_remote_code\s*=\s*True\b`)
)

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	k := kindOf(in.Name)
	if k == none {
		return nil
	}
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open page: %w", err)
	}
	s := &scan{kind: k, out: out, count: map[string]int{}, seen: map[int64]bool{}}
	err = s.stream(r)
	return errors.Join(err, r.Close())
}

// scan is one run over one page.
type scan struct {
	kind  kind
	out   *detect.Output
	count map[string]int
	seen  map[int64]bool
}

// stream looks at the page window by window.
func (s *scan) stream(r io.Reader) error {
	buf := make([]byte, overlap+window)
	kept, at := 0, int64(0)
	for {
		n, err := io.ReadFull(r, buf[kept:])
		piece := buf[:kept+n]
		s.piece(piece, at-int64(kept))
		at += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read page: %w", err)
		}
		kept = copy(buf, piece[max(0, len(piece)-overlap):])
	}
}

// piece looks at a window that begins at an offset of the page. Patterns are tried only where the bytes before them stand:
// searching all of a page for them would take a hundred times as long.
func (s *scan) piece(b []byte, offset int64) {
	for at := range places(b, "trust") {
		s.find(trust, b[max(0, at-2):min(len(b), at+40)], offset+int64(max(0, at-2)), ruleTrust(), "the page sets trust_remote_code")
	}
	if s.kind == launcher {
		return
	}
	for at := range places(b, "<") {
		s.tag(b[at:min(len(b), at+overlap)], offset+int64(at))
	}
	for at := range places(b, "](") {
		if address := b[at+2 : min(len(b), at+40)]; s.kind != html && bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(address)), []byte("javascript:")) {
			s.report(ruleScript(), offset+int64(at), "the page holds a link that runs", string(address))
		}
	}
	if bytes.Contains(b, []byte("\xf3\xa0\x80")) || bytes.Contains(b, []byte("\xf3\xa0\x81")) || bytes.Contains(b, []byte("\xe2\x80\xae")) || bytes.Contains(b, []byte("\xe2\x80\xad")) {
		s.invisible(b, offset)
	}
}

// places yields the offsets at which a text stands.
func places(b []byte, text string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; at += len(text) {
			i := bytes.Index(b[at:], []byte(text))
			if i < 0 {
				return
			}
			if at += i; !yield(at) {
				return
			}
		}
	}
}

// tag looks at what begins with an angle bracket: a comment, or a tag and the text behind it.
func (s *scan) tag(b []byte, at int64) {
	if len(b) < 4 || b[1] != '!' && (b[1]|0x20 < 'a' || b[1]|0x20 > 'z') {
		return
	}
	if b[1] == '!' {
		if bytes.HasPrefix(b, []byte("<!--")) {
			end := bytes.Index(b, []byte("-->"))
			s.find(order, b[:max(end, 0)], at, ruleInstruction(), "a comment, which is not shown, gives an order")
		}
		return
	}
	end := bytes.IndexByte(b, '>')
	if end < 0 {
		end = len(b) - 1
	}
	text := bytes.ToLower(b[:end+1])
	if s.kind != html && (bytes.IndexByte(text, '=') > 0 || executes(text)) {
		s.find(running, b[:end+1], at, ruleScript(), "the page holds markup that runs")
	}
	if bytes.Contains(text, []byte("style")) && unseen.Match(text) {
		s.find(order, b[end:], at+int64(end), ruleInstruction(), "a part of the page that is not shown gives an order")
	}
}

// executes reports whether a tag is one that runs by itself.
func executes(tag []byte) bool {
	for _, name := range []string{"<script", "<iframe", "<object", "<embed"} {
		if bytes.HasPrefix(tag, []byte(name)) {
			return true
		}
	}
	return false
}

// invisible looks for characters that hide or reorder text. Flags of regions are a flag and tag characters.
func (s *scan) invisible(b []byte, offset int64) {
	var prev rune
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r >= 0xe0020 && r <= 0xe007f && prev != 0x1f3f4 || r == 0x202e || r == 0x202d {
			s.report(ruleHidden(), offset+int64(i), fmt.Sprintf("the character U+%04X hides or reorders text", r), "")
			return
		}
		if r < 0xe0000 {
			prev = r
		}
		i += n
	}
}

// find reports the first places of a pattern.
func (s *scan) find(pattern *regexp.Regexp, b []byte, offset int64, rule picket.Rule, summary string) {
	for _, at := range pattern.FindAllIndex(b, maxEach) {
		s.report(rule, offset+int64(at[0]), summary, string(b[at[0]:min(at[1], at[0]+160)]))
	}
}

// report keeps a finding once per place, and at most maxEach of a rule.
func (s *scan) report(rule picket.Rule, at int64, summary, excerpt string) {
	if s.seen[at] || s.count[rule.ID] >= maxEach {
		return
	}
	s.seen[at] = true
	s.count[rule.ID]++
	s.out.Report(picket.Finding{Rule: rule, Location: picket.At("", at), Confidence: picket.Likely, Evidence: picket.NewEvidence(summary, excerpt)})
}
