package npy_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/npy"
)

// file makes an array file of version 1.
func file(header string) []byte {
	b := binary.LittleEndian.AppendUint16([]byte(npy.Magic+"\x01\x00"), uint16(len(header)))
	return append(b, header...)
}

// array makes an array file of a type and a shape.
func array(descr, shape string) []byte {
	return file(fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': %s, }\n", descr, shape))
}

// read reads a header.
func read(content []byte) (npy.Header, error) { return npy.Read(bytes.NewReader(content)) }

// samples are the files that NumPy wrote.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.npy")
	if err != nil || len(names) < 20 {
		t.Fatalf("samples: %v, %v", names, err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[strings.TrimSuffix(filepath.Base(name), ".npy")], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestFilesOfNumPy(t *testing.T) {
	for name, content := range samples(t) {
		h, err := read(content)
		if err != nil || !(npy.Format{}).Match(format.Probe{Head: content}) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		objects := strings.Contains(name, "objects")
		if h.Type.Objects != objects || !h.Type.Known {
			t.Errorf("%s: type %+v", name, h.Type)
		}
		if !objects && name != "two" && h.DataStart+h.DataSize != int64(len(content)) {
			t.Errorf("%s: %d + %d of %d bytes", name, h.DataStart, h.DataSize, len(content))
		}
		if h.Fortran != (name == "fortran") {
			t.Errorf("%s: Fortran order is %v", name, h.Fortran)
		}
	}
}

func TestTypes(t *testing.T) {
	for descr, want := range map[string]npy.Type{
		`'<f8'`: {Text: "<f8", Size: 8, Known: true}, `'|b1'`: {Text: "|b1", Size: 1, Known: true}, `'<U3'`: {Text: "<U3", Size: 12, Known: true},
		`'<M8[25us]'`: {Text: "<M8[25us]", Size: 8, Known: true}, `'|S'`: {Text: "|S", Known: true}, `'|V2'`: {Text: "|V2", Size: 2, Known: true},
		`'|O'`: {Text: "|O", Known: true, Objects: true}, `'O8'`: {Text: "O8", Size: 8, Known: true, Objects: true},
		`'|T16'`: {Text: "|T16", Size: 16, Known: true, Objects: true}, `'object'`: {Text: "object", Objects: true},
		`'i4,O'`: {Text: "i4,O", Objects: true}, `'float64'`: {Text: "float64", Objects: true}, `'int'`: {Text: "int"}, `'V99999999999999'`: {Text: "V99999999999999"},
		`[('a','<i4'),('b','|O')]`:         {Text: "structure", Size: 4, Known: true, Objects: true},
		`[('b','|O'),('a','<i4')]`:         {Text: "structure", Size: 4, Known: true, Objects: true},
		`[('a','<i4'),('b',[('c','|O')])]`: {Text: "structure", Size: 4, Known: true, Objects: true},
		`[('a','<i4',(2,3))]`:              {Text: "structure", Size: 24, Known: true}, `[('a','<i4',5)]`: {Text: "structure", Size: 20, Known: true},
		`[('a','|O',(2,))]`: {Text: "structure", Known: true, Objects: true}, `('<f4',(3,))`: {Text: "<f4", Size: 12, Known: true},
		`[('a','<f8',(1099511627776,9))]`: {Text: "structure"}, `[]`: {Text: "structure", Known: true},
	} {
		h, err := read(array(descr, "(1,)"))
		if err != nil || h.Type.Objects != want.Objects || h.Type.Known != want.Known || h.Type.Text != want.Text {
			t.Errorf("%s: got %+v, %v; want %+v", descr, h.Type, err, want)
			continue
		}
		if want.Known && !want.Objects && h.Type.Size != want.Size {
			t.Errorf("%s: %d bytes, want %d", descr, h.Type.Size, want.Size)
		}
	}
}

func TestShapes(t *testing.T) {
	for shape, want := range map[string]int64{
		"()": 8, "(3,)": 24, "(2, 3)": 48, "(2L, 3L)": 48, "(0, 99999999999999999999)": 0, "(4611686018427387904, 4)": -1,
		"(99999999999999999999,)": -1, "(1152921504606846975,)": 9223372036854775800, "(1152921504606846976,)": -1,
	} {
		h, err := read(array("'<f8'", shape))
		if err != nil || h.DataSize != want || h.Overflows() != (want < 0) {
			t.Errorf("%s: got %d, %v; want %d", shape, h.DataSize, err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	deep := "'descr': " + strings.Repeat("[", 100)
	for _, c := range []struct {
		content    []byte
		expression bool
	}{
		{[]byte(npy.Magic), false}, {[]byte(npy.Magic + "\x04\x00\x00\x00"), false}, {[]byte(npy.Magic + "\x01\x00\xff\xff{}"), false},
		{[]byte(npy.Magic + "\x02\x00\xff\xff\xff\xff{}"), false},
		{file(""), false}, {file("[]"), false}, {file("{}"), false}, {file("{'descr': '<f8'}"), false}, {file("{" + deep), false},
		{array("None", "()"), false}, {array("'<f8'", "[1]"), false}, {array("'<f8'", "(-1,)"), false}, {array("'<f8'", "(1.5,)"), false},
		{array("'<f8'", "3"), false}, {array("3", "()"), false}, {array("[3]", "()"), false}, {array("[('a',)]", "()"), false},
		{array("{'names': ['a']}", "()"), false}, {file("{'descr': '<f8', 'fortran_order': False, 'shape': (), 'x': 1}"), false},
		{file("{1: 2}"), false}, {file("{'descr': 'a"), false}, {array(`'\q'`, "()"), false},

		{array("__import__('os').system('echo picket')", "()"), true}, {array("'<f8'", "(int('3'),)"), true},
		{array("'<f8'", "(1 + 1,)"), true}, {array("'<f8'", "(3).bit_length()"), true}, {array("'<' 'f8'", "()"), false},
		{file("exec('echo picket')"), true}, {file("{'descr': '<f8'}['x']"), true},
		{file("{**{}}"), true}, {file("{x: 1 for x in y}"), true}, {array("'<f8'.upper()", "()"), true}, {array("lambda: 1", "()"), true},
		{array("f'{1}'", "()"), true}, {array("rb'x'", "()"), true},
	} {
		_, err := read(c.content)
		if !errors.Is(err, format.ErrMalformed) || errors.Is(err, npy.ErrExpression) != c.expression {
			t.Errorf("%q: got %v, want an expression error: %v", c.content, err, c.expression)
		}
	}
}

func TestDuplicateKey(t *testing.T) {
	h, err := read(file("{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': ()}"))
	if err != nil || !h.Duplicate || !h.Type.Objects {
		t.Errorf("Python keeps the last: got %+v, %v", h, err)
	}
}

func TestEveryTruncationOfTheHeaderIsAnError(t *testing.T) {
	for name, content := range samples(t) {
		h, err := read(content)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < int(h.DataStart); n += 1 + n/500 {
			if _, err := read(content[:n]); !errors.Is(err, format.ErrMalformed) {
				t.Fatalf("%s: the first %d bytes: %v", name, n, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for name, content := range samples(f) {
		if name != "wide" {
			f.Add(content)
		}
	}
	f.Add(array("[('a', [('b', '|O', (2, 3))])]", "(1, 2L)"))
	f.Add(array("__import__('os')", "()"))
	f.Fuzz(func(t *testing.T, content []byte) {
		h, err := read(content)
		if h.DataStart < 0 || h.DataStart > int64(len(content)) {
			t.Fatalf("the data of %d bytes begins at %d", len(content), h.DataStart)
		}
		if err == nil && (h.Type.Objects || !h.Type.Known) != (h.DataSize < 0) && !h.Overflows() {
			t.Fatalf("size %d of type %+v", h.DataSize, h.Type)
		}
		for _, n := range h.Shape {
			if n < 0 {
				t.Fatalf("shape %v", h.Shape)
			}
		}
	})
}
