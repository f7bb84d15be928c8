// Package pkcs11 signs with keys in hardware security modules through their PKCS#11 libraries. It is for organisations whose keys
// are in such modules, and exists in builds with cgo and the tag pkcs11; other builds read the address of a key and say how to build
// one that can use it. It makes no keys and never reads a private one out.
package pkcs11

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// PINVariable is the environment variable with the PIN of the token, for addresses without pin-source.
const PINVariable = "PICKET_PKCS11_PIN"

// ErrNotBuilt says that this build cannot load PKCS#11 libraries.
var ErrNotBuilt = errors.New("this build has no PKCS#11; build one with: CGO_ENABLED=1 go build -tags pkcs11 ./cmd/picket")

// Bounds on an address and on what it leads to.
const (
	maxURI = 4096
	maxPIN = 256
)

// URI is the address of a key (RFC 7512). Empty fields match every token and key.
type URI struct {
	Token, Manufacturer, Model, Serial string // of the token
	Slot                               *uint  // slot-id
	Object                             string // label of the key
	ID                                 []byte // of the key
	ModulePath, ModuleName             string // the library
	PINSource                          string // a file with the PIN
}

// ParseURI reads an address such as pkcs11:token=release;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so. An attribute
// that is unknown or appears twice is an error, since it was meant to narrow what matches. A PIN in the address is refused: command
// lines are seen by others.
func ParseURI(text string) (*URI, error) {
	u, err := parseURI(text)
	if err != nil {
		return nil, fmt.Errorf("parse PKCS#11 address: %w", err)
	}
	return u, nil
}

func parseURI(text string) (*URI, error) {
	if len(text) > maxURI {
		return nil, fmt.Errorf("it has %d bytes, more than %d: %w", len(text), maxURI, evidence.ErrMalformed)
	}
	rest, ok := strings.CutPrefix(text, "pkcs11:")
	if !ok {
		return nil, fmt.Errorf("it does not begin with pkcs11: %w", evidence.ErrMalformed)
	}
	u := &URI{}
	path, query, _ := strings.Cut(rest, "?")
	seen := map[string]bool{}
	for _, part := range []struct {
		text, separator string
		set             func(name, value string) error
	}{{path, ";", u.setPath}, {query, "&", u.setQuery}} {
		if part.text == "" {
			continue
		}
		for attribute := range strings.SplitSeq(part.text, part.separator) {
			name, value, ok := strings.Cut(attribute, "=")
			decoded, err := url.PathUnescape(value)
			if !ok || err != nil || strings.ContainsRune(decoded, 0) && name != "id" {
				return nil, fmt.Errorf("the attribute %q is not NAME=VALUE: %w", picket.Printable(name, 40), evidence.ErrMalformed)
			}
			if seen[name] {
				return nil, fmt.Errorf("the attribute %q appears twice: %w", picket.Printable(name, 40), evidence.ErrMalformed)
			}
			seen[name] = true
			if err := part.set(name, decoded); err != nil {
				return nil, err
			}
		}
	}
	if u.Object == "" && len(u.ID) == 0 {
		return nil, fmt.Errorf("it names no key; add object=LABEL or id=%%01: %w", evidence.ErrMalformed)
	}
	return u, nil
}

// setPath takes an attribute that narrows the token or the key.
func (u *URI) setPath(name, value string) error {
	fields := map[string]*string{"token": &u.Token, "manufacturer": &u.Manufacturer, "model": &u.Model, "serial": &u.Serial, "object": &u.Object}
	if field, ok := fields[name]; ok {
		*field = value
		return nil
	}
	switch name {
	case "id":
		u.ID = []byte(value)
	case "type":
		if value != "private" {
			return fmt.Errorf("the type %q does not sign; leave it out, or write private: %w", picket.Printable(value, 40), evidence.ErrUnsupported)
		}
	case "slot-id":
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return fmt.Errorf("the slot-id is not a number: %w", evidence.ErrMalformed)
		}
		slot := uint(n)
		u.Slot = &slot
	default:
		return fmt.Errorf("the attribute %q before the question mark: %w", picket.Printable(name, 40), evidence.ErrUnsupported)
	}
	return nil
}

