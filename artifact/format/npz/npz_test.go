package npz_test

import (
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/npz"
	"github.com/picketsec/picket/internal/testkit/ziptest"
)

// match asks the format about content.
func match(content []byte) bool {
	return npz.New().Match(format.Probe{Head: content[:min(len(content), format.HeadSize)],
		Tail: content[max(0, len(content)-format.TailSize):], Size: int64(len(content)), Blob: format.BytesBlob(content)})
}

func TestMatch(t *testing.T) {
	arrays := []ziptest.Member{{Name: "a.npy", Content: []byte("x")}, {Name: "b.npy", Content: []byte("y")}}
	if !match(ziptest.Archive{Members: arrays}.Bytes()) {
		t.Error("an archive of arrays is not recognised")
	}
	for name, content := range map[string][]byte{"no members": ziptest.Archive{}.Bytes(), "text": []byte("a.npy b.npy"), "nothing": nil,
		"another member": ziptest.Archive{Members: append(arrays, ziptest.Member{Name: "c.pkl"})}.Bytes()} {
		if match(content) {
			t.Errorf("%s is recognised", name)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(ziptest.Archive{Members: []ziptest.Member{{Name: "a.npy"}}}.Bytes())
	f.Fuzz(func(t *testing.T, content []byte) {
		if match(content) && len(content) < 22 {
			t.Errorf("%d bytes cannot be an archive", len(content))
		}
	})
}
