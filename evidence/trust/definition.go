package trust

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/picketsec/picket/evidence"
)

// Bounds on a trust root.
const (
	maxIdentities = 1000
	maxLists      = 100  // timestamp authorities, separations, certificates of one identity
	maxReason     = 500  // bytes
	maxAddress    = 2000 // bytes of a subject, an issuer or an account
)

// Definition is a trust root as it is written down, with every key and certificate in it, so that it needs no other file.
// It is what a signed version carries; a YAML file is turned into one.
type Definition struct {
	// Project is 1 to 64 lower-case letters, digits, dots, dashes and underscores.
	Project    string     `json:"project"`
	Identities []Identity `json:"identities"`
	// Timestamps are the clocks that are believed.
	Timestamps []Authority `json:"timestamps,omitempty"`
	// Separate lists kinds of claims of which one person makes at most one about the same content, besides what holds in
	// every root, see Root.Separate.
	Separate [][]string `json:"separate"`
	// People maps a person to the identities that they hold. Others are one person each.
	People map[string][]string `json:"people,omitempty"`
	// Signing is who signs the next version; nil for a root that is not signed.
	Signing *Signing `json:"signing,omitempty"`
}

// Identity is one signer: exactly one of Key, Certificate and Keyless.
type Identity struct {
	Name        string       `json:"name"`
	Key         string       `json:"key,omitempty"` // PEM of a public key
	Certificate *Certificate `json:"certificate,omitempty"`
	Keyless     *Keyless     `json:"keyless,omitempty"`
	// May are the kinds of claims, sorted; empty for one who only signs trust roots.
	May []string `json:"may"`
	// From and Until bound the time at which signatures count: From is in it, Until is not. Zero is no bound.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Revoked ends an identity early.
	Revoked *Revocation `json:"revoked,omitempty"`
	// Replaces names the identity that this one takes over from: the same person with a new key.
	Replaces string `json:"replaces,omitempty"`

	line int // in the YAML file, for messages; 0 when there is none
}

// Certificate is an identity whose certificate leads to one of some roots.
type Certificate struct {
	Roots   []string `json:"roots"` // PEM, one certificate each
	Subject string   `json:"subject"`
}

// Keyless is an account of an identity provider, vouched for by a Sigstore instance.
type Keyless struct {
	Issuer   string `json:"issuer"`
	Identity string `json:"identity"`
	// Pattern makes Identity a regular expression (RE2) that must match the whole account.
	Pattern bool `json:"pattern,omitempty"`
	// Sigstore is the trusted_root.json of the instance.
	Sigstore json.RawMessage `json:"sigstore"`
}

// Authority is an RFC 3161 timestamp authority.
type Authority struct {
	Name  string   `json:"name"`
	Roots []string `json:"roots"` // PEM, one certificate each
}

// Revocation says when and why an identity ended.
type Revocation struct {
	At time.Time `json:"at"`
	// Reason is for people, but one of the words "rotation", "superseded" and "retired", alone or before a colon, says that
	// the key was in no wrong hands: what it provably signed before still counts. After any other reason nothing does.
	Reason string `json:"reason"`
}

// harmless reports whether what was signed before the revocation is still believed.
func (r *Revocation) harmless() bool {
	word, _, _ := strings.Cut(r.Reason, ":")
	switch strings.ToLower(word) {
	case "rotation", "superseded", "retired":
		return true
	}
	return false
}

// Signing says who signs a trust root, and how many of them must.
type Signing struct {
	Signers   []string `json:"signers"` // names of identities
	Threshold int      `json:"threshold"`
	// Expires is when the version stops being trusted, so that nobody can be kept on an old one for ever.
	Expires time.Time `json:"expires"`
}

