// Package detect holds the contract of detectors and the engine that runs them. The engine recognises content, gives every
// view of it to the detectors of that format, follows what they find inside, keeps the coverage ledger and derives the
// verdict. Detectors live in subfolders, one each, and are listed in package builtin. The package does no I/O of its own.
package detect

import (
	"context"
	"crypto/sha256"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Info is the constant half of a detector.
type Info struct {
	Name    string        // stable: "pickle"
	Title   string        // one line: what it looks for
	Formats []string      // names of the formats whose content it inspects
	Rules   []picket.Rule // every rule that it can report
}

// Detector inspects content of the formats that its Info names. It must be safe for concurrent use and deterministic: the
// same input gives the same output in the same order.
type Detector interface {
	Info() Info
	// Detect reads in.Blob and writes what it learns to out. It accounts for every byte: out.Parsed, out.Opaque, out.Gap or
	// out.Inspect. An error means that the content could not be read to its end; the engine records it as a gap, so a
	// detector returns early without fear. An error that wraps format.ErrMalformed or limits.ErrExceeded is expected on
	// hostile input. Detect never panics, whatever the content.
	Detect(ctx context.Context, in Input, out *Output) error
}

// Input is one view of one artifact.
type Input struct {
	Format string         // the name of the format that the content was recognised as
	Member string         // the path inside the top-level artifact; empty for the artifact itself
	Name   string         // the last element of the path, unescaped; a hint
	Blob   *format.Blob   // the content
	Budget *limits.Budget // shared by everything inside the top-level artifact
	// Named is true when Part.As named the format: something that is loaded makes a loader read the content so. Source code that
	// nothing names may be judged more mildly.
	Named bool
	// Sibling opens another file beside this one, by a slash-separated path relative to it. It refuses to leave the tree that is
	// scanned. It is nil when there is no tree.
	Sibling func(name string) (*format.Blob, error)
}

// Expect is what a container says about a part; it matters only when no format recognises the part's content.
type Expect int

// What to do with a part that no format recognises.
const (
	// Anything: unknown content is reported as unsupported.
	Anything Expect = iota
	// TensorData: unknown content is raw tensor storage; it is counted as opaque.
	TensorData
)

// Part is content found inside other content: a member of an archive, a payload in a string.
type Part struct {
	Name   string // path or description inside the parent: "archive/data.pkl", "bytes at 120"
	Blob   *format.Blob
	Expect Expect
	// As is the name of a format that the part is inspected as even if its content does not show it, because whoever loads
	// the parent reads it so: source code that a configuration names. Empty for none.
	As string
	// Sibling is passed on to Input.Sibling of the part; nil for none.
	Sibling func(name string) (*format.Blob, error)
}

// inspector is what an Output needs of the engine: to follow a part.
type inspector interface {
	inspect(ctx context.Context, parent *Output, p Part) error
}

// Output collects what detectors learn about one artifact. Locations that a detector gives are relative to its own content;
// Output makes them relative to the top-level artifact.
type Output struct {
	run    *run
	member string
	depth  int
	engine inspector
}

// Member is the path of the content inside the top-level artifact; empty for the artifact itself.
func (o *Output) Member() string { return o.member }

// Report records a finding.
func (o *Output) Report(f picket.Finding) {
	f.Location.Member = join(o.member, f.Location.Member)
	o.run.report(f)
}

// Parsed counts n bytes that were understood.
func (o *Output) Parsed(n int64) { o.run.coverage.Parsed += n }

// Opaque counts n bytes that are data only and were not searched, such as tensor storage.
func (o *Output) Opaque(n int64) { o.run.coverage.Opaque += n }

// Gap records that length bytes from offset were not read; -1 when the length is not known.
func (o *Output) Gap(offset, length int64, reason string) {
	o.run.gap(picket.Gap{Member: o.member, Offset: offset, Length: length, Reason: reason})
}

// Fact records something that the content is made of. The same fact counts once.
func (o *Output) Fact(kind picket.FactKind, value string) {
	o.run.fact(picket.Fact{Kind: kind, Value: value})
}

// Digest records a text or code that the content holds, by its name and digest.
func (o *Output) Digest(kind picket.FactKind, name, content string) {
	o.Fact(kind, picket.Printable(name, 200)+" "+string(picket.SHA256(sha256.Sum256([]byte(content)))))
}

// Trace records one call that loading the content would make, written as Python.
func (o *Output) Trace(line string) { o.run.trace(o.member, line) }

// Inspect recognises and inspects a part now, before it returns. What goes wrong inside the part is recorded and not
// returned; the error is about the run itself (cancelled) and must be passed on.
func (o *Output) Inspect(ctx context.Context, p Part) error {
	return o.engine.inspect(ctx, o, p)
}

// join appends a member path to another.
func join(parent, member string) string {
	switch {
	case parent == "":
		return member
	case member == "":
		return parent
	}
	return parent + "!/" + member
}
