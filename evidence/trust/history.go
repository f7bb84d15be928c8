package trust

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// maxLines bounds the signatures of a signed root.
const maxLines = 4096

// Errors that callers tell apart.
var (
	// ErrUnpinned: nothing that the operator gave says which first version is the right one.
	ErrUnpinned = errors.New("nobody says that its first version is the right one")
	// ErrRollback: somebody presents an older or another root than the one that was accepted before.
	ErrRollback = errors.New("an older or another trust root than the one that was accepted before")
	// ErrExpired: the newest version has expired.
	ErrExpired = errors.New("the trust root has expired, and there is no newer version")
	// ErrSigners: a version is not signed by as many of its signers as it must be.
	ErrSigners = errors.New("it is not signed by enough of its signers")
)

// Anchor is what the operator knows about a signed root from elsewhere. At least one part must be there.
type Anchor struct {
	Digest picket.Digest       // of the first version
	Key    *evidence.PublicKey // that signed the first version, as one of its signers
	Memory *Memory             // the newest version that was ever accepted
}

// History is a signed root in all of its versions: each is signed by enough signers of the one before, and by enough of its
// own, as in The Update Framework. A person with several identities counts once.
type History struct {
	versions []*version
	anchor   Anchor
	now      func() time.Time
}

// Open reads and verifies a signed root and returns its newest version, which must not have expired.
func Open(bundles []*evidence.Bundle, anchor Anchor, now func() time.Time) (*Root, error) {
	h, err := ReadHistory(bundles, anchor, now)
	if err != nil {
		return nil, err
	}
	return h.Root()
}

// ReadHistory verifies all versions. The bundles stand in the order of the versions; several signatures of one version are
// several bundles with the same payload.
func ReadHistory(bundles []*evidence.Bundle, anchor Anchor, now func() time.Time) (*History, error) {
	h := &History{anchor: anchor, now: now}
	if len(bundles) == 0 {
		return nil, fmt.Errorf("read signed trust root: there is no version in it: %w", evidence.ErrMalformed)
	}
	if len(bundles) > maxLines {
		return nil, fmt.Errorf("read signed trust root: more than %d signatures: %w", maxLines, evidence.ErrMalformed)
	}
	if err := h.group(bundles); err != nil {
		return nil, fmt.Errorf("read signed trust root: %w", err)
	}
	for n := range h.versions {
		if err := h.link(n); err != nil {
			return nil, fmt.Errorf("read signed trust root: version %d: %w", h.versions[n].Number, err)
		}
	}
	if err := h.trusted(); err != nil {
		return nil, fmt.Errorf("read signed trust root: %w", err)
	}
	return h, nil
}

// ProjectOf is the project that a signed root says it belongs to. Nobody has verified that: it tells which memory to ask.
func ProjectOf(bundles []*evidence.Bundle) (string, error) {
	if len(bundles) == 0 {
		return "", fmt.Errorf("read signed trust root: there is no version in it: %w", evidence.ErrMalformed)
	}
	v, err := parseVersion(bundles[0].Payload(), nil)
	if err != nil {
		return "", fmt.Errorf("read signed trust root: line 1: %w", err)
	}
	return v.Project, nil
}

// group puts the signatures of each version together.
func (h *History) group(bundles []*evidence.Bundle) error {
	for n, b := range bundles {
		last := h.newest()
		if last != nil && bytes.Equal(last.payload, b.Payload()) {
			last.bundles = append(last.bundles, line{n + 1, b})
			continue
		}
		v, err := parseVersion(b.Payload(), h.now)
		if err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
		if err := follows(last, v); err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
		v.bundles = []line{{n + 1, b}}
		h.versions = append(h.versions, v)
	}
	return nil
}

// newest is the last version; nil when there is none.
func (h *History) newest() *version {
	if len(h.versions) == 0 {
		return nil
	}
	return h.versions[len(h.versions)-1]
}

// follows checks that v is the version after last, which is nil before the first.
func follows(last, v *version) error {
	number, previous := 1, picket.Digest("")
	if last != nil {
		number, previous = last.Number+1, last.digest
	}
	switch {
	case last != nil && v.Number == last.Number:
		return fmt.Errorf("version %d is there twice, with different content: a fork: %w", v.Number, evidence.ErrMalformed)
	case last != nil && v.Number < last.Number:
		return fmt.Errorf("version %d comes after version %d: %w", v.Number, last.Number, evidence.ErrMalformed)
	case v.Number != number:
		return fmt.Errorf("version %d follows where version %d belongs: a gap: %w", v.Number, number, evidence.ErrMalformed)
	case v.Previous != previous:
		return fmt.Errorf("version %d continues %s, and the version before is %s: a fork: %w", v.Number, v.Previous, previous, evidence.ErrMalformed)
	case last != nil && v.Project != last.Project:
		return fmt.Errorf("version %d is of the project %q, the one before of %q: %w", v.Number, v.Project, last.Project, evidence.ErrMalformed)
	}
	return nil
}

// link checks the signatures of a version, by its own signers and by those of the version before.
func (h *History) link(n int) error {
	v := h.versions[n]
	views := []*version{v}
	if n > 0 {
		views = append(views, h.versions[n-1])
	}
	counts, err := count(v.bundles, views)
	if err != nil {
		return err
	}
	for _, c := range counts {
		if missing := c.missing(); missing > 0 {
			return fmt.Errorf("%s: %w", c, ErrSigners)
		}
	}
	return nil
}

// tally is how many of the signers that one version names have signed.
type tally struct {
	by     *version
	people []string
}

// missing is how many signatures are missing.
func (t *tally) missing() int { return max(0, t.by.Signing.Threshold-len(t.people)) }

