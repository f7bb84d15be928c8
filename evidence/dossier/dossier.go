// Package dossier lays out everything that was known about content at some time, so that an auditor who has neither Picket nor a
// network can check it: with sha256sum and openssl. It is for picket export.
//
// Every signature is there three times over: as the Sigstore bundle that was found, as the statement in it for people, and taken
// apart into the signed bytes, the signature and the key, the way `openssl dgst -verify` wants them. The package decides nothing:
// what counted is what it was given, and the checks are the auditor's to repeat.
package dossier

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// Content is what goes into a dossier.
type Content struct {
	Manifest *evidence.Manifest
	Claims   []*claim.Claim // as checked at AsOf, those that failed too
	AsOf     time.Time
	Tool     string
	// Key finds the public key with a fingerprint; nil means that keys are only known where bundles hold certificates.
	Key func(hint string) (*evidence.PublicKey, bool)
	// Beside are further files by name, such as the trust root, the policy and the decision.
	Beside map[string][]byte
	// Notes are remarks for the auditor.
	Notes []string
}

// entry is one claim in index.json.
type entry struct {
	Folder    string        `json:"folder"`
	Source    string        `json:"source"`
	Kind      string        `json:"kind"`
	Type      string        `json:"type"`
	Subject   picket.Digest `json:"subject"`
	Signer    string        `json:"signer"`
	Counts    bool          `json:"counts"`
	Failure   string        `json:"failure"`
	Time      string        `json:"time"`       // when it is proven to have existed, or says so
	TimeKnown string        `json:"time_known"` // the clock that proves it, "self-asserted", or "unknown"
	Openssl   bool          `json:"openssl"`    // whether verify.sh can check the signature
}

// Files lays out the dossier, by name. The same content gives the same bytes. Claims that did not exist yet at AsOf are left out.
func Files(c Content) (map[string][]byte, error) {
	files := map[string][]byte{"SHA256SUMS": sums(c.Manifest)}
	for name, data := range c.Beside {
		if !validName(name) {
			return nil, fmt.Errorf("lay out dossier: %q is no name for a file in it", name)
		}
		files[path.Join("context", name)] = data
	}
	script := newScript(c.Manifest.File)
	var index []entry
	left := 0
	for _, cl := range c.Claims {
		at, known := Time(cl)
		if !at.IsZero() && at.After(c.AsOf) {
			left++
			continue
		}
		e, err := c.add(files, script, cl, len(index)+1)
		if err != nil {
			return nil, fmt.Errorf("lay out %s: %w", cl.Source, err)
		}
		e.TimeKnown = known
		if !at.IsZero() {
			e.Time = at.UTC().Format(time.RFC3339)
		}
		index = append(index, e)
	}
	data, err := json.MarshalIndent(struct {
		Schema string        `json:"schema"`
		Name   string        `json:"name"`
		Digest picket.Digest `json:"digest"`
		AsOf   time.Time     `json:"as_of"`
		Claims []entry       `json:"claims"`
	}{"picket.dossier/1", c.Manifest.Name, c.Manifest.Digest(), c.AsOf.UTC(), append([]entry{}, index...)}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("lay out dossier: %w", err)
	}
	files["index.json"] = append(data, '\n')
	files["verify.sh"] = script.end()
	files["README.txt"] = c.readme(index, left)
	return files, nil
}

// Time is when a claim existed: as a trusted clock proves it, else as the claim says of itself, else zero. The second value
// names the clock, or is "self-asserted" or "unknown".
func Time(c *claim.Claim) (at time.Time, clock string) {
	if c.Proof != nil {
		if m, ok := c.Proof.Earliest(); ok {
			return m.Time, m.Source
		}
	}
	if c.Bundle == nil {
		return time.Time{}, "unknown"
	}
	statement, err := evidence.ParseStatement(c.Bundle.Payload())
	if err != nil {
		return time.Time{}, "unknown"
	}
	var said struct {
		Time time.Time `json:"time"`
	}
	if json.Unmarshal(statement.Predicate, &said) != nil || said.Time.IsZero() {
		return time.Time{}, "unknown"
	}
	return said.Time, "self-asserted"
}

// add lays out one claim.
func (c Content) add(files map[string][]byte, script *script, cl *claim.Claim, number int) (entry, error) {
	kind := cl.Kind.Name
	if kind == "" {
		kind = "unknown"
	}
	e := entry{Folder: fmt.Sprintf("claims/%03d-%s", number, kind), Source: cl.Source, Kind: cl.Kind.Name, Type: cl.PredicateType,
		Subject: cl.Subject, Signer: cl.Signer, Counts: cl.Counts()}
	if cl.Failure != nil {
		e.Failure = cl.Failure.Error()
	}
	if cl.Bundle == nil {
		files[e.Folder+"/unreadable.txt"] = []byte(picket.Printable(e.Failure, 4096) + "\n")
		return e, nil
	}
	bundle, err := cl.Bundle.Marshal()
	if err != nil {
		return e, err
	}
	files[e.Folder+"/bundle.json"] = append(bytes.Clone(bundle), '\n')
	files[e.Folder+"/statement.json"] = cl.Bundle.Payload()
	files[e.Folder+"/signed.bin"] = cl.Bundle.SignedBytes()
	files[e.Folder+"/signature.der"] = cl.Bundle.Signature()
	for i, stamp := range cl.Bundle.Timestamps {
		files[fmt.Sprintf("%s/timestamp-%d.der", e.Folder, i+1)] = stamp
	}
	key := c.key(cl.Bundle)
	if key == nil {
		return e, nil
	}
	text, hash, err := encodeKey(key)
	if err != nil {
		return e, err
	}
	files[e.Folder+"/key.pem"] = text
	script.check(e.Folder, hash)
	e.Openssl = true
	return e, nil
}

// key is the public key that the signature is said to be by; nil when nobody has it.
func (c Content) key(b *evidence.Bundle) *ecdsa.PublicKey {
	der := b.Certificate
	if len(b.Chain) > 0 {
		der = b.Chain[0]
	}
	if der != nil {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil
		}
		key, _ := certificate.PublicKey.(*ecdsa.PublicKey)
		return key
	}
	if c.Key == nil {
		return nil
	}
	known, ok := c.Key(b.KeyHint())
	if !ok {
		return nil
	}
	text, err := known.PEM()
	if err != nil {
		return nil
	}
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil
	}
	key, _ := parsed.(*ecdsa.PublicKey)
	return key
}

// encodeKey is a key as openssl reads it, and openssl's name of the hash that goes with its curve.
func encodeKey(key *ecdsa.PublicKey) (text []byte, hash string, err error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, "", fmt.Errorf("encode key: %w", err)
	}
	hash = map[int]string{384: "sha384", 521: "sha512"}[key.Curve.Params().BitSize]
	if hash == "" {
		hash = "sha256"
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), hash, nil
}

// sums lists every file as sha256sum -c reads it. Names with a backslash or a line break are escaped the way it escapes them.
func sums(m *evidence.Manifest) []byte {
	var b bytes.Buffer
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
	for _, r := range m.Resources {
		name := r.Name
		if m.File {
			name = m.Name
		}
		if name == "-" { // which would be standard input
			name = "./-"
		}
		if escaped := escape.Replace(name); escaped != name {
			b.WriteByte('\\')
			name = escaped
		}
		fmt.Fprintf(&b, "%s  %s\n", r.Digest.Hex(), name)
	}
	return b.Bytes()
}

// validName reports whether a file of that name stays in its folder.
func validName(name string) bool {
	return name != "" && name == path.Base(name) && name != "." && name != ".." && !strings.ContainsAny(name, `\`+"\x00")
}
