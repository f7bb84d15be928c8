// Package transfer carries what Picket learns from outside across an air gap: allow-list packs, policies, trust roots and
// vulnerability data, in one signed file. It is for whoever runs Picket where there is no network.
//
// A transfer is a tar archive. Its first entry, transfer.json, is a Sigstore bundle around an in-toto statement that lists
// every part with its kind, name, number, size and digest; the parts follow in that order. Importing verifies the signature
// before anything else is looked at, reads each part as the list says or stops, and installs all parts or none. A part with a
// lower number than the installed one is refused, and so is another content under the same number: nothing gets older, and
// nothing changes unseen. The package trusts nobody by itself and never uses the network.
package transfer

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Predicate is the predicate type of the statement in a transfer; Permission is what a trust root calls the right to sign it.
const (
	Predicate  = "https://picketsec.dev/transfer/v1"
	Permission = "transfer"

	schema = "picket.transfer/1"
)

// Bounds on a transfer.
const (
	MaxParts = 1000
	MaxPart  = 1 << 30 // bytes of one part
)

// Errors that callers tell apart.
var (
	// ErrOlder: what is installed is newer, or another content under the same number.
	ErrOlder = errors.New("it would replace what is installed by something older")
	// ErrContent: the parts are not what the signed list says.
	ErrContent = errors.New("the content is not what was signed")
)

// Kind is what a part is for.
type Kind string

// The kinds of parts.
const (
	Pack            Kind = "pack"            // names that are known to be safe, one a line, as for picket scan's allow list
	Policy          Kind = "policy"          // a policy for picket gate
	TrustRoot       Kind = "trust-root"      // a signed trust root: identities whose claims count
	Vulnerabilities Kind = "vulnerabilities" // known vulnerabilities of libraries, as OSV archives
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{Pack, Policy, TrustRoot, Vulnerabilities} }

// Part is one piece of content.
type Part struct {
	Kind   Kind          `json:"kind"`
	Name   string        `json:"name"`   // lower-case letters, digits, dots and dashes
	Number int64         `json:"number"` // only ever grows for a kind and name
	Digest picket.Digest `json:"digest"` // of the content
	Size   int64         `json:"size"`   // bytes
}

// ID is the kind and the name, which identify a part across its numbers.
func (p Part) ID() string { return string(p.Kind) + "/" + p.Name }

// List is what a transfer carries.
type List struct {
	Schema string    `json:"schema"`
	Time   time.Time `json:"time"` // when it was made, by the clock of whoever signed
	Parts  []Part    `json:"parts"`
}

var partName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$`)

// validate refuses a list that could not be carried out as it stands.
func (l *List) validate() error {
	if l.Schema != schema {
		return fmt.Errorf("schema %q: %w; only %s is", picket.Printable(l.Schema, 80), evidence.ErrUnsupported, schema)
	}
	if len(l.Parts) == 0 || len(l.Parts) > MaxParts {
		return fmt.Errorf("it lists %d parts; 1 to %d make sense: %w", len(l.Parts), MaxParts, evidence.ErrMalformed)
	}
	seen := map[string]bool{}
	for _, p := range l.Parts {
		if err := p.validate(); err != nil {
			return fmt.Errorf("part %s: %w", picket.Printable(p.ID(), 100), err)
		}
		if seen[p.ID()] {
			return fmt.Errorf("part %s is listed twice: %w", p.ID(), evidence.ErrMalformed)
		}
		seen[p.ID()] = true
	}
	return nil
}

// validate checks one part.
func (p Part) validate() error {
	_, err := picket.ParseDigest(string(p.Digest))
	switch {
	case !slices.Contains(Kinds(), p.Kind):
		return fmt.Errorf("kind %q: %w; a newer picket may know it", picket.Printable(string(p.Kind), 40), evidence.ErrUnsupported)
	case !partName.MatchString(p.Name):
		return fmt.Errorf("the name is not made of lower-case letters, digits, dots and dashes: %w", evidence.ErrMalformed)
	case p.Number < 1:
		return fmt.Errorf("number %d is not positive: %w", p.Number, evidence.ErrMalformed)
	case err != nil:
		return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	case p.Size < 0 || p.Size > MaxPart:
		return fmt.Errorf("%d bytes; at most %d are carried: %w", p.Size, int64(MaxPart), evidence.ErrMalformed)
	}
	return nil
}

// digest is the identity of all parts together: the root over them as over the files of a tree.
func (l *List) digest() picket.Digest {
	m := evidence.Manifest{}
	for _, p := range l.Parts {
		m.Resources = append(m.Resources, evidence.Resource{Name: p.ID(), Digest: p.Digest, Size: p.Size})
	}
	return m.Digest()
}
