package claim

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
)

// reference is the Merkle tree hash as RFC 6962, 2.1 writes it down.
func reference(lines [][]byte) [32]byte {
	if len(lines) == 1 {
		return sha256.Sum256(append([]byte{0}, lines[0]...))
	}
	k := 1
	for 2*k < len(lines) {
		k *= 2
	}
	left, right := reference(lines[:k]), reference(lines[k:])
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}

func TestMerkleRoots(t *testing.T) {
	var lines [][]byte
	tree := newPrefix()
	for i := range 130 {
		line := []byte(fmt.Sprint("line ", i))
		lines = append(lines, line)
		tree.add(LeafHash(line))
		if want := picket.SHA256(reference(lines)); tree.roots[i] != want {
			t.Fatalf("%d lines: %s, want %s", i+1, tree.roots[i], want)
		}
	}
	// The known root of the seven leaves that the test data of Certificate Transparency use (its eighth left out).
	inputs := [][]byte{{}, {0}, {0x10}, {0x20, 0x21}, {0x30, 0x31}, {0x40, 0x41, 0x42, 0x43}, []byte("PQRSTUVW")}
	ct := newPrefix()
	for _, in := range inputs {
		ct.add(LeafHash(in))
	}
	if ct.roots[0] != "sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" ||
		ct.roots[6] != "sha256:ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" {
		t.Errorf("got %s and %s", ct.roots[0], ct.roots[6])
	}
}

// file is lines as entries, and a head of all of them.
func file(t testing.TB, lines ...string) ([]Entry, *Head) {
	t.Helper()
	var entries []Entry
	for i, l := range lines {
		entries = append(entries, Entry{File: "claims.jsonl", Line: i + 1, Leaf: LeafHash([]byte(l))})
	}
	head, err := NewHead(entries)
	if err != nil {
		t.Fatal(err)
	}
	return entries, head
}

func TestKnownHead(t *testing.T) {
	lines := strings.Split("abcdefghijk", "")
	entries, head := file(t, lines...)
	if err := CheckHead(entries, head); err != nil || head.Count != 11 {
		t.Errorf("%d: %v", head.Count, err)
	}
	more, _ := file(t, append(slices.Clone(lines), "l", "m")...)
	if err := CheckHead(more, head); err != nil {
		t.Errorf("lines were only added: %v", err)
	}
	if _, err := NewHead(nil); err == nil {
		t.Error("a head of nothing")
	}
	// Every tamper of every line: removed, changed, doubled, swapped with the next, cut off from here on.
	tampers := 0
	for i := range lines {
		for name, tamper := range map[string]func([]string) []string{
			"removed":  func(l []string) []string { return slices.Delete(l, i, i+1) },
			"changed":  func(l []string) []string { l[i] += " "; return l },
			"doubled":  func(l []string) []string { return slices.Insert(l, i, l[i]+"x") },
			"replaced": func(l []string) []string { l[i] = "z"; return l },
			"cut off":  func(l []string) []string { return l[:i] },
			"swapped":  func(l []string) []string { j := (i + 1) % len(l); l[i], l[j] = l[j], l[i]; return l },
			"replaced and longer": func(l []string) []string {
				l[i] = "z"
				return append(l, "l", "m")
			},
		} {
			changed := tamper(slices.Clone(lines))
			var bad []Entry
			for n, l := range changed {
				bad = append(bad, Entry{Line: n + 1, Leaf: LeafHash([]byte(l))})
			}
			want := ErrEdited
			if len(changed) < len(lines) {
				want = ErrRemoved
			}
			if err := CheckHead(bad, head); !errors.Is(err, want) {
				t.Errorf("line %d %s: %v", i, name, err)
			}
			tampers++
		}
	}
	if tampers < 60 {
		t.Errorf("%d tampers", tampers)
	}
	forged := *head
	forged.Root = digestOf(3)
	if err := CheckHead(entries, &forged); !errors.Is(err, ErrEdited) {
		t.Errorf("a forged root: %v", err)
	}
	forged = *head
	forged.Previous = &Previous{Count: 2, Root: digestOf(3)}
	if err := CheckHead(entries, &forged); !errors.Is(err, ErrEdited) {
		t.Errorf("a forged earlier head: %v", err)
	}
}

