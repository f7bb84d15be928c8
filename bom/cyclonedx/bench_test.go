package cyclonedx_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/picketsec/picket/bom/cyclonedx"
)

// BenchmarkEncode writes the bill of 1,000 files.
func BenchmarkEncode(b *testing.B) {
	bill := bills()["many"]
	for b.Loop() {
		if err := cyclonedx.Encode(io.Discard, bill, cyclonedx.V1_7); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode reads the bill of 1,000 files.
func BenchmarkDecode(b *testing.B) {
	doc := encode(b, bills()["many"], cyclonedx.V1_7)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := cyclonedx.Decode(bytes.NewReader(doc)); err != nil {
			b.Fatal(err)
		}
	}
}
