package bom

import (
	"bytes"
	"regexp"
	"strings"
)

// card is a model or dataset card: its front matter, and its text in sections.
type card struct {
	file     string
	front    *doc
	sections []section
	facts    []fact
}

// section is a part of a card below one heading.
type section struct {
	title string // lower case, without marks
	body  string // the first words
}

// fact is a line "- **Label:** value" of a card, as the template of the hub has them.
type fact struct{ label, value string }

// Bounds of a card.
const (
	maxSections = 512
	maxExcerpt  = 600 // bytes of the text of a section
	maxFacts    = 512
)

// readCard reads the card of the content.
func (b *builder) readCard() {
	b.card = &card{}
	name := b.find("README.md", "MODEL_CARD.md", "README")
	if name == "" {
		return
	}
	text, err := b.whole(name, maxCard)
	if err != nil {
		b.note(name, err)
		return
	}
	front, body := splitFront(text)
	b.card = &card{file: name}
	if len(front) > 0 {
		b.card.front = b.parseYAML(name, bytes.ToValidUTF8(front, []byte("\uFFFD")))
	}
	b.card.read(string(bytes.ToValidUTF8(body, []byte("\uFFFD"))))
	if b.bill.Kind == ModelKind {
		b.frontMatter()
		b.sections()
	}
	b.cardReferences()
}

// splitFront separates the front matter from the text.
func splitFront(text []byte) (front, body []byte) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	rest, ok := bytes.CutPrefix(text, []byte("---\n"))
	if !ok {
		return nil, text
	}
	if bytes.HasPrefix(rest, []byte("---\n")) {
		return nil, rest[4:]
	}
	front, body, ok = bytes.Cut(rest, []byte("\n---"))
	if !ok {
		return nil, text
	}
	_, body, _ = bytes.Cut(body, []byte("\n"))
	return front, body
}

var (
	factLine = regexp.MustCompile(`^\s*[-*]\s*\*\*([^*:]{1,60}):?\*\*\s*:?\s*(.+)$`)
	comment  = regexp.MustCompile(`(?s)<!--.*?-->`)
	link     = regexp.MustCompile(`!?\[([^\]\n]{0,200})\]\(([^)\s]{0,500})[^)\n]{0,200}\)`)
	markup   = regexp.MustCompile("<[^>\n]{1,300}>|[*_`#|]{1,}")
)

// read takes the text apart. Blocks of code are no text.
func (c *card) read(body string) {
	body = comment.ReplaceAllString(body, "")
	code := false
	var current *section
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, " \t\n")
		if fence := strings.TrimSpace(line); strings.HasPrefix(fence, "```") || strings.HasPrefix(fence, "~~~") {
			code = !code
			continue
		}
		if code {
			continue
		}
		if title, ok := heading(line); ok && len(c.sections) < maxSections {
			c.sections = append(c.sections, section{title: title})
			current = &c.sections[len(c.sections)-1]
			continue
		}
		if m := factLine.FindStringSubmatch(line); m != nil {
			if len(c.facts) < maxFacts && !unanswered(m[2]) {
				c.facts = append(c.facts, fact{strings.TrimSpace(strings.TrimSuffix(strings.ToLower(plain(m[1])), "[optional]")), clean(m[2], maxText)})
			}
			continue
		}
		if current == nil && len(c.sections) == 0 {
			c.sections = append(c.sections, section{})
			current = &c.sections[0]
		}
		if current != nil && len(current.body) < maxExcerpt && !unanswered(line) {
			current.body = strings.TrimLeft(current.body+" "+plain(line), " ")
		}
	}
	for i := range c.sections {
		c.sections[i].body = clean(c.sections[i].body, maxExcerpt)
	}
}

// heading is the text of a heading.
func heading(line string) (string, bool) {
	level := len(line) - len(strings.TrimLeft(line, "#"))
	if level < 1 || level > 6 || len(line) > 300 {
		return "", false
	}
	title := strings.ToLower(plain(line[level:]))
	title = strings.TrimFunc(title, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789()/", r) })
	return title, title != ""
}

// plain drops the marks of Markdown and HTML, and keeps what links say.
func plain(s string) string {
	if len(s) > 4*maxText {
		s = s[:4*maxText]
	}
	s = link.ReplaceAllString(s, "$1")
	return strings.TrimSpace(clean(markup.ReplaceAllString(s, " "), 2*maxText))
}

// unanswered reports the text that a template has where nothing was written.
func unanswered(s string) bool {
	s = strings.ToLower(s)
	return strings.TrimSpace(s) == "" || hasAny(s, templateText)
}

// templateText are sentences that the hub's templates have whatever the model is.
var templateText = []string{"more information needed", "{{", "carbon emissions can be estimated using", "use the code below to get started",
	"model card has been automatically generated", "provide a quick summary of what the model"}

// about are the sections whose title begins with one of the names, or has it after "and" or a comma, as fields.
func (c *card) about(names ...string) []Field {
	var list []Field
	for _, s := range c.sections {
		for _, name := range names {
			if s.body != "" && (s.title == name || strings.HasPrefix(s.title, name+" ") || strings.HasPrefix(s.title, name+",") ||
				strings.HasSuffix(s.title, " "+name) || strings.Contains(s.title, " "+name+" ") || strings.Contains(s.title, " "+name+",")) {
				list = append(list, Field{s.body, Declared, c.file + "#" + clean(s.title, 80)})
				break
			}
		}
	}
	return list
}

// fact is the first line with one of the labels.
func (c *card) fact(labels ...string) Field {
	for _, label := range labels {
		for _, f := range c.facts {
			if f.label == label {
				return Field{plain(f.value), Declared, c.file + "#" + clean(f.label, 80)}
			}
		}
	}
	return Field{}
}

// opening is the text before the first heading or below the title.
func (c *card) opening() Field {
	for _, s := range c.sections[:min(2, len(c.sections))] {
		if s.body != "" {
			return Field{s.body, Declared, c.file + "#" + clean(s.title, 80)}
		}
	}
	return Field{}
}
