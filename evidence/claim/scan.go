package claim

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// ScanSchema is the version of the predicate that this package writes and reads.
const ScanSchema = "picket.scan-result/1"

// maxClaimFindings is how many findings a claim carries; the rest is counted. A gate needs the verdict and the counts; the
// report has the rest.
const maxClaimFindings = 500

// ScanResult is the predicate of a scan-result claim. Its JSON Schema is docs/reference/scan-result-v1.schema.json.
type ScanResult struct {
	Schema string `json:"schema"`
	// Tool is the name and version of what made the scan.
	Tool string `json:"tool"`
	// Time is when the scan was made, by the clock of whoever made it: self-asserted, proof of nothing.
	Time time.Time `json:"time"`
	// Verdict is the worst of all artifacts.
	Verdict picket.Verdict `json:"verdict"`
	// Configuration is the digest of the allow-list and ignore rules in force; a scan is comparable only under the same.
	Configuration picket.Digest `json:"configuration"`
	// Suppressed counts the findings that the configuration removed.
	Suppressed int       `json:"suppressed"`
	Findings   []Finding `json:"findings"`
	// Omitted counts findings that are not listed.
	Omitted int `json:"omitted"`
	// Counts are by severity, those that are not listed included.
	Counts   SeverityCounts `json:"counts"`
	Coverage ScanCoverage   `json:"coverage"`
	// Resources are the entries of the manifest that were inspected, with the digests that they had then.
	Resources []ScannedResource `json:"resources"`
}

// SeverityCounts counts findings by severity.
type SeverityCounts struct {
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
	Low      int `json:"low"`
	Info     int `json:"info"`
}

// ScanCoverage sums up what was read, in bytes after decompression.
type ScanCoverage struct {
	Parsed      int64 `json:"parsed"`
	Opaque      int64 `json:"opaque"`
	Unread      int64 `json:"unread"`
	Gaps        int   `json:"gaps"`        // byte ranges that may execute and were not read
	Unsupported int   `json:"unsupported"` // members in formats that nothing parses
}

// ScannedResource is one entry of the manifest that was inspected.
type ScannedResource struct {
	Name    string         `json:"name"`
	Digest  picket.Digest  `json:"digest"`
	Format  string         `json:"format"`
	Verdict picket.Verdict `json:"verdict"`
}

// Finding is one finding, with what a policy may ask for.
type Finding struct {
	Rule        string          `json:"rule"`
	Severity    picket.Severity `json:"severity"`
	Class       picket.Class    `json:"class"`
	Artifact    string          `json:"artifact"`
	Member      string          `json:"member"`
	Offset      int64           `json:"offset"`
	Line        int             `json:"line"`
	Subject     string          `json:"subject"`
	Summary     string          `json:"summary"`
	Technique   string          `json:"technique"`
	Fingerprint string          `json:"fingerprint"`
}

// ScanDetails are the facts about a scan that picket.Scan does not hold.
type ScanDetails struct {
	Time          time.Time     // when it was made
	Configuration picket.Digest // of the allow-list and ignore rules in force
}

// NewScanStatement makes the statement that scan was the outcome of inspecting the content of m. Results are matched to the
// entries of the manifest by the path below scan.Target, and must carry the same digest: a file that changed between
// hashing and inspecting is an error. An entry that was not inspected is left out, so that the claim does not cover it.
func NewScanStatement(scan picket.Scan, m *evidence.Manifest, details ScanDetails) ([]byte, error) {
	claim := ScanResult{
		Schema:        ScanSchema,
		Tool:          scan.Tool,
		Time:          details.Time.UTC().Truncate(time.Second),
		Verdict:       scan.Verdict(),
		Configuration: details.Configuration,
		Suppressed:    scan.Suppressed,
		Findings:      []Finding{},
		Resources:     []ScannedResource{},
	}
	entries := map[string]picket.Digest{}
	for _, r := range m.Resources {
		entries[r.Name] = r.Digest
	}
	claim.addFindings("", scan.Findings)
	for _, result := range scan.Results {
		name := resourceName(scan.Target, result.Artifact, m.File)
		claim.addFindings(name, result.Findings)
		claim.addCoverage(result.Coverage)
		digest, listed := entries[name]
		if !listed || result.Artifact.Parent != nil {
			continue
		}
		if digest != result.Artifact.Digest {
			return nil, fmt.Errorf("make claim: %q was %s when it was hashed and %q when it was inspected: %w",
				text(name), digest, result.Artifact.Digest, evidence.ErrChanged)
		}
		delete(entries, name)
		claim.Resources = append(claim.Resources,
			ScannedResource{Name: name, Digest: digest, Format: result.Artifact.Format, Verdict: result.Verdict})
	}
	claim.sort()
	return evidence.NewStatement(m.Name, m.Digest(), TypeScanResult, claim)
}

// resourceName is the name of an artifact in the manifest of what was scanned.
func resourceName(target string, a picket.Artifact, single bool) string {
	target, name := path.Clean(target), path.Clean(a.Name)
	switch {
	case single && name == target:
		return "."
	case target == ".":
		return name
	}
	return strings.TrimPrefix(name, strings.TrimSuffix(target, "/")+"/")
}