// String says who signed and who could.
func (t *tally) String() string {
	signed := "nobody"
	if len(t.people) > 0 {
		signed = strings.Join(t.people, ", ")
	}
	return fmt.Sprintf("of the signers that version %d names (%s; identities of one person count once) %s signed, and %d must",
		t.by.Number, strings.Join(t.by.Signing.Signers, ", "), signed, t.by.Signing.Threshold)
}

// count verifies signatures in the view of one or two versions. One that no signer of either made is refused, and so is a
// second one by the same identity.
func count(bundles []line, views []*version) ([]*tally, error) {
	counts := make([]*tally, len(views))
	for n, view := range views {
		counts[n] = &tally{by: view}
	}
	keys := map[string]int{}
	for _, l := range bundles {
		known, reasons := false, []error{}
		for _, c := range counts {
			name, err := c.by.signer(l.bundle)
			if err != nil {
				reasons = append(reasons, err)
				continue
			}
			known = true
			who := fmt.Sprintf("%d %s", c.by.Number, name)
			if earlier, twice := keys[who]; twice {
				return nil, fmt.Errorf("line %d: %s has signed it already, in line %d: %w", l.number, name, earlier, ErrSigners)
			}
			keys[who] = l.number
			if person := c.by.root.Person(name); !slices.Contains(c.people, person) {
				c.people = append(c.people, person)
			}
		}
		if !known || slices.ContainsFunc(reasons, damaged) {
			return nil, fmt.Errorf("line %d: %w", l.number, errors.Join(reasons...))
		}
	}
	return counts, nil
}

// damaged reports whether a signature names someone who did not make it.
func damaged(err error) bool { return errors.Is(err, evidence.ErrSignature) }

// signer verifies a signature over the version by one of the signers that v names.
func (v *version) signer(b *evidence.Bundle) (string, error) {
	name, _, err := v.root.Verify(b)
	if err != nil {
		return "", fmt.Errorf("not by a signer of version %d: %w", v.Number, err)
	}
	if !slices.Contains(v.Signing.Signers, name) {
		return "", fmt.Errorf("%s is no signer of version %d: %w", name, v.Number, evidence.ErrForeign)
	}
	return name, nil
}

// trusted checks the history against what the operator knows from elsewhere.
func (h *History) trusted() error {
	first := h.versions[0]
	if h.anchor.Digest == "" && h.anchor.Key == nil && h.anchor.Memory == nil {
		return fmt.Errorf("%w: it is %s of the project %s", ErrUnpinned, first.digest, first.Project)
	}
	if want := h.anchor.Digest; want != "" && want != first.digest {
		return fmt.Errorf("its first version is %s, not the pinned %s: %w", first.digest, want, ErrRollback)
	}
	if key := h.anchor.Key; key != nil && !slices.ContainsFunc(first.bundles, func(l line) bool {
		_, err := l.bundle.Verify(key)
		return err == nil
	}) {
		return fmt.Errorf("its first version is not signed by the pinned %s: %w", key, ErrRollback)
	}
	return h.remembered(h.anchor.Memory)
}

// remembered checks the history against the newest version that was ever accepted.
func (h *History) remembered(m *Memory) error {
	newest := h.newest()
	switch {
	case m == nil:
		return nil
	case m.Project != newest.Project:
		return fmt.Errorf("it is of the project %q, and what is remembered is of %q: %w", newest.Project, clip(m.Project), ErrRollback)
	case newest.Number < m.Number:
		return fmt.Errorf("it ends at version %d, and version %d was accepted before: %w", newest.Number, m.Number, ErrRollback)
	case h.versions[m.Number-1].digest != m.Digest:
		return fmt.Errorf("its version %d is %s, and %s was accepted before: a fork: %w", m.Number, h.versions[m.Number-1].digest, m.Digest, ErrRollback)
	}
	return nil
}

// Root is the newest version, which must not have expired.
func (h *History) Root() (*Root, error) {
	v := h.newest()
	t := v.root
	t.signed = h.Signed()
	now := t.time()
	if now.IsZero() || !now.Before(v.Signing.Expires) {
		return nil, fmt.Errorf("read signed trust root: version %d expired on %s: %w",
			v.Number, day(v.Signing.Expires), ErrExpired)
	}
	return t, nil
}

// Signed describes the newest version, also one that has expired.
func (h *History) Signed() *Signed {
	v := h.newest()
	return &Signed{
		Number: v.Number, Digest: v.digest, First: h.versions[0].digest,
		Signers: v.Signing.Signers, Threshold: v.Signing.Threshold, Expires: v.Signing.Expires,
	}
}

// Memory is what must be remembered so that nothing older than the newest version is accepted again.
func (h *History) Memory() Memory {
	v := h.newest()
	return Memory{Project: v.Project, Number: v.Number, Digest: v.digest}
}

// Bundles are all signatures of all versions, in order: the lines of the file.
func (h *History) Bundles() []*evidence.Bundle {
	var all []*evidence.Bundle
	for _, v := range h.versions {
		for _, l := range v.bundles {
			all = append(all, l.bundle)
		}
	}
	return all
}

// IsRefusal reports whether an error is about what stands in a signed root, and not about reading it.
func IsRefusal(err error) bool {
	return slices.ContainsFunc([]error{ErrRollback, ErrExpired, ErrSigners, evidence.ErrMalformed, evidence.ErrUnsupported, evidence.ErrSignature,
		evidence.ErrForeign, evidence.ErrCertificate, evidence.ErrPrivateKey}, func(kind error) bool { return errors.Is(err, kind) })
}
