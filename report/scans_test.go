package report

import (
	"fmt"

	"github.com/picketsec/picket"
)

// rule makes a rule for tests; what is written about it is constant.
func testRule(id string, severity picket.Severity, class picket.Class) picket.Rule {
	return picket.Rule{
		ID: id, Title: "Title of " + id, Severity: severity, Class: class,
		What: "What " + id + " means.", Why: "Why " + id + " matters.",
		Remedy: "Do not load the file. Ask who published it for a safetensors version, and delete this one.",
		References: []picket.Reference{
			{Kind: "CWE", ID: "CWE-502", URL: "https://cwe.mitre.org/data/definitions/502.html"},
			{Kind: "ATLAS", ID: "AML.T0011.000", URL: "https://atlas.mitre.org/techniques/AML.T0011.000"},
		},
	}
}

// The rules that the scans below use.
func codeExecution() picket.Rule {
	return testRule("model.pickle.code-execution", picket.Critical, picket.Execution)
}
func unknown() picket.Rule { return testRule(unknownGlobal, picket.High, picket.Execution) }
func prefix() picket.Rule  { return testRule("artifact.zip.prefix", picket.Medium, picket.Structure) }
func badConfig() picket.Rule {
	return testRule("run.config.in-tree", picket.Medium, picket.Operation)
}

// nasty are texts that try to leave the place where a report puts them.
func nasty() []string {
	return []string{
		"two\nlines.pt", "\x1b[2J\x1b[31mred\x1b[0m.pt", "invalid\xff\xfeutf8.pt", "\u202egnp.tp", "zero\u200bwidth\ufeff.pt",
		"<script>alert(1)</script>.pt", "\"><img src=x onerror=alert(1)>.pt", "a|b](http://evil.example)[x](javascript:1) @admin #1",
		"``` `` ` </code> *b* _i_ ~~s~~ ![i](http://evil.example/i.png)", "]]>&amp;<![CDATA[x", "{0} {{1}} [link](http://evil.example)",
		"bell\a\x00nul\x7f\u0085\u009b31m", "$(touch x) `touch y` 'q'", "   ", "-rf", "C:\\a\\b", "bad\xed\xa0\x80surrogate\ufffe\uffff",
		"</style></title><meta http-equiv=refresh content=0>", "\r\n::error::x", "\U000e0041tag\U0001f600", "x\u2028y\u2029z",
	}
}

// emptyScan found nothing.
func emptyScan() picket.Scan { return picket.Scan{Tool: "picket 0.1.0", Target: "models"} }

// result makes a result without findings.
func result(name, format string, v picket.Verdict, size int64, c picket.Coverage) picket.Result {
	return picket.Result{Verdict: v, Coverage: c, Formats: []string{format},
		Artifact: picket.Artifact{Name: name, Size: size, Format: format, MediaType: "application/x-" + format,
			Digest: picket.SHA256([32]byte{1, 2, 3})}}
}

// cleanScan is a folder of good models; there are enough of them to be collapsed.
func cleanScan(n int) picket.Scan {
	s := picket.Scan{Tool: "picket 0.1.0", Target: "models", Digest: picket.SHA256([32]byte{9})}
	for i := range n {
		format, c := "torch-zip", picket.Coverage{Parsed: 2000, Opaque: 4_000_000, Checked: true, Executable: true}
		if i%3 == 0 {
			format, c.Executable = "safetensors", false
		}
		s.Results = append(s.Results, result(fmt.Sprintf("models/part-%05d", i), format, picket.Clean, 4_002_000, c))
	}
	return s
}

// inertScan holds nothing that could run.
func inertScan() picket.Scan {
	return picket.Scan{Tool: "picket 0.1.0", Target: "docs", Results: []picket.Result{
		result("docs/model.safetensors", "safetensors", picket.Clean, 1_500_000, picket.Coverage{Parsed: 900, Opaque: 1_499_100, Checked: true}),
		result("docs/README.md", "text", picket.NotApplicable, 1200, picket.Coverage{}),
	}}
}

// finding makes a finding at an offset of a member.
func finding(r picket.Rule, member string, offset int64, summary, subject string) picket.Finding {
	return picket.Finding{Rule: r, Location: picket.At(member, offset), Subject: subject, Confidence: picket.Certain,
		Evidence: picket.NewEvidence(summary, "")}
}

