package transfer

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/evidence"
)

// Authority decides who made a signature and what they may sign; a trust root is one.
type Authority interface {
	// Verify checks the signature of a bundle and returns the name that the authority has for the signer.
	Verify(b *evidence.Bundle) (name string, proof *evidence.Proof, err error)
	// May returns nil when the signer may sign what Permission names, and else why not.
	May(name, kind string, proof *evidence.Proof) error
}

// Transfer is a transfer whose signature holds. Its parts have not been read yet.
type Transfer struct {
	List   List
	Signer string // name in the trust root

	archive *tar.Reader
}

// Open reads the list of a transfer and verifies who signed it. The parts are read by Store.Install, once.
func Open(r io.Reader, authority Authority) (*Transfer, error) {
	t := &Transfer{archive: tar.NewReader(r)}
	if err := t.open(authority); err != nil {
		return nil, fmt.Errorf("open transfer: %w", err)
	}
	return t, nil
}

func (t *Transfer) open(authority Authority) error {
	head, err := t.next(listName, -1)
	if err != nil {
		return err
	}
	if head.Size > evidence.MaxBundle {
		return fmt.Errorf("%s has %d bytes, more than %d: %w", listName, head.Size, evidence.MaxBundle, evidence.ErrMalformed)
	}
	data, err := io.ReadAll(io.LimitReader(t.archive, evidence.MaxBundle+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", listName, err)
	}
	bundle, err := evidence.ParseBundle(data)
	if err != nil {
		return err
	}
	name, proof, err := authority.Verify(bundle)
	if err != nil {
		return err
	}
	if err := authority.May(name, Permission, proof); err != nil {
		return err
	}
	t.Signer = name
	return t.readList(proof.Payload)
}

// readList reads the statement after its signature was checked.
func (t *Transfer) readList(payload []byte) error {
	statement, err := evidence.ParseStatement(payload)
	if err != nil {
		return err
	}
	if statement.PredicateType != Predicate {
		return fmt.Errorf("it is a signed statement of another type: %w", evidence.ErrMalformed)
	}
	dec := json.NewDecoder(bytes.NewReader(statement.Predicate))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t.List); err != nil {
		return fmt.Errorf("read list: %w: %w", err, evidence.ErrMalformed)
	}
	if err := t.List.validate(); err != nil {
		return err
	}
	if t.List.digest() != statement.Subject {
		return fmt.Errorf("the statement is about %s, its list is about %s: %w", statement.Subject, t.List.digest(), evidence.ErrMalformed)
	}
	return nil
}

// next goes to the entry that must come now. A size below zero is any.
func (t *Transfer) next(name string, size int64) (*tar.Header, error) {
	header, err := t.archive.Next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s is missing: %w", name, ErrContent)
	case err != nil:
		return nil, fmt.Errorf("this is no transfer, or it is damaged (%w): %w", err, evidence.ErrMalformed)
	case header.Typeflag != tar.TypeReg || header.Name != name || size >= 0 && header.Size != size:
		return nil, fmt.Errorf("there is another entry where %s should be: %w", name, ErrContent)
	}
	return header, nil
}

// end makes sure that nothing follows.
func (t *Transfer) end() error {
	if _, err := t.archive.Next(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("there is more behind the last part: %w", ErrContent)
	}
	return nil
}
