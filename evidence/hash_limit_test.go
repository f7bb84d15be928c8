package evidence

import (
	"crypto/sha256"
	"testing"
)

// BenchmarkSHA256Limit is the most that one core can hash, without reading anything.
func BenchmarkSHA256Limit(b *testing.B) {
	buf := make([]byte, hashBlock)
	b.SetBytes(hashBlock)
	h := sha256.New()
	for b.Loop() {
		h.Write(buf)
	}
}
