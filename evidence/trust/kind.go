package trust

import (
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket/evidence"
)

// The groups of kinds that a root may name instead of kinds.
const (
	// GroupEvidence are the kinds that a program can make: what was measured, built, scanned or signed.
	GroupEvidence = "evidence"
	// GroupDecisions are the kinds that a person answers for. A key of a version 1 root makes none of them.
	GroupDecisions = "decisions"
	// GroupAll are both.
	GroupAll = "all"
)

// KindTransfer is no claim about content but the right to sign what picket bundle import installs. It stands in no group, so that
// nobody has it who was not given it by name.
const KindTransfer = "transfer"

// groups puts every kind of claim, by the names of claim.Kinds, into one group. A kind that stands in no group could be
// made by nobody; a test compares this table with the list of kinds, so that a new kind is placed on purpose.
func groups() map[string][]string {
	return map[string][]string{
		GroupEvidence: {
			"signature", "scan-result", "manifest", "bom", "provenance", "training-run", "dataset-profile", "evaluation",
			"vulnerability-status", "declaration", "head", "revocation", "decision",
		},
		GroupDecisions: {"review", "approval", "exception", "vendor-assessment"},
	}
}

// kinds are all kinds in order.
func kinds() []string {
	all := slices.Concat(groups()[GroupEvidence], groups()[GroupDecisions])
	slices.Sort(all)
	return all
}

// expand turns names of kinds and groups into sorted names of kinds. What comes later into a group is not part of a root
// that was signed before.
func expand(names []string) ([]string, error) {
	all := kinds()
	var out []string
	for _, name := range names {
		group, isGroup := groups()[name]
		switch {
		case name == GroupAll:
			out = append(out, all...)
		case isGroup:
			out = append(out, group...)
		case slices.Contains(all, name) || name == KindTransfer:
			out = append(out, name)
		default:
			return nil, fmt.Errorf("may: there is no kind %q; kinds are %s, and the groups %s, %s, %s: %w", clip(name), strings.Join(all, ", "),
				GroupAll, GroupDecisions, GroupEvidence, evidence.ErrMalformed)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
