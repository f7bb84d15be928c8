package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/policy"
)

// policyDocument is the JSON form of an explained policy.
type policyDocument struct {
	Schema  string               `json:"schema"`
	Name    string               `json:"name"`
	Mode    policy.Mode          `json:"mode"`
	Digest  string               `json:"digest"`
	Builtin []builtinDocument    `json:"builtin"`
	Rules   []policy.Explanation `json:"rules"`
}

// builtinDocument is one condition that stands before every policy.
type builtinDocument struct {
	ID          string `json:"id"`
	Description string `json:"description"`
}

func newPolicyExplainCmd(env Env) *cobra.Command {
	var out plainOutput
	cmd := &cobra.Command{
		Use:   "explain FILE|NAME",
		Short: "Say in plain words what a policy asks for, what each rule reads, who fixes what it finds, and how",
		Long: "Explain prints each rule with its condition, the facts that the condition looks at, and the remedy. NAME is a shipped\n" +
			"policy: development, release or regulated. The facts are described in docs/reference/policy.md.",
		Example: "  picket policy explain release\n  picket policy explain .picket/release.yaml --format json",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			p, err := readPolicy(args[0])
			if err != nil {
				return err
			}
			doc := newPolicyDocument(p)
			return out.answer(env, doc, doc.write)
		},
	}
	out.add(cmd)
	return cmd
}

func newPolicyDocument(p *policy.Policy) *policyDocument {
	doc := &policyDocument{Schema: "picket.policy/1", Name: p.Name, Mode: p.Mode, Digest: string(p.Digest), Rules: p.Explain()}
	for _, b := range policy.Builtins() {
		doc.Builtin = append(doc.Builtin, builtinDocument(b))
	}
	return doc
}

// write is the explanation for people.
func (d *policyDocument) write(w io.Writer) error {
	var l lines
	l.add("%s  %s  %s", shown(d.Name), d.Mode, d.Digest)
	l.add("")
	l.add("always asked for, and lifted by nothing:")
	for _, b := range d.Builtin {
		l.add("  %-16s  %s", b.ID, b.Description)
	}
	for _, r := range d.Rules {
		l.add("")
		head := shown(r.ID)
		if r.Severity != "" {
			head += "  " + r.Severity
		}
		l.add("%s", head)
		for _, line := range [][2]string{{"asks", r.Description}, {"when", r.When}, {"true", r.Require}, {"warns", r.Warn}, {"reads", strings.Join(r.Reads, ", ")},
			{"else", r.Message}, {"says", r.Warning}, {"who", r.Owner}, {"do", r.Remedy}} {
			if line[1] != "" {
				l.add("  %-5s  %s", line[0], shown(strings.Join(strings.Fields(line[1]), " ")))
			}
		}
	}
	return l.writeTo(w)
}

// policyList is the JSON form of the list of shipped policies.
type policyList struct {
	Schema   string         `json:"schema"`
	Policies []listedPolicy `json:"policies"`
}

// listedPolicy is one shipped policy.
type listedPolicy struct {
	Name   string `json:"name"`
	Rules  int    `json:"rules"`
	Digest string `json:"digest"`
	For    string `json:"for"`
}

func newPolicyListCmd(env Env) *cobra.Command {
	var out plainOutput
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the shipped policies",
		Example: "  picket policy list",
		Args:    cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if err := out.check(); err != nil {
				return err
			}
			doc := &policyList{Schema: "picket.policies/1"}
			for _, name := range policy.Shipped() {
				p, err := policy.LoadShipped(name)
				if err != nil {
					return err
				}
				doc.Policies = append(doc.Policies, listedPolicy{Name: name, Rules: len(p.Rules()), Digest: string(p.Digest), For: p.Description})
			}
			return out.answer(env, doc, doc.write)
		},
	}
	out.add(cmd)
	return cmd
}

// write is the list for people.
func (d *policyList) write(w io.Writer) error {
	var l lines
	for _, p := range d.Policies {
		l.add("%-11s  %s  %s", p.Name, count(p.Rules, "rule"), p.For)
	}
	l.add("picket policy explain NAME tells what one asks for; picket gate PATH --policy NAME enforces it; picket init copies them")
	return l.writeTo(w)
}
