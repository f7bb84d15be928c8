package trust

import (
	"bytes"
	"fmt"
	"slices"
)

// Changes say what a draft changes, for those who are asked to sign it: one line for each identity and each other part.
func (d *Draft) Changes() []string {
	next := d.version
	if d.history == nil {
		return []string{fmt.Sprintf("the first version, with %d identities", len(next.Identities))}
	}
	last := d.history.newest()
	var list []string
	before := map[string]Identity{}
	for _, i := range last.Identities {
		before[i.Name] = i
	}
	for _, i := range next.Identities {
		old, there := before[i.Name]
		switch {
		case !there:
			list = append(list, fmt.Sprintf("adds %s, %s", i.Name, next.root.byName[i.Name].title))
		case !same(old, i):
			list = append(list, "changes "+i.Name+difference(old, i))
		}
		delete(before, i.Name)
	}
	for _, i := range last.Identities {
		if _, gone := before[i.Name]; gone {
			list = append(list, "removes "+i.Name)
		}
	}
	for _, part := range []struct {
		name      string
		old, next any
	}{
		{"the timestamp authorities", last.Timestamps, next.Timestamps},
		{"which duties are separate", last.Separate, next.Separate},
		{"who holds which identities", last.People, next.People},
		{"who signs the trust root, or until when it holds", last.Signing, next.Signing},
	} {
		if !same(part.old, part.next) {
			list = append(list, "changes "+part.name)
		}
	}
	return list
}

// difference says what is different about an identity.
func difference(old, i Identity) string {
	text := ""
	if old.Key != i.Key || !same(old.Certificate, i.Certificate) || !same(old.Keyless, i.Keyless) {
		text += ", its key"
	}
	if !slices.Equal(old.May, i.May) {
		text += ", what it may"
	}
	if !old.From.Equal(i.From) || !old.Until.Equal(i.Until) {
		text += ", its validity"
	}
	if !same(old.Revoked, i.Revoked) {
		text += ", its revocation"
	}
	return text
}

// same compares two values by what would be signed.
func same(a, b any) bool {
	x, errX := encode(a)
	y, errY := encode(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
