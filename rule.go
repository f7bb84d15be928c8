package picket

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Severity orders rules by how bad it is when one of them fires. The zero value is invalid on purpose: a rule must say.
type Severity int

// The severities, from the mildest to the worst.
const (
	Info Severity = iota + 1
	Low
	Medium
	High
	Critical
)

// ErrSeverity is returned for a word that names no severity.
var ErrSeverity = errors.New("severity is one of critical, high, medium, low, info")

// Severities lists every severity from the worst to the mildest.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low, Info} }

// String returns the lower-case word for s, "invalid" for the zero value.
func (s Severity) String() string {
	switch s {
	case Critical:
		return "critical"
	case High:
		return "high"
	case Medium:
		return "medium"
	case Low:
		return "low"
	case Info:
		return "info"
	}
	return "invalid"
}

// ParseSeverity reads the word that String writes. It returns an error that wraps ErrSeverity for any other text.
func ParseSeverity(s string) (Severity, error) {
	for _, known := range Severities() {
		if s == known.String() {
			return known, nil
		}
	}
	return 0, fmt.Errorf("parse severity %q: %w", clip(s, 40), ErrSeverity)
}

// MarshalText writes the word for s; the invalid zero value is an error.
func (s Severity) MarshalText() ([]byte, error) {
	if s < Info || s > Critical {
		return nil, fmt.Errorf("marshal severity %d: %w", int(s), ErrSeverity)
	}
	return []byte(s.String()), nil
}

