package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket"
)

// The phrases with which a template turns a model against its user. Words alone do not match: a template may well say "tool",
// "system" and "instructions".
var (
	instruction = regexp.MustCompile(`(?i)\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|every\s+)?(?:of\s+)?(?:the\s+|your\s+|these\s+|those\s+)?` +
		`(?:previous|prior|above|earlier|preceding|foregoing|original|safety)\s+(?:instructions?|messages?|prompts?|rules|guidelines|context)` +
		`|\b(?:without|never|do\s+not|don't|must\s+not)\s+(?:telling|informing|notifying|alerting|warning|tell|inform|notify|alert|warn)\s+(?:the\s+)?user` +
		`|\b(?:do\s+not|don't|never)\s+(?:mention|reveal|disclose)\s+(?:it|this|that)\b` +
		`|\b(?:secretly|covertly|silently|discreetly|stealthily)\s+(?:insert|inject|add|append|include|embed|send|recommend|replace|change|forward)` +
		`|\b(?:insert|inject|embed|append|include)\b[^.\n]{0,80}\b(?:backdoor|malware|malicious|<script|vulnerabilit|reverse\s+shell)` +
		`|\bexfiltrat\w+|\b(?:send|forward|post|upload|leak)\b[^.\n]{0,60}\b(?:password|credential|api\s+key|secret)s?\b[^.\n]{0,40}\bto\b`)
	address  = regexp.MustCompile(`\b(?:https?|ftp|file)://[^\s"'<>\\{}]{4,}`)
	sentence = regexp.MustCompile(`(?:[A-Za-z']{2,}[ ,]+){4,}[A-Za-z']+`)
	word     = regexp.MustCompile(`^[A-Za-z][A-Za-z .,'-]{2,}$`)
)

// prose judges text that the template writes, or hides in comments.
func (c *checks) prose(s string, at int) {
	if len(s) < 12 { // shorter than every phrase
		return
	}
	if slices.Contains(c.branches, true) && (sentence.MatchString(s) || strings.Contains(s, "://")) {
		c.report(RuleTriggered(), c.near(s, 0, at), "triggered text", fmt.Sprintf("only when a message contains certain words, the template adds %q", s), picket.Likely)
	}
	for _, hit := range instruction.FindAllStringIndex(s, maxPhrases) {
		if aboutTools(s[hit[1]:]) {
			continue
		}
		c.report(RuleInstruction(), c.near(s, hit[0], at), s[hit[0]:hit[1]],
			fmt.Sprintf("the template tells the model: %q", s[hit[0]:hit[1]]), picket.Likely)
	}
	if !strings.Contains(s, "://") {
		return
	}
	if hit := address.FindStringIndex(s); hit != nil {
		c.report(RuleLink(), c.near(s, hit[0], at), s[hit[0]:hit[1]], "the template holds an address", picket.Certain)
	}
}

// maxPhrases is how many phrases of one text are judged.
const maxPhrases = 64

// aboutTools reports whether a phrase goes on about calls of tools: several families of models are told not to mention those.
func aboutTools(rest string) bool {
	for _, s := range []string{" about function calls", " about tool calls", " about the function call", " about the tool call"} {
		if strings.HasPrefix(rest, s) {
			return true
		}
	}
	return false
}

// near is the offset of a place in s, when s stands in the template as it is; otherwise that of the expression.
func (c *checks) near(s string, in, at int) int {
	if at+len(s) <= len(c.src) && c.src[at:at+len(s)] == s {
		return at + in
	}
	return at
}

// contains judges "in": a template that looks for words in what a person wrote behaves differently for some of them.
func (c *checks) contains(left value, right []token, at int) {
	content := false
	for _, t := range right {
		content = content || t.text == "content" || t.text == "prompt"
	}
	if !content {
		return
	}
	for _, s := range left.texts {
		if word.MatchString(s) && !key(s) {
			if n := len(c.branches); n > 0 {
				c.branches[n-1] = true
			}
			c.report(RuleTrigger(), at, s, fmt.Sprintf("the template behaves differently when a message contains %q", s), picket.Possible)
		}
	}
}

// key reports whether a word is one of the fields that parts of a message have: a template that looks for those looks at the
// kind of content and not at what a person wrote.
func key(word string) bool {
	switch word {
	case "image", "image_url", "images", "video", "videos", "audio", "input_audio", "text", "type", "content", "name", "role", "tool_calls", "file":
		return true
	}
	return false
}

// invisible judges characters that a reader of the template does not see.
func (c *checks) invisible(s string) {
	var prev rune
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		next, _ := utf8.DecodeRuneInString(s[i+width:])
		switch {
		case r >= 0xe0000 && r <= 0xe007f && prev != 0x1f3f4, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r >= 0xe0100 && r <= 0xe01ef:
			c.report(RuleHidden(), i, "hidden text", fmt.Sprintf("the character U+%04X hides or reorders text", r), picket.Certain)
		case r == 0x200d && prev > 0x2000 && next > 0x2000: // joins two emoji
		case r == 0xfeff && i == 0: // a byte order mark
		case r >= 0x200b && r <= 0x200f, r >= 0x2060 && r <= 0x2064, r == 0xfeff, r == 0xad, r == 0x180e, r == 0x3164, r == 0xffa0,
			r >= 0xfff9 && r <= 0xfffb:
			c.report(RuleZeroWidth(), i, "zero width", fmt.Sprintf("the character U+%04X has no width", r), picket.Certain)
		}
		if r < 0xe0000 { // flags of regions are a flag and several tag characters
			prev = r
		}
		i += width
	}
}
