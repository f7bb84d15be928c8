package report

import (
	"cmp"
	"encoding/base64"
	"unicode/utf8"

	"github.com/picketsec/picket"
)

// SchemaID is the identifier of the JSON report's schema. Within a version fields are only added, never changed or removed.
const SchemaID = "https://picketsec.dev/schema/scan/v1.json"

// document is the JSON report. The doc tags become the descriptions in the schema; a pointer or omitempty makes a field
// optional. Lists are never null.
type document struct {
	Schema    string        `json:"schema" doc:"The identifier of this schema." enum:"schema"`
	Tool      string        `json:"tool" doc:"Name and version of the scanner."`
	Target    string        `json:"target" doc:"What the user asked to scan. Names that are not valid UTF-8 are escaped, see path."`
	Digest    string        `json:"digest,omitempty" doc:"Root digest of the target when it is a tree that was hashed as a whole: sha256: and 64 hexadecimal digits."`
	Origin    *docOrigin    `json:"origin,omitempty" doc:"Where the artifacts were read from over the network. Absent for files of this machine."`
	Verdict   string        `json:"verdict" doc:"The worst verdict of all artifacts; not-applicable when there are none." enum:"verdict"`
	Summary   docSummary    `json:"summary" doc:"What it all adds up to."`
	Artifacts []docArtifact `json:"artifacts" doc:"Every artifact: the worst verdict first, then by path."`
	Findings  []docFinding  `json:"findings" doc:"Findings about the run itself, not about one artifact."`
}

type docOrigin struct {
	Place       string `json:"place" doc:"The place, with the exact revision or digest that was read."`
	Size        int64  `json:"size" doc:"Bytes of all artifacts there."`
	Transferred int64  `json:"transferred" doc:"Bytes that were read: less than size where rules need only a part."`
	Requests    int64  `json:"requests" doc:"Number of requests."`
}

type docSummary struct {
	Artifacts  int           `json:"artifacts" doc:"Number of artifacts."`
	Verdicts   docVerdicts   `json:"verdicts" doc:"Number of artifacts by verdict."`
	Severities docSeverities `json:"severities" doc:"Number of findings by severity, those about the run included."`
	Bytes      docBytes      `json:"bytes" doc:"Sums over all artifacts, in bytes of the contents after decompression."`
	Gaps       int           `json:"gaps" doc:"Number of ranges that were not read."`
	Suppressed int           `json:"suppressed" doc:"Number of findings that the configuration or a baseline left out."`
}

type docVerdicts struct {
	Malicious     int `json:"malicious" doc:"A critical execution finding."`
	Suspicious    int `json:"suspicious" doc:"A finding of high severity or worse that is not malicious."`
	Incomplete    int `json:"incomplete" doc:"Something that may execute was not read to its end."`
	Unsupported   int `json:"unsupported" doc:"The format is not one that can be parsed."`
	Clean         int `json:"clean" doc:"Every range that could execute was parsed to its end and judged. This says nothing about what weights have learned."`
	NotApplicable int `json:"not-applicable" doc:"Content that no loader executes."`
}

type docSeverities struct {
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
	Low      int `json:"low"`
	Info     int `json:"info"`
}

type docBytes struct {
	Parsed int64 `json:"parsed" doc:"Bytes that a parser understood."`
	Opaque int64 `json:"opaque" doc:"Bytes that are data only, such as tensors, and were not searched."`
	Unread int64 `json:"unread" doc:"Bytes of known length that were not read."`
}

