package tensorflowcheckpoint_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tensorflowcheckpoint"
	"github.com/picketsec/picket/internal/limits"
	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

// sample is an index of two tensors.
func sample() []byte {
	return tf.Bundle(1, tf.Entry{Key: "a", Type: 1, Dims: []int64{2, 3}, Size: 24}, tf.Entry{Key: "b", Type: 9, Offset: 24, Size: 8})
}

// read lists the tensors of an index.
func read(content []byte) (list []string, h tensorflowcheckpoint.Header, err error) {
	h, err = tensorflowcheckpoint.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()), func(e tensorflowcheckpoint.Entry) error {
		list = append(list, fmt.Sprint(e.Key, " ", e.Type, e.Dims, e.Shard, e.Offset, e.Size, e.Disorder))
		return nil
	})
	return list, h, err
}

func TestRead(t *testing.T) {
	got, h, err := read(sample())
	if want := "a 1 [2 3] 0 0 24 false|b 9 [] 0 24 8 false"; strings.Join(got, "|") != want || err != nil {
		t.Errorf("read %q (%v), want %q", got, err, want)
	}
	if h.Shards != 1 || h.Entries != 2 || h.Read != int64(len(sample())) || h.BigEndian {
		t.Errorf("header %+v of %d bytes", h, len(sample()))
	}
	got, _, err = read(tf.Bundle(2, tf.Entry{Key: "b", Shard: 1}, tf.Entry{Key: "a"}, tf.Entry{Key: "a"}))
	if want := "b 0 [] 1 0 0 false|a 0 [] 0 0 0 true|a 0 [] 0 0 0 true"; strings.Join(got, "|") != want || err != nil {
		t.Errorf("read %q (%v), want %q", got, err, want)
	}
}

func TestEveryChangeIsNoticed(t *testing.T) {
	for i := range sample() {
		changed := sample()
		changed[i] ^= 0x40
		if i >= len(changed)-48 { // the end has no sum; the places in it must still lead to blocks with one
			continue
		}
		if _, _, err := read(changed); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("byte %d changed: the error is %v", i, err)
		}
	}
	for n := range len(sample()) {
		if _, _, err := read(sample()[:n]); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("the first %d bytes: the error is %v", n, err)
		}
	}
}

func TestMatch(t *testing.T) {
	match := func(f format.Format, b []byte) bool {
		return f.Match(format.Probe{Head: b, Tail: b, Size: int64(len(b))})
	}
	if !match(tensorflowcheckpoint.Index{}, sample()) || match(tensorflowcheckpoint.Index{}, sample()[:90]) || match(tensorflowcheckpoint.Index{}, nil) {
		t.Error("an index is not told from what is none")
	}
	if !match(tensorflowcheckpoint.State{}, []byte("model_checkpoint_path: \"x\"\n")) || match(tensorflowcheckpoint.State{}, []byte("path: \"x\"\n")) {
		t.Error("a state is not told from other text")
	}
}

// states reads the paths of a text.
func states(text string) (string, error) {
	paths, err := tensorflowcheckpoint.ReadState(format.BytesBlob([]byte(text)), limits.NewBudget(limits.Default()))
	return fmt.Sprint(paths), err
}

func TestReadState(t *testing.T) {
	got, err := states("model_checkpoint_path: \"a-2\"\n\nall_model_checkpoint_paths: \"a-1\"\nall_model_checkpoint_timestamps: 1.5\nall_model_checkpoint_paths: \"\\\"é\"")
	if want := `[{a-2 1} {a-1 3} {"é 5}]`; got != want || err != nil {
		t.Errorf("read %s (%v), want %s", got, err, want)
	}
	for _, bad := range []string{"model_checkpoint_path: x\n", "no field\n", "a_path: \"" + strings.Repeat("x", 20000) + "\"\n"} {
		if _, err := states(bad); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.30q: the error is %v", bad, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample(), "model_checkpoint_path: \"a\"")
	f.Fuzz(func(t *testing.T, content []byte, text string) {
		first, h, err := read(content)
		second, _, _ := read(content)
		if fmt.Sprint(first) != fmt.Sprint(second) || err == nil && h.Entries != len(first) {
			t.Errorf("two readings differ: %q %q", first, second)
		}
		_, other := states(text)
		for _, err := range []error{err, other} {
			if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
				t.Errorf("unexpected error %v", err)
			}
		}
	})
}
