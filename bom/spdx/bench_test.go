package spdx_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/picketsec/picket/bom/spdx"
)

// BenchmarkEncode writes the bill of 1,000 files.
func BenchmarkEncode(b *testing.B) {
	bill := bills()["many"]
	for b.Loop() {
		if err := spdx.Encode(io.Discard, bill); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode reads the bill of 1,000 files.
func BenchmarkDecode(b *testing.B) {
	doc := encode(b, bills()["many"])
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := spdx.Decode(bytes.NewReader(doc)); err != nil {
			b.Fatal(err)
		}
	}
}
