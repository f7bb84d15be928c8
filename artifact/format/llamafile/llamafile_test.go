package llamafile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/llamafile"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

func TestArgs(t *testing.T) {
	got := llamafile.Args("-m\nmodel.gguf\n--host\r\n0.0.0.0\n--temp=-1\n-ngl\n-1\n--unsecure\n...\nlast\nvalue")
	want := []llamafile.Arg{{Flag: "-m", Value: "model.gguf"}, {Flag: "--host", Value: "0.0.0.0", Offset: 14}, {Flag: "--temp", Value: "-1", Offset: 30},
		{Flag: "-ngl", Value: "-1", Offset: 40}, {Flag: "--unsecure", Value: "last", Offset: 48}, {Value: "value", Offset: 68}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMatch(t *testing.T) {
	elf := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 57)
	zipped := func(prefix, name string) []byte {
		return rawzip.Archive{Prefix: []byte(prefix), Entries: []rawzip.Entry{{Name: name, Data: []byte("-m\nx.gguf\n")}}}.Must()
	}
	for name, test := range map[string]struct {
		content []byte
		want    bool
	}{
		"portable":            {zipped("MZqFpD='\n\n"+strings.Repeat("\x00", 64), "x"), true},
		"portable only":       {[]byte("MZqFpD='\n\n" + strings.Repeat("\x00", 64)), false},
		"with arguments":      {zipped(elf, ".args"), true},
		"with a model":        {zipped(elf, "x.GGUF"), true},
		"with something":      {zipped(elf, "x.txt"), false},
		"archive only":        {zipped("", ".args"), false},
		"program only":        {[]byte(elf), false},
		"program of Windows":  {[]byte("MZ" + strings.Repeat("\x00", 64)), false},
		"nothing":             {nil, false},
		"text about a format": {[]byte("see MZqFpD='"), false},
	} {
		b := test.content
		if got := (llamafile.Format{}).Match(format.Probe{Head: b, Tail: b, Size: int64(len(b)), Blob: format.BytesBlob(b)}); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzArgs(f *testing.F) {
	f.Add("-m\nx\n--host=0\n...")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range llamafile.Args(text) {
			if a.Offset < 0 || a.Offset >= int64(len(text)) || a.Flag == "" && a.Value == "" {
				t.Errorf("%+v is outside of %q", a, text)
			}
		}
	})
}
