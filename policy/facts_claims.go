package policy

import (
	"time"

	"github.com/picketsec/picket/evidence/claim"
)

// The facts of this file each say what one claim that counts says.

// Scan is a scan result.
type Scan struct {
	Origin        `yaml:",inline"`
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

// Signature is a model signature.
type Signature struct {
	Origin   `yaml:",inline"`
	Method   string   `cel:"method" doc:"how the signer is known: key, certificate or keyless"`
	Unsigned []string `cel:"unsigned" doc:"files that lie in the content and that the signed ignore list leaves out"`
}

// Manifest lists the content with its other names.
type Manifest struct {
	Origin  `yaml:",inline"`
	Aliases []Alias `cel:"aliases" doc:"other digests of the same content"`
}

// Alias is another digest of the same content.
type Alias struct {
	System   string `cel:"system" doc:"oms-python, oci, hub-commit or git-commit"`
	Value    string `cel:"value" doc:"the name there"`
	Verified bool   `cel:"verified" doc:"it was computed anew; every other alias is the signer's word"`
}

// Bom is a bill of materials.
type Bom struct {
	Origin     `yaml:",inline"`
	Format     string `cel:"format" doc:"CycloneDX or SPDX"`
	Version    string `cel:"version" doc:"of the format"`
	Components int64  `cel:"components" doc:"how many there are, nested ones included"`
}

// Provenance is SLSA provenance: how the content was built.
type Provenance struct {
	Origin    `yaml:",inline"`
	Builder   string     `cel:"builder" doc:"who built it, as an address"`
	BuildType string     `cel:"build_type" doc:"how, as an address"`
	Inputs    []Material `cel:"inputs" doc:"what it was built from"`
}

// Material is an input of a build or of a training run.
type Material struct {
	Role   string `cel:"role" doc:"data, base, adapter, code or configuration; empty for provenance"`
	Name   string `cel:"name" doc:"for people"`
	Digest string `cel:"digest" doc:"of the input"`
}

// Training is a training run.
type Training struct {
	Origin  `yaml:",inline"`
	Inputs  []Material `cel:"inputs" doc:"what went in"`
	Commit  string     `cel:"commit" doc:"of the code"`
	Private bool       `cel:"private" doc:"it states a guarantee of differential privacy"`
	Epsilon float64    `cel:"epsilon" doc:"of that guarantee"`
	Delta   float64    `cel:"delta" doc:"of that guarantee"`
}

// Dataset is a profile of a dataset: of the content itself, or of one that it was made from.
type Dataset struct {
	Origin      `yaml:",inline"`
	Subject     string `cel:"subject" doc:"digest of the dataset"`
	Rows        int64  `cel:"rows" doc:"how many there are"`
	Personal    string `cel:"personal" doc:"what a search for personal data found: none, found, removed or unknown; empty when nobody searched"`
	Sensitivity string `cel:"sensitivity" doc:"public, internal, confidential or restricted; empty when nobody said"`
	Licence     string `cel:"licence" doc:"SPDX expression or name"`
}

// Evaluation is how the model did on one suite of tests.
type Evaluation struct {
	Origin  `yaml:",inline"`
	Type    string   `cel:"type" doc:"performance, robustness, fairness, guardrail or privacy"`
	Suite   string   `cel:"suite" doc:"what was run"`
	Passed  bool     `cel:"passed" doc:"at least one metric was judged, and every one that was is on the good side"`
	Metrics []Metric `cel:"metrics" doc:"what was measured"`
}

// Metric is one number of an evaluation.
type Metric struct {
	Name   string  `cel:"name" doc:"such as accuracy"`
	Slice  string  `cel:"slice" doc:"the part of the data or the group; empty for all"`
	Value  float64 `cel:"value" doc:"what was measured"`
	Judged bool    `cel:"judged" doc:"whether it was compared with a threshold"`
	Passed bool    `cel:"passed" doc:"it was judged and is on the good side"`
}

// Vulnerability is the last word on one vulnerability in one thing that the model needs.
type Vulnerability struct {
	Origin        `yaml:",inline"`
	ID            string `cel:"id" doc:"such as CVE-2025-32434"`
	Product       string `cel:"product" doc:"what it is about; empty for the content itself"`
	Status        string `cel:"status" doc:"affected, not_affected, fixed or under_investigation"`
	Justification string `cel:"justification" doc:"why it is not affected"`
}

// open reports whether there is still something to do about it.
func (v Vulnerability) open() bool { return v.Status != claim.Fixed && v.Status != claim.NotAffected }

// Review says that someone looked.
type Review struct {
	Origin  `yaml:",inline"`
	Outcome string `cel:"outcome" doc:"approved, changes-requested or rejected"`
	Open    int64  `cel:"open" doc:"points of the checklist that are not done"`
}

// Approval says that someone wants the content to be used.
type Approval struct {
	Origin       `yaml:",inline"`
	Environments []string  `cel:"environments" doc:"where it may be used, such as production"`
	Use          string    `cel:"use" doc:"what for; empty for every use that is declared"`
	Expires      time.Time `cel:"expires" doc:"when it stops to count; the year 1 when it does not"`
}

// Exception accepts that rules do not hold, for a while.
type Exception struct {
	Origin    `yaml:",inline"`
	Rules     []string  `cel:"rules" doc:"the rules that it lifts"`
	Reason    string    `cel:"reason" doc:"why"`
	Requested string    `cel:"requested" doc:"who asked for it"`
	Expires   time.Time `cel:"expires" doc:"when it stops to count"`
}

// Assessment is what came out of looking at who supplies the content or an ancestor of it.
type Assessment struct {
	Origin  `yaml:",inline"`
	Vendor  string    `cel:"vendor" doc:"who was assessed"`
	Scope   string    `cel:"scope" doc:"what was looked at"`
	Subject string    `cel:"subject" doc:"digest of what comes from them"`
	Result  string    `cel:"result" doc:"accepted, conditional or rejected"`
	Expires time.Time `cel:"expires" doc:"when it stops to count"`
}

// Declaration says what the model is for and what harm its use can do.
type Declaration struct {
	Origin     `yaml:",inline"`
	Owner      string `cel:"owner" doc:"who answers for it"`
	Use        string `cel:"use" doc:"what it is for"`
	Leak       int64  `cel:"leak" doc:"as in impact"`
	Fraud      int64  `cel:"fraud" doc:"as in impact"`
	Regulator  int64  `cel:"regulator" doc:"as in impact"`
	Disruption int64  `cel:"disruption" doc:"as in impact"`
}

// Revocation takes the content back, or something that it was made from.
type Revocation struct {
	Origin  `yaml:",inline"`
	Subject string `cel:"subject" doc:"the digest: the content's own or that of an ancestor"`
	Reason  string `cel:"reason" doc:"malicious, poisoned, vulnerable, compromised, licence, legal, privacy, quality, superseded or other"`
	Text    string `cel:"text" doc:"the reason for people, and how the content descends from what is revoked"`
}
