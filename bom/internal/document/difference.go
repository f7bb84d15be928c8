package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/picketsec/picket/internal/jsonstream"
)

// Difference lists what makes the tree have into the tree want, by place. A place is a JSON Pointer (RFC 6901) in which an
// element that has names is called by them ("=library numpy"), so that it is found again when others come or go; a number
// stands for an element that is added behind the ones that are there. The value null stands for what is to be taken away.
// Overlay is the other direction.
func Difference(have, want *Node) map[string]json.RawMessage {
	d := map[string]json.RawMessage{}
	difference(d, "", have, want)
	return d
}

// difference adds to d what differs at a place and below it.
func difference(d map[string]json.RawMessage, place string, have, want *Node) {
	switch {
	case have.Kind == jsonstream.ObjectStart && want.Kind == jsonstream.ObjectStart:
		members(d, place, have, want)
	case have.Kind == jsonstream.ArrayStart && want.Kind == jsonstream.ArrayStart && elements(d, place, have, want):
	case !Equal(have, want):
		d[place] = Raw(want)
	}
}

// members compares two objects.
func members(d map[string]json.RawMessage, place string, have, want *Node) {
	old := byKey(have)
	for _, w := range want.Children {
		at := place + "/" + escape(w.Key)
		if h := old[w.Key]; h != nil {
			difference(d, at, h, w)
		} else {
			d[at] = Raw(w)
		}
		delete(old, w.Key)
	}
	for key := range old {
		d[place+"/"+escape(key)] = json.RawMessage("null")
	}
}

// elements compares two arrays whose elements have names and stand in one order, new ones behind the others. For other arrays
// it does nothing and reports false.
func elements(d map[string]json.RawMessage, place string, have, want *Node) bool {
	oldNames, newNames := names(have), names(want)
	if oldNames == nil || newNames == nil {
		return false
	}
	known := map[string]*Node{}
	for i, name := range oldNames {
		known[name] = have.Children[i]
	}
	common := 0
	for common < len(newNames) && known[newNames[common]] != nil {
		common++
	}
	if slices.ContainsFunc(newNames[common:], func(name string) bool { return known[name] != nil }) {
		return false
	}
	remain := map[string]bool{}
	for _, name := range newNames[:common] {
		remain[name] = true
	}
	stays := slices.DeleteFunc(slices.Clone(oldNames), func(name string) bool { return !remain[name] })
	if !slices.Equal(stays, newNames[:common]) {
		return false
	}
	for i, w := range want.Children {
		if i < common {
			difference(d, place+"/"+escape(newNames[i]), known[newNames[i]], w)
			delete(known, newNames[i])
		} else {
			d[place+"/"+strconv.Itoa(i)] = Raw(w)
		}
	}
	for name := range known {
		d[place+"/"+escape(name)] = json.RawMessage("null")
	}
	return true
}

// names lists what the elements of an array are called; nil when one has no name, or not one of its own.
func names(array *Node) []string {
	list := make([]string, 0, len(array.Children))
	seen, taken := map[string]int{}, map[string]bool{}
	for _, c := range array.Children {
		name := nameOf(c)
		if name == "" {
			return nil
		}
		seen[name]++
		if n := seen[name]; n > 1 {
			name += "#" + strconv.Itoa(n)
		}
		if taken[name] {
			return nil
		}
		taken[name] = true
		list = append(list, name)
	}
	return list
}

// nameOf is what an element of an array is called: its identifier, or the members that tell it from others.
func nameOf(n *Node) string {
	for _, key := range []string{"spdxId", "@id", "ref"} {
		if text := n.Get(key).String(); text != "" {
			return "=" + short(text)
		}
	}
	if text := n.Get("name").String(); text != "" {
		return "=" + short(text)
	}
	var parts []string
	for _, key := range []string{"type", "url", "alg", "field", "key"} {
		if text := n.Get(key).String(); text != "" {
			parts = append(parts, short(text))
		}
	}
	if parts == nil {
		return ""
	}
	return "=" + strings.Join(parts, " ")
}

// short keeps places readable: a long text is cut, with a hash of all of it.
func short(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	h := fnv.New64a()
	h.Write([]byte(text))
	return fmt.Sprintf("%s…%x", strings.ToValidUTF8(text[:most], ""), h.Sum64())
}

// Equal reports whether two values are the same. The order of members does not count; numbers are compared as they are written.
func Equal(a, b *Node) bool {
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Children) != len(b.Children) {
		return false
	}
	if a.Kind != jsonstream.ObjectStart {
		return slices.EqualFunc(a.Children, b.Children, Equal)
	}
	other := byKey(b)
	return !slices.ContainsFunc(a.Children, func(c *Node) bool { return other[c.Key] == nil || !Equal(c, other[c.Key]) })
}

