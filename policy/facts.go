package policy

import (
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// Facts are what a policy decides on. Conditions see them as the variables artifact, scan, scans, signatures, claims and
// now. Only claims that count are in scan, scans and signatures; claims lists all, with the reason why one does not count.
type Facts struct {
	Artifact Artifact
	// Scan is the one that decides: a malicious one whenever there is one, else the last of Scans, because a later scan knows more
	// and covers the same digest. Nil when there is none; a condition that asks for it then fails and denies.
	Scan       *Scan `yaml:"-"`
	Scans      []Scan
	Signatures []Signature
	Claims     []Claim
	Now        time.Time
	// Failure is why the content could not be hashed; empty when it was. Content that nobody can identify is denied.
	Failure string
}

// Artifact is the content that is decided on.
type Artifact struct {
	Path     string   `cel:"path" doc:"as it was given to the gate"`
	Name     string   `cel:"name" doc:"last element of the path"`
	Digest   string   `cel:"digest" doc:"sha256: and 64 digits, see picket digest"`
	Kind     string   `cel:"kind" doc:"tree or file"`
	Size     int64    `cel:"size" doc:"bytes in all files"`
	Files    []File   `cel:"files" doc:"every file that the digest covers"`
	Excluded []string `cel:"excluded" doc:"names at the root that the digest does not cover"`
}

// File is one file of the content.
type File struct {
	Name   string `cel:"name" doc:"path below the root"`
	Digest string `cel:"digest" doc:"SHA-256 of the file"`
	Size   int64  `cel:"size" doc:"bytes"`
}

// Scan is a scan result that counts.
type Scan struct {
	Source        string    `cel:"source" doc:"where the claim was found"`
	Key           string    `cel:"key" doc:"name in the trust root of the key that signed"`
	Time          time.Time `cel:"time" doc:"when the scan was made, self-asserted by whoever signed"`
	Tool          string    `cel:"tool" doc:"name and version of what made the scan"`
	Verdict       string    `cel:"verdict" doc:"malicious, suspicious, incomplete, unsupported, clean or not-applicable; the worst of all files"`
	Configuration string    `cel:"configuration" doc:"digest of the allow-list and ignore rules in force"`
	Suppressed    int64     `cel:"suppressed" doc:"findings that the configuration removed"`
	Counts        Counts    `cel:"counts" doc:"findings by severity"`
	Gaps          int64     `cel:"gaps" doc:"byte ranges that may execute and were not read"`
	Unsupported   int64     `cel:"unsupported" doc:"members in formats that nothing parses"`
	Findings      []Finding `cel:"findings" doc:"the worst findings, at most 500"`
	Omitted       int64     `cel:"omitted" doc:"findings that are counted and not listed"`
	Files         []Scanned `cel:"files" doc:"every file as the scan found it"`
}

// Counts are findings by severity.
type Counts struct {
	Critical int64 `cel:"critical" doc:"findings of this severity"`
	High     int64 `cel:"high" doc:"findings of this severity"`
	Medium   int64 `cel:"medium" doc:"findings of this severity"`
	Low      int64 `cel:"low" doc:"findings of this severity"`
	Info     int64 `cel:"info" doc:"findings of this severity"`
}

// Finding is one finding of a scan.
type Finding struct {
	Rule        string `cel:"rule" doc:"ID of the rule, see rules.md"`
	Severity    string `cel:"severity" doc:"critical, high, medium, low or info"`
	Class       string `cel:"class" doc:"execution, structure, resource, content or operation"`
	File        string `cel:"file" doc:"path below the root"`
	Subject     string `cel:"subject" doc:"the exact name that it is about, such as os.system"`
	Technique   string `cel:"technique" doc:"the known attack, if it is one"`
	Fingerprint string `cel:"fingerprint" doc:"identifies the finding across scans"`
}

// Scanned is one file as the scan found it.
type Scanned struct {
	Name    string `cel:"name" doc:"path below the root"`
	Digest  string `cel:"digest" doc:"SHA-256 of the file"`
	Format  string `cel:"format" doc:"what the content is, see formats.md"`
	Verdict string `cel:"verdict" doc:"of this file"`
}

// Signature is a model signature that counts.
type Signature struct {
	Source string `cel:"source" doc:"where the claim was found"`
	Key    string `cel:"key" doc:"name in the trust root of the key that signed"`
}

// Claim is any claim that was found.
type Claim struct {
	Source   string `cel:"source" doc:"where the claim was found"`
	Type     string `cel:"type" doc:"predicate type; empty when the signature does not hold"`
	Key      string `cel:"key" doc:"name of the key; empty when none of the trust root signed it"`
	Counts   bool   `cel:"counts" doc:"whether it passed every check"`
	Failure  string `cel:"failure" doc:"why it does not count"`
	Broken   bool   `cel:"broken" doc:"damaged, or signed by a trusted key and not understood"`
	Condemns bool   `cel:"condemns" doc:"a trusted key says that this content is malicious"`
}

// factTypes are the types that conditions see.
func factTypes() []reflect.Type {
	return []reflect.Type{reflect.TypeFor[Artifact](), reflect.TypeFor[File](), reflect.TypeFor[Scan](), reflect.TypeFor[Counts](),
		reflect.TypeFor[Finding](), reflect.TypeFor[Scanned](), reflect.TypeFor[Signature](), reflect.TypeFor[Claim]()}
}

// environment declares the facts to CEL, so that a misspelt field is found when a policy is loaded.
func environment() (*cel.Env, error) {
	object := func(name string) *cel.Type { return cel.ObjectType("policy." + name) }
	options := []any{ext.ParseStructTags(true)}
	for _, t := range factTypes() {
		options = append(options, t)
	}
	env, err := cel.NewEnv(
		ext.NativeTypes(options...),
		cel.Variable("artifact", object("Artifact")),
		cel.Variable("scan", object("Scan")),
		cel.Variable("scans", cel.ListType(object("Scan"))),
		cel.Variable("signatures", cel.ListType(object("Signature"))),
		cel.Variable("claims", cel.ListType(object("Claim"))),
		cel.Variable("now", cel.TimestampType),
	)
	if err != nil {
		return nil, fmt.Errorf("declare facts: %w", err)
	}
	return env, nil
}

// variables are the facts as conditions see them.
func (f Facts) variables() map[string]any {
	vars := map[string]any{"artifact": f.Artifact, "scans": f.Scans, "signatures": f.Signatures, "claims": f.Claims, "now": f.Now}
	if f.Scan != nil {
		vars["scan"] = *f.Scan
	}
	return vars
}

// NewFacts collects the facts about the content of m under a path, from claims that claim.Check has judged.
func NewFacts(path string, m *evidence.Manifest, claims []*claim.Claim, now time.Time) Facts {
	f := Facts{Artifact: newArtifact(path, m), Now: now}
	for _, c := range claims {
		f.Claims = append(f.Claims, newClaim(c))
		switch {
		case !c.Counts():
		case c.Model() != nil:
			f.Signatures = append(f.Signatures, Signature{Source: c.Source, Key: c.Signer})
		case c.Scan() != nil:
			f.Scans = append(f.Scans, newScan(c))
		}
	}
	f.Scan = deciding(f.Scans)
	return f
}

// deciding picks the scan that decides.
func deciding(scans []Scan) *Scan {
	for i := range scans {
		if scans[i].Verdict == picket.Malicious.String() {
			return &scans[i]
		}
	}
	if len(scans) == 0 {
		return nil
	}
	return &scans[len(scans)-1]
}

func newArtifact(path string, m *evidence.Manifest) Artifact {
	a := Artifact{Path: path, Name: m.Name, Digest: string(m.Digest()), Kind: "tree", Size: m.Size(), Excluded: m.Excluded}
	if m.File {
		a.Kind = "file"
	}
	for _, r := range m.Resources {
		a.Files = append(a.Files, File{Name: r.Name, Digest: string(r.Digest), Size: r.Size})
	}
	return a
}

func newClaim(c *claim.Claim) Claim {
	f := Claim{Source: c.Source, Type: c.PredicateType, Key: c.Signer, Counts: c.Counts(),
		Broken: c.Broken, Condemns: c.Condemns}
	if c.Failure != nil {
		f.Failure = c.Failure.Error()
	}
	return f
}

func newScan(c *claim.Claim) Scan {
	r := c.Scan()
	s := Scan{
		Source: c.Source, Key: c.Signer, Time: r.Time, Tool: r.Tool, Verdict: r.Verdict.String(),
		Configuration: string(r.Configuration), Suppressed: int64(r.Suppressed), Omitted: int64(r.Omitted),
		Counts: Counts{Critical: int64(r.Counts.Critical), High: int64(r.Counts.High), Medium: int64(r.Counts.Medium),
			Low: int64(r.Counts.Low), Info: int64(r.Counts.Info)},
		Gaps: int64(r.Coverage.Gaps), Unsupported: int64(r.Coverage.Unsupported),
	}
	for _, f := range r.Findings {
		s.Findings = append(s.Findings, Finding{Rule: f.Rule, Severity: f.Severity.String(), Class: string(f.Class),
			File: f.Artifact, Subject: f.Subject, Technique: f.Technique, Fingerprint: f.Fingerprint})
	}
	for _, x := range r.Resources {
		s.Files = append(s.Files, Scanned{Name: x.Name, Digest: string(x.Digest), Format: x.Format, Verdict: x.Verdict.String()})
	}
	return s
}
