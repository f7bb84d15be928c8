package claim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/evidence"
)

// Kind is a kind of claim. Trust roots and policies call it by its name.
type Kind struct {
	Name  string // such as scan-result
	Type  string // the predicate type in the in-toto statement
	Title string // for people, in the singular: "scan result"

	parse func(*evidence.Statement) (Predicate, error)
}

// Predicate is what a claim says, after its schema was checked: a pointer to one of the types of this package, or an
// *evidence.ModelSignature.
type Predicate any

// The predicate types of Picket's own claims.
const (
	TypeScanResult = "https://picketsec.dev/claim/scan-result/v1"
)

// Kinds is the one list of all kinds.
func Kinds() []Kind {
	return []Kind{
		{Name: "signature", Type: evidence.PredicateModelSignature, Title: "model signature", parse: parseModelSignature},
		{Name: "scan-result", Type: TypeScanResult, Title: "scan result", parse: parseScanResult},
	}
}

// KindOf finds the kind with a predicate type.
func KindOf(predicateType string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Type == predicateType {
			return k, true
		}
	}
	return Kind{}, false
}

// parseModelSignature reads an OpenSSF Model Signing manifest.
func parseModelSignature(st *evidence.Statement) (Predicate, error) {
	sig, err := evidence.ParseModelSignature(st)
	if err != nil {
		return nil, err // and no typed nil
	}
	return sig, nil
}

// strict decodes a predicate. Unknown fields are refused: they may say something that this version does not know how to
// respect.
func strict(predicate json.RawMessage, v any) error {
	dec := json.NewDecoder(bytes.NewReader(predicate))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("there is more after it: %w", evidence.ErrMalformed)
	}
	return nil
}
