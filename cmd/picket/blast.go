package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/lineage"
)

// walkFlags are the flags of verbs that walk over claims of any content.
type walkFlags struct {
	out     plainOutput
	trusted trustFlags
	claims  []string
}

// add declares the flags.
func (w *walkFlags) add(cmd *cobra.Command) {
	w.out.add(cmd)
	w.trusted.add(cmd)
	cmd.Flags().StringArrayVar(&w.claims, "claims", nil, "`FILE` or folder with claims (may be repeated)")
}

// gather checks all claims without any content; notes say what is missing for a full answer.
func (w *walkFlags) gather(env Env, more ...claim.Entry) (set *claim.Set, notes []string, err error) {
	if err := w.out.check(); err != nil {
		return nil, nil, err
	}
	root, notes, err := w.trusted.read(env)
	if err != nil {
		return nil, nil, err
	}
	entries, err := readClaims(w.claims)
	if err != nil {
		return nil, nil, err
	}
	set = claim.Gather(append(more, entries...), claim.Options{Authority: root, Now: env.Now().UTC()})
	for _, c := range set.All() {
		if c.Said == nil {
			notes = append(notes, c.Source+" is left out: "+c.Failure.Error())
		}
	}
	return set, notes, nil
}

// blastDocument is what something reaches.
type blastDocument struct {
	Schema  string          `json:"schema"`
	What    string          `json:"what"`
	Reached []reachDocument `json:"reached"`
	Notes   []string        `json:"notes"`
}

// reachDocument is one digest that is reached.
type reachDocument struct {
	Digest  picket.Digest `json:"digest"`
	Names   []string      `json:"names"`
	Claims  []string      `json:"claims"`
	Path    string        `json:"path"`
	Revoked bool          `json:"revoked"`
}

func newBlastCmd(env Env) *cobra.Command {
	var flags walkFlags
	cmd := &cobra.Command{
		Use:   "blast DIGEST|NAME|KEY",
		Short: "List everything that a digest, a data set or a key reaches, and by which path",
		Long: "Blast walks the lineage that signed claims tell: what was trained from the data, what was tuned from the model, what\n" +
			"a key signed and what was made from that. Only claims that the trust root knows count, and only what somebody\n" +
			"claimed can be found.\n\nExit codes: 0 nothing is reached · 1 error · 2 usage · 3 something is.",
		Example: "  picket blast sha256:… --claims models/ --trust trust.yaml\n  picket blast train.csv --claims models/ --trust trust.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(flags.claims) == 0 {
				return usagef("--claims is missing; see %s --help", cmd.CommandPath())
			}
			set, notes, err := flags.gather(env)
			if err != nil {
				return err
			}
			if slices.Contains(notes, trustNote) {
				return usagef("--trust is missing: only claims that it knows tell what is reached; see %s --help", cmd.CommandPath())
			}
			doc, err := newBlastDocument(args[0], set, notes)
			if err != nil {
				return err
			}
			if err := flags.out.answer(env, doc, doc.write); err != nil {
				return err
			}
			if len(doc.Reached) > 0 {
				return exitCode(exitFinding)
			}
			return nil
		},
	}
	flags.add(cmd)
	return cmd
}

// newBlastDocument walks from what is asked for.
func newBlastDocument(what string, set *claim.Set, notes []string) (*blastDocument, error) {
	g, err := lineage.New(set.All())
	if err != nil {
		return nil, err
	}
	doc := &blastDocument{Schema: "picket.blast/1", What: what, Reached: []reachDocument{}, Notes: append([]string{}, notes...)}
	for _, r := range g.Blast(what) {
		cascade, alone := g.Spoilt(r.Digest)
		doc.Reached = append(doc.Reached, reachDocument{Digest: r.Digest, Names: append([]string{}, r.Names...),
			Claims: append([]string{}, r.Sources...), Path: g.Explain(r.Path), Revoked: cascade || alone})
	}
	for _, circle := range g.Cycles() {
		doc.Notes = append(doc.Notes, "content is said to be made from itself: "+g.Explain(circle))
	}
	return doc, nil
}

// write is the list for people.
func (d *blastDocument) write(w io.Writer) error {
	var l lines
	l.add("%s reaches %s", shown(d.What), count(len(d.Reached), "digest"))
	for _, r := range d.Reached {
		name := ""
		if len(r.Names) > 0 {
			name = "  " + shown(r.Names[0])
		}
		state := ""
		if r.Revoked {
			state = "  REVOKED"
		}
		l.add("%s%s%s", r.Digest, name, state)
		if r.Path != "" {
			l.add("  by      %s", shown(r.Path))
		}
		for _, c := range r.Claims {
			l.add("  claim   %s", shown(c))
		}
	}
	for _, note := range d.Notes {
		l.add("note: %s", shown(note))
	}
	return l.writeTo(w)
}
