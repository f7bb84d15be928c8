package torchzip_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

func TestRoots(t *testing.T) {
	roots := torchzip.FindRoots([]string{"m/data.pkl", "m/version", "n/data.pkl", "n/other", "data.pkl", "version", "o/constants.pkl", "o/data.pkl", "p/.data/extern_modules"})
	if len(roots) != 3 || !roots["p"] || !roots["m"] || !roots["o"] {
		t.Errorf("roots: %v", roots)
	}
	for name, want := range map[string]bool{"m/data/0": true, "m/data/123": true, "m/constants/7": true, "m/.data/5.storage": true,
		"m/data/": false, "m/data/x": false, "m/data/0/1": false, "n/data/0": false, "m/.data/5": false, "m/data.pkl": false, "data/0": false} {
		if roots.Storage(name) != want {
			t.Errorf("%s is storage: %v", name, !want)
		}
	}
	for name, want := range map[string]bool{"m/code/a.py": true, "m/code/b/c.py": true, "m/a.py": false, "n/code/a.py": false, "m/code/a.py.debug_pkl": false} {
		if roots.Code(name) != want {
			t.Errorf("%s is code: %v", name, !want)
		}
	}
}

// match asks the format about content.
func match(content []byte) bool {
	return torchzip.New().Match(format.Probe{Head: content[:min(len(content), format.HeadSize)],
		Tail: content[max(0, len(content)-format.TailSize):], Size: int64(len(content)), Blob: format.BytesBlob(content)})
}

func TestMatch(t *testing.T) {
	members := []rawzip.Entry{{Name: "m/data.pkl", Data: []byte(".")}, {Name: "m/byteorder", Data: []byte("little")}}
	good := rawzip.Archive{Entries: members}.Must()
	if !match(good) || !match(rawzip.Archive{Entries: members, Prefix: []byte("#!")}.Must()) {
		t.Error("an archive of PyTorch is not recognised")
	}
	for n := range len(good) {
		if match(good[:n]) {
			t.Errorf("the first %d bytes are recognised", n)
		}
	}
	if match(rawzip.Archive{Entries: members[:1]}.Must()) || match([]byte(strings.Repeat("m/data.pkl m/version", 9))) {
		t.Error("other content is recognised")
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(rawzip.Archive{Entries: []rawzip.Entry{{Name: "m/data.pkl"}, {Name: "m/version"}}}.Must())
	f.Fuzz(func(t *testing.T, content []byte) {
		if match(content) != match(content) {
			t.Error("two answers about the same content")
		}
		names := strings.Split(string(content), "\n")
		for root := range torchzip.FindRoots(names) {
			if strings.Contains(root, "/") {
				t.Errorf("the root %q is no first element of a name", root)
			}
		}
	})
}
