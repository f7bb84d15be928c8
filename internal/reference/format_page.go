package reference

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// formatPages writes one page for every format that is parsed.
func formatPages(set *detect.Set) []File {
	var files []File
	for _, f := range set.Formats() {
		if f.Parsed {
			files = append(files, File{pageName(f.Name), formatPage(set, f)})
		}
	}
	return files
}

// pageName is the file of a format's page, relative to docs/reference.
func pageName(name string) string { return "formats/" + name + ".md" }

// formatPage writes what a format is, how it is recognised and read, and every rule about it.
func formatPage(set *detect.Set, f format.Info) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s# %s\n\n`%s`, `%s`", generated, f.Title, f.Name, f.MediaType)
	if len(f.Extensions) > 0 {
		fmt.Fprintf(&b, ", usually named %s", codes(f.Extensions))
	}
	fmt.Fprintf(&b, ". Loading it: **%s**.", riskWord(f.Risk))
	if f.Spec != "" {
		fmt.Fprintf(&b, " Specification: <%s>.", f.Spec)
	}
	b.WriteString(" It is recognised by its content, whatever its name, and read ")
	if f.Forward {
		b.WriteString("forward, at any size.\n")
	} else {
		b.WriteString("at the offsets that it gives; inside a compressed member it is held in memory, up to 32 MiB.\n")
	}
	if f.Refines != "" {
		fmt.Fprintf(&b, "\nIt is a special case of %s, and inspected as that too.\n", linkTo(set, f.Refines))
	}
	if special := refinements(set, f.Name); len(special) > 0 {
		fmt.Fprintf(&b, "\nSpecial cases: %s.\n", strings.Join(special, ", "))
	}
	for _, d := range set.Detectors() {
		for _, name := range d.Formats {
			if name == f.Name {
				rulesOf(&b, d)
			}
		}
	}
	return b.Bytes()
}

// rulesOf writes the rules of one detector as a table.
func rulesOf(b *bytes.Buffer, d detect.Info) {
	fmt.Fprintf(b, "\n## %s\n\nDetector `%s`.\n\n| rule | severity | class | what it finds |\n|---|---|---|---|\n", d.Title, d.Name)
	for _, r := range sorted(d.Rules) {
		fmt.Fprintf(b, "| [`%s`](../rules.md#%s) | %s | %s | %s |\n", r.ID, anchor(r.ID), r.Severity, r.Class, cell(r.Title))
	}
}

// refinements links the formats that are special cases of one.
func refinements(set *detect.Set, name string) []string {
	var list []string
	for _, f := range set.Formats() {
		if f.Refines == name {
			list = append(list, linkTo(set, f.Name))
		}
	}
	return list
}

// linkTo links the page of a format; one that is not parsed has none.
func linkTo(set *detect.Set, name string) string {
	for _, f := range set.Formats() {
		if f.Name == name && f.Parsed {
			return fmt.Sprintf("[%s](%s.md)", cell(f.Title), f.Name)
		}
	}
	return "`" + name + "`"
}
