package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
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
	Type    string        `json:"type"`
	Key     string        `json:"key"`
	Subject picket.Digest `json:"subject"`
	Counts  bool          `json:"counts"`
	Failure string        `json:"failure"`
	Verdict string        `json:"verdict"`
	Time    string        `json:"time"` // self-asserted
}

// absenceNote stands under every answer that rests on a local file.
const absenceNote = "claims in a local file: nobody can tell from it whether one was taken out"

func newClaimsCmd(env Env) *cobra.Command {
	var flags hashFlags
	var out plainOutput
	var trusted trustFlags
	cmd := &cobra.Command{
		Use:   "claims PATH",
		Short: "List what is claimed about a model, and which claims count",
		Long: "Claims lists the model signature and every line of claims.jsonl, and checks each against the trust root and the\n" +
			"content as it is now.\n\n" +
			"Exit codes: 0 every claim counts, or no trust root was given · 1 error · 2 usage · 3 one does not count.",
		Example: "  picket claims model/\n  picket claims model/ --trust .picket/trust.yaml",
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
			doc := newClaimsDocument(c, m.Digest(), c.judge(root, m, env.Now().UTC()), notes)
			if err := out.answer(env, doc, doc.write); err != nil {
				return err
			}
			for _, listed := range doc.Claims {
				if !listed.Counts && root.Len() > 0 {
					return exitCode(exitFinding)
				}
			}
			return nil
		},
	}
	flags.add(cmd)
	out.add(cmd)
	trusted.add(cmd)
	return cmd
}

// newClaimsDocument is the JSON form of checked claims.
func newClaimsDocument(about *content, digest picket.Digest, claims []*claim.Claim, notes []string) *claimsDocument {
	doc := &claimsDocument{Schema: "picket.claims/1", Path: about.path, Digest: digest, Claims: []claimDocument{},
		Notes: append([]string{absenceNote}, notes...)}
	for _, c := range claims {
		d := claimDocument{Source: c.Source, Type: c.PredicateType, Key: c.Signer, Subject: c.Subject, Counts: c.Counts()}
		if c.Failure != nil {
			d.Failure = c.Failure.Error()
		}
		if scan := c.Scan(); scan != nil {
			d.Verdict, d.Time = scan.Verdict.String(), scan.Time.Format("2006-01-02T15:04:05Z07:00")
		}
		doc.Claims = append(doc.Claims, d)
	}
	return doc
}

// write is the list for people.
func (d *claimsDocument) write(w io.Writer) error {
	var l lines
	l.add("%s  %s", d.Digest, shown(d.Path))
	for _, c := range d.Claims {
		switch {
		case !c.Counts:
			l.add("  does not count  %s: %s", shown(c.Source), shown(c.Failure))
		case c.Verdict != "":
			l.add("  counts          %s: scan result %s, signed by %s, says it was made at %s", shown(c.Source), c.Verdict, shown(c.Key), c.Time)
		default:
			l.add("  counts          %s: model signature by %s", shown(c.Source), shown(c.Key))
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
