package claim

import (
	"fmt"
	"reflect"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// NewStatement makes the statement that a predicate is true of a digest; name tells people what was meant. The schema of one
// of Picket's own kinds is filled in, times are cut to seconds of UTC, and lists that are nil become empty. What this
// package would not read back is an error that wraps evidence.ErrMalformed, so nobody signs it.
func NewStatement(name string, subject picket.Digest, predicate Predicate) ([]byte, error) {
	return statement(predicate, subject, func(k Kind, predicate Predicate) ([]byte, error) {
		return evidence.NewStatement(name, subject, k.Type, predicate)
	})
}

// About is NewStatement about content whose files are known. What people and measurements say about a folder counts only when
// it covers the names of the files, which the digest of a folder does not: see Kind.Names.
func About(m *evidence.Manifest, predicate Predicate) ([]byte, error) {
	return statement(predicate, m.Digest(), func(k Kind, predicate Predicate) ([]byte, error) {
		if k.Names() && !m.File && m.DirHash() == "" {
			return nil, fmt.Errorf("a name of a file in %s has a line break, so that no statement can cover it; rename it", text(m.Name))
		}
		return evidence.NewStatementAbout(m, k.Type, predicate)
	})
}

// statement checks a predicate and encodes it.
func statement(predicate Predicate, subject picket.Digest, encode func(Kind, Predicate) ([]byte, error)) ([]byte, error) {
	k, ok := kindFor(predicate)
	if !ok {
		return nil, fmt.Errorf("make statement: %T is no predicate", predicate)
	}
	if _, err := picket.ParseDigest(string(subject)); err != nil {
		return nil, fmt.Errorf("make %s: subject: %w", k.Title, err)
	}
	if k.shape != nil {
		clean := reflect.New(k.shape)
		clean.Elem().Set(reflect.ValueOf(predicate).Elem())
		settle(clean.Elem())
		clean.Elem().FieldByName("Schema").SetString(k.schema())
		predicate = clean.Interface()
	}
	payload, err := encode(k, predicate)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", k.Title, err)
	}
	st, err := evidence.ParseStatement(payload)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", k.Title, err)
	}
	if _, err := k.parse(st); err != nil {
		return nil, fmt.Errorf("make %s: %w", k.Title, err)
	}
	return payload, nil
}

// kindFor finds the kind of a predicate.
func kindFor(p Predicate) (Kind, bool) {
	want := ""
	switch b := p.(type) {
	case *BOM:
		want = map[string]string{"CycloneDX": TypeCycloneDX, "SPDX": TypeSPDX}[b.Format]
	case *Provenance:
		want = TypeProvenance
	case *VEX:
		want = TypeVEX
	case *ScanResult:
		want = TypeScanResult
	}
	for _, k := range Kinds() {
		if k.Type == want || k.shape != nil && reflect.TypeOf(p) == reflect.PointerTo(k.shape) {
			return k, true
		}
	}
	return Kind{}, false
}

// settle brings what was put together in a program into the form in which it is written: the same facts, the same bytes.
// Lists and structs that are shared with the caller are copied before they are changed.
func settle(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			settle(own.Elem())
			v.Set(own)
		}
	case reflect.Slice:
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		for i := range own.Len() {
			settle(own.Index(i))
		}
		v.Set(own)
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			v.Set(reflect.ValueOf(t.UTC().Truncate(time.Second)))
			return
		}
		for i := range v.NumField() {
			settle(v.Field(i))
		}
	}
}