var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// build checks a definition and makes the root of it.
func (d *Definition) build(now func() time.Time) (*Root, error) {
	t := &Root{project: d.Project, now: now}
	switch {
	case !projectName.MatchString(d.Project):
		return nil, fmt.Errorf("project %q: it takes 1 to 64 of a-z, 0-9, dot, dash and underscore: %w", clip(d.Project), evidence.ErrMalformed)
	case len(d.Identities) == 0:
		return nil, fmt.Errorf("it has no identity: %w", evidence.ErrMalformed)
	case len(d.Identities) > maxIdentities:
		return nil, fmt.Errorf("%d identities are more than %d: %w", len(d.Identities), maxIdentities, evidence.ErrMalformed)
	}
	if err := t.addClocks(d.Timestamps); err != nil {
		return nil, err
	}
	for n := range d.Identities {
		if err := t.addIdentity(d, &d.Identities[n]); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Identities[n].where(), err)
		}
	}
	for _, step := range []func(*Definition) error{t.linkHeirs, t.addPeople, t.addSeparate, t.addSigning} {
		if err := step(d); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// where names the identity and its place for a message.
func (i *Identity) where() string {
	if i.line == 0 {
		return fmt.Sprintf("identity %q", clip(i.Name))
	}
	return fmt.Sprintf("line %d: identity %q", i.line, clip(i.Name))
}

// addIdentity checks one identity and adds it.
func (t *Root) addIdentity(d *Definition, def *Identity) error {
	kinds, err := expand(def.May)
	if err != nil {
		return err
	}
	i := &identity{Identity: *def}
	i.May = kinds
	if len(kinds) == 0 && (def.May == nil || d.Signing == nil) {
		return fmt.Errorf("may: say which kinds of claims it may make: %w", evidence.ErrMalformed)
	}
	if !def.From.IsZero() && !def.Until.IsZero() && !def.From.Before(def.Until) {
		return fmt.Errorf("from %s is not before until %s: %w", day(def.From), day(def.Until), evidence.ErrMalformed)
	}
	if r := def.Revoked; r != nil {
		if r.At.IsZero() || r.Reason == "" || len(r.Reason) > maxReason {
			return fmt.Errorf("revoked: it takes at (a time) and a reason of at most %d bytes: %w", maxReason, evidence.ErrMalformed)
		}
	}
	if err := i.prepare(t); err != nil {
		return err
	}
	return t.add(i)
}

// prepare makes what verifies the signatures of an identity.
func (i *identity) prepare(t *Root) (err error) {
	methods := 0
	for _, given := range []bool{i.Key != "", i.Certificate != nil, i.Keyless != nil} {
		if given {
			methods++
		}
	}
	if methods != 1 {
		return fmt.Errorf("it takes exactly one of key, certificate and keyless, not %d: %w", methods, evidence.ErrMalformed)
	}
	switch {
	case i.Certificate != nil:
		i.method, i.title = evidence.ByCertificate, "certificate of "+clip(i.Certificate.Subject)
		i.verifier, err = newCertified(i.Certificate, t)
	case i.Keyless != nil:
		i.method, i.title = evidence.Keyless, fmt.Sprintf("account %s of %s", clip(i.Keyless.Identity), clip(i.Keyless.Issuer))
		i.verifier, err = newAccount(i.Keyless, t)
	default:
		i.method = evidence.ByKey
		i.key, err = evidence.ParsePublicKey([]byte(i.Key))
	}
	return err
}

// linkHeirs connects identities with those that they replace.
func (t *Root) linkHeirs(*Definition) error {
	for _, i := range t.identities {
		if i.Replaces == "" {
			continue
		}
		old, ok := t.byName[i.Replaces]
		switch {
		case !ok:
			return fmt.Errorf("%s: it replaces %q, which is not there: %w", i.where(), clip(i.Replaces), evidence.ErrMalformed)
		case old.heir != "":
			return fmt.Errorf("%s: %q is replaced already, by %q: %w", i.where(), old.Name, old.heir, evidence.ErrMalformed)
		}
		old.heir = i.Name
	}
	for _, i := range t.identities {
		for steps, next := 0, i; next.heir != ""; next = t.byName[next.heir] {
			if steps++; steps > len(t.identities) {
				return fmt.Errorf("%s: the replacements go in a circle: %w", i.where(), evidence.ErrMalformed)
			}
		}
	}
	return nil
}

// addSigning checks who signs the root.
func (t *Root) addSigning(d *Definition) error {
	s := d.Signing
	if s == nil {
		return nil
	}
	people := map[string]bool{}
	seen := map[string]bool{}
	for _, name := range s.Signers {
		i, ok := t.byName[name]
		switch {
		case !ok:
			return fmt.Errorf("signing: the signer %q is no identity: %w", clip(name), evidence.ErrMalformed)
		case seen[name]:
			return fmt.Errorf("signing: the signer %q is named twice: %w", name, evidence.ErrMalformed)
		case i.Revoked != nil:
			return fmt.Errorf("signing: the signer %q is revoked: %w", name, evidence.ErrMalformed)
		}
		seen[name], people[t.Person(name)] = true, true
	}
	for _, i := range t.identities {
		if len(i.May) == 0 && !seen[i.Name] {
			return fmt.Errorf("%s: it may nothing and is no signer: %w", i.where(), evidence.ErrMalformed)
		}
	}
	if s.Threshold < 1 || s.Threshold > len(people) {
		return fmt.Errorf("signing: a threshold of %d cannot be met: the signers are %d people: %w", s.Threshold, len(people), evidence.ErrMalformed)
	}
	if s.Expires.IsZero() {
		return fmt.Errorf("signing: expires is missing; without it an old version could be kept for ever: %w", evidence.ErrMalformed)
	}
	return nil
}
