package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// minPeople is how many different people have to sign an exception.
const minPeople = 2

// exceptions finds the exceptions that lift rules of the policy, by rule; the one that expires last wins. Every other one is
// recorded with the reason why it lifts nothing: whoever relies on it must not find out from the denial alone.
func (p *Policy) exceptions(facts Facts, r *Report) map[string]*Exception {
	lifts := map[string]*Exception{}
	for i := range facts.Exceptions {
		x := &facts.Exceptions[i]
		rules, why := p.accept(x, facts.Now)
		if why != "" {
			not := slices.DeleteFunc(slices.Clone(x.Rules), func(id string) bool { return slices.Contains(rules, id) })
			r.Refused = append(r.Refused, Refused{Source: x.Source, Rules: not, Why: why})
		}
		for _, id := range rules {
			if old := lifts[id]; old == nil || x.Expires.After(old.Expires) {
				lifts[id] = x
			}
		}
	}
	for _, c := range facts.Claims {
		if c.Kind == "exception" && !c.Counts {
			r.Refused = append(r.Refused, Refused{Source: c.Source, Rules: []string{}, Why: c.Failure})
		}
	}
	return lifts
}

// accept says which rules of the policy an exception lifts, and why it does not lift all that it names.
func (p *Policy) accept(x *Exception, now time.Time) (rules []string, why string) {
	people := distinct(x.People)
	switch {
	case x.Expires.IsZero():
		return nil, "it never expires; an exception is for a time"
	case !now.Before(x.Expires):
		return nil, "it expired on " + x.Expires.UTC().Format(time.RFC3339)
	case len(people) < minPeople:
		return nil, fmt.Sprintf("it needs the signatures of two different people, and has those of: %s", strings.Join(people, ", "))
	case strings.TrimSpace(x.Reason) == "":
		return nil, "it gives no reason"
	}
	var not []string
	for _, id := range x.Rules {
		switch {
		case strings.HasPrefix(id, builtinPrefix):
			not = append(not, id+" cannot be lifted by anyone")
		case !slices.ContainsFunc(p.rules, func(r rule) bool { return r.ID == id }):
			not = append(not, "the policy has no rule "+id)
		default:
			rules = append(rules, id)
		}
	}
	return rules, strings.Join(not, "; ")
}

// distinct are the different names of people, sorted. Someone without a name is nobody.
func distinct(people []string) []string {
	names := slices.DeleteFunc(slices.Clone(people), func(name string) bool { return strings.TrimSpace(name) == "" })
	slices.Sort(names)
	return slices.Compact(names)
}

// newExcepted records what an exception lifts.
func newExcepted(b Block, x *Exception) Excepted {
	return Excepted{Block: b, Source: x.Source, People: distinct(x.People), Requested: x.Requested, Reason: x.Reason, Expires: x.Expires}
}
