package hostile

import (
	"bytes"
	stdbzip2 "compress/bzip2"
	"io"
	"math/rand"
	"testing"
)

func TestBzip2IsReadByTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for name, content := range map[string][]byte{
		"empty": {}, "one byte": {7}, "two bytes": {1, 2}, "long run": bytes.Repeat([]byte("a"), 3000),
		"text":   []byte("the quick brown fox jumps over the lazy dog, the quick brown fox"),
		"binary": func() []byte { b := make([]byte, 5000); random.Read(b); return b }(),
		"zeros and ones": func() []byte {
			b := make([]byte, 4000)
			for i := range b {
				b[i] = byte(random.Intn(2))
			}
			return b
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := io.ReadAll(stdbzip2.NewReader(bytes.NewReader(bzip2(content))))
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("read back %d bytes and %v, want the %d that were written", len(got), err, len(content))
			}
		})
	}
}
