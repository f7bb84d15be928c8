package reference

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// CLI writes every command that is not hidden, with its flags and examples. It adds the help and version flags
// that cobra adds when a command runs, so that the result does not depend on that, and runs nothing.
func CLI(root *cobra.Command) []byte {
	var b bytes.Buffer
	root.InitDefaultVersionFlag()
	fmt.Fprintf(&b, "%s# Command line\n\n%s\n", generated, paragraph(root))
	commands := visible(root, nil)
	if len(commands) > 1 {
		b.WriteString("\n| command | |\n|---|---|\n")
		for _, c := range commands[1:] {
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", c.CommandPath(), strings.ReplaceAll(c.CommandPath(), " ", "-"), cell(c.Short))
		}
	}
	writeFlags(&b, root)
	for _, c := range commands[1:] {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```\n%s\n```\n", c.CommandPath(), paragraph(c), c.UseLine())
		if len(c.Aliases) > 0 {
			fmt.Fprintf(&b, "\nAlso: %s\n", codes(c.Aliases))
		}
		if example := dedent(c.Example); example != "" {
			fmt.Fprintf(&b, "\n```sh\n%s\n```\n", example)
		}
		writeFlags(&b, c)
	}
	return b.Bytes()
}

// visible lists a command and those below it, depth first, in the order in which help shows them. The help and completion
// commands that cobra adds when a command line is run are left out, so that the result does not depend on that.
func visible(c *cobra.Command, list []*cobra.Command) []*cobra.Command {
	c.InitDefaultHelpFlag()
	list = append(list, c)
	for _, sub := range c.Commands() {
		if sub.Hidden || sub.Deprecated != "" || sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		list = visible(sub, list)
	}
	return list
}

// paragraph is what a command says about itself.
func paragraph(c *cobra.Command) string {
	if text := strings.TrimSpace(c.Long); text != "" {
		return dedent(text)
	}
	return strings.TrimSpace(c.Short)
}

// dedent removes the indentation that help texts have for the terminal.
func dedent(s string) string {
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(l, "  "), " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// writeFlags writes the table of a command's own flags, by name.
func writeFlags(b *bytes.Buffer, c *cobra.Command) {
	first := true
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if first {
			b.WriteString("\n| flag | default | |\n|---|---|---|\n")
			first = false
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if value != "" {
			name += " " + value
		}
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, defaultOf(f), cell(usage))
	})
}

// defaultOf writes the default of a flag; empty for the zero value of its type.
func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "false", "0", "[]", "0s":
		return ""
	}
	return "`" + cell(f.DefValue) + "`"
}
