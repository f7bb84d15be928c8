package main

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/trust"
	"github.com/picketsec/picket/policy"
)

// reportDocument says what a policy would block if it were enforced.
type reportDocument struct {
	Schema       string        `json:"schema"`
	Policy       string        `json:"policy"`
	PolicyDigest string        `json:"policyDigest"`
	Mode         policy.Mode   `json:"mode"`
	Allowed      int           `json:"allowed"`
	Blocked      int           `json:"blocked"`
	Models       []modelReport `json:"models"`
	Rules        []ruleReport  `json:"rules"`
	Notes        []string      `json:"notes"`
}

// modelReport is one model.
type modelReport struct {
	Path     string        `json:"path"`
	Digest   picket.Digest `json:"digest"`
	Blocked  bool          `json:"blocked"`
	Denies   []string      `json:"denies"` // IDs of rules
	Warns    []string      `json:"warns"`
	Excepted []string      `json:"excepted"`
	Errors   int           `json:"errors"` // rules that could not be evaluated
}

// ruleReport is one rule that would block something, or that warns or is lifted.
type ruleReport struct {
	ID       string `json:"id"`
	Blocks   int    `json:"blocks"` // models
	Alone    int    `json:"alone"`  // models that nothing else blocks
	Warns    int    `json:"warns"`
	Excepted int    `json:"excepted"`
	Owner    string `json:"owner"`
	Remedy   string `json:"remedy"` // for the first of the models
}

func newPolicyReportCmd(env Env) *cobra.Command {
	var flags gateFlags
	cmd := &cobra.Command{
		Use:   "report PATH...",
		Short: "Say which models a policy would block if it were enforced, and which rules would",
		Long: "Report decides on each model like picket gate and counts. It blocks nothing: it is what to look at before a policy\n" +
			"is enforced.\n\nExit codes: 0 · 1 error · 2 usage.",
		Example: "  picket policy report models/* --policy regulated --trust .picket/trust.yaml\n" +
			"  picket policy report a/ b/ --policy .picket/release.yaml --format json",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.choosePolicy(env)
			if err := needs(cmd, "policy", flags.policy); err != nil {
				return err
			}
			if err := flags.out.check(); err != nil {
				return err
			}
			p, err := readPolicy(flags.policy)
			if err != nil {
				return err
			}
			root, notes, err := flags.trust.read(env)
			if err != nil {
				return err
			}
			doc, err := flags.report(cmd.Context(), env, p, root, args)
			if err != nil {
				return err
			}
			doc.Notes = append(doc.Notes, notes...)
			return flags.out.answer(env, doc, doc.write)
		},
	}
	flags.add(cmd)
	return cmd
}

// report decides on every model.
func (g gateFlags) report(ctx context.Context, env Env, p *policy.Policy, root *trust.Root, paths []string) (*reportDocument, error) {
	doc := &reportDocument{Schema: "picket.policy-report/1", Policy: p.Name, PolicyDigest: string(p.Digest), Mode: p.Mode,
		Models: []modelReport{}, Rules: []ruleReport{}, Notes: []string{}}
	for _, path := range paths {
		decided, err := g.apply(ctx, env, path, p, root)
		if err != nil {
			return nil, err
		}
		doc.add(decided)
	}
	slices.SortStableFunc(doc.Rules, func(a, b ruleReport) int {
		return cmp.Or(cmp.Compare(b.Blocks, a.Blocks), strings.Compare(a.ID, b.ID))
	})
	return doc, nil
}

// add takes one decision.
func (d *reportDocument) add(g *gateDocument) {
	m := modelReport{Path: g.Path, Digest: g.Digest, Blocked: !g.Allow, Errors: len(g.Errors), Denies: []string{}, Warns: []string{}, Excepted: []string{}}
	for _, b := range g.Blocks {
		m.Denies = append(m.Denies, b.Rule)
		d.rule(b.Rule, b.Owner, b.Remedy)
	}
	for _, w := range g.Warnings {
		m.Warns = append(m.Warns, w.Rule)
		d.rule(w.Rule, w.Owner, w.Remedy)
	}
	for _, e := range g.Excepted {
		m.Excepted = append(m.Excepted, e.Rule)
		d.rule(e.Rule, e.Owner, e.Remedy)
	}
	for _, list := range []*[]string{&m.Denies, &m.Warns, &m.Excepted} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, id := range m.Denies {
		r := d.rule(id, "", "")
		r.Blocks++
		if len(m.Denies) == 1 {
			r.Alone++
		}
	}
	for _, id := range m.Warns {
		d.rule(id, "", "").Warns++
	}
	for _, id := range m.Excepted {
		d.rule(id, "", "").Excepted++
	}
	if d.Models = append(d.Models, m); m.Blocked {
		d.Blocked++
	} else {
		d.Allowed++
	}
}

// rule finds or adds a rule; the pointer holds until the next one is added.
func (d *reportDocument) rule(id, owner, remedy string) *ruleReport {
	i := slices.IndexFunc(d.Rules, func(r ruleReport) bool { return r.ID == id })
	if i < 0 {
		i = len(d.Rules)
		d.Rules = append(d.Rules, ruleReport{ID: id, Owner: owner, Remedy: remedy})
	}
	return &d.Rules[i]
}

// write is the report for people.
func (d *reportDocument) write(w io.Writer) error {
	var l lines
	l.add("policy %s would block %d of %s", shown(d.Policy), d.Blocked, count(len(d.Models), "model"))
	l.add("")
	for _, m := range d.Models {
		word := "allowed"
		if m.Blocked {
			word = "BLOCKED"
		}
		l.add("%s  %s%s%s%s", word, shown(m.Path), listed("denied by", m.Denies), listed("warned by", m.Warns), listed("lifted", m.Excepted))
	}
	if len(d.Rules) > 0 {
		l.add("")
		l.add("%6s  %5s  %5s  %6s  %s", "blocks", "alone", "warns", "lifted", "rule")
	}
	for _, r := range d.Rules {
		l.add("%6d  %5d  %5d  %6d  %s", r.Blocks, r.Alone, r.Warns, r.Excepted, shown(r.ID))
		l.add("                               who     %s", shown(r.Owner))
		l.add("                               do      %s", shown(r.Remedy))
	}
	for _, note := range d.Notes {
		l.add("note: %s", shown(note))
	}
	return l.writeTo(w)
}

// listed is a list of rules with what they do; empty when there are none.
func listed(what string, ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return "  " + what + " " + shown(strings.Join(ids, ", "))
}
