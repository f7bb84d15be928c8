package bom

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/picketsec/picket"
)

// shownText is how many bytes of a value a table shows.
const shownText = 160

// table collects lines.
type table struct{ text []byte }

// line adds a formatted line.
func (t *table) line(format string, args ...any) {
	t.text = append(fmt.Appendf(t.text, format, args...), '\n')
}

// field adds a line with a value, how sure it is, and where it stands.
func (t *table) field(name string, f Field) {
	switch {
	case f.Value == "" && f.Confidence == "":
	case f.Confidence == Unresolved:
		t.line("  %-18s ?  %s", name, printable(f.Value))
	default:
		t.line("  %-18s %s  (%s, %s)", name, printable(f.Value), f.Confidence, printable(f.Source))
	}
}

// list adds a line for every value.
func (t *table) list(name string, fields []Field) {
	for _, f := range fields {
		t.field(name, f)
		name = ""
	}
}

// printable is text from outside as a terminal may show it.
func printable(s string) string { return picket.Printable(s, shownText) }

// WriteText writes the bill for people: every value with its confidence and its source.
func WriteText(w io.Writer, b *Bill) error {
	t := &table{}
	t.line("%s  %s", printable(b.Name), b.Kind)
	t.line("  %-18s %s", "digest", b.Digest)
	m := b.Model
	for _, p := range []Property{{"version", m.Version}, {"producer", m.Producer}, {"description", m.Description}, {"released", m.Timestamp}, {"location", m.Location}} {
		t.field(p.Name, p.Field)
	}
	t.list("identifier", m.Identifiers)
	t.list("licence", m.Licences)
	for _, p := range []Property{{"task", m.Task}, {"approach", m.Approach}, {"family", m.Family}, {"architecture", m.Architecture}, {"precision", m.Precision},
		{"quantisation", m.Quantisation}, {"context", m.Context}, {"vocabulary", m.Vocabulary}, {"tokenizer", m.Tokenizer}} {
		t.field(p.Name, p.Field)
	}
	t.field("parameters", grouped3(m.Parameters))
	for _, l := range []struct {
		name   string
		fields []Field
	}{{"format", m.Formats}, {"language", m.Languages}, {"input", m.Inputs}, {"output", m.Outputs}, {"intended use", m.Uses}, {"limitation", m.Limitations},
		{"training", m.Training}, {"hardware", m.Hardware}, {"energy", m.Energy}, {"area", b.System.Area}, {"data flow", b.System.DataFlow},
		{"data usage", b.System.DataUsage}, {"control", b.Security.Controls}, {"compliance", b.Security.Compliance}} {
		t.list(l.name, l.fields)
	}
	t.field("security policy", b.Security.Policy)
	t.rest(b)
	_, err := w.Write(t.text)
	return err
}

// rest adds what a bill lists.
func (t *table) rest(b *Bill) {
	section := func(name string, n int) {
		if n > 0 {
			t.line("\n%s (%d)", name, n)
		}
	}
	section("Made of", len(b.Lineage))
	for _, a := range b.Lineage {
		t.line("  %-12s %s %s", a.Relation, printable(a.Name.Value), printable(certain(a.Version)))
	}
	section("Data", len(b.Datasets))
	for _, d := range b.Datasets {
		t.line("  %-12s %s  licence %s", d.Use, printable(d.Name.Value), orUnknown(printable(certain(d.Licence))))
	}
	section("Software", len(b.Software))
	for _, s := range b.Software {
		t.line("  %-40s %s", printable(s.Name.Value), orUnknown(printable(certain(s.Version))))
	}
	section("Evaluations", len(b.Model.Metrics))
	for _, x := range b.Model.Metrics {
		t.line("  %-24s %s  %s", printable(x.Name.Value), printable(x.Value.Value), printable(strings.TrimSpace(x.Dataset.Value+" "+x.Slice.Value)))
	}
	section("Claims", len(b.Claims))
	for _, c := range b.Claims {
		t.line("  %-16s signed by %s: %s", printable(c.Kind), printable(c.Signer), printable(c.Summary))
	}
	section("Also", len(b.Model.Properties))
	for _, p := range b.Model.Properties {
		t.line("  %-28s %s  (%s)", printable(p.Name), printable(p.Value), printable(p.Source))
	}
	section("Files", len(b.Files))
	for _, f := range b.Files {
		t.line("  %-14s %-12s %s", f.Role, f.Format, printable(f.Name))
	}
}

// orUnknown shows that there is no value.
func orUnknown(s string) string {
	if s == "" {
		return "?"
	}
	return s
}

// grouped3 writes a count with a comma between groups of three digits.
func grouped3(f Field) Field {
	n, err := strconv.ParseInt(f.Value, 10, 64)
	if err != nil || n < 0 {
		return f
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	f.Value = s
	return f
}

// WriteScore writes a score for people: the totals of every cluster, then what is missing and how to add it. All lists the elements
// that are there as well.
func WriteScore(w io.Writer, r Report, all bool) error {
	t := &table{}
	t.line("%s  %s", printable(r.Name), r.Digest)
	for _, s := range r.Standards {
		t.line("\n%s (%s): %d of %d filled, %d of them backed by content, %d missing, %d not applicable", s.Title, s.Date, s.Total.Filled, s.Total.Elements,
			s.Total.Present, s.Total.Missing, s.Total.NotApplicable)
		for _, c := range s.Clusters {
			t.line("  %-28s %2d of %2d", c.Name, c.Total.Filled, c.Total.Elements)
		}
		for _, e := range s.Elements {
			switch {
			case e.Status == Missing:
				t.line("  missing        %-32s %s", e.Title, printable(e.Reason))
				t.line("                 to add it: %s", e.Remedy)
			case !all:
			case e.Status == NotApplicable:
				t.line("  not applicable %-32s %s", e.Title, e.Reason)
			default:
				t.line("  %-14s %-32s %s  (%s, %s)", e.Status, e.Title, printable(e.Value), printable(e.Path), printable(e.Source))
			}
		}
	}
	_, err := w.Write(t.text)
	return err
}

// WriteDiff writes the changes for people, the important first.
func WriteDiff(w io.Writer, changes []Change) error {
	t := &table{}
	if len(changes) == 0 {
		t.line("Nothing changed.")
	}
	signs := map[string]string{added: "+", removed: "-", changed: "~"}
	last := Severity("")
	for _, c := range changes {
		if c.Severity != last {
			t.line("%s", c.Severity)
			last = c.Severity
		}
		text := strings.TrimSpace(c.What + " " + printable(c.Name))
		switch {
		case c.How == changed:
			text += ": " + orUnknown(printable(c.Old)) + " → " + orUnknown(printable(c.New))
		case c.Old+c.New != "":
			text += ": " + printable(c.Old+c.New)
		}
		t.line("  %s %s", signs[c.How], text)
	}
	_, err := w.Write(t.text)
	return err
}
