package executorch_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/executorch"
	"github.com/picketsec/picket/internal/limits"
)

// sample reads a file that the schema compiler of ExecuTorch 1.5.1 made.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// visitor lists what is found.
func visitor(list *[]string) executorch.Visitor {
	add := func(form string, args ...any) { *list = append(*list, fmt.Sprintf(form, args...)) }
	return executorch.Visitor{
		Operator: func(o executorch.Operator) { add("operator %s.%s %v", o.Name, o.Overload, o.Known()) },
		Delegate: func(d executorch.Delegate) { add("delegate %s of %d bytes, %d settings", d.ID, d.Size, len(d.Specs)) },
		Segment:  func(s executorch.Segment) { add("segment of %d", s.Size) },
		Text:     func(key, value string, _ int64) { add("%s %s", key, value) },
		Problem:  func(p executorch.Problem) { add("problem: %s", p.Reason) },
	}
}

// read lists what a program holds.
func read(content []byte) (list []string, p executorch.Program, err error) {
	p, err = executorch.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()), visitor(&list))
	return list, p, err
}

func TestRead(t *testing.T) {
	got, p, err := read(sample(t, "segments.pte"))
	want := []string{"segment of 48", "segment of 32", "name of a plan forward", "operator aten::add.out true", "operator aten::permute_copy.out true",
		"delegate XnnpackBackend of 48 bytes, 1 settings", "name of data weight"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || p.Plans != 1 {
		t.Errorf("%+v, %v (-want +got):\n%s", p, err, diff)
	}
	got, p, err = read(sample(t, "inline.pte"))
	want = []string{want[2], want[3], want[4], "delegate XnnpackBackend of 32 bytes, 1 settings"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || p.End != int64(len(sample(t, "inline.pte"))) {
		t.Errorf("%+v, %v (-want +got):\n%s", p, err, diff)
	}
}

func TestDataAndBundle(t *testing.T) {
	var list []string
	_, err := executorch.ReadData(format.BytesBlob(sample(t, "tensors.ptd")), limits.NewBudget(limits.Default()), visitor(&list))
	if want := "segment of 16|name of data w"; strings.Join(list, "|") != want || err != nil {
		t.Errorf("%v %v", list, err)
	}
	bundle := sample(t, "bundle.bpte")
	s, err := executorch.BundledProgram(format.BytesBlob(bundle), limits.NewBudget(limits.Default()))
	if err != nil || !slices.Equal(bundle[s.Start:s.Start+s.Size], sample(t, "inline.pte")) {
		t.Errorf("the bundled program is at %+v: %v", s, err)
	}
}

func TestMatch(t *testing.T) {
	for name, want := range map[string]string{"segments.pte": "executorch", "inline.pte": "executorch", "tensors.ptd": "executorch-data", "bundle.bpte": "executorch-bundle"} {
		content := sample(t, name)
		var got []string
		for _, f := range []format.Format{executorch.Format{}, executorch.Data{}, executorch.Bundle{}} {
			if f.Match(format.Probe{Head: content, Size: int64(len(content))}) {
				got = append(got, f.Info().Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is %v", name, got)
		}
	}
}

func TestProblems(t *testing.T) {
	whole := sample(t, "segments.pte")
	for name, c := range map[string]struct {
		old, with string
		want      string
	}{
		"segment": {string(binary.LittleEndian.AppendUint64(nil, 48)), string(binary.LittleEndian.AppendUint64(nil, 1<<63)), "outside of the"},
	} {
		broken := strings.Replace(string(whole), c.old, c.with, 1)
		got, _, err := read([]byte(broken))
		if !strings.Contains(strings.Join(got, "|"), c.want) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	// Every byte of the tables set to 0xff in turn: nothing outside of the file is handed on, and some of it is noticed.
	noticed := 0
	for i := 40; i < len(whole)-112; i++ {
		b := slices.Clone(whole)
		b[i] ^= 0x7f
		got, _, err := read(b)
		if err != nil && !errors.Is(err, format.ErrMalformed) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if err != nil || strings.Contains(strings.Join(got, "|"), "problem") {
			noticed++
		}
	}
	if noticed < 100 {
		t.Errorf("only %d changes of a byte were noticed", noticed)
	}
}

func TestKnown(t *testing.T) {
	for name, want := range map[string]bool{"aten::add": true, "aten::from_file": false, "evil::run": false, "add": false, "": false,
		"quantized_decomposed::add": true, "llama::custom_sdpa": true} {
		if got := (executorch.Operator{Name: name}).Known(); got != want {
			t.Errorf("%s: known %v", name, got)
		}
	}
}

func TestHeaderIsChecked(t *testing.T) {
	whole := sample(t, "segments.pte")
	for _, at := range []int{16, 24} {
		b := slices.Clone(whole)
		binary.LittleEndian.PutUint64(b[at:], 1<<40)
		if _, _, err := read(b); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("byte %d: %v", at, err)
		}
	}
	for n := range 200 {
		if _, _, err := read(whole[:n]); !errors.Is(err, format.ErrMalformed) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"segments.pte", "inline.pte", "tensors.ptd", "bundle.bpte"} {
		f.Add(sample(f, name))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		size := int64(len(content))
		first, p, err := read(content)
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatalf("unexpected error %v", err)
		}
		if second, again, _ := read(content); !cmp.Equal(first, second) || p != again {
			t.Fatal("two readings differ")
		}
		if err == nil && p.End > size {
			t.Fatalf("the program ends at %d of %d", p.End, size)
		}
		inside := func(s executorch.Segment) {
			if s.Start < 0 || s.Size < 0 || s.Start > size || s.Size > size-s.Start {
				t.Fatalf("%+v lies outside of %d bytes", s, size)
			}
		}
		v := visitor(new([]string))
		v.Segment = inside
		v.Delegate = func(d executorch.Delegate) {
			inside(executorch.Segment{Start: d.Start, Size: d.Size})
			for _, s := range d.Specs {
				inside(executorch.Segment{Start: s.Start, Size: s.Size})
			}
		}
		budget := limits.NewBudget(limits.Default())
		_, errRead := executorch.Read(format.BytesBlob(content), budget, v)
		_, errData := executorch.ReadData(format.BytesBlob(content), budget, v)
		s, errBundle := executorch.BundledProgram(format.BytesBlob(content), budget)
		if errBundle == nil {
			inside(s)
		}
		if errRead == nil && errData == nil && errBundle == nil && size == 0 {
			t.Fatal("nothing was read as everything")
		}
	})
}
