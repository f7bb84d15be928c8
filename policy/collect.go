package policy

import (
	"cmp"
	"slices"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// unknownAge is the age of a claim whose time is not known, or lies in the future: nobody can call it young.
const unknownAge = maxDays * 24 * time.Hour

// skew is how far clocks may be apart.
const skew = 10 * time.Minute

// NewFacts collects the facts about the content of m under a path, from claims that claim.Gather has judged. Lineage, a known head
// and what the operator knows of the impact are for the caller to add.
func NewFacts(path string, m *evidence.Manifest, claims []*claim.Claim, now time.Time) Facts {
	f := Facts{Artifact: newArtifact(path, m), Now: now, Head: Head{State: HeadNone}, Claims: make([]Claim, 0, len(claims))}
	for _, c := range claims {
		f.add(c, newOrigin(c, now))
	}
	f.settle()
	return f
}

// add takes one claim. Records, such as decisions, are no evidence and not shown; a damaged one is still damage.
func (f *Facts) add(c *claim.Claim, o Origin) {
	if !c.Kind.Record || !c.Holds() || c.Condemns {
		f.Claims = append(f.Claims, newClaim(c, o))
	}
	if r, ok := c.Said.(*claim.Revocation); ok && c.Condemns {
		f.Revocations = append(f.Revocations, Revocation{Origin: o, Subject: string(c.Subject), Reason: r.Reason, Text: c.Condemnation})
	}
	if c.Counts() {
		f.addEvidence(c, o)
		f.addDecisions(c, o)
	}
}

// settle draws what follows from all claims together.
func (f *Facts) settle() {
	f.Scan = deciding(f.Scans)
	f.Vulnerabilities = latest(f.Vulnerabilities)
	f.Approvals = unexpired(f.Approvals, f.Now, func(a Approval) time.Time { return a.Expires })
	f.Assessments = unexpired(f.Assessments, f.Now, func(a Assessment) time.Time { return a.Expires })
	for _, d := range f.Declarations {
		f.Impact.raise(Impact{Leak: d.Leak, Fraud: d.Fraud, Regulator: d.Regulator, Disruption: d.Disruption})
	}
	f.Impact.raise(Impact{})
}

// newOrigin says where a claim is from.
func newOrigin(c *claim.Claim, now time.Time) Origin {
	o := Origin{Source: c.Source, Time: c.Made}
	for _, s := range c.Signers {
		o.Signers = append(o.Signers, s.Name)
		o.People = append(o.People, cmp.Or(s.Person, s.Name))
		if s.Proof == nil {
			continue
		}
		if moment, ok := s.Proof.Earliest(); ok {
			o.Trusted = true
			if o.Time.IsZero() || moment.Time.Before(o.Time) {
				o.Time = moment.Time
			}
		}
	}
	if len(o.People) > 1 {
		o.People = distinct(o.People)
	}
	o.Age = age(o.Time, now)
	return o
}

// age is the time from then to now.
func age(then, now time.Time) time.Duration {
	if then.IsZero() || then.After(now.Add(skew)) || now.Sub(then) > unknownAge {
		return unknownAge
	}
	return max(0, now.Sub(then))
}

// raise lifts each part of the impact to at least what is given. Nothing lowers it.
func (i *Impact) raise(to Impact) {
	i.Leak, i.Fraud = max(i.Leak, to.Leak), max(i.Fraud, to.Fraud)
	i.Regulator, i.Disruption = max(i.Regulator, to.Regulator), max(i.Disruption, to.Disruption)
	i.Highest = max(i.Leak, i.Fraud, i.Regulator, i.Disruption)
}

// Raise lifts one part of the impact by its name to at least a level: an operator may know better than who declared it, to
// the worse. It reports whether there is such a part.
func (i *Impact) Raise(part string, to Level) bool {
	level := int64(to)
	switch part {
	case "leak":
		i.raise(Impact{Leak: level})
	case "fraud":
		i.raise(Impact{Fraud: level})
	case "regulator":
		i.raise(Impact{Regulator: level})
	case "disruption":
		i.raise(Impact{Disruption: level})
	default:
		return false
	}
	return true
}

// deciding picks the scan that decides. The order of lines is in the hands of whoever can write to the file, and the time in
// those of the signer: of the newest scan and the last one in the file the worse one decides.
func deciding(scans []Scan) *Scan {
	var newest *Scan
	for i := range scans {
		s := &scans[i]
		switch {
		case s.Verdict == picket.Malicious.String():
			return s
		case newest == nil || s.Time.After(newest.Time) || s.Time.Equal(newest.Time) && worse(s.Verdict, newest.Verdict):
			newest = s
		}
	}
	if n := len(scans); n > 0 && worse(scans[n-1].Verdict, newest.Verdict) {
		return &scans[n-1]
	}
	return newest
}

// worse compares verdicts by their names. One that is not known is worse than any other.
func worse(a, b string) bool {
	var x, y picket.Verdict
	if err := y.UnmarshalText([]byte(b)); err != nil {
		return false
	}
	return x.UnmarshalText([]byte(a)) != nil || x.Worse(y)
}

// latest keeps the last word on each vulnerability in each product. Of two that are equally old the later one in the same
// document counts, and of two documents the one that leaves it open: the order of claims proves nothing.
func latest(all []Vulnerability) []Vulnerability {
	last := map[[2]string]int{}
	for i, v := range all {
		key := [2]string{v.ID, v.Product}
		old, ok := last[key]
		if !ok || v.Time.After(all[old].Time) || v.Time.Equal(all[old].Time) && (v.Source == all[old].Source || v.open() || !all[old].open()) {
			last[key] = i
		}
	}
	var kept []Vulnerability
	for i, v := range all {
		if last[[2]string{v.ID, v.Product}] == i {
			kept = append(kept, v)
		}
	}
	return kept
}

// unexpired drops what does not count any more.
func unexpired[T any](all []T, now time.Time, expires func(T) time.Time) []T {
	return slices.DeleteFunc(all, func(x T) bool { return !expires(x).IsZero() && !now.Before(expires(x)) })
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

func newClaim(c *claim.Claim, origin Origin) Claim {
	f := Claim{Origin: origin, Kind: c.Kind.Name, Type: c.PredicateType, Counts: c.Counts(), Broken: c.Broken, Condemns: c.Condemns,
		Condemnation: c.Condemnation}
	if c.Failure != nil {
		f.Failure = c.Failure.Error()
	}
	return f
}
