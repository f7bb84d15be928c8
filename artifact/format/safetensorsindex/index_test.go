package safetensorsindex_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/safetensorsindex"
	"github.com/picketsec/picket/internal/limits"
)

// read lists the entries of an index.
func read(text string) (list []string, index safetensorsindex.Index, err error) {
	index, err = safetensorsindex.Read(strings.NewReader(text), limits.NewBudget(limits.Default()), func(e safetensorsindex.Entry) error {
		list = append(list, fmt.Sprintf("%s in %s at %d", e.Tensor, e.File, e.Offset))
		return nil
	})
	return list, index, err
}

const plain = `{"metadata": {"total_size": 24.0, "x": [{}]}, "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}, "y": {"z": [1]}}`

func TestRead(t *testing.T) {
	got, index, err := read(plain)
	want := []string{"a in 1.safetensors at 61", "b in 2.safetensors at 83"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || index != (safetensorsindex.Index{Entries: 2, TotalSize: 24}) {
		t.Errorf("error %v, index %+v, entries (-want +got):\n%s", err, index, diff)
	}
	for text, want := range map[string]safetensorsindex.Index{
		`{"weight_map":{}}`:                                          {TotalSize: -1},
		`{"weight_map":{},"metadata":null}`:                          {TotalSize: -1},
		`{"weight_map":{},"metadata":{"total_size":-1}}`:             {TotalSize: -1},
		`{"weight_map":{},"metadata":{"total_size":[3]}}`:            {TotalSize: -1},
		`{"weight_map":{},"weight_map":{"a":"b"}}`:                   {TotalSize: -1, Entries: 1, Repeated: true},
		`{"metadata":[1],"weight_map":{},"metadata":{"x":{"y":{}}}}`: {TotalSize: -1, Repeated: true},
	} {
		if _, index, err := read(text); err != nil || index != want {
			t.Errorf("%s: %+v, %v", text, index, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `{"metadata":{}}`, `{"weight_map":[]}`, `{"weight_map":{"a":1}}`, `{"weight_map":{"a":"b"}`,
		`{"weight_map":{}}{}`, `{"weight_map":{"a":"` + strings.Repeat("x", 5000) + `"}}`, `{"weight_map":{},"x":` + strings.Repeat("[", 100)} {
		if _, _, err := read(text); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.40s: got %v, want a malformed error", text, err)
		}
	}
	for n := range len(plain) {
		if _, _, err := read(plain[:n]); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}

func TestVisitorCanStop(t *testing.T) {
	stop := errors.New("enough")
	_, err := safetensorsindex.Read(strings.NewReader(plain), limits.NewBudget(limits.Default()), func(safetensorsindex.Entry) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestMatch(t *testing.T) {
	long := `{"metadata": {"x": "` + strings.Repeat("x", format.HeadSize) + `"}, "weight_map": {}}`
	for text, want := range map[string]bool{
		plain: true, "\n " + plain: true, `{"weight\u005fmap": {}}`: true, `{"x": {"weight_map": {}}}`: false, `["weight_map"]`: false,
		`"weight_map"`: false, `{}`: false, ``: false, `{"x": "weight_map"}`: false, long: true,
	} {
		p := format.Probe{Head: []byte(text[:min(len(text), format.HeadSize)]), Tail: []byte(text), Size: int64(len(text))}
		if got := (safetensorsindex.Format{}).Match(p); got != want {
			t.Errorf("%.60s: recognised %v, want %v", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{plain, `{"weight_map":{"a":"b","a":"c"},"metadata":{"total_size":1e3}}`, `{"weight_map":{`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, index, err := read(text)
		if err == nil && len(list) != index.Entries {
			t.Fatalf("%d entries, counted as %d", len(list), index.Entries)
		}
		if err == nil && !strings.Contains(text, "{") {
			t.Fatalf("%q is an index", text)
		}
	})
}