type docArtifact struct {
	Path       string       `json:"path" doc:"The path as the user gave it, with slashes. In a path that is not valid UTF-8 each invalid byte is written as a backslash, x and two hexadecimal digits, and path_base64 holds the exact bytes."`
	PathBase64 string       `json:"path_base64,omitempty" doc:"The exact bytes of the path in base64, only when path is not valid UTF-8."`
	Digest     string       `json:"digest,omitempty" doc:"SHA-256 of the content: sha256: and 64 hexadecimal digits. Absent when it was not computed."`
	Declared   string       `json:"declared_digest,omitempty" doc:"SHA-256 that the place of the artifact declares. It was checked when digest is present too; a difference is a failure."`
	Size       *int64       `json:"size,omitempty" doc:"Bytes. Absent when not known."`
	Format     string       `json:"format,omitempty" doc:"The format of the content, never the one that the name claims. Absent when none accepts it."`
	Formats    []string     `json:"formats" doc:"Every format that accepts the content."`
	MediaType  string       `json:"media_type,omitempty" doc:"The media type of that format."`
	Verdict    string       `json:"verdict" doc:"The one-word answer." enum:"verdict"`
	Coverage   docCoverage  `json:"coverage" doc:"What was read."`
	Findings   []docFinding `json:"findings" doc:"Worst first, then by location."`
	Trace      []string     `json:"trace" doc:"The calls that loading the artifact would make, as Python, in order; bounded."`
	Facts      []docFact    `json:"facts,omitempty" doc:"What the content is made of: imported names, templates, operators, layers, code; bounded."`
	Failure    string       `json:"failure,omitempty" doc:"Why the artifact could not be opened or was given up."`
}

type docFact struct {
	Kind  string `json:"kind" doc:"global, template, operator, layer or code."`
	Value string `json:"value"`
}

type docCoverage struct {
	Parsed      int64    `json:"parsed" doc:"Bytes that a parser understood."`
	Opaque      int64    `json:"opaque" doc:"Bytes that are data only and were not searched."`
	Unread      int64    `json:"unread" doc:"Bytes of known length that were not read."`
	Gaps        []docGap `json:"gaps" doc:"Ranges that may execute and were not read; never empty when something is missing."`
	Unsupported []string `json:"unsupported" doc:"Members whose format no parser handles, as: member (format)."`
	Executable  bool     `json:"executable" doc:"True when the artifact holds content of a kind that can run code when it is loaded."`
}

type docGap struct {
	Member string `json:"member,omitempty" doc:"Path inside the artifact; absent for the artifact itself."`
	Offset int64  `json:"offset" doc:"Bytes from the start of the member."`
	Length *int64 `json:"length,omitempty" doc:"Bytes. Absent when the end is not known."`
	Reason string `json:"reason" doc:"Why, in words that a person can act on."`
}

type docFinding struct {
	Rule        string         `json:"rule" doc:"Identifier of the rule, stable for ever."`
	Title       string         `json:"title" doc:"Title of the rule."`
	Severity    string         `json:"severity" doc:"How bad it is when the rule fires." enum:"severity"`
	Class       string         `json:"class" doc:"What kind of harm the rule is about." enum:"class"`
	Confidence  string         `json:"confidence" doc:"How sure the finding is." enum:"confidence"`
	Location    docLocation    `json:"location" doc:"Where in the artifact it is."`
	Evidence    docEvidence    `json:"evidence" doc:"What a reader needs to check it by hand."`
	Subject     string         `json:"subject,omitempty" doc:"The exact name that the finding is about."`
	Technique   string         `json:"technique,omitempty" doc:"Name of the known attack."`
	Fingerprint string         `json:"fingerprint" doc:"Identifies the finding across scans: 32 hexadecimal digits." enum:"fingerprint"`
	Remedy      string         `json:"remedy" doc:"How to fix it."`
	References  []docReference `json:"references" doc:"Where the weakness is described."`
}

type docReference struct {
	Kind string `json:"kind" doc:"ATLAS, OWASP, CWE, CVE, GHSA or URL."`
	ID   string `json:"id" doc:"For example CWE-502; for a URL its title."`
	URL  string `json:"url"`
}

type docLocation struct {
	Member string `json:"member,omitempty" doc:"Path inside the artifact, joined by !/ at each nesting; absent for the artifact itself."`
	Offset *int64 `json:"offset,omitempty" doc:"Bytes from the start of the member's own content. Absent when the finding is about all of it."`
	Length *int64 `json:"length,omitempty" doc:"Bytes. Absent when only the start is known."`
	Line   *int64 `json:"line,omitempty" doc:"Counts from 1. Absent when the content is not text."`
}

