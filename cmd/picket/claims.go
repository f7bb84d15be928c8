package main

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/trust"
)

// claimsDocument is the JSON form of the claims about content.
type claimsDocument struct {
	Schema string          `json:"schema"`
	Path   string          `json:"path"`
	Digest picket.Digest   `json:"digest"`
	Claims []claimDocument `json:"claims"`
	Notes  []string        `json:"notes"`
}

// claimDocument is one claim after its checks.
type claimDocument struct {
	Source  string        `json:"source"`
	Kind    string        `json:"kind"`
	Type    string        `json:"type"`
	Key     string        `json:"key"`     // the first signer
	Signers []string      `json:"signers"` // all of them
	Trust   []string      `json:"trust"`   // for each of them, why the trust root lets them say this, or why not
	Subject picket.Digest `json:"subject"`
	Counts  bool          `json:"counts"`
	Record  bool          `json:"record"` // it holds, and is no evidence
	Failure string        `json:"failure"`
	Verdict string        `json:"verdict"`
	// Time is when it was made: as a trusted clock saw it, which is then named, else as the signer says.
	Time     string `json:"time"`
	Clock    string `json:"clock"`
	Condemns string `json:"condemns"`
}

// absenceNote stands under every answer that rests on a local file.
const absenceNote = "claims in a local file: nobody can tell from it whether one was taken out"

func newClaimsCmd(env Env) *cobra.Command {
	var flags hashFlags
	var out plainOutput
	var trusted trustFlags
	var elsewhere []string
	cmd := &cobra.Command{
		Use:   "claims PATH",
		Short: "List what is claimed about a model, and which claims count",
		Long: "Claims lists the model signature and every line of claims.jsonl, and checks each against the trust root and the\n" +
			"content as it is now. Of claims in other places it lists those that count or condemn.\n\n" +
			"Exit codes: 0 every claim counts, or no trust root was given · 1 error · 2 usage · 3 one does not count.",
		Example: "  picket claims model/\n  picket claims model/ --trust .picket/trust.yaml\n  picket claims model/ --claims revoked.jsonl",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			root, notes, err := trusted.read(env)
			if err != nil {
				return err
			}
			c, err := findContent(args[0])
			if err != nil {
				return err
			}
			m, err := flags.hash(cmd.Context(), env, c)
			if err != nil {
				return err
			}
			more, err := readClaims(elsewhere)
			if err != nil {
				return err
			}
			judged := matter(c.judge(root, m, env.Now().UTC(), more...), more)
			doc := newClaimsDocument(c, m.Digest(), judged, root, notes)
			if err := out.answer(env, doc, doc.write); err != nil {
				return err
			}
			for _, listed := range doc.Claims {
				if !listed.Counts && !listed.Record && root.Len() > 0 {
					return exitCode(exitFinding)
				}
			}
			return nil
		},
	}
	flags.add(cmd)
	out.add(cmd)
	trusted.add(cmd)
	cmd.Flags().StringArrayVar(&elsewhere, "claims", nil, "`FILE` or folder with more claims, such as revocations (may be repeated)")
	cmd.AddCommand(newClaimsHeadCmd(env), newClaimsCheckCmd(env), newClaimsCountersignCmd(env), newClaimsPushCmd(env), newClaimsPullCmd(env))
	return cmd
}

// matter leaves out claims from elsewhere that are about other content and do not condemn this one.
func matter(claims []*claim.Claim, elsewhere []claim.Entry) []*claim.Claim {
	from := map[string]bool{}
	for _, e := range elsewhere {
		from[e.Source()] = true
	}
	return slices.DeleteFunc(claims, func(c *claim.Claim) bool {
		return from[c.Source] && !c.Condemns && errors.Is(c.Failure, claim.ErrSubject)
	})
}

// newClaimsDocument is the JSON form of checked claims.
func newClaimsDocument(about *content, digest picket.Digest, claims []*claim.Claim, root *trust.Root, notes []string) *claimsDocument {
	doc := &claimsDocument{Schema: "picket.claims/1", Path: about.path, Digest: digest, Claims: []claimDocument{},
		Notes: append([]string{absenceNote}, notes...)}
	for _, c := range claims {
		d := claimDocument{Source: c.Source, Kind: c.Kind.Name, Type: c.PredicateType, Key: c.Signer, Signers: []string{}, Trust: []string{}, Subject: c.Subject,
			Counts: c.Counts(), Record: c.Holds() && !c.Counts(), Condemns: c.Condemnation}
		for _, signer := range c.Signers {
			d.Signers = append(d.Signers, signer.Name)
			if c.Kind.Name != "" {
				d.Trust = append(d.Trust, root.Explain(signer.Name, c.Kind.Name, signer.Proof))
			}
		}
		if c.Failure != nil {
			d.Failure = c.Failure.Error()
		}
		if scan := c.Scan(); scan != nil {
			d.Verdict = scan.Verdict.String()
		}
		d.when(c)
		doc.Claims = append(doc.Claims, d)
	}
	return doc
}

// when notes the time of a claim: a trusted clock is better than the word of the signer.
func (d *claimDocument) when(c *claim.Claim) {
	if c.Proof != nil {
		if seen, ok := c.Proof.Earliest(); ok {
			d.Time, d.Clock = seen.Time.UTC().Format(time.RFC3339), seen.Source
			return
		}
	}
	if !c.Made.IsZero() {
		d.Time = c.Made.UTC().Format(time.RFC3339)
	}
}

// write is the list for people.
func (d *claimsDocument) write(w io.Writer) error {
	var l lines
	l.add("%s  %s", d.Digest, shown(d.Path))
	for _, c := range d.Claims {
		switch {
		case c.Counts:
			l.add("  counts          %s: %s", shown(c.Source), c.describe())
			for _, why := range c.Trust {
				l.add("                  %s", shown(why))
			}
		case c.Record:
			l.add("  record          %s: %s", shown(c.Source), c.describe())
		case c.Kind != "":
			l.add("  does not count  %s: %s: %s", shown(c.Source), c.describe(), shown(c.Failure))
		default:
			l.add("  does not count  %s: %s", shown(c.Source), shown(c.Failure))
		}
		if c.Condemns != "" {
			l.add("  CONDEMNS        %s: %s", shown(c.Source), shown(c.Condemns))
		}
	}
	if len(d.Claims) == 0 {
		l.add("  there are no claims")
	}
	for _, note := range d.Notes {
		l.add("note: %s", note)
	}
	return l.writeTo(w)
}

// describe is what the claim is, who signed it and when.
func (d *claimDocument) describe() string {
	title := d.Kind
	if k, ok := claim.KindOf(d.Type); ok {
		title = k.Title
	}
	if d.Verdict != "" {
		title += " " + d.Verdict
	}
	title += ", signed by " + shown(strings.Join(d.Signers, " and "))
	switch {
	case d.Clock != "":
		title += ", seen at " + d.Time + " by " + shown(d.Clock)
	case d.Time != "":
		title += ", says it was made at " + d.Time
	}
	return title
}
