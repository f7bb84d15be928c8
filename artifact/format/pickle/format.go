package pickle

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Format recognises pickles.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: "pickle", Title: "Python pickle", MediaType: "application/x-python-pickle",
		Extensions: []string{".pkl", ".pickle", ".p"}, Risk: format.Active, Forward: true, Parsed: true,
		Spec: "https://docs.python.org/3/library/pickle.html",
	}
}

// Match implements format.Format. A pickle has no magic before protocol 2, so the head is run:
//
//   - what imports or calls something and then reaches STOP, or calls something that was imported under a plausible name,
//     is a pickle however it goes on;
//   - what starts with PROTO is a pickle when it stops, is cut, or runs for a few opcodes;
//   - what does neither is a pickle when it stops or is cut, nothing about it is odd, and it puts values together: text
//     may start with a few opcodes by chance;
//   - what the head cuts, and what follows a stream that ends in the head, is run further for the first of these.
func (Format) Match(p format.Probe) bool {
	if len(p.Head) < 2 || opcodes[p.Head[0]].run == nil {
		return false
	}
	atEnd := p.Size == int64(len(p.Head)) // the head is all of the content
	c := classify(p.Head, atEnd)
	if zipMagic(p.Head) {
		// Read as opcodes, a local file header is a persistent ID, which a loader refuses unless it expects such IDs; binary data
		// goes on as an opcode or two by chance. Only a stream that is whole apart from that line is taken for a pickle.
		return c.called && !c.broken
	}
	return c.shows(atEnd) || (c.cut && !atEnd || c.stopped && c.end < len(p.Head)) && continues(p.Blob)
}

// shows reports whether the run of the head is enough to take the content for a pickle; atEnd tells that the head is all of it.
func (c class) shows(atEnd bool) bool {
	switch {
	case c.called:
		return true
	case c.proto:
		return c.stopped || c.imported || c.ops >= minOps || !c.odd && (c.ops >= 3 || c.cut && c.ops >= 2)
	case c.imported:
		return c.stopped
	case c.odd:
		return false
	case c.stopped && c.binary && c.ended && atEnd:
		return true
	case c.stopped:
		return c.joined && c.ops >= minOps || atEnd && c.ended && (c.joined && c.ops >= 4 || c.put)
	}
	return c.cut && c.ops >= minOps && (c.joined || c.ops >= noTextOps)
}

// zipMagic reports whether head starts like a zip archive.
func zipMagic(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// minOps is how many opcodes without anything odd make content a pickle that does not start with PROTO.
const minOps = 8

// noTextOps is how many opcodes in a row no text has by chance, even without a structure.
const noTextOps = 1000

// class is what running the head of some content shows.
type class struct {
	whole    bool // the head is all of the content, so that a line without an end is all there is of it
	ops      int64
	end      int  // where the run ended
	proto    bool // starts with PROTO 0 to 5
	stopped  bool // reached STOP
	ended    bool // the run took all of the head
	cut      bool // the head ends inside of the stream
	called   bool // calls or changes something that was imported under a plausible name
	imported bool // imports something under a plausible name, or from the registry
	joined   bool // puts values together into containers
	put      bool // has a PUT as picklers write it
	odd      bool // some anomaly
	broken   bool // an anomaly that is not about the characters of a name
	binary   bool // has a byte that no text has
}

// errEnough ends a run that has shown what it is.
var errEnough = errors.New("recognised")

// classify runs the head of some content, which may be all of it.
func classify(head []byte, whole bool) class {
	l := limits.Default()
	l.Ops, l.Memory = 4*format.HeadSize, 4<<20
	c := class{whole: whole, proto: head[0] == 0x80 && head[1] <= highestProtocol}
	m := NewMachine(limits.NewBudget(l), &c)
	defer m.Close()
	r, err := NewReader(format.BytesBlob(head), 0)
	if err != nil {
		return c
	}
	s, _ := m.Run(context.Background(), r) // what a broken stream shows counts too
	c.ops, c.end, c.stopped = s.Ops, int(s.End), s.Stopped
	c.ended, c.joined, c.put = c.end == len(head), m.joins > 0, m.puts > 0
	c.cut = m.short || m.cut
	for _, b := range head[:c.end] {
		c.binary = c.binary || b >= utf8.RuneSelf || b < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1b", rune(b))
	}
	return c
}

// Effect implements Handler.
func (c *class) Effect(m *Machine, e *Effect) error {
	if m.cut && !c.whole {
		return nil // the head ends inside of a line, which says nothing about the line
	}
	target := e.Callee
	switch e.Kind {
	case Anomaly:
		c.odd = c.odd || e.Anomaly != StringEncoding
		c.broken = c.broken || e.Anomaly != StringEncoding && e.Anomaly != NameForm
		return nil
	case ExtensionCode:
		c.imported = true
		return nil
	case Import:
		c.imported = c.imported || plausible(m, e.Result)
		return nil
	case Build, SetItems, Append, AddItems:
		target = e.Target
	case Call:
	default:
		return nil
	}
	if plausible(m, target) {
		c.called = true
		return errEnough
	}
	return nil
}

// plausible reports whether v was imported under names that a Python module could have, as the words of a text rarely are.
func plausible(m *Machine, v Value) bool {
	module, name, ok := m.Global(v)
	return ok && identifier(module) && identifier(name)
}

// identifier reports whether s is made of letters, digits, underscores and dots, and starts and ends with none of these.
func identifier(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || s[0] >= '0' && s[0] <= '9' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		word := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c >= utf8.RuneSelf
		if !word {
			return false
		}
	}
	return true
}