// mixedScan is what a user meets on a bad day.
func mixedScan() picket.Scan {
	evil := result("models/evil.pt", "torch-zip", picket.Malicious, 1234, picket.Coverage{Parsed: 1100, Unread: 134, Checked: true,
		Executable: true, Gaps: []picket.Gap{{Member: "archive/data.pkl", Offset: 1100, Length: 134, Reason: "the stream ends without STOP"}}})
	evil.Formats = []string{"torch-zip", "zip"}
	call := finding(codeExecution(), "archive/data.pkl", 34, `calls posix.system("echo hello from the model") when loaded`, "posix.system")
	call.Technique, call.Location.Length = "reduce gadget", 40
	call.Evidence.Excerpt = "cposix\\nsystem\\n"
	evil.Findings = []picket.Finding{call}
	for i, name := range []string{"Net", "Head", "Block", "Attention", "Norm", "Mlp", "Embedding", "Rope"} {
		f := finding(unknown(), "archive/data.pkl", int64(200+50*i), "refers to mylab.layers."+name+", which is not known", "mylab.layers."+name)
		f.Confidence = picket.Likely
		evil.Findings = append(evil.Findings, f)
	}
	evil.Findings = append(evil.Findings, finding(prefix(), "", 0, "64 bytes stand before the first entry", ""))
	evil.Facts = []picket.Fact{{Kind: picket.FactGlobal, Value: "mylab.layers.Net"}, {Kind: picket.FactGlobal, Value: "posix.system"}}
	evil.Trace = []string{`posix.system("echo hello from the model")`, "mylab.layers.Net()"}

	odd := result("models/odd.joblib", "joblib", picket.Suspicious, 88_000_000, picket.Coverage{Parsed: 88_000_000, Checked: true, Executable: true})
	odd.Findings = []picket.Finding{finding(unknown(), "", 77, "refers to somelib.Thing, which is not known", "somelib.Thing")}

	locked := result("models/locked.zip", "zip", picket.Incomplete, 5000, picket.Coverage{Parsed: 100, Unread: 4900, Checked: true, Executable: true,
		Gaps: []picket.Gap{{Member: "secret.pkl", Offset: 0, Length: 4900, Reason: "the member is encrypted"}, {Offset: 100, Length: -1, Reason: "limit reached: time"}}})
	gone := picket.Result{Verdict: picket.Incomplete, Failure: "open models/gone.pt: permission denied", Artifact: picket.Artifact{Name: "models/gone.pt", Size: -1}}
	onnx := result("models/net.onnx", "onnx", picket.Unsupported, 70_000, picket.Coverage{Checked: true, Unsupported: []string{". (ONNX)"}})
	good := result("models/good.pt", "torch-zip", picket.Clean, 4_000_000, picket.Coverage{Parsed: 2000, Opaque: 3_998_000, Checked: true, Executable: true})
	good.Artifact.Declared = good.Artifact.Digest
	onnx.Artifact.Declared, onnx.Artifact.Digest = onnx.Artifact.Digest, ""
	text := result("models/README.md", "text", picket.NotApplicable, 900, picket.Coverage{})
	return picket.Scan{Tool: "picket 0.1.0", Target: "models", Suppressed: 2,
		Origin:  &picket.Origin{Place: "hf://org/models@0123456789abcdef0123456789abcdef01234567", Size: 92_000_000, Transferred: 81_000, Requests: 12},
		Results: []picket.Result{evil, odd, locked, gone, onnx, good, text},
		Findings: []picket.Finding{{Rule: badConfig(), Location: picket.Whole(""), Confidence: picket.Certain,
			Evidence: picket.NewEvidence("models/.picket.yaml is inside the scanned tree and is not used", "")}}}
}

// nastyScan puts every nasty text into every place that holds text from the content.
func nastyScan() picket.Scan { return scanOfNames(nasty()) }

// scanOfNames puts each name into every place that holds text from the content.
func scanOfNames(names []string) picket.Scan {
	s := picket.Scan{Tool: "picket 0.1.0", Target: names[0] + names[6], Origin: &picket.Origin{Place: names[1]}}
	for i, n := range names {
		r := result(n, "pickle", picket.Malicious, int64(i), picket.Coverage{Parsed: 1, Unread: 1, Checked: true, Executable: true,
			Gaps: []picket.Gap{{Member: n, Offset: 5, Length: 1, Reason: n}}, Unsupported: []string{n + " (" + n + ")"}})
		f := finding(codeExecution(), n, int64(i), "", n+"."+n)
		f.Evidence = picket.Evidence{Summary: n, Excerpt: "excerpt " + n} // as a careless detector would make it
		f.Technique = n
		g := finding(unknown(), n, int64(i), "", n+".x")
		h := finding(unknown(), n, int64(i+1), "", n+".y")
		g.Evidence, h.Evidence = picket.Evidence{Summary: n}, picket.Evidence{Summary: n + "2"}
		r.Findings, r.Trace, r.Failure = []picket.Finding{f, g, h}, []string{n}, n
		r.Facts = []picket.Fact{{Kind: picket.FactGlobal, Value: n}}
		s.Results = append(s.Results, r)
		c := result("calm "+n, n, picket.Clean, 3, picket.Coverage{Parsed: 3, Checked: true})
		s.Results = append(s.Results, c)
		s.Findings = append(s.Findings, picket.Finding{Rule: badConfig(), Location: picket.Whole(n), Evidence: picket.Evidence{Summary: n}})
	}
	return s
}
