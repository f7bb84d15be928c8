package policy

import "github.com/picketsec/picket/evidence/claim"

// addDecisions takes a claim that a person answers for.
func (f *Facts) addDecisions(c *claim.Claim, o Origin) {
	switch p := c.Predicate.(type) {
	case *claim.Review:
		r := Review{Origin: o, Outcome: p.Outcome}
		for _, point := range p.Checklist {
			if !point.Done {
				r.Open++
			}
		}
		f.Reviews = append(f.Reviews, r)
	case *claim.Approval:
		f.Approvals = append(f.Approvals, Approval{Origin: o, Environments: p.Environments, Use: p.Use, Expires: p.Expires})
	case *claim.Exception:
		f.Exceptions = append(f.Exceptions, Exception{Origin: o, Rules: p.Rules, Reason: p.Reason, Requested: p.RequestedBy, Expires: p.Expires})
	case *claim.VendorAssessment:
		f.Assessments = append(f.Assessments, newAssessment(p, o, string(c.Subject)))
	case *claim.Declaration:
		f.Declarations = append(f.Declarations, newDeclaration(p, o))
	}
}

func newAssessment(p *claim.VendorAssessment, o Origin, subject string) Assessment {
	return Assessment{Origin: o, Subject: subject, Vendor: p.Vendor, Scope: p.Scope, Result: p.Result, Expires: p.Expires}
}

func newDeclaration(p *claim.Declaration, o Origin) Declaration {
	level := func(word string) int64 {
		l, err := ParseLevel(word)
		if err != nil {
			return int64(High) // a word that this version does not know is no reason to relax
		}
		return int64(l)
	}
	return Declaration{Origin: o, Owner: p.Owner, Use: p.Use, Leak: level(p.Impact.Leak), Fraud: level(p.Impact.Fraud),
		Regulator: level(p.Impact.Regulator), Disruption: level(p.Impact.Disruption)}
}
