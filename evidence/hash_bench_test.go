package evidence

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkHashTree compares with BenchmarkSHA256Limit, the speed of the hash alone.
func BenchmarkHashTree(b *testing.B) {
	dir := b.TempDir()
	const files, size = 8, 16 << 20
	block := make([]byte, size)
	for i := range files {
		block[0] = byte(i)
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))), block, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	content := onDisk(b, dir)
	for _, workers := range []int{1, 2} {
		b.Run("workers="+string(rune('0'+workers)), func(b *testing.B) {
			b.SetBytes(files * size)
			for b.Loop() {
				if _, err := HashTree(context.Background(), content, Options{Workers: workers}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
