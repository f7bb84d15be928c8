package picket

import (
	"errors"
	"fmt"
)

// Verdict is the one-word answer about an artifact. The zero value is Incomplete: what was not judged is not clean.
type Verdict int

// The verdicts. Their order for display and for "worst wins" is given by Worse, not by these numbers.
const (
	// Incomplete: something that may execute was not read to its end.
	Incomplete Verdict = iota
	// Malicious: a critical execution finding.
	Malicious
	// Suspicious: a finding of high severity or worse that is not Malicious.
	Suspicious
	// Unsupported: the format is not one that Picket can parse.
	Unsupported
	// Clean: every byte range that could execute was parsed to its end and judged.
	Clean
	// NotApplicable: content that no loader executes, such as plain text or an image.
	NotApplicable
)

// ErrVerdict is returned for a word that names no verdict.
var ErrVerdict = errors.New("verdict is one of malicious, suspicious, incomplete, unsupported, clean, not-applicable")

// Verdicts lists every verdict from the worst to the best.
func Verdicts() []Verdict {
	return []Verdict{Malicious, Suspicious, Incomplete, Unsupported, Clean, NotApplicable}
}

// String returns the word for v.
func (v Verdict) String() string {
	switch v {
	case Malicious:
		return "malicious"
	case Suspicious:
		return "suspicious"
	case Unsupported:
		return "unsupported"
	case Clean:
		return "clean"
	case NotApplicable:
		return "not-applicable"
	default:
		return "incomplete"
	}
}

// MarshalText writes the word for v.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word that MarshalText writes; any other text is an error that wraps ErrVerdict.
func (v *Verdict) UnmarshalText(text []byte) error {
	for _, known := range Verdicts() {
		if string(text) == known.String() {
			*v = known
			return nil
		}
	}
	return fmt.Errorf("parse verdict %q: %w", clip(string(text), 40), ErrVerdict)
}

// rank is the place of v among Verdicts: 0 is the worst.
func (v Verdict) rank() int {
	for i, known := range Verdicts() {
		if v == known {
			return i
		}
	}
	return 0
}

// Worse reports whether v is worse news than other.
func (v Verdict) Worse(other Verdict) bool { return v.rank() < other.rank() }

// Gap is a byte range that may execute and was not read.
type Gap struct {
	Member string // as in Location
	Offset int64  // bytes from the start of the member
	Length int64  // bytes; -1 when the end is not known
	Reason string // why, in words that a person can act on
}

// Coverage is the ledger of what was read. Bytes are counted in the contents of leaf members, after decompression.
type Coverage struct {
	Parsed int64 // bytes that a parser understood
	Opaque int64 // bytes that are known to be data only, such as tensor storage, and were not searched
	Unread int64 // bytes of known length that were not read
	Gaps   []Gap // what was not read; never empty when something is missing
	// Unsupported lists members whose format no parser handles, as "member (format)".
	Unsupported []string
	// Checked is true when the artifact holds anything but inert content, so that a verdict about it means something.
	Checked bool
	// Executable is true when the artifact holds content of a kind that can run code when it is loaded.
	Executable bool
}

// Judge derives the verdict from findings and coverage. It is the only place where a verdict is made.
func Judge(findings []Finding, c Coverage) Verdict {
	suspicious := false
	for _, f := range findings {
		if f.Rule.Severity == Critical && f.Rule.Class == Execution {
			return Malicious
		}
		suspicious = suspicious || f.Rule.Severity >= High
	}
	switch {
	case suspicious:
		return Suspicious
	case len(c.Gaps) > 0:
		return Incomplete
	case len(c.Unsupported) > 0:
		return Unsupported
	case !c.Checked:
		return NotApplicable
	}
	return Clean
}

// Decision answers whether something may go on. The zero value denies.
type Decision struct {
	Allow   bool
	Reasons []string // every reason, also when allowed; never empty in a decision that was made
	Errors  []string // everything that could not be evaluated; a decision with errors never allows
}
