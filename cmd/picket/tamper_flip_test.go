package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/trust"
)

// flips turns every single bit of some bytes, one after the other, and calls visit with each result.
func flips(data []byte, visit func(bit int, changed []byte)) {
	for bit := range 8 * len(data) {
		changed := bytes.Clone(data)
		changed[bit/8] ^= 1 << (bit % 8)
		visit(bit, changed)
	}
}

// flipper checks single-bit flips with the functions that the commands use.
type flipper struct {
	*specimen
	t       *testing.T
	root    *trust.Root
	entries []claim.Entry
	row     []string
}

// flipTable flips every bit of the model, of its names, of the signature, of a claim and of the head that was kept elsewhere.
func flipTable(t *testing.T, sp *specimen) []string {
	t.Helper()
	s := newScene(t, sp)
	root, err := loadPlain(Env{Now: tamperNow}, s.at("trust.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := evidence.ParseBundle(sp.sig)
	if err != nil {
		t.Fatal(err)
	}
	f := &flipper{specimen: sp, t: t, root: root}
	f.entries = append([]claim.Entry{{File: evidence.SignatureFile, Bundle: signature}}, entriesOf(t, sp.lines)...)
	if claims := f.judge(sp.manifest); claims[0].Failure != nil || claims[1].Failure != nil {
		t.Fatalf("before any flip: %v, %v", claims[0].Failure, claims[1].Failure)
	}
	f.flipContent()
	f.flipNames()
	f.flipBundle("the signature", sp.sig)
	f.flipBundle("the claim of a scan", sp.lines[0])
	f.flipBundle("the head kept elsewhere", sp.head)
	f.flipLine(0)
	return f.row
}

// judge checks the model signature and all claims against content.
func (f *flipper) judge(m *evidence.Manifest) []*claim.Claim {
	return claim.Gather(f.entries, claim.Options{Authority: f.root, Content: m, Now: tamperNow()}).Claims
}

// count ends a row of the table.
func (f *flipper) count(what string, flips, rejected int, check string) {
	f.row = append(f.row, fmt.Sprintf("every bit of %s | %d | %d | %s", what, flips, rejected, check))
	if rejected != flips || flips == 0 {
		f.t.Errorf("every bit of %s: %d of %d flips are rejected", what, rejected, flips)
	}
}

// hashed is the manifest of files in memory.
func hashed(t *testing.T, files fstest.MapFS) (*evidence.Manifest, error) {
	t.Helper()
	return evidence.HashTree(t.Context(), files, evidence.Options{Name: "model"})
}

// with are the files of the specimen, but one, under another name or with other bytes.
func (f *flipper) with(old, name string, data []byte) fstest.MapFS {
	files := fstest.MapFS{}
	for n, text := range f.files {
		if n != old {
			files[n] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		}
	}
	files[name] = &fstest.MapFile{Data: data, Mode: 0o644}
	return files
}

// fails reports whether the signature and the scan are not about content any more, and say so.
func (f *flipper) fails(m *evidence.Manifest, says string) bool {
	claims := f.judge(m)
	for _, c := range claims[:2] {
		failure, ok := errors.AsType[*claim.Failure](c.Failure)
		if !ok || c.Counts() || failure.Test != claim.Digest && failure.Test != claim.Coverage {
			return false
		}
	}
	return regexp.MustCompile(says).MatchString(claims[0].Failure.Error())
}

// flipContent: every bit of every file.
func (f *flipper) flipContent() {
	total, rejected := 0, 0
	for _, name := range f.names() {
		flips([]byte(f.files[name]), func(bit int, changed []byte) {
			total++
			m, err := hashed(f.t, f.with(name, name, changed))
			if err != nil {
				f.t.Fatal(err)
			}
			if f.fails(m, regexp.QuoteMeta(name)+" was changed") {
				rejected++
			} else {
				f.t.Errorf("bit %d of %s is not seen", bit, name)
			}
		})
	}
	f.count("the model", total, rejected, "the file that was changed")
}

// flipNames: every bit of every name that leaves a name which a file can have. One that another file has already replaces that
// file.
func (f *flipper) flipNames() {
	total, rejected := 0, 0
	for _, name := range f.names() {
		flips([]byte(name), func(bit int, changed []byte) {
			to := string(changed)
			if !fs.ValidPath(to) || bytes.IndexByte(changed, 0) >= 0 {
				return
			}
			total++
			m, err := hashed(f.t, f.with(name, to, []byte(f.files[name])))
			switch {
			case err != nil && !utf8.ValidString(to): // no signature holds such a name, and the message says so
				rejected++
			case err == nil && f.fails(m, "is missing|was added|was changed"):
				rejected++
			default:
				f.t.Errorf("bit %d of the name %q is not seen: %v", bit, name, err)
			}
		})
	}
	f.count("its names", total, rejected, "the files that are missing and were added")
}

// named is what says why a bundle is refused: a check that the answer names.
var named = regexp.MustCompile(`signature|base64|not JSON|not UTF-8|media type|payload type|unknown field|is missing|wrong type|not a JSON object|` +
	`names 0 of publicKey|more after the JSON|appears twice|there is no signature`)

// flipBundle: every bit of one bundle, as a line of claims and as a signature.
func (f *flipper) flipBundle(what string, line []byte) {
	total, rejected := 0, 0
	flips(line, func(bit int, changed []byte) {
		total++
		b, err := evidence.ParseBundle(changed)
		if err == nil {
			c := claim.Check("line", b, claim.Options{Authority: f.root, Content: f.manifest, Now: tamperNow()})
			if err = c.Failure; err == nil || c.Counts() || c.Predicate != nil {
				f.t.Errorf("bit %d of %s is not seen", bit, what)
				return
			}
		}
		if !named.MatchString(err.Error()) {
			f.t.Errorf("bit %d of %s: %v names no check", bit, what, err)
			return
		}
		rejected++
	})
	f.count(what, total, rejected, "signature, base64, JSON, field, type")
}

// flipLine: every bit of a line against the head that was kept elsewhere, without looking at a signature.
func (f *flipper) flipLine(at int) {
	total, rejected := 0, 0
	facts := f.lines[:len(f.lines)-1]
	head, err := claim.NewHead(entriesOf(f.t, facts))
	if err != nil {
		f.t.Fatal(err)
	}
	before := entriesOf(f.t, facts)
	flips(facts[at], func(bit int, changed []byte) {
		total++
		read, broken := claimstore.Read(bytes.NewReader(append(changed, '\n')))
		entries := slices.Clone(before[:at])
		for _, e := range read {
			entries = append(entries, claim.Entry{File: evidence.ClaimsFile, Line: at + e.Line, Leaf: e.Leaf, Bundle: e.Bundle})
		}
		want := claim.ErrRemoved // reading ends at what is no bundle
		if broken == nil {
			entries, want = append(entries, before[at+1:]...), claim.ErrEdited
		}
		if differs := claim.CheckHead(entries, head); !errors.Is(differs, want) {
			f.t.Errorf("bit %d of line %d: %v", bit, at+1, differs)
			return
		}
		rejected++
	})
	f.count("that claim, against the head", total, rejected, "head")
}
