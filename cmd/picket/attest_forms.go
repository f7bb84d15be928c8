package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

// predicateForms is the list of claims that people make with attest. Scan results, signatures, revocations, heads and decisions
// have verbs of their own.
func predicateForms() []*predicateForm {
	file := "--predicate FILE.json"
	return []*predicateForm{
		manifestForm(),
		{kind: "bom", short: "Sign a bill of materials that is about a model", usage: "--predicate bom.cdx.json"},
		{kind: "provenance", short: "Sign SLSA provenance v1", usage: file},
		{kind: "training-run", short: "Sign how a model was trained: from what, by which code, with which settings", usage: "--from mlflow:run.json"},
		{kind: "dataset-profile", short: "Sign a description of data", usage: file},
		{kind: "evaluation", short: "Sign what came out of measuring a model", usage: "--from sklearn:report.json"},
		{kind: "vulnerability-status", short: "Sign an OpenVEX document", usage: "--predicate vex.json"},
		reviewForm(), approvalForm(), exceptionForm(), vendorForm(), declarationForm(),
	}
}

func manifestForm() *predicateForm {
	var aliases []string
	return &predicateForm{kind: "manifest", short: "Sign the list of all files, and the names that the same content has elsewhere",
		usage: "--alias git-commit=abc123",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringArrayVar(&aliases, "alias", nil, "`SYSTEM=VALUE[@WHERE]` that the content is known by: oci, hub-commit, git-commit (may be repeated)")
		},
		make: func(m *evidence.Manifest, now time.Time) (claim.Predicate, error) {
			var declared []claim.Alias
			for _, a := range aliases {
				system, rest, ok := strings.Cut(a, "=")
				value, where, _ := strings.Cut(rest, "@")
				if !ok || value == "" {
					return nil, usagef("--alias %q is not SYSTEM=VALUE or SYSTEM=VALUE@WHERE", a)
				}
				declared = append(declared, claim.Alias{System: system, Value: value, Where: where})
			}
			return claim.NewManifest(m, now, declared...), nil
		}}
}

func reviewForm() *predicateForm {
	var p claim.Review
	var done []string
	return &predicateForm{kind: "review", short: "Sign what people found who looked at a model; a second person countersigns",
		usage: "--reviewer Ada --outcome approved",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&p.Reviewer, "reviewer", "", "`NAME` of who led it")
			cmd.Flags().StringVar(&p.Outcome, "outcome", "", "`OUTCOME`: approved, changes-requested, rejected")
			cmd.Flags().StringArrayVar(&done, "checked", nil, "`POINT` of the checklist that was found to be so (may be repeated)")
			cmd.Flags().StringVar(&p.Comments, "comments", "", "`TEXT` for whoever reads it")
		},
		make: func(_ *evidence.Manifest, now time.Time) (claim.Predicate, error) {
			p.Time = now
			for _, item := range done {
				p.Checklist = append(p.Checklist, claim.CheckPoint{Item: item, Done: true})
			}
			return &p, nil
		}}
}

func approvalForm() *predicateForm {
	var p claim.Approval
	var expires string
	return &predicateForm{kind: "approval", short: "Sign that a model may be used somewhere; never by who made it",
		usage: "--for production --expires 2027-01-01",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringArrayVar(&p.Environments, "for", nil, "`ENVIRONMENT` where it may be used (may be repeated)")
			cmd.Flags().StringVar(&p.Use, "use", "", "`USE` that it is approved for (default: all that are declared)")
			cmd.Flags().StringArrayVar(&p.Conditions, "condition", nil, "`TEXT` of what people must see to (may be repeated)")
			cmd.Flags().StringVar(&expires, "expires", "", "`DAY` or time from which it does not count any more")
		},
		make: func(_ *evidence.Manifest, now time.Time) (claim.Predicate, error) {
			end, err := parseEnd(expires, now)
			p.Time, p.Expires = now, end
			return &p, err
		}}
}

func exceptionForm() *predicateForm {
	var p claim.Exception
	var expires string
	return &predicateForm{kind: "exception", short: "Sign that rules are set aside for a model until a day; a second person countersigns",
		usage: "--rule scan-age --reason TEXT --requested-by ops --expires 2027-01-01",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringArrayVar(&p.Rules, "rule", nil, "`ID` of a rule of a policy, or of a finding (may be repeated)")
			cmd.Flags().StringVar(&p.Reason, "reason", "", "`TEXT` that says why")
			cmd.Flags().StringVar(&p.RequestedBy, "requested-by", "", "`NAME` of who asks for it")
			cmd.Flags().StringVar(&expires, "expires", "", "`DAY` or time from which it does not count any more")
		},
		make: func(_ *evidence.Manifest, now time.Time) (claim.Predicate, error) {
			end, err := parseEnd(expires, now)
			p.Time, p.Expires = now, end
			return &p, err
		}}
}

