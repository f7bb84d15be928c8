package dir_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/artifact/source/dir"
	"github.com/picketsec/picket/detect"
)

// write makes a file below a folder.
func write(t *testing.T, parts ...string) string {
	t.Helper()
	name := filepath.Join(parts[:len(parts)-1]...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(parts[len(parts)-1]), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// read opens an item and returns its content, or the error as text.
func read(t *testing.T, item detect.Item) string {
	t.Helper()
	o, err := item.Open()
	if err != nil {
		return "error: " + err.Error()
	}
	r, err := o.Blob.Open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Settled(); err != nil {
		t.Errorf("%s: %v", item.Name, err)
	}
	if err := o.Close(); err != nil {
		t.Errorf("%s: %v", item.Name, err)
	}
	return string(b)
}

func TestListReadsATreeInOrderAndNeverLeavesIt(t *testing.T) {
	base := t.TempDir()
	root := filepath.Join(base, "tree")
	write(t, root, "b", "bee")
	write(t, root, "a", "x", "ax")
	write(t, root, ".hidden", "h")
	write(t, root, ".git", "HEAD", "ref: refs/heads/main")
	write(t, root, ".git", "objects", "00", "o")
	write(t, root, "a", ".git", "not a repository")
	write(t, base, "secret", "outside")
	sha := strings.Repeat("ab", 32)
	write(t, base, "blobs", sha, "cached")
	for link, target := range map[string]string{
		"inside": "a/x", "outside": "../secret", "absolute": filepath.Join(base, "secret"), "folder": "a", "loop": "loop",
		"missing": "nowhere", "cache": "../blobs/" + sha, "fake": "../blobs/../secret",
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := dir.List(context.Background(), []string{root})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := map[string]string{}
	var order []string
	for _, item := range l.Items {
		rel := strings.TrimPrefix(item.Name, filepath.ToSlash(root)+"/")
		order = append(order, rel)
		got[rel] = read(t, item)
		if strings.HasPrefix(got[rel], "error: ") {
			got[rel] = "error"
		}
	}
	want := map[string]string{
		".hidden": "h", "a/.git": "not a repository", "a/x": "ax", "b": "bee", "inside": "ax", "cache": "cached",
		"outside": "error", "absolute": "error", "folder": "error", "loop": "error", "missing": "error", "fake": "error", "pipe": "error",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
	if !cmp.Equal(order[:3], []string{".hidden", "a/.git", "a/x"}) {
		t.Errorf("order %q", order)
	}
	if len(l.Skipped) != 1 || !strings.HasSuffix(l.Skipped[0], "/tree/.git") {
		t.Errorf("skipped %q", l.Skipped)
	}
}

func TestAFileThatChangesIsNoticed(t *testing.T) {
	name := write(t, t.TempDir(), "f", "before")
	l, err := dir.List(context.Background(), []string{name})
	if err != nil {
		t.Fatal(err)
	}
	o, err := l.Items[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("after it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := o.Settled(); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("settled: %v", err)
	}
}

func TestSiblingsStayInTheTree(t *testing.T) {
	base := t.TempDir()
	write(t, base, "secret", "s")
	name := write(t, base, "m", "index.json", "{}")
	write(t, base, "m", "shard", "data")
	l, err := dir.List(context.Background(), []string{filepath.Join(base, "m")})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, item := range append(l.Items[:1:1], must(t, name)) {
		o, err := item.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := o.Sibling("shard")
		if err != nil {
			t.Fatal(err)
		}
		content, err := b.ReadRange(0, b.Size())
		if err != nil || string(content) != "data" {
			t.Errorf("sibling: %q %v", content, err)
		}
		for _, bad := range []string{"../secret", "/etc/hostname", "", "..", "a/../../secret"} {
			if _, err := o.Sibling(bad); err == nil {
				t.Errorf("sibling %q was opened", bad)
			}
		}
	}
}

// must lists one file.
func must(t *testing.T, name string) detect.Item {
	t.Helper()
	l, err := dir.List(context.Background(), []string{name})
	if err != nil {
		t.Fatal(err)
	}
	return l.Items[0]
}

func TestListOfNothing(t *testing.T) {
	if _, err := dir.List(context.Background(), []string{filepath.Join(t.TempDir(), "no")}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

func TestStdin(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 100)
	for _, c := range []struct {
		limit   int64
		scratch string
		want    string
	}{{100, "", string(big)}, {99, "", "error: standard input is larger than 0 MiB: give --scratch DIR to allow a temporary file"}, {99, t.TempDir(), string(big)}} {
		if got := read(t, dir.Stdin(bytes.NewReader(big), c.scratch, c.limit)); got != c.want {
			t.Errorf("limit %d, scratch %q: %q", c.limit, c.scratch, got)
		}
		if c.scratch != "" {
			if left, err := fs.Glob(os.DirFS(c.scratch), "*"); err != nil || len(left) > 0 {
				t.Errorf("left behind: %q %v", left, err)
			}
		}
	}
}
