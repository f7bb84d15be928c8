package hdf5_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// survey walks a file as detectors do and says what it found, one line each. It fails the test for what lies outside of the
// content.
func survey(t testing.TB, content []byte, bounds limits.Limits) (lines []string, ledger hdf5.Ledger, err error) {
	t.Helper()
	f, err := hdf5.Open(format.BytesBlob(content), limits.NewBudget(bounds))
	if err != nil {
		return nil, ledger, err
	}
	defer f.Close()
	size := int64(len(content))
	note := func(offset, length int64, text string, args ...any) error {
		if offset < 0 || length < 0 || offset > size || length > size-offset {
			t.Fatalf("%d bytes at %d are outside of %d: %s", length, offset, size, fmt.Sprintf(text, args...))
		}
		lines = append(lines, fmt.Sprintf(text, args...))
		return nil
	}
	value := func(v hdf5.Value) error {
		return note(v.Offset, v.Blob.Size(), "value of %d at %d", v.Blob.Size(), v.Offset)
	}
	walkErr := f.Walk(context.Background(), hdf5.Visitor{
		Attribute: func(a hdf5.Attribute) error {
			if _, err := a.Values(f, 100, value); errors.Is(err, limits.ErrExceeded) {
				return err
			}
			return note(a.Offset, int64(len(a.Data)), "%s@%s", a.Owner, a.Name)
		},
		Link: func(l hdf5.Link) error {
			return note(l.Offset, 0, "%s -> %s %d %s %s", l.Group, l.Name, l.Kind, l.Target, l.File)
		},
		Dataset: func(d *hdf5.Dataset) error {
			count := 0
			err := f.Pieces(d, func(p hdf5.Piece) error {
				count++
				return note(p.Offset, p.Length, "%s: %v", d.Path, p)
			})
			if errors.Is(err, limits.ErrExceeded) {
				return err
			}
			return note(d.Offset, 0, "%s %d pieces %v", d.Path, count, err)
		},
		Broken: func(path string, err error) error {
			if !errors.Is(err, format.ErrMalformed) {
				t.Fatalf("%s is broken and not malformed: %v", path, err)
			}
			return note(0, 0, "%s broken: %v", path, err)
		},
	})
	at := int64(0)
	ledger, err = f.Account(func(p hdf5.Piece) {
		if p.Offset < at {
			t.Fatalf("hole %v before %d", p, at)
		}
		at = p.Offset + p.Length
		if err := note(p.Offset, p.Length, "hole %v", p); err != nil {
			t.Fatal(err)
		}
	})
	if sum := f.Base + ledger.Structure + ledger.Data + ledger.Holes + ledger.Trailing.Length; err == nil && sum != size {
		t.Fatalf("%+v with a user block of %d sum up to %d of %d bytes", ledger, f.Base, sum, size)
	}
	return lines, ledger, errors.Join(walkErr, err)
}

func TestRealFilesHaveNoHoles(t *testing.T) {
	for name, content := range samples(t) {
		_, l, err := survey(t, content, limits.Default())
		if err != nil || l.Overlap.Length != 0 || l.Trailing.Length != 0 || l.Holes*4 > int64(len(content)) || l.Data == 0 {
			t.Errorf("%s of %d bytes: %+v %v", name, len(content), l, err)
		}
	}
}

