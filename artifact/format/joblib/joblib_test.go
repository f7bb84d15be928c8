package joblib

import (
	"bytes"
	"testing"

	"github.com/picketsec/picket/artifact/format"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		name string
		head string
		want bool
	}{
		{"protocol 3", "\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\nq\x00)\x81", true},
		{"protocol 4", "\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x13joblib.numpy_pickle\x94\x8c\x11NumpyArrayWrapper\x94\x93", true},
		{"another pickle", "\x80\x04]\x94.", false},
		{"only the words", "joblib.numpy_pickle NumpyArrayWrapper", false},
		{"empty", "", false},
	} {
		if got := (Format{}).Match(format.Probe{Head: []byte(test.head)}); got != test.want {
			t.Errorf("%s: Match = %v, want %v", test.name, got, test.want)
		}
	}
}

// FuzzMatch checks that what matches is a pickle by its first opcode and names the wrapper.
func FuzzMatch(f *testing.F) {
	f.Add([]byte("\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\nq\x00"))
	f.Add([]byte("\x80\x04]."))
	f.Fuzz(func(t *testing.T, head []byte) {
		if (Format{}).Match(format.Probe{Head: head, Size: int64(len(head))}) &&
			(head[0] != 0x80 || !bytes.Contains(head, []byte("NumpyArrayWrapper"))) {
			t.Errorf("%q matches", head)
		}
	})
}
