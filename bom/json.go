package bom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/jsonstream"
)

// The names of Picket's own form of a bill.
const (
	FormatName    = "Picket BOM"
	FormatVersion = "1"
	// Schema stands at the head of the document.
	Schema = "https://picketsec.dev/schema/bom/v1.json"
)

// MaxDocument is how many bytes of a document are read as a bill.
const MaxDocument = 64 << 20

// ErrMalformed is wrapped by the error about a document that is no bill.
var ErrMalformed = errors.New("not a bill of materials")

// document is the JSON form of a bill.
type document struct {
	Schema string `json:"schema"`
	*Bill
}

// Encode writes the bill as a document of Picket's own form, which holds all of it. The same bill gives the same bytes.
func Encode(w io.Writer, b *Bill) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(document{Schema, b}); err != nil {
		return fmt.Errorf("write bill: %w", err)
	}
	return nil
}

// Decode reads a document that Encode wrote. Unknown members are refused, because they may say something that this version would
// lose. The error wraps ErrMalformed.
func Decode(r io.Reader) (*Bill, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read bill: %w", err)
	}
	if len(text) > MaxDocument {
		return nil, fmt.Errorf("read bill: more than %d bytes: %w", MaxDocument, ErrMalformed)
	}
	if err := depth(text); err != nil {
		return nil, fmt.Errorf("read bill: %w: %w", err, ErrMalformed)
	}
	doc := document{Bill: &Bill{}}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("read bill: %w: %w", err, ErrMalformed)
	}
	if doc.Schema != Schema {
		return nil, fmt.Errorf("read bill: schema %q is not %s: %w", picket.Printable(doc.Schema, 80), Schema, ErrMalformed)
	}
	return doc.Bill, doc.check()
}

// depth reads the document strictly once, so that what is decoded afterwards has one meaning.
func depth(text []byte) error {
	r := jsonstream.New(bytes.NewReader(text), jsonstream.Options{Depth: 64, Text: 16})
	for {
		t, err := r.Next()
		if err != nil {
			return err
		}
		if t.Kind == jsonstream.End {
			return nil
		}
	}
}

// check refuses values that no bill has.
func (b *Bill) check() error {
	if b.Digest != "" {
		if _, err := picket.ParseDigest(string(b.Digest)); err != nil {
			return fmt.Errorf("read bill: %w: %w", err, ErrMalformed)
		}
	}
	for _, f := range b.Files {
		if _, err := picket.ParseDigest(string(f.Digest)); f.Digest != "" && err != nil {
			return fmt.Errorf("read bill: file %q: %w: %w", picket.Printable(f.Name, 80), err, ErrMalformed)
		}
	}
	for _, d := range b.Datasets {
		if _, err := picket.ParseDigest(string(d.Digest)); d.Digest != "" && err != nil {
			return fmt.Errorf("read bill: dataset %q: %w: %w", picket.Printable(d.Name.Value, 80), err, ErrMalformed)
		}
	}
	return nil
}