func TestCutFilesAreNeverReadInSilence(t *testing.T) {
	for name, content := range samples(t) {
		whole, _, _ := survey(t, content, limits.Default())
		for _, n := range []int{0, 7, 8, 20, 95, 100, 600, 2100, 3000, len(content) / 4, len(content) / 2, len(content) * 3 / 4} {
			lines, _, err := survey(t, content[:n], limits.Default())
			broken := slices.ContainsFunc(lines, func(s string) bool { return strings.Contains(s, "malformed") })
			if err == nil && !broken && len(lines) >= len(whole) {
				t.Errorf("%s cut to %d bytes reads as if it were whole", name, n)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	content := samples(t)["small-latest-0.h5"]
	tight := limits.Default()
	tight.Ops = 100
	if _, _, err := survey(t, content, tight); !errors.Is(err, limits.ErrExceeded) {
		t.Errorf("few steps: %v", err)
	}
	tight = limits.Default()
	tight.Memory = 1000
	if _, _, err := survey(t, content, tight); !errors.Is(err, limits.ErrExceeded) {
		t.Errorf("little memory: %v", err)
	}
	stream := format.StreamBlob(10, nil)
	if _, err := hdf5.Open(stream, limits.NewBudget(limits.Default())); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("forward only: %v", err)
	}
}

func TestSuperblock(t *testing.T) {
	old, latest := samples(t)["small-earliest-2048.h5"][2048:], samples(t)["small-latest-0.h5"]
	changed := func(b []byte, at int, to byte) []byte {
		b = slices.Clone(b)
		b[at] = to
		return b
	}
	for name, content := range map[string][]byte{
		"unknown version":  changed(old, 8, 9),
		"offsets of three": changed(old, 13, 3),
		"lengths of none":  changed(latest, 10, 0),
		"no signature":     changed(old, 1, 'h'),
		"cut":              latest[:30],
	} {
		if _, _, err := survey(t, content, limits.Default()); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	far := append(make([]byte, 1<<20), latest...) // beyond the head
	if lines, _, err := survey(t, far, limits.Default()); err != nil || len(lines) < 100 {
		t.Errorf("after a mebibyte: %d lines, %v", len(lines), err)
	}
	if (hdf5.Format{}).Match(format.Probe{Head: latest[1:]}) || !(hdf5.Format{}).Match(format.Probe{Head: append(make([]byte, 4096), latest...)}) {
		t.Error("Match")
	}
}

func TestCyclesEnd(t *testing.T) {
	content := slices.Clone(samples(t)["small-latest-0.h5"])
	at := strings.Index(string(content), "OHDR")
	root := binary.LittleEndian.Uint64(content[36:])
	if int64(at) != int64(root) {
		t.Fatalf("the root is at %d and not at %d", root, at)
	}
	// Every child of a node points back at the first node of the same kind.
	for _, signature := range []string{"BTHD", "BTLF", "BTIN", "FRHP", "FHIB", "FHDB", "OHDR", "EAHD", "FAHD"} {
		looped := slices.Clone(content)
		first := strings.Index(string(looped), signature)
		if first < 0 {
			continue
		}
		for i := 0; i+8 <= len(looped); i++ {
			if target := binary.LittleEndian.Uint64(looped[i:]); target > 48 && target < uint64(len(looped)-4) && string(content[target:target+4]) == signature {
				binary.LittleEndian.PutUint64(looped[i:], uint64(first))
			}
		}
		if _, _, err := survey(t, looped, limits.Default()); errors.Is(err, limits.ErrExceeded) {
			t.Errorf("%s: %v", signature, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	names, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range names {
		if content, err := os.ReadFile("testdata/" + entry.Name()); err == nil && strings.HasSuffix(entry.Name(), ".h5") {
			f.Add(content, uint16(0), byte(0))
			f.Add(content[:len(content)/2], uint16(0), byte(0))
		}
	}
	for _, sample := range hostile.Samples() { // small files whose every byte matters
		if content, err := sample.Build(); err == nil && strings.HasPrefix(sample.Group, "hdf5") && len(content) < 8<<10 {
			f.Add(content, uint16(0), content[0])
		}
	}
	bounds := limits.Default()
	bounds.Ops = 1 << 22
	f.Fuzz(func(t *testing.T, content []byte, at uint16, to byte) {
		if len(content) > 1<<18 {
			return
		}
		if int(at) < len(content) {
			content = slices.Clone(content)
			content[at] = to
		}
		first, ledger, err := survey(t, content, bounds)
		again, ledgerAgain, errAgain := survey(t, content, bounds)
		if !slices.Equal(first, again) || ledger != ledgerAgain || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatal("two readings differ")
		}
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatalf("an error of another kind: %v", err)
		}
	})
}
