// Package format is the contract of file formats: what a format says about itself, how content is recognised, and how its
// bytes are reached. Each subpackage parses one format into structure, within bounds, and reports no findings; it does no
// I/O of its own. Detectors read that structure.
package format

import (
	"errors"
	"fmt"
)

// ErrMalformed is wrapped by every parser's error about content that breaks its format. Use Malformed to make one.
var ErrMalformed = errors.New("malformed content")

// MalformedError says where content breaks its format.
type MalformedError struct {
	Offset int64  // bytes from the start of the content
	Reason string // for a person; contains no raw input
}

// Error implements error.
func (e *MalformedError) Error() string {
	return fmt.Sprintf("malformed at byte %d: %s", e.Offset, e.Reason)
}

// Unwrap makes errors.Is(err, ErrMalformed) true.
func (e *MalformedError) Unwrap() error { return ErrMalformed }

// Malformed makes the error for content that breaks its format at offset.
func Malformed(offset int64, reason string, args ...any) error {
	return &MalformedError{Offset: offset, Reason: fmt.Sprintf(reason, args...)}
}

// Risk says what a loader may do with content of a format.
type Risk int

// The risks. The zero value is the careful one.
const (
	// Active content can run code, name code to run, or contain content that does.
	Active Risk = iota
	// Data content holds tensors or tables; its loaders execute nothing, but its structure must be checked.
	Data
	// Inert content is not read by any model loader: text, images, source code judged by its own rules.
	Inert
)

// Info is the constant half of a format.
type Info struct {
	Name       string   // stable, lower case: "pickle"
	Title      string   // for people: "Python pickle"
	MediaType  string   // "application/x-python-pickle"
	Extensions []string // lower case with the dot; a hint, never proof
	Risk       Risk
	// Refines names the format that this one is a special case of ("zip" for "torch-zip"); empty for none. Content of a
	// refined format is inspected as both, and having both is no polyglot.
	Refines string
	// Forward is true for a format that is read from the start to the end without going back, at any size.
	Forward bool
	// Placeholder is true for content that stands for a file kept elsewhere and so may have any name.
	Placeholder bool
	// Parsed is false for a format that is recognised and not parsed.
	Parsed bool
	Spec   string // address of the specification or of the reference reader
}

// Format recognises one file format by its content.
type Format interface {
	Info() Info
	// Match reports whether the content is of this format, by magic and structure. It must not trust, or see, the name.
	Match(p Probe) bool
}

// HeadSize and TailSize are how many bytes of the start and of the end a Probe holds, at most.
const (
	HeadSize = 64 << 10
	TailSize = 66 << 10 // an end-of-central-directory record with its longest comment
)

// WholeSize is up to how many bytes content without a magic is looked at to its end before it is called inert.
const WholeSize = 64 << 20

// Probe is what Match sees of the content.
type Probe struct {
	Head []byte // the first HeadSize bytes, or all of it
	Tail []byte // the last TailSize bytes, or all of it; nil when the content is forward-only and longer than Head
	Size int64  // bytes; -1 when not known
	// Blob gives more of the content to a Match that must follow an offset. Blob.At is nil when it is forward-only.
	Blob *Blob
	// Memo is shared by the formats that look at the content; nil keeps nothing. See Once.
	Memo *Memo
}
