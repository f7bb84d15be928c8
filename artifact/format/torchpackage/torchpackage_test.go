package torchpackage_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/torchpackage"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

func TestRoots(t *testing.T) {
	got := torchpackage.Roots([]string{"p/.data/extern_modules", "p/m.py", "q/extern_modules", "a/b/.data/extern_modules", "/.data/extern_modules"})
	if !slices.Equal(got, []string{"p"}) {
		t.Errorf("roots %q", got)
	}
	for name, want := range map[string]bool{"p/m.py": true, "p/m/n.py": true, "p/.data/x.py": false, "q/m.py": false, "p/m.pkl": false} {
		if torchpackage.Source("p", name) != want {
			t.Errorf("%s is source: %v", name, !want)
		}
	}
}

func TestMatch(t *testing.T) {
	for name, want := range map[string]bool{"p/.data/extern_modules": true, "p/data.pkl": false} {
		b := rawzip.Archive{Entries: []rawzip.Entry{{Name: name, Data: []byte("sys")}}}.Must()
		for n := range len(b) + 1 {
			if got := (torchpackage.Format{}).Match(format.Probe{Head: b[:n], Tail: b[:n], Size: int64(n), Blob: format.BytesBlob(b[:n])}); got != (want && n == len(b)) {
				t.Errorf("the first %d of %d bytes with %s: %v", n, len(b), name, got)
			}
		}
	}
}

func FuzzRoots(f *testing.F) {
	f.Add("p/.data/extern_modules\np/m.py")
	f.Fuzz(func(t *testing.T, text string) {
		for _, root := range torchpackage.Roots(strings.Split(text, "\n")) {
			if root == "" || strings.Contains(root, "/") || !strings.Contains(text, torchpackage.Externs(root)) {
				t.Errorf("the root %q is no first element of a name", root)
			}
		}
	})
}
