package claim

import (
	"errors"
	"fmt"
	"time"
)

// Reasons why a claim does not count, wrapped by Claim.Failure.
var (
	// ErrSubject: it is about other content.
	ErrSubject = errors.New("it is about other content")
	// ErrCoverage: it does not cover every file of the content.
	ErrCoverage = errors.New("it does not cover every file")
	// ErrFuture: it says that it was made later than now, or later than a trusted clock saw it.
	ErrFuture = errors.New("it is from the future")
	// ErrExpired: it held until a time that has come.
	ErrExpired = errors.New("it expired")
	// ErrSelfApproval: who made the content clears it.
	ErrSelfApproval = errors.New("nobody clears what they made")
	// ErrAlone: it needs a second person.
	ErrAlone = errors.New("it needs a second signer; picket claims countersign adds one")
	// ErrRevoked: the claim or the key that signed it was revoked.
	ErrRevoked = errors.New("it was revoked")
	// ErrRemoved: lines that a head counts are not there any more.
	ErrRemoved = errors.New("claims were taken out or rolled back")
	// ErrEdited: the lines that a head counts are not those that are there.
	ErrEdited = errors.New("claims were changed, reordered or replaced")
)

// Test names one of the checks that decide whether a claim counts.
type Test string

// The tests, in their order.
const (
	Format       Test = "format"     // it can be read
	Signature    Test = "signature"  // someone in the trust root signed it
	Permission   Test = "permission" // who may make claims of its kind
	Digest       Test = "digest"     // it is about the content
	Schema       Test = "schema"     // it says what its kind can say
	Time         Test = "time"       // it is neither from the future nor expired
	Coverage     Test = "coverage"   // it covers every file
	Revoked      Test = "revocation" // neither it nor its signer was revoked
	Independence Test = "independence"
	Signatories  Test = "signers" // enough people signed it
	HeadOfClaims Test = "head"    // the claims are those that a head counts
)

// Failure is why a claim does not count.
type Failure struct {
	Test Test
	Err  error
}

// Error names the check first.
func (f *Failure) Error() string { return string(f.Test) + ": " + f.Err.Error() }

// Unwrap gives access to the cause.
func (f *Failure) Unwrap() error { return f.Err }

// failed makes a Failure.
func failed(test Test, err error) error { return &Failure{test, err} }

// skew is how far clocks may be apart.
const skew = 5 * time.Minute

// intime reports a claim from the future or from a past that is over.
func (c *Claim) intime(p Predicate, now time.Time) error {
	if c.Made.After(now.Add(skew)) {
		return fmt.Errorf("%w: it says %s, and it is %s", ErrFuture, stamp(c.Made), stamp(now))
	}
	if seen, ok := c.Proof.Earliest(); ok && c.Made.After(seen.Time.Add(skew)) {
		return fmt.Errorf("%w: it says %s, and %s saw it at %s", ErrFuture, stamp(c.Made), seen.Source, stamp(seen.Time))
	}
	if end, ok := Expiry(p); ok && !now.Before(end) {
		return fmt.Errorf("%w at %s", ErrExpired, stamp(end))
	}
	return nil
}

// stamp is a time for people.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Expiry is when a claim ends to count by its own word, if it does.
func Expiry(p Predicate) (time.Time, bool) {
	var end time.Time
	switch p := p.(type) {
	case *Approval:
		end = p.Expires
	case *Exception:
		end = p.Expires
	case *VendorAssessment:
		end = p.Expires
	}
	return end, !end.IsZero()
}

// madeAt is when a predicate says that it was made; zero when it does not.
func madeAt(p Predicate) time.Time {
	switch p := p.(type) {
	case *ScanResult:
		return p.Time
	case *Manifest:
		return p.Time
	case *TrainingRun:
		return p.Time
	case *DatasetProfile:
		return p.Time
	case *Evaluation:
		return p.Time
	case *Review:
		return p.Time
	case *Approval:
		return p.Time
	case *Exception:
		return p.Time
	case *VendorAssessment:
		return p.Time
	case *Declaration:
		return p.Time
	case *Revocation:
		return p.Time
	case *Decision:
		return p.Time
	case *Head:
		return p.Time
	case *VEX:
		return p.Timestamp
	case *Provenance:
		if p.Run.Metadata != nil {
			return p.Run.Metadata.Finished
		}
	}
	return time.Time{}
}