func vendorForm() *predicateForm {
	var p claim.VendorAssessment
	var assessed, expires string
	return &predicateForm{kind: "vendor-assessment", short: "Sign what came out of looking at who supplies a model",
		usage: "--vendor Acme --scope hosting --result accepted --expires 2027-01-01",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&p.Vendor, "vendor", "", "`NAME` of the supplier")
			cmd.Flags().StringVar(&p.Scope, "scope", "", "`TEXT` of what was looked at")
			cmd.Flags().StringVar(&p.Result, "result", "", "`RESULT`: accepted, conditional, rejected")
			cmd.Flags().StringArrayVar(&p.Conditions, "condition", nil, "`TEXT` of what people must see to (may be repeated)")
			cmd.Flags().StringVar(&p.Assessor, "assessor", "", "`NAME` of who looked")
			cmd.Flags().StringVar(&assessed, "assessed", "", "`DAY` or time (default: now)")
			cmd.Flags().StringVar(&expires, "expires", "", "`DAY` or time from which it does not count any more")
		},
		make: func(_ *evidence.Manifest, now time.Time) (claim.Predicate, error) {
			end, err := parseEnd(expires, now)
			if err != nil {
				return nil, err
			}
			p.Time, p.Assessed, p.Expires = now, now, end
			if assessed != "" {
				p.Assessed, err = parseDay("assessed", assessed)
			}
			return &p, err
		}}
}

func declarationForm() *predicateForm {
	var p claim.Declaration
	var impact map[string]string
	return &predicateForm{kind: "declaration", short: "Sign what a model is for, who answers for it and how bad it would be if it went wrong",
		usage: "--owner risk --use scoring --impact leak=low,fraud=high,regulator=moderate,disruption=none",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&p.Owner, "owner", "", "`NAME` of the team or person that answers for it")
			cmd.Flags().StringVar(&p.Use, "use", "", "`TEXT` of what it is meant for")
			cmd.Flags().StringArrayVar(&p.Misuse, "not-for", nil, "`TEXT` of what it must not be used for (may be repeated)")
			cmd.Flags().StringToStringVar(&impact, "impact", nil, "impact as `PART=LEVEL,…`: leak, fraud, regulator and disruption, each none, low, moderate or high")
		},
		make: func(_ *evidence.Manifest, now time.Time) (claim.Predicate, error) {
			areas := map[string]*string{"leak": &p.Impact.Leak, "fraud": &p.Impact.Fraud, "regulator": &p.Impact.Regulator, "disruption": &p.Impact.Disruption}
			for area, level := range impact {
				if areas[area] == nil {
					return nil, usagef("--impact: %q is not one of leak, fraud, regulator, disruption", area)
				}
				*areas[area] = level
			}
			p.Time = now
			return &p, nil
		}}
}

// readPredicate reads what a claim says from a file of JSON or YAML.
func readPredicate(kind, name string, now time.Time) (claim.Predicate, error) {
	data, err := readSmall(name, evidence.MaxBundle)
	if err != nil {
		return nil, usagef("--predicate: %w", err)
	}
	if ext := strings.ToLower(filepath.Ext(name)); ext == ".yaml" || ext == ".yml" {
		var doc any
		if err := yaml.Unmarshal(data, &doc); err != nil {
			return nil, usagef("--predicate %s: %w", name, err)
		}
		if data, err = json.Marshal(doc); err != nil {
			return nil, usagef("--predicate %s: %w", name, err)
		}
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, usagef("--predicate %s: it is not an object: %w", name, err)
	}
	k := kindOfDocument(kind, doc)
	if k.Type != "" && strings.HasPrefix(k.Type, "https://picketsec.dev/") {
		fill(doc, "schema", "picket."+kind+"/1")
		fill(doc, "time", now.Truncate(time.Second).Format(time.RFC3339))
		if data, err = json.Marshal(doc); err != nil {
			return nil, usagef("--predicate %s: %w", name, err)
		}
	}
	predicate, err := k.Parse(&evidence.Statement{PredicateType: k.Type, Predicate: data})
	if err != nil {
		return nil, usagef("--predicate %s: %w", name, err)
	}
	return predicate, nil
}

// kindOfDocument is the kind; a bill of materials says itself which of the two it is.
func kindOfDocument(kind string, doc map[string]json.RawMessage) claim.Kind {
	kinds := claim.Kinds()
	if _, graph := doc["@graph"]; graph && kind == "bom" {
		return kinds[slices.IndexFunc(kinds, func(k claim.Kind) bool { return k.Type == claim.TypeSPDX })]
	}
	return kinds[slices.IndexFunc(kinds, func(k claim.Kind) bool { return k.Name == kind })]
}

// fill adds a text that was left out.
func fill(doc map[string]json.RawMessage, name, value string) {
	if _, ok := doc[name]; !ok {
		doc[name], _ = json.Marshal(value) //nolint:errchkjson // a text always encodes
	}
}