// setQuery takes an attribute that says how to reach the token.
func (u *URI) setQuery(name, value string) error {
	switch name {
	case "module-path":
		if !filepath.IsAbs(value) {
			return fmt.Errorf("the module-path is not an absolute path: %w", evidence.ErrUnsupported)
		}
		u.ModulePath = value
	case "module-name":
		if value == "" || strings.ContainsAny(value, `/\`) {
			return fmt.Errorf("the module-name is not the name of a library: %w", evidence.ErrMalformed)
		}
		u.ModuleName = value
	case "pin-source":
		source := strings.TrimPrefix(value, "file:")
		if !filepath.IsAbs(source) {
			return fmt.Errorf("the pin-source is not the absolute path of a file: %w", evidence.ErrUnsupported)
		}
		u.PINSource = filepath.Clean(source)
	case "pin-value":
		return fmt.Errorf("a PIN does not belong in an address, which others can see; use pin-source, or the environment variable %s: %w",
			PINVariable, evidence.ErrUnsupported)
	default:
		return fmt.Errorf("the attribute %q after the question mark: %w", picket.Printable(name, 40), evidence.ErrUnsupported)
	}
	return nil
}

// pin reads the PIN of the token. No error quotes it.
func (u *URI) pin(getenv func(string) string) (string, error) {
	if u.PINSource == "" {
		pin := getenv(PINVariable)
		if len(pin) > maxPIN {
			return "", fmt.Errorf("the PIN in %s is too long: %w", PINVariable, evidence.ErrMalformed)
		}
		return pin, nil
	}
	f, err := os.Open(u.PINSource)
	if err != nil {
		return "", fmt.Errorf("read pin-source: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPIN+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("read pin-source: %w", err)
	}
	data = bytes.TrimRight(data, "\r\n")
	if len(data) == 0 || len(data) > maxPIN || bytes.ContainsAny(data, "\r\n\x00") {
		return "", fmt.Errorf("the pin-source does not hold one line of at most %d bytes: %w", maxPIN, evidence.ErrMalformed)
	}
	return string(data), nil
}

// encode turns a signature from r and s of equal length, as PKCS#11 has it, into ASN.1 DER.
func encode(raw []byte) ([]byte, error) {
	if len(raw) == 0 || len(raw)%2 != 0 || len(raw) > 2*66 {
		return nil, fmt.Errorf("the token made a signature of %d bytes: %w", len(raw), evidence.ErrMalformed)
	}
	r, s := new(big.Int).SetBytes(raw[:len(raw)/2]), new(big.Int).SetBytes(raw[len(raw)/2:])
	return asn1.Marshal(struct{ R, S *big.Int }{r, s})
}

// publicKey builds a key of what a token says about it: EC_PARAMS (DER) and EC_POINT, a DER octet string. Some tokens give the bare
// point, whose first byte is that of an octet string too.
func publicKey(params, point []byte) (*evidence.PublicKey, error) {
	var inner []byte
	if rest, err := asn1.Unmarshal(point, &inner); err == nil && len(rest) == 0 {
		if key, err := keyOf(params, inner); err == nil {
			return key, nil
		}
	}
	return keyOf(params, point)
}

// keyOf builds a key of its curve and its point.
func keyOf(params, point []byte) (*evidence.PublicKey, error) {
	type algorithm struct {
		ID         asn1.ObjectIdentifier
		Parameters asn1.RawValue
	}
	der, err := asn1.Marshal(struct {
		Algorithm algorithm
		Point     asn1.BitString
	}{algorithm{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, asn1.RawValue{FullBytes: params}}, asn1.BitString{Bytes: point, BitLength: 8 * len(point)}})
	if err != nil {
		return nil, fmt.Errorf("the public key of the token is damaged: %w", evidence.ErrMalformed)
	}
	return evidence.ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
