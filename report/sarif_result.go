package report

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/picketsec/picket"
)

// The parts of SARIF 2.1.0 that the report uses, under the names of the specification.
type (
	sarifBag  map[string]any // encoding/json writes the keys in order
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifTool struct {
		Driver sarifComponent `json:"driver"`
	}
	sarifComponent struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		Name                 string             `json:"name"`
		ShortDescription     sarifText          `json:"shortDescription"`
		FullDescription      sarifText          `json:"fullDescription"`
		Help                 sarifText          `json:"help"`
		HelpURI              string             `json:"helpUri,omitempty"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
		Properties           sarifBag           `json:"properties"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		ExitCode            *int                `json:"exitCode,omitempty"`
		ExitCodeDescription string              `json:"exitCodeDescription,omitempty"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifArtifact struct {
		Location sarifArtifactLocation `json:"location"`
		Length   *int64                `json:"length,omitempty"`
		MimeType string                `json:"mimeType,omitempty"`
		Hashes   map[string]string     `json:"hashes,omitempty"`
	}
	sarifArtifactLocation struct {
		URI   string `json:"uri"`
		Index *int   `json:"index,omitempty"`
	}
	sarifRegion struct {
		StartLine  int    `json:"startLine,omitempty"`
		ByteOffset *int64 `json:"byteOffset,omitempty"`
		ByteLength *int64 `json:"byteLength,omitempty"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifactLocation `json:"artifactLocation"`
		Region           *sarifRegion          `json:"region,omitempty"`
	}
	sarifLogical struct {
		Name               string `json:"name"`
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
	sarifLocation struct {
		Physical   sarifPhysical  `json:"physicalLocation"`
		Logical    []sarifLogical `json:"logicalLocations,omitempty"`
		Properties sarifBag       `json:"properties,omitempty"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations,omitempty"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
		Properties          sarifBag          `json:"properties"`
	}
)

// sarifInvocationOf says how the run went. A run that left ranges unread was not successful: a reader that looks only at
// the results must not take their absence for a clean bill.
func sarifInvocationOf(scan picket.Scan, sum tally, opt Options) sarifInvocation {
	inv := sarifInvocation{ExecutionSuccessful: sum.gaps == 0 && sum.failed == 0, ExitCode: opt.ExitCode}
	if opt.ExitCode != nil {
		inv.ExitCodeDescription = exitMeaning(*opt.ExitCode, opt.failOn())
	}
	note := func(i int, level, text string, l picket.Location) {
		inv.Notifications = append(inv.Notifications, sarifNotification{Level: level,
			Message: sarifText{Text: plainMessage(text)}, Locations: []sarifLocation{locate(scan, i, l, false)}})
	}
	for i, r := range scan.Results {
		if r.Failure != "" {
			note(i, "error", "Not read: "+r.Failure, picket.Whole(""))
		}
		for _, g := range r.Coverage.Gaps {
			note(i, "error", "Not read: "+gapPlace(g)+": "+g.Reason,
				picket.Location{Member: g.Member, Offset: g.Offset, Length: max(0, g.Length)})
		}
		for _, u := range r.Coverage.Unsupported {
			note(i, "warning", "Unsupported: "+strings.TrimPrefix(u, ". "), picket.Whole(""))
		}
	}
	return inv
}

// exitMeaning says what an exit code of the command line means.
func exitMeaning(code int, failOn picket.Severity) string {
	switch code {
	case 0:
		return "clean"
	case 1:
		return "error"
	case 2:
		return "wrong usage"
	case 3:
		return "a finding of severity " + failOn.String() + " or worse"
	case 4:
		return "something that may execute was not read"
	}
	return ""
}

// sarifArtifactOf describes one artifact.
func sarifArtifactOf(a picket.Artifact) sarifArtifact {
	s := sarifArtifact{Location: sarifArtifactLocation{URI: uri(a.Name)}, Length: known(a.Size, a.Size >= 0), MimeType: utf8Text(a.MediaType)}
	if a.Digest != "" {
		s.Hashes = map[string]string{"sha-256": a.Digest.Hex()}
	}
	return s
}

// sarifResultOf describes one finding.
func sarifResultOf(scan picket.Scan, p resultPlace, indexes map[string]int) sarifResult {
	var f picket.Finding
	name := ""
	if p.artifact < 0 {
		f = scan.Findings[p.finding]
	} else {
		r := scan.Results[p.artifact]
		f, name = r.Findings[p.finding], r.Artifact.Name
	}
	text := cmp.Or(f.Evidence.Summary, f.Rule.Title)
	if f.Location.Member != "" {
		text += " (" + place(f.Location) + ")"
	}
	print := f.Fingerprint(name)
	s := sarifResult{
		RuleID: f.Rule.ID, RuleIndex: indexes[f.Rule.ID], Level: sarifLevel(f.Rule.Severity),
		Message: sarifText{Text: plainMessage(text)}, Locations: []sarifLocation{locate(scan, p.artifact, f.Location, true)},
		// The second is the only key that GitHub looks at.
		PartialFingerprints: map[string]string{"picket/v1": print, "primaryLocationLineHash": print + ":1"},
		Properties:          sarifBag{"confidence": string(cmp.Or(f.Confidence, picket.Certain)), "severity": f.Rule.Severity.String()},
	}
	for key, value := range map[string]string{"subject": f.Subject, "technique": f.Technique, "excerpt": f.Evidence.Excerpt} {
		if value != "" {
			s.Properties[key] = utf8Text(value)
		}
	}
	return s
}

// locate describes a location in the artifact of the given index; -1 for the run, whose place is its target. Code scanning
// services ignore results without a line, so a finding in a binary file is shown at its first one.
func locate(scan picket.Scan, artifact int, l picket.Location, line bool) sarifLocation {
	s := sarifLocation{}
	if artifact < 0 {
		s.Physical.ArtifactLocation.URI = uri(scan.Target)
	} else {
		s.Physical.ArtifactLocation = sarifArtifactLocation{URI: uri(scan.Results[artifact].Artifact.Name), Index: &artifact}
	}
	region := sarifRegion{}
	if line {
		region.StartLine = 1
	}
	switch {
	case l.Member != "":
		s.Logical = []sarifLogical{{Name: path(lastMember(l.Member)), FullyQualifiedName: path(l.Member), Kind: "resource"}}
		s.Properties = sarifBag{}
		for key, n := range map[string]int64{"memberOffset": l.Offset, "memberLength": l.Length, "memberLine": int64(l.Line)} {
			if n > 0 || n == 0 && key == "memberOffset" {
				s.Properties[key] = n
			}
		}
	case l.Line > 0:
		region.StartLine = l.Line
	case l.Offset >= 0:
		region.ByteOffset, region.ByteLength = &l.Offset, known(l.Length, l.Length > 0)
	}
	if region != (sarifRegion{}) {
		s.Physical.Region = &region
	}
	return s
}

// lastMember is the innermost part of a member path.
func lastMember(member string) string {
	if i := strings.LastIndex(member, "!/"); i >= 0 && i+2 < len(member) {
		return member[i+2:]
	}
	return member
}

// plainMessage makes text that no SARIF reader understands as more than text: one printable line without embedded links,
// whose "](" is broken by a space, and with braces doubled, as the specification (3.11.5) asks for those that are not
// placeholders.
func plainMessage(s string) string {
	s = strings.ReplaceAll(printable(s), "](", "] (")
	return strings.NewReplacer("{", "{{", "}", "}}").Replace(s)
}

// uri writes a path as a URI reference: every byte that is not unreserved is percent-encoded, invalid UTF-8 included, so
// that the exact name can be read back and nothing in it is taken for a scheme, a query or a fragment.
func uri(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), ":", "%3A")
	}
	joined := strings.Join(parts, "/")
	switch {
	case joined == "":
		return "."
	case strings.HasPrefix(name, "/"):
		return fmt.Sprintf("file:///%s", strings.TrimLeft(joined, "/"))
	}
	return joined
}
