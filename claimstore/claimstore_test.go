package claimstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
)

// bundle signs a text.
func bundle(t testing.TB, text string) *evidence.Bundle {
	t.Helper()
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.Sign(context.Background(), []byte(text), key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func line(t testing.TB, b *evidence.Bundle) string {
	t.Helper()
	text, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAppendAndLoad(t *testing.T) {
	name := filepath.Join(t.TempDir(), "claims.jsonl")
	if entries, err := Load(name); err != nil || len(entries) != 0 {
		t.Fatalf("no file: %v, %v", entries, err)
	}
	var want []string
	for i := range 3 {
		b := bundle(t, fmt.Sprint(i))
		want = append(want, line(t, b))
		if err := Append(name, b); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := Load(name)
	if err != nil || len(entries) != 3 {
		t.Fatalf("got %d entries, %v", len(entries), err)
	}
	for i, e := range entries {
		if e.Line != i+1 || line(t, e.Bundle) != want[i] {
			t.Errorf("entry %d: line %d", i, e.Line)
		}
	}
}

func TestAppendAfterAnOpenLine(t *testing.T) {
	name := filepath.Join(t.TempDir(), "claims.jsonl")
	if err := os.WriteFile(name, []byte(line(t, bundle(t, "first"))), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Append(name, bundle(t, "second")); err != nil {
		t.Fatal(err)
	}
	if entries, err := Load(name); err != nil || len(entries) != 2 {
		t.Errorf("got %d entries, %v", len(entries), err)
	}
}

func TestConcurrentAppends(t *testing.T) {
	name := filepath.Join(t.TempDir(), "claims.jsonl")
	large := strings.Repeat("x", 200_000) // more than a pipe or a page holds at once
	const writers, each = 8, 5
	var group sync.WaitGroup
	for range writers {
		b := bundle(t, large)
		group.Go(func() {
			for range each {
				if err := Append(name, b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if entries, err := Load(name); err != nil || len(entries) != writers*each {
		t.Errorf("got %d entries, %v", len(entries), err)
	}
}

func TestBrokenLines(t *testing.T) {
	good := line(t, bundle(t, "x"))
	for name, tt := range map[string]struct {
		text string
		line int
		read int
	}{
		"not JSON":        {good + "\nrubbish\n" + good + "\n", 2, 1},
		"empty line":      {good + "\n\n" + good + "\n", 2, 1},
		"cut off":         {good + "\n" + good[:len(good)/2], 2, 1},
		"two on one line": {good + good + "\n", 1, 0},
		"other JSON":      {"{}\n", 1, 0},
		"too long":        {good + "\n" + strings.Repeat(" ", evidence.MaxBundle+2) + "\n", 2, 1},
		"many":            {strings.Repeat(good+"\n", MaxClaims+1), MaxClaims + 1, MaxClaims},
	} {
		entries, err := Read(strings.NewReader(tt.text))
		if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), fmt.Sprintf("line %d:", tt.line)) {
			t.Errorf("%s: %v", name, err)
		}
		if len(entries) != tt.read {
			t.Errorf("%s: %d entries before the error, want %d", name, len(entries), tt.read)
		}
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	dir := t.TempDir()
	victim, name := filepath.Join(dir, "victim"), filepath.Join(dir, "claims.jsonl")
	if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, name); err != nil {
		testkit.Missing(t, "links cannot be made here: %v", err)
	}
	if err := Append(name, bundle(t, "x")); err == nil {
		t.Error("appended through a link")
	}
	if _, err := Load(name); err == nil {
		t.Error("read through a link")
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "precious" {
		t.Errorf("the file behind the link: %q, %v", text, err)
	}
	if err := Append(dir, bundle(t, "x")); err == nil {
		t.Error("appended to a folder")
	}
}

// FuzzRead: what is accepted writes back to the same claims; everything else is an error that names a line.
func FuzzRead(f *testing.F) {
	good := line(f, bundle(f, "x"))
	f.Add([]byte(good + "\n" + good))
	f.Add([]byte("\n{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := Read(bytes.NewReader(data))
		if err != nil && (!errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "line ")) {
			t.Errorf("error of no kind: %v", err)
		}
		var again strings.Builder
		for _, e := range entries {
			again.WriteString(line(t, e.Bundle) + "\n")
		}
		second, err := Read(strings.NewReader(again.String()))
		if err != nil || len(second) != len(entries) {
			t.Errorf("read back %d of %d: %v", len(second), len(entries), err)
		}
	})
}
