package report

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

// ErrRule is wrapped by the error of Explain for an ID that no rule has.
var ErrRule = errors.New("no such rule")

// Listings names the forms in which lists and explanations are written, the default one first.
func Listings() []string { return []string{"table", "json", "markdown"} }

// listingError is the error for a form that does not exist.
func listingError(form string) error {
	return fmt.Errorf("look up form %q: the forms are %s", picket.Printable(form, 40), strings.Join(Listings(), ", "))
}

// docRule is a rule in JSON.
type docRule struct {
	ID         string         `json:"id"`
	Title      string         `json:"title"`
	Severity   string         `json:"severity"`
	Class      string         `json:"class"`
	What       string         `json:"what"`
	Why        string         `json:"why"`
	Remedy     string         `json:"remedy"`
	References []docReference `json:"references"`
}

// newRule copies a rule.
func newRule(r picket.Rule) docRule {
	d := docRule{r.ID, r.Title, r.Severity.String(), string(r.Class), r.What, r.Why, r.Remedy, []docReference{}}
	for _, ref := range r.References {
		d.References = append(d.References, docReference(ref))
	}
	return d
}

// ListRules writes every rule, ordered by ID, in one of the forms that Listings names.
func ListRules(w io.Writer, rules []picket.Rule, form string, opt Options) error {
	rules = slices.Clone(rules)
	slices.SortFunc(rules, func(a, b picket.Rule) int { return strings.Compare(a.ID, b.ID) })
	return buffered(w, "rules", func(b *bufio.Writer) error {
		switch form {
		case "json":
			list := make([]docRule, 0, len(rules))
			for _, r := range rules {
				list = append(list, newRule(r))
			}
			return writeJSON(b, list)
		case "markdown":
			_, _ = b.WriteString("| rule | severity | title |\n|---|---|---|\n")
			for _, r := range rules {
				_, _ = fmt.Fprintf(b, "| `%s` | %s | %s |\n", r.ID, r.Severity, r.Title)
			}
			return nil
		case "table":
			listRules(terminal{w: b, width: opt.width(), paint: layout.Painter{Color: opt.Color}}, rules)
			return nil
		}
		return listingError(form)
	})
}

// writeJSON writes a value and a line feed.
func writeJSON(w io.Writer, v any) error {
	text, err := marshal(v, "")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// listRules writes one line for each rule, or two where the terminal is narrow.
func listRules(t terminal, rules []picket.Rule) {
	column := 0
	for _, r := range rules {
		column = max(column, len(r.ID))
	}
	for _, r := range rules {
		severity := t.paint.Paint(severityStyle(r.Severity), r.Severity.String()) + strings.Repeat(" ", 10-len(r.Severity.String()))
		if 10+column+2+layout.Width(r.Title) <= t.width {
			t.line(severity, t.paint.Paint(layout.Bold, r.ID), strings.Repeat(" ", column-len(r.ID)+2), r.Title)
			continue
		}
		t.line(severity, t.paint.Paint(layout.Bold, r.ID))
		for _, part := range layout.Wrap(r.Title, t.width-10) {
			t.line(strings.Repeat(" ", 10), t.paint.Paint(layout.Dim, part))
		}
	}
	t.line()
	t.line("picket explain RULE says what a rule means, why it matters and how to fix what it finds.")
}

// Explain writes what one rule means, why it matters and how to fix it, in one of the forms that Listings names. For an ID
// that no rule has, the error wraps ErrRule and names the rules that are nearest.
func Explain(w io.Writer, rules []picket.Rule, id, form string, opt Options) error {
	i := slices.IndexFunc(rules, func(r picket.Rule) bool { return r.ID == id })
	if i < 0 {
		hint := "picket rules lists all of them"
		if near := nearest(rules, id); len(near) > 0 {
			hint = "did you mean " + strings.Join(near, " or ") + "?"
		}
		return fmt.Errorf("explain %q: %w; %s", picket.Printable(id, 80), ErrRule, hint)
	}
	r := rules[i]
	return buffered(w, "rule", func(b *bufio.Writer) error {
		switch form {
		case "json":
			return writeJSON(b, newRule(r))
		case "markdown":
			_, err := b.WriteString(RuleMarkdown(r, 1))
			return err
		case "table":
			explain(terminal{w: b, width: opt.width(), paint: layout.Painter{Color: opt.Color}}, r)
			return nil
		}
		return listingError(form)
	})
}

// explain writes a rule for a person at a terminal.
func explain(t terminal, r picket.Rule) {
	t.line(t.paint.Paint(layout.Bold, r.ID))
	for _, part := range layout.Wrap(r.Title, t.width) {
		t.line(part)
	}
	t.line(t.paint.Paint(severityStyle(r.Severity), r.Severity.String()), t.paint.Paint(layout.Dim, " · "+string(r.Class)))
	for _, s := range [][2]string{{"What it means", r.What}, {"Why it matters", r.Why}, {"How to fix it", r.Remedy}} {
		t.line()
		t.section(s[0])
		t.paragraph(s[1], layout.Plain)
	}
	if len(r.References) == 0 {
		return
	}
	t.line()
	t.section("References")
	column := 0
	for _, ref := range r.References {
		column = max(column, layout.Width(ref.ID))
	}
	for _, ref := range r.References { // addresses are never broken: they are there to be opened
		t.line("  ", ref.ID, strings.Repeat(" ", column-layout.Width(ref.ID)+2), t.paint.Paint(layout.Cyan, ref.URL))
	}
}

// RuleMarkdown writes a rule as a section of Markdown whose heading has the given level.
func RuleMarkdown(r picket.Rule, level int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s `%s`\n\n**%s** · %s · %s\n\n", strings.Repeat("#", level), r.ID, r.Title, r.Severity, r.Class)
	fmt.Fprintf(&b, "%s\n\n**Why it matters.** %s\n\n**How to fix it.** %s\n", r.What, r.Why, r.Remedy)
	for i, ref := range r.References {
		sep := ","
		if i == 0 {
			sep = "\nReferences:"
		}
		fmt.Fprintf(&b, "%s [%s](%s)", sep, ref.ID, ref.URL)
	}
	if len(r.References) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// maxNear is how many rules a mistyped ID is answered with.
const maxNear = 3

// nearest lists the IDs that a mistyped one may have meant, the likeliest first: those that it is a part of, then those
// that are a few edits away.
func nearest(rules []picket.Rule, id string) []string {
	id = strings.ToLower(strings.TrimSpace(id))
	if id == "" || len(id) > 200 {
		return nil
	}
	type candidate struct {
		id       string
		distance int
	}
	var list []candidate
	for _, r := range rules {
		d := min(edits(id, r.ID), edits(id, r.ID[strings.LastIndexByte(r.ID, '.')+1:]))
		if strings.Contains(r.ID, id) {
			d = 0
		}
		if d <= max(2, len(id)/4) {
			list = append(list, candidate{r.ID, d})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.id, b.id))
	})
	var ids []string
	for _, c := range list[:min(len(list), maxNear)] {
		ids = append(ids, c.id)
	}
	return ids
}

// edits is the number of bytes to insert, delete or replace to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
