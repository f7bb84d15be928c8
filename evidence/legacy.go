package evidence

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"strings"
)

// Release 0.2 of the Python tool wrote each file as a subject of its statement, and signed the payload as the text form that
// Python has for bytes, always with SHA-256. Such statements are read as what they say in the terms of version 1.0.

// predicateLegacy is the predicate type of that release for whole files.
const predicateLegacy = "https://model_signing/Digests/v0.1"

// paeLegacy is what that release signed in the place of pae.
func paeLegacy(payload []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "DSSEV1 %d %s %d ", len(inTotoMediaType), inTotoMediaType, len(payload))
	quote := byte('\'')
	if bytes.IndexByte(payload, '\'') >= 0 && bytes.IndexByte(payload, '"') < 0 {
		quote = '"'
	}
	b.WriteByte('b')
	b.WriteByte(quote)
	for _, c := range payload {
		switch {
		case c == quote || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte(quote)
	return b.Bytes()
}

// CheckSignature checks that key signed the bundle, whoever that is. The error wraps ErrSignature.
func (b *Bundle) CheckSignature(key *PublicKey) error {
	err := key.Verify(b.SignedBytes(), b.signature)
	if err == nil || !bytes.Contains(b.payload, []byte(predicateLegacy)) {
		return err
	}
	// No statement of another kind is ever signed in this form, and it cannot be mistaken for the standard one.
	message := paeLegacy(b.payload)
	if key.verifyHash(crypto.SHA256, message, b.signature) || key.verifyHash(key.hash(), message, b.signature) {
		return nil
	}
	return err
}

// readLegacy turns the subjects into the predicate of version 1.0.
func (s *Statement) readLegacy(top *object) error {
	var name Hash
	var list []legacyResource
	err := top.each("subject", maxResources, func(o *object) error {
		r, err := readLegacyResource(o)
		if err != nil {
			return err
		}
		if len(list) > 0 && r.Algorithm != name {
			return fmt.Errorf("hashes %q and %q in one statement: %w", name, r.Algorithm, ErrUnsupported)
		}
		name = r.Algorithm
		list = append(list, r)
		return nil
	})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("the statement has no subject: %w", ErrMalformed)
	}
	resources := make([]Resource, 0, len(list))
	for _, r := range list {
		digest, err := r.Algorithm.parse(r.Digest)
		if err != nil {
			return fmt.Errorf("digest of %q: %w", clip(r.Name), err)
		}
		resources = append(resources, Resource{Name: r.Name, Digest: digest})
	}
	s.Subject, s.PredicateType = rootDigest(resources), PredicateModelSignature
	s.Predicate, err = marshal(map[string]any{
		"serialization": map[string]any{"method": "files", "hash_type": name},
		"resources":     list,
	})
	return err
}

// legacyResource is one file as version 1.0 lists it.
type legacyResource struct {
	Name      string `json:"name"`
	Algorithm Hash   `json:"algorithm"`
	Digest    string `json:"digest"`
}

// readLegacyResource reads one file. The digest is called sha256 whatever it is; the annotation tells.
func readLegacyResource(o *object) (r legacyResource, err error) {
	if err := o.take("name", &r.Name); err != nil {
		return r, err
	}
	digests, err := o.object("digest")
	if err != nil {
		return r, err
	}
	if err := digests.take("sha256", &r.Digest); err != nil {
		return r, err
	}
	r.Algorithm = HashSHA256
	var raw json.RawMessage
	if err := o.maybe("annotations", &raw); err != nil || raw == nil {
		return r, err
	}
	notes, err := parseObject(o.path+".annotations", raw)
	if err != nil {
		return r, err
	}
	name := string(HashSHA256)
	if err := notes.maybe("actual_hash_algorithm", &name); err != nil {
		return r, err
	}
	r.Algorithm, err = ParseHash(strings.TrimPrefix(name, "file-")) // of a whole file
	return r, err
}
