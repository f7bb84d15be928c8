package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// plainOutput is for verbs that answer in lines of text or in one JSON document.
type plainOutput struct{ outputFlags }

// add declares the flags.
func (o *plainOutput) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.format, "format", "f", "text", "`FORMAT` of the answer: text, json")
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write the answer to `FILE`, replaced at once when it is complete (default: standard output)")
}

// check refuses an unknown format before any work is done.
func (o *plainOutput) check() error {
	if o.format != "text" && o.format != "json" {
		return usagef("--format %q is not one of text, json", o.format)
	}
	return nil
}

// answer writes the text or the document. The same document gives the same bytes.
func (o *plainOutput) answer(env Env, doc any, text func(io.Writer) error) error {
	return o.to(env, func(w io.Writer) error {
		if o.format == "text" {
			return text(w)
		}
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(doc); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
		return nil
	})
}

// lines collects lines of text and writes them at once.
type lines struct{ text []byte }

// add appends one formatted line.
func (l *lines) add(format string, args ...any) {
	l.text = append(fmt.Appendf(l.text, format, args...), '\n')
}

// writeTo writes all lines.
func (l *lines) writeTo(w io.Writer) error {
	_, err := w.Write(l.text)
	return err
}

// needs refuses a command line without a flag that has no default.
func needs(cmd *cobra.Command, flag, value string) error {
	if value == "" {
		return usagef("--%s is missing; see %s --help", flag, cmd.CommandPath())
	}
	return nil
}