// TestHeadsInTheFile: a head in a file must be true of what stands before it, in that file.
func TestHeadsInTheFile(t *testing.T) {
	build := func() *bench {
		b := newBench(t)
		b.add(b.about(), of(TypeApproval), "key-b").add(b.about(), of(TypeManifest), "key-b").add(b.about(), of(TypeDeclaration), "key-b")
		head, err := NewHead(b.entries)
		if err != nil {
			t.Fatal(err)
		}
		head.Time = when
		return b.add(head.Root, head, "key-a").add(b.about(), of(TypeEvaluation), "key-b")
	}
	renumber := func(b *bench) *bench {
		for i := range b.entries {
			b.entries[i].Line = i + 1
		}
		return b
	}
	good := build()
	good.expect("approval b", "manifest b !coverage", "declaration b", "head a", "evaluation b")
	for name, tt := range map[string]struct {
		tamper func(*bench)
		want   error
	}{
		"removed":   {func(b *bench) { b.entries = slices.Delete(b.entries, 1, 2) }, ErrRemoved},
		"swapped":   {func(b *bench) { b.entries[0], b.entries[1] = b.entries[1], b.entries[0] }, ErrEdited},
		"edited":    {func(b *bench) { b.entries[2].Leaf[5] ^= 1 }, ErrEdited},
		"moved up":  {func(b *bench) { b.entries[0], b.entries[3] = b.entries[3], b.entries[0] }, ErrRemoved},
		"elsewhere": {func(b *bench) { b.entries = b.entries[3:] }, ErrRemoved},
	} {
		b := build()
		tt.tamper(b)
		set := renumber(b).gather()
		i := slices.IndexFunc(set.Claims, func(c *Claim) bool { return c.Kind.Name == "head" })
		if c := set.Claims[i]; !errors.Is(c.Failure, tt.want) || !c.Broken || !strings.HasPrefix(c.Failure.Error(), "head: ") {
			t.Errorf("%s: %v", name, c.Failure)
		}
	}
	// A head by nobody in the trust root says nothing, true or false, and is no damage.
	b := newBench(t)
	b.add(digestOf(1), &Head{Time: when, Count: 7, Root: digestOf(1)}, "stranger").expect(" !signature")
	if b.gather().Claims[0].Broken {
		t.Error("a stranger's head is damage")
	}
	// A head whose subject is not its root is about something else.
	b = newBench(t)
	b.add(digestOf(2), &Head{Time: when, Count: 7, Root: digestOf(1)}, "key-a").expect("head a !digest")
	// One in a file of its own is not compared with the claims beside it.
	b = build()
	alone := b.entries[3]
	alone.File, alone.Line = "head.json", 0
	b.entries = []Entry{alone}
	b.expect("head a")
}

// FuzzHead: a head of any lines is true of them and of what is added, and of nothing else of that length.
func FuzzHead(f *testing.F) {
	f.Add([]byte("a\nb\nc"), uint8(1))
	f.Add([]byte("\n\n"), uint8(0))
	f.Fuzz(func(t *testing.T, text []byte, at uint8) {
		lines := bytes.Split(text, []byte("\n"))
		lines = lines[:min(len(lines), 200)]
		var entries []Entry
		for i, l := range lines {
			entries = append(entries, Entry{Line: i + 1, Leaf: LeafHash(l)})
		}
		n := int(at)%len(entries) + 1
		head, err := NewHead(entries[:n])
		if err != nil {
			t.Fatal(err)
		}
		if head.Root != picket.SHA256(reference(lines[:n])) {
			t.Errorf("%d lines: not the root of RFC 6962", n)
		}
		if err := CheckHead(entries, head); err != nil {
			t.Errorf("lines were only added: %v", err)
		}
		entries[rand.IntN(n)].Leaf[rand.IntN(32)] ^= 1 << rand.IntN(8)
		if err := CheckHead(entries, head); !errors.Is(err, ErrEdited) {
			t.Errorf("a changed line: %v", err)
		}
	})
}
