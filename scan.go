package picket

// Result is everything that a scan learned about one artifact.
type Result struct {
	Artifact Artifact
	Verdict  Verdict
	Coverage Coverage
	Findings []Finding // worst first, then by location
	// Formats lists every format that accepts the content; the first is the one that Artifact.Format names.
	Formats []string
	// Trace lists the calls that loading the artifact would make, as Python, in order; bounded.
	Trace []string
	// Failure is the reason why the artifact could not be opened or was given up, for a person to act on; may be empty.
	Failure string
}

// Scan is the outcome of one run over any number of artifacts.
type Scan struct {
	Tool    string   // name and version
	Target  string   // what the user asked to scan
	Digest  Digest   // root digest of the target when it is a tree that was hashed as a whole; may be empty
	Results []Result // in a fixed order: worst verdict first, then by name
	// Findings are about the run, not about one artifact: a configuration in the tree, an expired exception.
	Findings []Finding
	// Suppressed counts findings that the configuration or a baseline removed from Results.
	Suppressed int
}

// Verdict is the worst verdict of all artifacts; NotApplicable when there are none.
func (s Scan) Verdict() Verdict {
	worst := NotApplicable
	for _, r := range s.Results {
		if r.Verdict.Worse(worst) {
			worst = r.Verdict
		}
	}
	return worst
}

// Worst is the highest severity among all findings; 0 when there are none.
func (s Scan) Worst() Severity {
	var worst Severity
	for _, f := range s.Findings {
		worst = max(worst, f.Rule.Severity)
	}
	for _, r := range s.Results {
		for _, f := range r.Findings {
			worst = max(worst, f.Rule.Severity)
		}
	}
	return worst
}
