// Package report writes the outcome of a scan for people and for machines: a table for the terminal, JSON, SARIF, JUnit XML,
// one HTML page and Markdown. It is for the command line and for services that hand out reports. Every name in a scan may
// be hostile, so each format escapes all of them itself. The same scan and options give the same bytes: no times, no
// random order. The package reads no files, looks at no terminal and decides nothing: verdicts are made in package picket.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/picketsec/picket"
)

// Info is the constant half of a report format.
type Info struct {
	Name      string // stable: "json"
	Title     string // one line: what it is for
	MediaType string
	Extension string // with the dot
}

// Options say how to write a report. The zero value is a report for a file: no colour, 80 columns.
type Options struct {
	// Color adds colour to formats for a terminal.
	Color bool
	// Width is the number of columns of formats for a terminal; 0 means 80, and less than 40 counts as 40.
	Width int
	// Trace shows the calls that loading each artifact would make, where a format leaves them out otherwise.
	Trace bool
	// FailOn is the severity from which on a finding fails a test case or a run; 0 means high.
	FailOn picket.Severity
	// ExitCode is the exit code that the command will end with, for formats that record it; nil when there is no command.
	ExitCode *int
}

// width is the number of columns to use.
func (o Options) width() int {
	if o.Width <= 0 {
		return 80
	}
	return max(40, o.Width)
}

// failOn is the severity that fails.
func (o Options) failOn() picket.Severity {
	if o.FailOn == 0 {
		return picket.High
	}
	return o.FailOn
}

// Format writes scans in one form. It must be safe for concurrent use and deterministic.
type Format interface {
	Info() Info
	// Write writes the whole report to w. An error is about w; whatever a scan holds can be written.
	Write(w io.Writer, scan picket.Scan, opt Options) error
}

// Formats lists every report format, the default one first.
func Formats() []Format {
	return []Format{table{}, jsonFormat{}, sarif{}, junit{}, page{}, markdown{}}
}

// Lookup finds a format by its name. The error names the choices.
func Lookup(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Info().Name == name {
			return f, nil
		}
		names = append(names, f.Info().Name)
	}
	return nil, fmt.Errorf("look up report format %q: the formats are %s", picket.Printable(name, 40), strings.Join(names, ", "))
}

// buffered runs write with a buffer in front of w and returns the first error of either. Formats write many small pieces
// and leave the errors of single writes to the buffer, which keeps the first.
func buffered(w io.Writer, what string, write func(b *bufio.Writer) error) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if err := write(b); err != nil {
		return fmt.Errorf("write %s report: %w", what, err)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write %s report: %w", what, err)
	}
	return nil
}
