package trust

import (
	"fmt"
	"maps"
	"slices"

	"github.com/picketsec/picket/evidence"
)

// ownWork are the duties that are apart in every root: nobody reviews or approves their own training run.
func ownWork() [][]string {
	return [][]string{{"approval", "training-run"}, {"review", "training-run"}}
}

// Person is who holds an identity, so that two keys of one person count once: the name under people, else the newest of the
// identities that replaced one another. A name that the root does not have is a person of its own.
func (t *Root) Person(name string) string {
	if person, ok := t.people[name]; ok {
		return person
	}
	return name
}

// Separate lists kinds of claims that one person must not make together about the same content: what the root says, after
// what holds in every root.
func (t *Root) Separate() [][]string { return append(ownWork(), t.separate...) }

// addPeople fills in who holds each identity.
func (t *Root) addPeople(d *Definition) error {
	t.people = map[string]string{}
	for _, person := range slices.Sorted(maps.Keys(d.People)) {
		if err := checkName(person); err != nil {
			return fmt.Errorf("people: %w", err)
		}
		for _, name := range d.People[person] {
			switch other, taken := t.people[name]; {
			case t.byName[name] == nil:
				return fmt.Errorf("people: %q holds %q, which is no identity: %w", person, clip(name), evidence.ErrMalformed)
			case taken:
				return fmt.Errorf("people: %q belongs to %q and to %q: %w", name, other, person, evidence.ErrMalformed)
			}
			t.people[name] = person
		}
	}
	for _, person := range slices.Sorted(maps.Keys(d.People)) {
		if i := t.byName[person]; i != nil && t.people[person] != person {
			return fmt.Errorf("people: %q is also the name of an identity that is not theirs: %w", person, evidence.ErrMalformed)
		}
	}
	return t.joinHeirs()
}

// joinHeirs makes identities that replaced one another one person.
func (t *Root) joinHeirs() error {
	for _, first := range t.identities {
		if first.Replaces != "" || first.heir == "" {
			continue
		}
		chain, person := []*identity{}, ""
		for i := first; i != nil; i = t.byName[i.heir] {
			chain = append(chain, i)
			switch named := t.people[i.Name]; {
			case named == "":
			case person != "" && person != named:
				return fmt.Errorf("people: %q was replaced by an identity of another person, %q: %w", first.Name, named, evidence.ErrMalformed)
			default:
				person = named
			}
		}
		if person == "" {
			person = chain[len(chain)-1].Name
		}
		for _, i := range chain {
			t.people[i.Name] = person
		}
	}
	return nil
}

// addSeparate takes the duties that the root keeps apart.
func (t *Root) addSeparate(d *Definition) error {
	if len(d.Separate) > maxLists {
		return fmt.Errorf("separate: more than %d lists: %w", maxLists, evidence.ErrMalformed)
	}
	for _, names := range d.Separate {
		list, err := expand(names)
		if err != nil {
			return fmt.Errorf("separate: %w", err)
		}
		if len(list) < 2 {
			return fmt.Errorf("separate: a list takes two different kinds or more: %w", evidence.ErrMalformed)
		}
		t.separate = append(t.separate, list)
	}
	return nil
}