// addFindings counts all findings and lists as many as a claim holds.
func (s *ScanResult) addFindings(artifact string, findings []picket.Finding) {
	for _, f := range findings {
		s.Counts.add(f.Rule.Severity)
		s.Findings = append(s.Findings, Finding{
			Rule: f.Rule.ID, Severity: f.Rule.Severity, Class: f.Rule.Class,
			Artifact: text(artifact), Member: text(f.Location.Member), Offset: f.Location.Offset, Line: f.Location.Line,
			Subject: text(f.Subject), Summary: text(f.Evidence.Summary), Technique: text(f.Technique),
			Fingerprint: f.Fingerprint(artifact),
		})
	}
}

// text bounds a text that comes from inspected content.
func text(s string) string { return picket.Printable(s, picket.MaxExcerpt) }

// add counts one finding.
func (c *SeverityCounts) add(s picket.Severity) {
	for severity, n := range map[picket.Severity]*int{picket.Critical: &c.Critical, picket.High: &c.High,
		picket.Medium: &c.Medium, picket.Low: &c.Low, picket.Info: &c.Info} {
		if s == severity {
			*n++
		}
	}
}

// addCoverage sums up.
func (s *ScanResult) addCoverage(c picket.Coverage) {
	s.Coverage.Parsed += c.Parsed
	s.Coverage.Opaque += c.Opaque
	s.Coverage.Unread += c.Unread
	s.Coverage.Gaps += len(c.Gaps)
	s.Coverage.Unsupported += len(c.Unsupported)
}

// sort brings the claim into an order that does not depend on the order of the work, and cuts the list of findings.
func (s *ScanResult) sort() {
	slices.SortFunc(s.Resources, func(a, b ScannedResource) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(s.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), strings.Compare(a.Artifact, b.Artifact),
			strings.Compare(a.Member, b.Member), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Line, b.Line),
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	if n := len(s.Findings); n > maxClaimFindings {
		s.Findings, s.Omitted = s.Findings[:maxClaimFindings], n-maxClaimFindings
	}
}

// parseScanResult reads the predicate of a scan-result statement.
func parseScanResult(st *evidence.Statement) (Predicate, error) {
	s := &ScanResult{}
	if err := strict(st.Predicate, s); err != nil {
		return nil, err
	}
	return s, s.validate()
}

// validate refuses a claim that contradicts itself, whoever signed it.
func (s *ScanResult) validate() error {
	if s.Schema != ScanSchema {
		return fmt.Errorf("schema %q: %w; only %s is", text(s.Schema), evidence.ErrUnsupported, ScanSchema)
	}
	if _, err := picket.ParseDigest(string(s.Configuration)); err != nil {
		return fmt.Errorf("configuration: %w: %w", err, evidence.ErrMalformed)
	}
	if len(s.Resources) == 0 {
		return fmt.Errorf("it covers nothing: %w", evidence.ErrMalformed)
	}
	for _, r := range s.Resources {
		if _, err := picket.ParseDigest(string(r.Digest)); err != nil {
			return fmt.Errorf("resource %q: %w: %w", text(r.Name), err, evidence.ErrMalformed)
		}
		if r.Verdict.Worse(s.Verdict) {
			return fmt.Errorf("the verdict %s is better than %s of %q: %w", s.Verdict, r.Verdict, text(r.Name), evidence.ErrMalformed)
		}
	}
	return errors.Join(s.consistent(), evidence.CheckResources(s.covered()))
}

// consistent refuses numbers and findings that no scan comes to. A policy that asks for the verdict must not be told another one
// than the findings tell, and one that asks for counts no sum that hides something.
func (s *ScanResult) consistent() error {
	c, v := s.Counts, s.Coverage
	for _, n := range []int64{int64(c.Critical), int64(c.High), int64(c.Medium), int64(c.Low), int64(c.Info), int64(s.Suppressed), int64(s.Omitted),
		v.Parsed, v.Opaque, v.Unread, int64(v.Gaps), int64(v.Unsupported)} {
		if n < 0 {
			return fmt.Errorf("it counts %d of something: %w", n, evidence.ErrMalformed)
		}
	}
	var listed SeverityCounts
	for _, f := range s.Findings {
		if listed.add(f.Severity); f.Severity == picket.Critical && f.Class == picket.Execution && s.Verdict != picket.Malicious {
			return fmt.Errorf("the verdict is %s, and %s is a critical finding of execution: %w", s.Verdict, text(f.Rule), evidence.ErrMalformed)
		}
	}
	if listed.Critical > c.Critical || listed.High > c.High || listed.Medium > c.Medium || listed.Low > c.Low || listed.Info > c.Info {
		return fmt.Errorf("it lists more findings than it counts: %w", evidence.ErrMalformed)
	}
	return nil
}

// covered are the resources in the form of a manifest.
func (s *ScanResult) covered() []evidence.Resource {
	rs := make([]evidence.Resource, 0, len(s.Resources))
	for _, r := range s.Resources {
		rs = append(rs, evidence.Resource{Name: r.Name, Digest: r.Digest, Size: -1})
	}
	return rs
}