type docEvidence struct {
	Summary string `json:"summary" doc:"What the file would do, or what is wrong."`
	Excerpt string `json:"excerpt,omitempty" doc:"The offending content, printable and bounded."`
}

// newSummary copies what a scan adds up to.
func newSummary(scan picket.Scan, t tally) docSummary {
	v, s := t.verdicts, t.severities
	return docSummary{
		Artifacts: t.artifacts, Gaps: t.gaps, Suppressed: scan.Suppressed,
		Verdicts: docVerdicts{v[picket.Malicious], v[picket.Suspicious], v[picket.Incomplete], v[picket.Unsupported],
			v[picket.Clean], v[picket.NotApplicable]},
		Severities: docSeverities{s[picket.Critical], s[picket.High], s[picket.Medium], s[picket.Low], s[picket.Info]},
		Bytes:      docBytes{t.coverage.Parsed, t.coverage.Opaque, t.coverage.Unread},
	}
}

// newArtifact copies one result.
func newArtifact(r picket.Result) docArtifact {
	a := docArtifact{
		Path: utf8Text(r.Artifact.Name), Digest: utf8Text(string(r.Artifact.Digest)), Size: known(r.Artifact.Size, r.Artifact.Size >= 0),
		Format: utf8Text(r.Artifact.Format), Formats: texts(r.Formats), MediaType: utf8Text(r.Artifact.MediaType), Verdict: r.Verdict.String(),
		Coverage: newCoverage(r.Coverage), Findings: newFindings(r.Findings, r.Artifact.Name), Trace: texts(r.Trace),
		Failure: utf8Text(r.Failure), Declared: utf8Text(string(r.Artifact.Declared)),
	}
	for _, f := range r.Facts {
		a.Facts = append(a.Facts, docFact{string(f.Kind), utf8Text(f.Value)})
	}
	if !utf8.ValidString(r.Artifact.Name) {
		a.PathBase64 = base64.StdEncoding.EncodeToString([]byte(r.Artifact.Name))
	}
	return a
}

// newCoverage copies the ledger of one result.
func newCoverage(c picket.Coverage) docCoverage {
	d := docCoverage{Parsed: c.Parsed, Opaque: c.Opaque, Unread: c.Unread, Executable: c.Executable,
		Unsupported: texts(c.Unsupported), Gaps: []docGap{}}
	for _, g := range c.Gaps {
		d.Gaps = append(d.Gaps, docGap{utf8Text(g.Member), g.Offset, known(g.Length, g.Length >= 0), utf8Text(g.Reason)})
	}
	return d
}

// newFindings copies the findings of the artifact of the given name.
func newFindings(findings []picket.Finding, artifact string) []docFinding {
	list := make([]docFinding, 0, len(findings))
	for _, f := range findings {
		l := f.Location
		d := docFinding{
			Rule: f.Rule.ID, Title: f.Rule.Title, Severity: f.Rule.Severity.String(), Class: string(f.Rule.Class),
			Confidence: string(cmp.Or(f.Confidence, picket.Certain)), Subject: utf8Text(f.Subject), Technique: utf8Text(f.Technique),
			Location: docLocation{utf8Text(l.Member), known(l.Offset, l.Offset >= 0), known(l.Length, l.Length > 0),
				known(int64(l.Line), l.Line > 0)},
			Evidence:    docEvidence{utf8Text(f.Evidence.Summary), utf8Text(f.Evidence.Excerpt)},
			Fingerprint: f.Fingerprint(artifact), Remedy: f.Rule.Remedy, References: []docReference{},
		}
		for _, r := range f.Rule.References {
			d.References = append(d.References, docReference(r))
		}
		list = append(list, d)
	}
	return list
}

// known makes an optional number.
func known(n int64, is bool) *int64 {
	if !is {
		return nil
	}
	return &n
}

// texts copies a list of texts; it is never nil.
func texts(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, utf8Text(s))
	}
	return out
}
