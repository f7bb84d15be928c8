package evidence

import (
	"fmt"
	"testing"
)

// BenchmarkVerifyModel reads a bundle about 20,000 files, as verifying with a cache does.
func BenchmarkVerifyModel(b *testing.B) {
	files := map[string]string{}
	for i := range 20000 {
		files[fmt.Sprintf("d%03d/f%d.txt", i/200, i)] = fmt.Sprint(i)
	}
	key := newKey(b, P256)
	bundle := signed(b, files, key)
	b.SetBytes(int64(len(bundle)))
	for b.Loop() {
		if _, err := VerifyModel(bundle, key.Public()); err != nil {
			b.Fatal(err)
		}
	}
}
