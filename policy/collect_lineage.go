package policy

import (
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/lineage"
)

// AddLineage tells what the content was made from, as far as claims say who may say it, with the profiles of its data and the
// assessments of its vendors. The claims are those of any content, see claim.Set.All.
func (f *Facts) AddLineage(g *lineage.Graph, claims []*claim.Claim) {
	digest := picket.Digest(f.Artifact.Digest)
	about := map[picket.Digest][]*claim.Claim{}
	taking := revocations(claims)
	for _, c := range claims {
		end, ends := claim.Expiry(c.Said)
		future := c.Made.After(f.Now.Add(skew)) // nobody made it yet
		if c.Said != nil && c.Subject != digest && !future && (!ends || f.Now.Before(end)) && !taken(c, taking) {
			about[c.Subject] = append(about[c.Subject], c)
		}
	}
	told := map[[3]string]bool{}
	tell := func(digest picket.Digest, role, name string) {
		key := [3]string{string(digest), role}
		if digest == "" {
			key[2] = name
		}
		if told[key] {
			return
		}
		told[key] = true
		a := Ancestor{Digest: string(digest), Role: role, Name: name, Resolved: digest != "" && len(about[digest]) > 0, Kinds: kindsOf(about[digest])}
		a.Revoked, a.Withdrawn = g.Spoilt(digest)
		f.Lineage.Ancestors = append(f.Lineage.Ancestors, a)
		if !a.Resolved {
			f.Lineage.Missing = append(f.Lineage.Missing, name)
		}
	}
	for _, node := range append([]picket.Digest{digest}, g.Ancestors(digest)...) {
		for _, e := range g.Parents(node) {
			tell(e.From, e.Role, g.Label(e.From))
		}
		for _, u := range g.Unresolved(node) {
			tell("", u.Role, picket.Printable(u.Name, picket.MaxExcerpt))
		}
		for _, c := range about[node] {
			f.addAncestor(c, newOrigin(c, f.Now))
		}
	}
	f.Lineage.Missing = sorted(f.Lineage.Missing)
}

// revocations are those of claims and of keys.
func revocations(claims []*claim.Claim) []*claim.Claim {
	var list []*claim.Claim
	for _, c := range claims {
		if r, ok := c.Said.(*claim.Revocation); ok && r.Target != claim.RevokeContent {
			list = append(list, c)
		}
	}
	return list
}

// taken reports whether a revocation takes a claim about an ancestor away, by its statement or by the key that signed it. For the
// claims about the content claim.Gather does that.
func taken(c *claim.Claim, by []*claim.Claim) bool {
	if _, immune := c.Said.(*claim.Revocation); immune || len(c.Signers) == 0 || c.Signers[0].Proof == nil {
		return false
	}
	proof := c.Signers[0].Proof
	seen, proven := proof.Earliest()
	return slices.ContainsFunc(by, func(by *claim.Claim) bool {
		r, ok := by.Said.(*claim.Revocation)
		if ok && r.Target == claim.RevokeClaim {
			return c.Payload != "" && by.Subject == c.Payload
		}
		return ok && by.Subject == picket.Digest("sha256:"+proof.Signatory.Key) && (!proven || !seen.Time.Before(r.Effective))
	})
}

// addAncestor takes what a claim about an ancestor says about the content as well.
func (f *Facts) addAncestor(c *claim.Claim, o Origin) {
	switch p := c.Said.(type) {
	case *claim.DatasetProfile:
		f.Datasets = append(f.Datasets, newDataset(p, o, string(c.Subject)))
	case *claim.VendorAssessment:
		f.Assessments = append(f.Assessments, newAssessment(p, o, string(c.Subject)))
	}
}

// kindsOf are the names of the kinds of claims.
func kindsOf(claims []*claim.Claim) []string {
	kinds := []string{}
	for _, c := range claims {
		if !c.Kind.Record {
			kinds = append(kinds, c.Kind.Name)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}
