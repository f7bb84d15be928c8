package npz_test

import (
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/npz"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// match asks the format about content.
func match(content []byte) bool {
	return npz.New().Match(format.Probe{Head: content[:min(len(content), format.HeadSize)],
		Tail: content[max(0, len(content)-format.TailSize):], Size: int64(len(content)), Blob: format.BytesBlob(content)})
}

func TestMatch(t *testing.T) {
	arrays := []rawzip.Entry{{Name: "a.npy", Data: []byte("x")}, {Name: "b.npy", Data: []byte("y")}}
	if !match(rawzip.Archive{Entries: arrays}.Must()) {
		t.Error("an archive of arrays is not recognised")
	}
	for name, content := range map[string][]byte{"no members": rawzip.Archive{}.Must(), "text": []byte("a.npy b.npy"), "nothing": nil,
		"another member": rawzip.Archive{Entries: append(arrays, rawzip.Entry{Name: "c.pkl"})}.Must()} {
		if match(content) {
			t.Errorf("%s is recognised", name)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(rawzip.Archive{Entries: []rawzip.Entry{{Name: "a.npy"}}}.Must())
	f.Fuzz(func(t *testing.T, content []byte) {
		if match(content) && len(content) < 22 {
			t.Errorf("%d bytes cannot be an archive", len(content))
		}
	})
}
