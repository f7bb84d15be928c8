// Package msgpack reads MessagePack as Flax writes it for the weights of a model: maps with texts as keys, and arrays as
// extensions. It is for detectors. It skips the data of arrays by their length, keeps one small window whatever the size of
// the content, builds no values and judges nothing. Specification: https://github.com/msgpack/msgpack/blob/master/spec.md and,
// for the extensions, https://flax.readthedocs.io/en/latest/api_reference/flax.serialization.html
package msgpack

import (
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/thinc"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "msgpack"

// Format recognises MessagePack maps with texts as keys.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "MessagePack map (Flax weights)", MediaType: "application/vnd.msgpack", Extensions: []string{".msgpack"},
		Risk: format.Data, Parsed: true, Spec: "https://github.com/msgpack/msgpack/blob/master/spec.md",
	}
}

// looked is how many values of a content Match reads before it is sure.
const looked = 500

// errEnough ends a walk that has seen enough.
type errEnough struct{}

// Error implements error.
func (errEnough) Error() string { return "enough values" }

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	if len(p.Head) < 4 || p.Blob == nil || p.Blob.At() == nil || (thinc.Format{}).Match(p) {
		return false
	}
	first, ok := begins(p.Head)
	if !ok {
		return false
	}
	values := 0
	r := &reader{at: p.Blob.At(), size: p.Size, budget: limits.NewBudget(limits.Default())}
	r.visit = Visitor{Key: func(k Text) error {
		if values++; values > looked {
			return errEnough{}
		}
		if !utf8.ValidString(k.Value) {
			return format.Malformed(k.Offset, "a key is no text")
		}
		return nil
	}}.complete()
	err := r.value(0)
	_, enough := err.(errEnough) //nolint:errorlint // it is never wrapped
	switch {
	case enough:
		return true
	case err != nil:
		return values > 0 && container(first) // a broken file of Flax is one
	}
	return values > 1 || values == 1 && (r.pos == p.Size || container(first)) // numbers begin like a map of one pair by chance
}

// container reports whether a value that begins with a byte is what Flax puts under the first key: a map or an array.
func container(c byte) bool {
	return c >= 0x80 && c <= 0x8f || c == 0xde || c == 0xdf || c >= 0xc7 && c <= 0xc9
}

// begins reports whether a content begins with a map whose first key is a short text, and returns the byte behind that.
func begins(h []byte) (next byte, ok bool) {
	at := 1
	switch {
	case h[0] >= 0x81 && h[0] <= 0x8f:
	case h[0] == 0xde:
		at = 3
	case h[0] == 0xdf:
		at = 5
	default:
		return 0, false
	}
	if len(h) < at+3 {
		return 0, false
	}
	n := int(h[at] & 0x1f)
	switch {
	case h[at] >= 0xa1 && h[at] <= 0xbf:
		at++
	case h[at] == 0xd9:
		n = int(h[at+1])
		at += 2
	case h[at] == 0xda:
		n = int(h[at+1])<<8 | int(h[at+2])
		at += 3
	default:
		return 0, false
	}
	if len(h) <= at+n || strings.IndexFunc(string(h[at:at+n]), func(c rune) bool { return c < ' ' || c == utf8.RuneError }) >= 0 {
		return 0, false
	}
	return h[at+n], true
}

// Text is a text or a key.
type Text struct {
	Value  string // up to maxText bytes
	Offset int64  // of the value: bytes from the start of the content
	Cut    bool   // the text is longer
}

// Span is a range of bytes.
type Span struct{ Start, Size int64 }

// Array is an array or a scalar of numpy.
type Array struct {
	Offset int64
	Type   string  // the name of the dtype
	Shape  []int64 // up to maxDims
	Data   Span
}

// Extension is an extension of a type that Flax does not write.
type Extension struct {
	Type   int8
	Offset int64
	Data   Span
}

// Visitor receives what Read finds, in order. A nil function is skipped; an error ends the reading.
type Visitor struct {
	Key       func(Text) error
	Text      func(Text) error
	Bytes     func(Span) error
	Array     func(Array) error
	Extension func(Extension) error
	Repeated  func(Text) error // a key that the map has already
}

// complete fills in functions that do nothing.
func (v Visitor) complete() Visitor {
	if v.Key == nil {
		v.Key = func(Text) error { return nil }
	}
	if v.Text == nil {
		v.Text = func(Text) error { return nil }
	}
	if v.Bytes == nil {
		v.Bytes = func(Span) error { return nil }
	}
	if v.Array == nil {
		v.Array = func(Array) error { return nil }
	}
	if v.Extension == nil {
		v.Extension = func(Extension) error { return nil }
	}
	if v.Repeated == nil {
		v.Repeated = func(Text) error { return nil }
	}
	return v
}

// Read reads one value and returns the offset behind it. The error wraps format.ErrMalformed or limits.ErrExceeded, or is one
// of visit's.
func Read(b *format.Blob, budget *limits.Budget, visit Visitor) (end int64, err error) {
	if b.At() == nil {
		return 0, format.Malformed(0, "the content can only be read forward")
	}
	r := &reader{at: b.At(), size: b.Size(), budget: budget, visit: visit.complete()}
	err = r.value(0)
	return r.pos, err
}
