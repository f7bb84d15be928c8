package trust

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket/evidence"
)

// time is the present by the clock of the root; zero when it has none.
func (t *Root) time() time.Time {
	if t.now == nil {
		return time.Time{}
	}
	return t.now()
}

// May returns nil when a signer may make claims of a kind, and else an error with the reason. The identity must be in force
// at the time at which a trusted clock saw the signature; without such a time, now.
func (t *Root) May(name, kind string, proof *evidence.Proof) error {
	i, ok := t.byName[name]
	if !ok {
		return fmt.Errorf("%q is no identity of the trust root: %w", clip(name), evidence.ErrForeign)
	}
	if reason := t.refusal(i, kind, proof); reason != "" {
		return errors.New(i.title + " is " + i.Name + ", " + reason)
	}
	return nil
}

// Explain says in one sentence why a signer may make a claim of a kind or may not.
func (t *Root) Explain(name, kind string, proof *evidence.Proof) string {
	i, ok := t.byName[name]
	if !ok {
		return fmt.Sprintf("%q is no identity of the trust root", clip(name))
	}
	who := i.title + " is " + i.Name
	if reason := t.refusal(i, kind, proof); reason != "" {
		return who + ", " + reason
	}
	parts := []string{who, "may make " + kind + i.byDefault(), i.term()}
	if r := i.Revoked; r != nil {
		parts = append(parts, fmt.Sprintf("revoked at %s (%s), which leaves what it signed before", instant(r.At), clip(r.Reason)))
	}
	if seen, ok := earliest(proof); ok {
		parts = append(parts, fmt.Sprintf("signed by %s as %s proves", instant(seen.Time), seen.Source))
	}
	return strings.Join(parts, ", ")
}

// byDefault says that nobody chose the kinds.
func (i *identity) byDefault() string {
	if i.plain {
		return " (a key without may makes every kind but " + strings.Join(groups()[GroupDecisions], ", ") + ")"
	}
	return ""
}

// refusal is why an identity may not make a claim; empty when it may.
func (t *Root) refusal(i *identity, kind string, proof *evidence.Proof) string {
	if !slices.Contains(i.May, kind) {
		return i.powerless(kind)
	}
	seen, proven := earliest(proof)
	if r := i.Revoked; r != nil {
		switch {
		case !r.harmless():
			return fmt.Sprintf("revoked at %s (%s): nothing that it signed counts", instant(r.At), clip(r.Reason))
		case !proven:
			return fmt.Sprintf("revoked at %s (%s), and no trusted clock proves that it signed before", instant(r.At), clip(r.Reason))
		case !seen.Time.Before(r.At):
			return fmt.Sprintf("revoked at %s (%s), before it signed at %s", instant(r.At), clip(r.Reason), instant(seen.Time))
		}
	}
	return t.outside(i, seen, proven)
}

// outside is why an identity was not in force; empty when it was.
func (t *Root) outside(i *identity, seen evidence.Moment, proven bool) string {
	if i.From.IsZero() && i.Until.IsZero() {
		return ""
	}
	at, how := seen.Time, "signed at "+instant(seen.Time)
	if !proven {
		if at = t.time(); at.IsZero() {
			return i.term() + ", and there is no clock to tell the time by"
		}
		how = "no trusted clock proves when it signed, and now it is " + instant(at)
	}
	switch {
	case !i.From.IsZero() && at.Before(i.From):
		return fmt.Sprintf("valid only from %s: %s", day(i.From), how)
	case !i.Until.IsZero() && !at.Before(i.Until):
		return fmt.Sprintf("valid only until %s: %s", day(i.Until), how)
	}
	return ""
}

// powerless says what an identity may do instead.
func (i *identity) powerless(kind string) string {
	switch {
	case len(i.May) == 0:
		return fmt.Sprintf("which may not make %s: it only signs trust roots", kind)
	case i.plain:
		return fmt.Sprintf("which may not make %s: write version: 2 and say under may what it may make", kind)
	}
	return fmt.Sprintf("which may not make %s, only %s", kind, strings.Join(i.May, ", "))
}

// term says how long an identity is in force.
func (i *identity) term() string {
	switch {
	case i.From.IsZero() && i.Until.IsZero():
		return "valid without an end"
	case i.From.IsZero():
		return "valid until " + day(i.Until)
	case i.Until.IsZero():
		return "valid from " + day(i.From)
	}
	return fmt.Sprintf("valid from %s until %s", day(i.From), day(i.Until))
}

// earliest is the first proven moment of a proof.
func earliest(proof *evidence.Proof) (evidence.Moment, bool) {
	if proof == nil {
		return evidence.Moment{}, false
	}
	return proof.Earliest()
}

// day prints a time, without the clock where it is the beginning of a day.
func day(t time.Time) string {
	t = t.UTC()
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return instant(t)
}

// instant prints a time to the second.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
