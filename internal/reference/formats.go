package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/report"
)

// Formats writes every format that is recognised, with the detectors that inspect it.
func Formats(set *detect.Set) []byte {
	var b bytes.Buffer
	parsed := 0
	for _, f := range set.Formats() {
		if f.Parsed {
			parsed++
		}
	}
	b.WriteString(generated + "# Formats\n\nWhat Picket recognises, by content: a name is a hint whose mismatch is a finding. A format " +
		"that is recognised and not parsed makes an artifact *unsupported*, never clean, unless it is inert.\n\n")
	fmt.Fprintf(&b, "%d formats are recognised, %d of them parsed; those have a page each.\n\n", len(set.Formats()), parsed)
	b.WriteString(
		"| format | title | risk | parsed | read | extensions | media type | inspected by |\n|---|---|---|---|---|---|---|---|\n")
	for _, f := range set.Formats() {
		read := "at any offset"
		if f.Forward {
			read = "forward, at any size"
		}
		name := "`" + f.Name + "`"
		if f.Parsed {
			name = fmt.Sprintf("[`%s`](%s)", f.Name, pageName(f.Name))
		} else if f.Spec != "" {
			name = fmt.Sprintf("[`%s`](%s)", f.Name, f.Spec)
		}
		title := cell(f.Title)
		if f.Refines != "" {
			title += ", a special case of `" + f.Refines + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | `%s` | %s |\n", name, title, riskWord(f.Risk), yes(f.Parsed), read,
			codes(f.Extensions), f.MediaType, strings.Join(inspectors(set, f.Name), ", "))
	}
	b.WriteString("\n## Reports\n\nThe values of `picket scan --format`.\n\n| name | for | media type |\n|---|---|---|\n")
	for _, f := range report.Formats() {
		info := f.Info()
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", info.Name, cell(info.Title), info.MediaType)
	}
	return b.Bytes()
}

// inspectors names the detectors of a format.
func inspectors(set *detect.Set, name string) []string {
	var list []string
	for _, d := range set.Detectors() {
		for _, f := range d.Formats {
			if f == name {
				list = append(list, d.Name)
			}
		}
	}
	return list
}

// yes writes a truth value for a person.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// codes writes words as code.
func codes(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("`" + w + "`")
	}
	return b.String()
}

// formatEntry is a format in JSON.
type formatEntry struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	MediaType  string   `json:"media_type"`
	Extensions []string `json:"extensions"`
	Risk       string   `json:"risk"`
	Parsed     bool     `json:"parsed"`
	Refines    string   `json:"refines,omitempty"`
	Spec       string   `json:"spec,omitempty"`
	Detectors  []string `json:"detectors"`
}

// ListFormats writes the formats for a person or a program, in one of the forms that report.Listings names.
func ListFormats(w io.Writer, set *detect.Set, form string) error {
	switch form {
	case "table":
		return tableOf(w, set.Formats())
	case "markdown":
		if _, err := w.Write(Formats(set)); err != nil {
			return fmt.Errorf("list formats: %w", err)
		}
		return nil
	case "json":
		list := make([]formatEntry, 0, len(set.Formats()))
		for _, f := range set.Formats() {
			list = append(list, formatEntry{f.Name, f.Title, f.MediaType, append([]string{}, f.Extensions...), riskWord(f.Risk),
				f.Parsed, f.Refines, f.Spec, append([]string{}, inspectors(set, f.Name)...)})
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		if err := e.Encode(list); err != nil {
			return fmt.Errorf("list formats: %w", err)
		}
		return nil
	}
	return fmt.Errorf("list formats as %q: the forms are %s", picket.Printable(form, 40), strings.Join(report.Listings(), ", "))
}

// tableOf writes one line for each format.
func tableOf(w io.Writer, formats []format.Info) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FORMAT\tRISK\tPARSED\tTITLE\tEXTENSIONS") // errors stay in the writer until it is flushed
	for _, f := range formats {
		line := fmt.Sprintf("%s\t%s\t%s\t%s\t%s", f.Name, riskWord(f.Risk), yes(f.Parsed), f.Title, strings.Join(f.Extensions, " "))
		fmt.Fprintln(t, strings.TrimRight(line, "\t"))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("list formats: %w", err)
	}
	return nil
}
