package trust

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket/evidence"
)

// The functions of this file change the text of a YAML trust root by whole lines, so that its comments and its order stay.
// What they return is not checked; see ParseDefinition.

// AddKey adds an identity with a key at the head of the list. The key stands in the file.
func AddKey(text []byte, i Identity) ([]byte, error) {
	at, err := listed(text)
	if err != nil {
		return nil, fmt.Errorf("add identity: %w", err)
	}
	pad := strings.Repeat(" ", at.indent)
	lines := []string{
		pad + "- name: " + quote(i.Name),
		pad + "  key:",
		pad + "    pem: |",
	}
	for l := range strings.Lines(strings.TrimSpace(i.Key) + "\n") {
		lines = append(lines, pad+"      "+strings.TrimRight(l, "\r\n"))
	}
	quoted := make([]string, 0, len(i.May))
	for _, kind := range i.May {
		quoted = append(quoted, quote(kind))
	}
	lines = append(lines, pad+"  may: ["+strings.Join(quoted, ", ")+"]")
	if !i.From.IsZero() {
		lines = append(lines, pad+"  from: "+day(i.From))
	}
	if !i.Until.IsZero() {
		lines = append(lines, pad+"  until: "+day(i.Until))
	}
	if i.Replaces != "" {
		lines = append(lines, pad+"  replaces: "+quote(i.Replaces))
	}
	return insert(text, at.line, lines), nil
}

// Revoke marks an identity as revoked.
func Revoke(text []byte, name string, r Revocation) ([]byte, error) {
	return mark(text, name, "revoked", fmt.Sprintf("{at: %s, reason: %s}", instant(r.At), quote(r.Reason)))
}

// End gives an identity an end.
func End(text []byte, name string, until time.Time) ([]byte, error) {
	return mark(text, name, "until", day(until))
}

// PowersOf are the kinds and groups that the text lets an identity make.
func PowersOf(text []byte, name string) ([]string, error) {
	i, err := find(text, name)
	if err != nil {
		return nil, err
	}
	var may []string
	if list := field(i, "may"); list != nil {
		for _, kind := range list.Content {
			may = append(may, kind.Value)
		}
	}
	return may, nil
}

// mark adds a line to an identity, after its name.
func mark(text []byte, name, key, value string) ([]byte, error) {
	i, err := find(text, name)
	if err != nil {
		return nil, err
	}
	if field(i, key) != nil {
		return nil, fmt.Errorf("edit identity %q: it has %s already; change the file by hand: %w", clip(name), key, evidence.ErrMalformed)
	}
	for n := 0; n+1 < len(i.Content); n += 2 {
		if k := i.Content[n]; k.Value == "name" {
			pad := strings.Repeat(" ", k.Column-1)
			next := insert(text, i.Content[n+1].Line, []string{pad + key + ": " + value})
			// A name that stands on several lines would take the new line into itself.
			if changed, err := find(next, name); err != nil || field(changed, key) == nil {
				return nil, fmt.Errorf("edit identity %q: its name does not stand on one line; change the file by hand: %w", clip(name), evidence.ErrUnsupported)
			}
			return next, nil
		}
	}
	return nil, nil // find has found it by this very field
}

// place is where the identities stand.
type place struct {
	line   int // of the key identities
	indent int // of the dashes of the list
}

// listed finds the list of identities.
func listed(text []byte) (place, error) {
	top, err := document(text)
	if err != nil {
		return place{}, err
	}
	list := field(top, "identities")
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 || list.Style&yaml.FlowStyle != 0 {
		return place{}, fmt.Errorf("there is no list of identities with one of them a line in it: %w", evidence.ErrUnsupported)
	}
	for n := 0; n+1 < len(top.Content); n += 2 {
		if top.Content[n].Value == "identities" {
			return place{line: top.Content[n].Line, indent: list.Column - 1}, nil
		}
	}
	return place{}, nil // field has found it by this very key
}

// find finds an identity.
func find(text []byte, name string) (*yaml.Node, error) {
	top, err := document(text)
	if err != nil {
		return nil, err
	}
	var names []string
	if list := field(top, "identities"); list != nil {
		for _, i := range list.Content {
			n := field(i, "name")
			if n == nil {
				continue
			}
			if n.Value != name {
				names = append(names, clip(n.Value))
				continue
			}
			if i.Style&yaml.FlowStyle != 0 {
				return nil, fmt.Errorf("edit identity %q: it stands on one line, in braces; change the file by hand: %w", clip(name), evidence.ErrUnsupported)
			}
			return i, nil
		}
	}
	slices.Sort(names)
	return nil, fmt.Errorf("edit identity: there is no %q; there are %s: %w", clip(name), strings.Join(names, ", "), evidence.ErrMalformed)
}

// document parses a YAML file.
func document(text []byte) (*yaml.Node, error) {
	version, err := versionOf(text)
	if err != nil {
		return nil, err
	}
	if version != 2 {
		return nil, fmt.Errorf("version %d: %w; write version: 2 and identities", version, evidence.ErrUnsupported)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) == 0 {
		return nil, fmt.Errorf("it is not YAML: %w", evidence.ErrMalformed)
	}
	return doc.Content[0], nil
}

// field is the value of a key; nil when there is none.
func field(m *yaml.Node, key string) *yaml.Node {
	for n := 0; n+1 < len(m.Content); n += 2 {
		if m.Content[n].Value == key {
			return m.Content[n+1]
		}
	}
	return nil
}

// insert puts lines after a line, which is counted from 1.
func insert(text []byte, after int, lines []string) []byte {
	all := bytes.SplitAfter(text, []byte("\n"))
	var out bytes.Buffer
	for n, l := range all {
		out.Write(l)
		if n+1 != after {
			continue
		}
		if !bytes.HasSuffix(l, []byte("\n")) {
			out.WriteByte('\n')
		}
		for _, more := range lines {
			out.WriteString(more + "\n")
		}
	}
	return out.Bytes()
}

// quote writes a text so that YAML reads it back as the same text.
func quote(s string) string {
	for _, r := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz-", r) {
			return strconv.Quote(s)
		}
	}
	switch s {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null", "-":
		return strconv.Quote(s)
	}
	return s
}