// UnmarshalText is the inverse of MarshalText.
func (s *Severity) UnmarshalText(text []byte) error {
	parsed, err := ParseSeverity(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Class says what kind of harm a rule is about; the verdict depends on it.
type Class string

// The classes of rules.
const (
	// Execution rules are about content that runs, or may run, code when it is loaded. Only these make a file malicious.
	Execution Class = "execution"
	// Structure rules are about containers and encodings that readers understand differently, or that hide content.
	Structure Class = "structure"
	// Resource rules are about content made to exhaust memory, time or disk.
	Resource Class = "resource"
	// Content rules are about instructions, secrets and other meaning carried by data.
	Content Class = "content"
	// Operation rules are about the scan itself: expired exceptions, configuration found in the tree.
	Operation Class = "operation"
)

// Reference points from a rule to where the weakness is described.
type Reference struct {
	Kind string `json:"kind"` // ATLAS, OWASP, CWE, CVE, GHSA or URL
	ID   string `json:"id"`   // for example "CWE-502"; for a URL its title
	URL  string `json:"url"`
}

// Ref makes the reference for an ID of a public catalogue: CWE-502, CVE-2025-32434, GHSA-…, AML.T0010 of MITRE ATLAS. Its
// address follows from it. Other IDs give a reference without an address.
func Ref(id string) Reference {
	number, _ := strings.CutPrefix(id, "CWE-")
	for _, c := range []struct{ prefix, kind, url string }{
		{"CWE-", "CWE", "https://cwe.mitre.org/data/definitions/" + number + ".html"},
		{"CVE-", "CVE", "https://nvd.nist.gov/vuln/detail/" + id},
		{"GHSA-", "GHSA", "https://github.com/advisories/" + id},
		{"AML.", "ATLAS", "https://atlas.mitre.org/techniques/" + id},
	} {
		if strings.HasPrefix(id, c.prefix) {
			return Reference{Kind: c.kind, ID: id, URL: c.url}
		}
	}
	return Reference{Kind: "URL", ID: id}
}

// Refs makes a reference of each ID, as Ref does.
func Refs(ids ...string) []Reference {
	list := make([]Reference, 0, len(ids))
	for _, id := range ids {
		list = append(list, Ref(id))
	}
	return list
}

// Rule is the constant half of a finding. IDs are stable for ever and hierarchical: "model.pickle.code-execution".
type Rule struct {
	ID         string
	Title      string // one line, no full stop
	Severity   Severity
	Class      Class
	What       string // what it means, in one paragraph
	Why        string // why it matters
	Remedy     string // how to fix it; mandatory
	References []Reference
}

// Validate reports the first thing that is missing from the rule.
func (r Rule) Validate() error {
	missing := func(what string) error { return fmt.Errorf("validate rule %q: %s is missing", r.ID, what) }
	switch {
	case r.ID == "" || strings.ToLower(r.ID) != r.ID || strings.Count(r.ID, ".") < 1:
		return fmt.Errorf("validate rule %q: the ID is not of the form area.subject.name in lower case", r.ID)
	case r.Title == "":
		return missing("the title")
	case r.Severity < Info || r.Severity > Critical:
		return missing("the severity")
	case r.Class == "":
		return missing("the class")
	case r.What == "":
		return missing("what it means")
	case r.Why == "":
		return missing("why it matters")
	case r.Remedy == "":
		return missing("the remedy")
	case len(r.References) == 0:
		return missing("a reference")
	}
	return nil
}

// Location says where in an artifact a finding is.
type Location struct {
	// Member is the path inside the artifact, joined by "!/" at each nesting; empty for the artifact itself.
	Member string
	// Offset is in bytes from the start of the member's own content; -1 when the finding is about all of it.
	Offset int64
	// Length is in bytes; 0 when only the start is known.
	Length int64
	// Line counts from 1 in text; 0 when the content is not text.
	Line int
}

// Whole is the location of all of a member; use "" for the artifact itself.
func Whole(member string) Location { return Location{Member: member, Offset: -1} }

// At is the location of one byte offset in a member.
func At(member string, offset int64) Location { return Location{Member: member, Offset: offset} }

// Confidence says how sure a finding is.
type Confidence string

// The confidences.
const (
	Certain  Confidence = "certain"  // the bytes say so
	Likely   Confidence = "likely"   // the bytes say so unless an unusual reader is used
	Possible Confidence = "possible" // a person should look
)

// MaxExcerpt is the number of bytes that an excerpt or a summary keeps at most.
const MaxExcerpt = 240

// Evidence is what a reader needs to check a finding by hand. Make it with NewEvidence, which bounds it.
type Evidence struct {
	// Summary says what the file would do or what is wrong, in words: calls os.system("echo x") when loaded.
	Summary string
	// Excerpt is the offending content, printable and bounded; may be empty.
	Excerpt string
}

// NewEvidence makes evidence whose texts are printable (control, format and invalid characters are escaped as \xNN or
// \u{N}) and no longer than MaxExcerpt bytes each.
func NewEvidence(summary, excerpt string) Evidence {
	return Evidence{Summary: Printable(summary, MaxExcerpt), Excerpt: Printable(excerpt, MaxExcerpt)}
}

// Printable returns s as one line that a terminal shows as it is: characters that move the cursor, change colour, reorder
// or hide text are escaped, invalid UTF-8 becomes \xNN, and the result is cut at limit bytes.
func Printable(s string, limit int) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, w := utf8.DecodeRuneInString(s[i:])
		at := i
		i += w
		if b.Len() >= limit {
			b.WriteString("…")
			break
		}
		switch {
		case r == utf8.RuneError && w == 1:
			fmt.Fprintf(&b, `\x%02x`, s[at])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80 && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Finding is the variable half: one rule that fired at one place.
type Finding struct {
	Rule     Rule
	Location Location
	Evidence Evidence
	// Subject is the exact name that the finding is about, for example the global "os.system"; may be empty.
	Subject string
	// Technique names the known attack, for example "picklescan GHSA-vvpj-8cmc-gx39"; may be empty.
	Technique  string
	Confidence Confidence
}

// Fingerprint identifies the finding across scans: the same rule, subject, place and evidence in an artifact of the same
// name give the same fingerprint, whatever the rest of the artifact holds. It is 32 hexadecimal digits.
func (f Finding) Fingerprint(artifact string) string {
	h := sha256.New()
	for _, part := range []string{f.Rule.ID, artifact, f.Location.Member, fmt.Sprint(f.Location.Offset),
		fmt.Sprint(f.Location.Line), f.Subject, f.Evidence.Summary} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
