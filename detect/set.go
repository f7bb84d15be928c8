package detect

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
)

// Set is a checked list of formats and detectors.
type Set struct {
	formats   []format.Format
	detectors []Detector
	facts     []format.Info          // of formats, in their order; asked once, because every part is matched
	infos     map[string]format.Info // by format name
	handle    map[string][]Detector  // by format name
}

// NewSet checks the lists: unique names, valid rules, and one meaning for each rule ID: detectors that look at the same
// content in different containers may list the same rule.
func NewSet(formats []format.Format, detectors []Detector) (*Set, error) {
	s := &Set{formats: formats, detectors: detectors, infos: map[string]format.Info{}, handle: map[string][]Detector{}}
	for _, f := range formats {
		info := f.Info()
		if _, dup := s.infos[info.Name]; dup || info.Name == "" {
			return nil, fmt.Errorf("list formats: the name %q is empty or used twice", info.Name)
		}
		s.infos[info.Name] = info
		s.facts = append(s.facts, info)
	}
	names, rules := map[string]bool{}, map[string]picket.Rule{}
	for _, r := range ownRules() {
		rules[r.ID] = r
	}
	for _, d := range detectors {
		info := d.Info()
		if names[info.Name] || info.Name == "" {
			return nil, fmt.Errorf("list detectors: the name %q is empty or used twice", info.Name)
		}
		names[info.Name] = true
		for _, f := range info.Formats {
			s.handle[f] = append(s.handle[f], d)
		}
		for _, r := range info.Rules {
			if err := r.Validate(); err != nil {
				return nil, fmt.Errorf("list detectors: %s: %w", info.Name, err)
			}
			if other, exists := rules[r.ID]; exists && !reflect.DeepEqual(r, other) {
				return nil, fmt.Errorf("list detectors: %s: rule %s exists already and says something else", info.Name, r.ID)
			}
			rules[r.ID] = r
		}
	}
	return s, nil
}

// Formats returns the constant facts of every format, in the order of the list.
func (s *Set) Formats() []format.Info { return slices.Clone(s.facts) }

// Rules returns every rule of the engine and of every detector once, in the order of the list.
func (s *Set) Rules() []picket.Rule {
	rules, seen := ownRules(), map[string]bool{}
	for _, d := range s.detectors {
		for _, r := range d.Info().Rules {
			if !seen[r.ID] {
				seen[r.ID] = true
				rules = append(rules, r)
			}
		}
	}
	return rules
}

// Detectors returns the constant facts of every detector, in the order of the list.
func (s *Set) Detectors() []Info {
	infos := make([]Info, 0, len(s.detectors))
	for _, d := range s.detectors {
		infos = append(infos, d.Info())
	}
	return infos
}

// match returns the formats that accept the content, the most refined first.
func (s *Set) match(p format.Probe) []format.Info {
	var matched []format.Info
	p.Memo = &format.Memo{}
	for i, f := range s.formats {
		if f.Match(p) {
			matched = append(matched, s.facts[i])
		}
	}
	// What refines a format is inspected as that format too, also where the format does not recognise it by itself.
	for i := 0; i < len(matched); i++ {
		root, ok := s.infos[matched[i].Refines]
		if ok && !slices.ContainsFunc(matched, func(m format.Info) bool { return m.Name == root.Name }) {
			matched = append(matched, root)
		}
	}
	slices.SortStableFunc(matched, func(a, b format.Info) int { return s.refinement(b) - s.refinement(a) })
	return matched
}

// refinement is how many formats lie below one on the way to its root.
func (s *Set) refinement(info format.Info) int {
	n := 0
	for ; info.Refines != "" && n < len(s.formats); n++ {
		info = s.infos[info.Refines]
	}
	return n
}

// base follows Refines to the format at its root.
func (s *Set) base(info format.Info) string {
	for range len(s.formats) {
		parent, ok := s.infos[info.Refines]
		if !ok {
			break
		}
		info = parent
	}
	return info.Name
}
