package source_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/detect"
)

func TestRules(t *testing.T) {
	for _, r := range source.Rules() {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// memory is an entry with content; open counts.
func memory(p, content string, open *int) source.Entry {
	return source.Entry{Path: p, Size: int64(len(content)), Open: func(context.Context) (*detect.Opened, error) {
		*open++
		closed := false
		return &detect.Opened{Blob: format.NewBlob(reader{strings.NewReader(content), &closed}, int64(len(content))),
			Settled: func() error { return nil }, Close: func() error { closed = true; *open--; return nil }}, nil
	}}
}

type reader struct {
	in     io.ReaderAt
	closed *bool
}

func (r reader) ReadAt(p []byte, off int64) (int, error) {
	if *r.closed {
		return 0, errors.New("closed")
	}
	return r.in.ReadAt(p, off)
}

func TestTree(t *testing.T) {
	open := 0
	tree := source.NewTree(context.Background(), "x://place/")
	for _, p := range []string{"m/index.json", "m/1", "m/2", "m/3", "m/4", "m/5", "m/6", "mm", "top", "../up", "/abs", "a//b", `a\b`, "a\x1b", "a/../b", "", "m/1"} {
		if err := tree.Add(memory(p, "content of "+p, &open)); err != nil {
			t.Fatal(err)
		}
	}
	bad := map[string]bool{}
	for _, item := range tree.Items("") {
		if o, err := item.Open(); err != nil {
			bad[strings.TrimPrefix(item.Name, "x://place/")] = true
		} else if err := o.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, p := range []string{"../up", "/abs", "a//b", `a\b`, "a\x1b", "a/../b", "", "m/1"} {
		if !bad[p] {
			t.Errorf("%q was opened", p)
		}
	}
	if len(bad) != 8 {
		t.Errorf("refused %v", bad)
	}
	items := tree.Items("m")
	if len(items) != 7 || items[0].Name != "x://place/m/1" || items[6].Name != "x://place/m/index.json" {
		t.Fatalf("items %v", items)
	}
	o, err := items[6].Open()
	if err != nil {
		t.Fatal(err)
	}
	blobs := map[string]*format.Blob{}
	for range 2 { // twice, because files are closed meanwhile
		for _, p := range []string{"2", "3", "4", "5", "6"} {
			if blobs[p] == nil {
				if blobs[p], err = o.Sibling(p); err != nil {
					t.Fatal(err)
				}
			}
			got, err := blobs[p].ReadRange(0, blobs[p].Size())
			if err != nil || string(got) != "content of m/"+p {
				t.Errorf("%s: %q %v", p, got, err)
			}
			if open > 3 {
				t.Errorf("%d files are open", open)
			}
		}
	}
	for _, p := range []string{"7", "../../up", "..", "/m/2", "../../m/2", `a\b`} {
		if _, err := o.Sibling(p); err == nil {
			t.Errorf("sibling %q was opened", p)
		}
	}
	if b, err := o.Sibling("../top"); err != nil || b.Size() != 14 {
		t.Errorf("a file above: %v", err)
	}
	if err := o.Close(); err != nil || open != 0 {
		t.Errorf("%d files are left open, %v", open, err)
	}
}

func TestPathsOfATreeAreBounded(t *testing.T) {
	tree := source.NewTree(context.Background(), "x://place/")
	long := strings.Repeat("a", 8<<10)
	var err error
	n := 0
	for ; n < 100_000 && err == nil; n++ {
		err = tree.Add(source.Entry{Path: fmt.Sprintf("%d%s", n, long), Size: 1})
	}
	if err == nil || n < 8000 {
		t.Fatalf("%d long paths: %v", n, err)
	}
	for _, i := range tree.Items("") {
		if _, err := i.Open(); err == nil || len(i.Name) > 5000 {
			t.Fatalf("a path of %d bytes was opened", len(i.Name))
		}
	}
}

func TestCopy(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // read only
	content := bytes.Repeat([]byte("0123456789"), 300_000)
	good, other := picket.SHA256(sha256.Sum256(content)), picket.SHA256(sha256.Sum256(nil))
	for _, c := range []struct {
		name     string
		declared picket.Digest
		part     []byte
		from     int64 // where reading begins
		fails    bool
	}{
		{"fresh", "", nil, 0, false},
		{"declared", good, nil, 0, false},
		{"resumed", good, content[:2_000_000], 2_000_000, false},
		{"complete already", good, content, int64(len(content)), false},
		{"resumed after something else", good, []byte("something else"), 0, false},
		{"longer than the content", good, append(bytes.Clone(content), 'x'), 0, false},
		{"nothing is declared", "", content[:2_000_000], 0, false},
		{"another digest", other, nil, 0, true},
		{"another digest, resumed", other, content[:1000], 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := "a/b/" + strings.ReplaceAll(c.name, " ", "-")
			if c.part != nil {
				if err := errors.Join(root.MkdirAll("a/b", 0o755), root.WriteFile(name+source.Partial, c.part, 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			from, told := int64(len(content)), int64(0)
			item := detect.Item{Name: c.name, Declared: c.declared, Open: func() (*detect.Opened, error) {
				at := lowest{bytes.NewReader(content), &from}
				return &detect.Opened{Blob: format.NewBlob(at, int64(len(content))), Settled: func() error { return nil }, Close: func() error { return nil }}, nil
			}}
			sum, err := source.Copy(context.Background(), item, root, name, func(n int64) { told += n })
			got, readErr := root.ReadFile(name)
			if c.fails {
				if err == nil || readErr == nil {
					t.Errorf("content of another digest was kept: %v", err)
				}
			} else if err != nil || sum != good || !bytes.Equal(got, content) || told < int64(len(content)) {
				t.Errorf("%s, %v, %d bytes, told %d", sum, err, len(got), told)
			}
			if from != c.from {
				t.Errorf("read from %d", from)
			}
			if _, err := root.Stat(name + source.Partial); err == nil {
				t.Error("the partial file is left")
			}
		})
	}
	from := int64(len(content))
	done := detect.Item{Name: "done", Declared: good, Open: func() (*detect.Opened, error) {
		return &detect.Opened{Blob: format.NewBlob(lowest{bytes.NewReader(content), &from}, int64(len(content))),
			Settled: func() error { return nil }, Close: func() error { return nil }}, nil
	}}
	if sum, err := source.Copy(context.Background(), done, root, "a/b/declared", nil); sum != good || err != nil || from != int64(len(content)) {
		t.Errorf("a file that was copied before was read again from %d: %s, %v", from, sum, err)
	}
	item := detect.Item{Name: "x", Open: func() (*detect.Opened, error) {
		return &detect.Opened{Blob: format.BytesBlob(content), Settled: func() error { return nil }, Close: func() error { return nil }}, nil
	}}
	if _, err := source.Copy(context.Background(), item, root, "../out", nil); err == nil {
		t.Error("a copy left its folder")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := source.Copy(ctx, item, root, "c", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	item.Open = func() (*detect.Opened, error) {
		return &detect.Opened{Blob: format.StreamBlob(-1, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }),
			Settled: func() error { return nil }, Close: func() error { return nil }}, nil
	}
	if sum, err := source.Copy(context.Background(), item, root, "stream", nil); sum != good || err != nil {
		t.Errorf("a stream: %s, %v", sum, err)
	}
}

// lowest notes the lowest offset that was read.
type lowest struct {
	in  io.ReaderAt
	off *int64
}

func (l lowest) ReadAt(p []byte, off int64) (int, error) {
	*l.off = min(*l.off, off)
	return l.in.ReadAt(p, off)
}
