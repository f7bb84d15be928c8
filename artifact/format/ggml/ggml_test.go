package ggml_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/ggml"
	"github.com/picketsec/picket/internal/limits"
)

// u32 writes numbers.
func u32(numbers ...uint32) string {
	var b []byte
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return string(b)
}

// tensor writes a tensor with two dimensions.
func tensor(kind, rows, columns uint32, size int) string {
	return u32(2, 1, kind, columns, rows) + "w" + strings.Repeat("\x01", size)
}

// llama writes a model of llama.cpp in one of its versions.
func llama(magic string, version uint32) string {
	parameters := u32(2, 8, 8, 1, 1, 8, 1)
	switch magic {
	case "lmgg":
		return magic + parameters + u32(1) + "a" + u32(2) + "bc" + tensor(0, 2, 3, 24) + tensor(2, 1, 32, 20)
	case "fmgg":
		return magic + u32(version) + parameters + u32(1) + "a" + u32(0) + u32(2) + "bc" + u32(0) + tensor(1, 2, 3, 12)
	}
	head := magic + u32(version) + parameters + u32(1) + "a" + u32(0) + u32(2) + "bc" + u32(0) + tensor(0, 2, 2, 0)
	return head + strings.Repeat("\x00", (32-len(head)%32)%32+16)
}

// whisper writes a model of whisper.cpp.
func whisper() string {
	return "lmgg" + u32(3, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1) + u32(2, 3) + strings.Repeat("\x00", 24) + u32(2) + u32(1) + "a" + u32(2) + "bc" + tensor(1, 2, 3, 12)
}

// read lists what a visitor sees.
func read(content string) (list []string, m ggml.Model, err error) {
	m, err = ggml.Read(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()), ggml.Visitor{
		Token: func(text string, at int64) {
			list = append(list, fmt.Sprintf("%s%v", text, content[at:at+int64(len(text))] == text))
		},
		Tensor: func(t ggml.Tensor) {
			list = append(list, fmt.Sprintf("%s%d%v", t.Name, t.Size, t.Start+t.Size <= int64(len(content))))
		},
	})
	return list, m, err
}

func TestRead(t *testing.T) {
	for content, want := range map[string]string{
		llama("lmgg", 0): "ggml 0 false 44: atrue bctrue w24true w20true", llama("fmgg", 1): "ggmf 1 false 12: atrue bctrue w12true",
		llama("tjgg", 3): "ggjt 3 false 16: atrue bctrue w16true", whisper(): "ggml 0 true 12: atrue bctrue w12true",
	} {
		list, m, err := read(content)
		if got := fmt.Sprintf("%s %d %v %d: %s", m.Magic, m.Version, m.Whisper, m.Data, strings.Join(list, " ")); got != want || err != nil {
			t.Errorf("got  %s (%v)\nwant %s", got, err, want)
		}
		if !(ggml.Format{}).Match(format.Probe{Head: []byte(content)}) {
			t.Errorf("%q is not recognised", content[:4])
		}
		for n := range content {
			if _, _, err := read(content[:n]); err != nil && !errors.Is(err, format.ErrMalformed) {
				t.Fatalf("the first %d bytes: %v", n, err)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, content := range map[string]string{
		"adapter": "algg" + u32(1, 8, 16) + strings.Repeat("\x00", 40), "version": "tjgg" + u32(9) + llama("tjgg", 3)[8:],
		"vocabulary": "tjgg" + u32(3, 1<<30, 8, 8, 1, 1, 8, 1), "token": "tjgg" + u32(3, 1, 8, 8, 1, 1, 8, 1, 1<<20), "negative": "tjgg" + u32(3, 1, 8, 8, 1, 1, 8, 1, 1<<31),
		"dims": "fmgg" + u32(1, 0, 8, 8, 1, 1, 8, 1) + u32(5, 1, 0), "type": "fmgg" + u32(1, 0, 8, 8, 1, 1, 8, 1) + tensor(4, 1, 1, 4),
		"overflow": "fmgg" + u32(1, 0, 8, 8, 1, 1, 8, 1) + u32(3, 1, 0, 1<<30, 1<<30, 1<<30) + "w", "size": "fmgg" + u32(1, 0, 8, 8, 1, 1, 8, 1) + tensor(0, 9, 9, 8),
		"no tensors": "fmgg" + u32(1, 0, 8, 8, 1, 1, 8, 1), "behind": llama("lmgg", 0) + "more",
	} {
		if _, _, err := read(content); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, content := range []string{llama("lmgg", 0), llama("fmgg", 1), llama("tjgg", 3), whisper()} {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content string) {
		first, m, err := read(content) // panics when a token lies outside
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatalf("unexpected error %v", err)
		}
		if second, again, _ := read(content); !slices.Equal(first, second) || m != again {
			t.Fatal("two readings differ")
		}
		if err == nil && m.Data > int64(len(content)) {
			t.Fatalf("%d bytes of tensors in %d", m.Data, len(content))
		}
	})
}
