package pmml_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pmml"
	"github.com/picketsec/picket/internal/limits"
)

// read lists what a visitor sees.
func read(doc []byte) (list []string, h pmml.Header, err error) {
	add := func(form string, args ...any) { list = append(list, fmt.Sprintf(form, args...)) }
	h, err = pmml.Read(format.BytesBlob(doc), limits.NewBudget(limits.Default()), pmml.Visitor{
		Apply:   func(f string, _ int64) { add("apply %s", f) },
		Define:  func(f string, _ int64) { add("define %s", f) },
		Unknown: func(e string, _ int64, _ bool) { add("unknown %s", e) },
		Table:   func(int64) { add("table") },
		Text:    func(x pmml.Text) { add("%s %s %v %q", x.Element, x.Attr, x.Foreign, x.Value) },
	})
	return list, h, err
}

const small = `<?xml version="1.0"?>
<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header><Extension name="user" value="me"/></Header>
<TransformationDictionary><DefineFunction name="f" optype="continuous"><Apply function="com.example.F"><FieldRef field="x"/></Apply></DefineFunction>
</TransformationDictionary><TreeModel functionName="regression"><Node score="1.5"><True/></Node><script for="x">print(1)</script></TreeModel>
<MapValues><TableLocator/><InlineTable><row><anything>1</anything></row></InlineTable></MapValues></PMML>` + "\n"

func TestRead(t *testing.T) {
	got, h, err := read([]byte(small))
	want := []string{`Extension name true "user"`, `Extension value true "me"`, "define f", "apply com.example.F", "unknown script",
		`script for true "x"`, `script  true "print(1)"`, "table"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if h.Version != "4.4" || h.Namespace != "http://www.dmg.org/PMML-4_4" || h.Extensions != 1 || h.Elements != 16 {
		t.Errorf("header %+v", h)
	}
}

func TestMatch(t *testing.T) {
	for doc, want := range map[string]bool{small: true, `<PMML/>`: true, `<x:PMML xmlns:x="http://www.dmg.org/PMML-4_2"/>`: true,
		`<pmml/>`: false, `{"PMML":1}`: false, `<net><PMML/></net>`: false} {
		if got := (pmml.Format{}).Match(format.Probe{Head: []byte(doc), Size: int64(len(doc))}); got != want {
			t.Errorf("Match(%.40q) is %v", doc, got)
		}
	}
}

func TestEveryTruncationIsMalformed(t *testing.T) {
	for n := range len(small) - 1 {
		if _, _, err := read([]byte(small[:n])); !errors.Is(err, format.ErrMalformed) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("<PMML>" + strings.Repeat("<Node>", 10)))
	f.Fuzz(func(t *testing.T, doc []byte) {
		first, h, err := read(doc)
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatalf("unexpected error %v", err)
		}
		second, again, _ := read(doc)
		if !cmp.Equal(first, second) || h != again {
			t.Fatal("two readings differ")
		}
	})
}
