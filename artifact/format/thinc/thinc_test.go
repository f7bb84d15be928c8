package thinc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/thinc"
	"github.com/picketsec/picket/internal/limits"
)

// sample is a model of one node with an attribute, an array and a layer of another library.
const sample = "\x84\xa5nodes\x91\x82\xa5index\x00\xa4name\xa1x\xa5attrs\x91\x81\xa1a\xc4\x02ab\xa6params\x91\x81\xa1W\x82\xc4\x02nd\xc3\xc4\x04data\xc4\x03xyz" +
	"\xa5shims\x91\x91\xc5\x00\x04shim"

// walk lists the byte strings.
func walk(content string) (string, error) {
	var list []string
	err := thinc.Walk(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()), func(b thinc.Bytes) error {
		list = append(list, fmt.Sprintf("%s:%s", b.Section, content[b.Offset:b.Offset+b.Size]))
		return nil
	})
	return strings.Join(list, " "), err
}

func TestWalk(t *testing.T) {
	got, err := walk(sample)
	if want := "attrs:ab params:nd params:data params:xyz shims:shim"; got != want || err != nil {
		t.Errorf("%q %v, want %q", got, err, want)
	}
	for n := range sample {
		if _, err := walk(sample[:n]); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	for _, bad := range []string{sample + "x", strings.Repeat("\x91", 200) + "\xc0", "\xc1", "\xdf\xff\xff\xff\xff"} {
		if _, err := walk(bad); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{sample: true, "\x84\xa5nodes\xdc\x00\x41": true, "\x84\xa5nodes": false, "\x84\xa5nodes\xa1x": false, "\x81\xa1a\x90": false} {
		if got := (thinc.Format{}).Match(format.Probe{Head: []byte(content), Size: int64(len(content))}); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}

func TestMatchEmpty(t *testing.T) {
	for content, want := range map[string]bool{"\x80": true, "\x90": true, "\x81": false, "": false, "\x80\x80": false} {
		if got := (thinc.Empty{}).Match(format.Probe{Head: []byte(content), Size: int64(len(content))}); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}

func FuzzWalk(f *testing.F) {
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, content []byte) {
		last := int64(0)
		err := thinc.Walk(format.BytesBlob(content), limits.NewBudget(limits.Default()), func(b thinc.Bytes) error {
			if b.Offset < last || b.Size < 0 || b.Offset+b.Size > int64(len(content)) {
				t.Errorf("%+v of %d bytes", b, len(content))
			}
			last = b.Offset + b.Size
			return nil
		})
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
	})
}