// byKey lists the members of an object by name.
func byKey(object *Node) map[string]*Node {
	m := make(map[string]*Node, len(object.Children))
	for _, c := range object.Children {
		m[c.Key] = c
	}
	return m
}

// parts are differences by the steps of their places.
type parts struct {
	place string
	value *Node // nil when only something below differs
	below map[string]*parts
}

// Overlay makes the differences in a tree. It returns the places for which nothing was done, because the tree does not have
// them, or because what is to be there is not JSON that could be read again.
func Overlay(tree *Node, differences map[string]json.RawMessage) (without []string) {
	places := slices.Sorted(maps.Keys(differences))
	nodes := parseAll(places, differences)
	root := &parts{}
	for i, place := range places {
		if !strings.HasPrefix(place, "/") || nodes[i] == nil || strings.Count(place, "/")+levels(nodes[i]) > depth {
			without = append(without, place)
			continue
		}
		at := root
		for step := range strings.SplitSeq(place[1:], "/") {
			step = unescape(step)
			if at.below == nil {
				at.below = map[string]*parts{}
			}
			if at.below[step] == nil {
				at.below[step] = &parts{}
			}
			at = at.below[step]
		}
		at.place, at.value = place, nodes[i]
	}
	overlay(tree, root, &without)
	slices.Sort(without)
	return without
}

// overlay makes the differences at and below one value.
func overlay(n *Node, p *parts, without *[]string) {
	if p.value != nil {
		n.Kind, n.Text, n.Children = p.value.Kind, p.value.Text, p.value.Children
		for _, b := range p.below {
			*without = b.all(*without)
		}
		return
	}
	targets := map[string]*Node{}
	if n.Kind == jsonstream.ObjectStart {
		targets = byKey(n)
	} else if n.Kind == jsonstream.ArrayStart {
		for i, name := range names(n) {
			targets[name] = n.Children[i]
		}
	}
	for _, step := range p.steps() {
		b := p.below[step]
		target := targets[step]
		if target == nil && b.value != nil && IsNull(b.value) {
			continue // it is not there already
		}
		if target == nil && b.value != nil && (n.Kind == jsonstream.ObjectStart || n.Kind == jsonstream.ArrayStart && isNumber(step)) {
			target = &Node{Key: step}
			n.Children = append(n.Children, target)
		}
		if target == nil {
			*without = b.all(*without)
			continue
		}
		overlay(target, b, without)
	}
	n.Children = slices.DeleteFunc(n.Children, IsNull)
}

// steps lists the next steps: numbers by size, for they add elements in their order.
func (p *parts) steps() []string {
	return slices.SortedFunc(maps.Keys(p.below), func(a, b string) int {
		if isNumber(a) && isNumber(b) && len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
}

// all adds the places of this part and of those below it to a list.
func (p *parts) all(list []string) []string {
	if p.value != nil {
		list = append(list, p.place)
	}
	for _, b := range p.below {
		list = b.all(list)
	}
	return list
}

// parseAll reads parts, in the order of a list; nil for those that cannot be read. They are read as one document, because a
// bill can have many that are small.
func parseAll(places []string, raw map[string]json.RawMessage) []*Node {
	list := make([]*Node, len(places))
	var all bytes.Buffer
	all.WriteByte('[')
	good := true
	for i, place := range places {
		if i > 0 {
			all.WriteByte(',')
		}
		all.Write(raw[place])
		good = good && json.Valid(raw[place])
	}
	all.WriteByte(']')
	if tree, err := parse(all.Bytes()); err == nil && good {
		return tree.Children
	}
	for i, place := range places {
		if n, err := parse(raw[place]); err == nil {
			list[i] = n
		}
	}
	return list
}

// parse reads a part.
func parse(raw []byte) (*Node, error) {
	return jsonstream.Tree(bytes.NewReader(raw), jsonstream.Options{Depth: depth + 1, Text: len(raw)}, len(raw)+1)
}

// Valid reports whether a part is JSON that can be kept.
func Valid(raw json.RawMessage) bool {
	n, err := parse(raw)
	return err == nil && levels(n) <= depth
}

// levels is how deep a value nests.
func levels(n *Node) int {
	deepest := 0
	for _, c := range n.Children {
		deepest = max(deepest, levels(c))
	}
	if n.Kind == jsonstream.ObjectStart || n.Kind == jsonstream.ArrayStart {
		return deepest + 1
	}
	return 0
}

// isNumber reports whether a step counts elements.
func isNumber(step string) bool {
	return step != "" && strings.Trim(step, "0123456789") == ""
}

// escape writes a name as a step of a JSON Pointer.
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// unescape is the other direction of escape.
func unescape(step string) string {
	return strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
}
