package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"

	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/detect"
)

func TestAnInterruptedCopyTransfersTheRest(t *testing.T) {
	content := noise(24 << 20)
	s := server(t, content, nil)
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // read only
	run := func(stop int64) (int64, error) {
		c, meter := client(t, s.URL, nil)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		item := detect.Item{Name: "m", Declared: digestOf(content), Open: func() (*detect.Opened, error) {
			return fetch.File{Client: c, URL: s.URL, Size: int64(len(content))}.Open(ctx)
		}}
		seen := int64(0)
		_, err := source.Copy(ctx, item, root, "m", func(n int64) {
			if seen += n; stop > 0 && seen >= stop {
				cancel()
			}
		})
		return meter.Bytes(), err
	}
	if _, err := run(15 << 20); !errors.Is(err, context.Canceled) {
		t.Fatalf("the copy was not interrupted: %v", err)
	}
	transferred, err := run(0)
	if err != nil || transferred > 12<<20 {
		t.Errorf("the second copy transferred %d bytes, %v", transferred, err)
	}
	if got, err := root.ReadFile("m"); err != nil || !bytes.Equal(got, content) {
		t.Errorf("copied %d bytes, %v", len(got), err)
	}
}

func BenchmarkRead(b *testing.B) {
	content := noise(64 << 20)
	s := server(b, content, nil)
	c, err := fetch.New(fetch.Options{}, fetch.Site{URL: s.URL})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, _, err := whole(b, fetch.File{Client: c, URL: s.URL, Size: int64(len(content))}); err != nil {
			b.Fatal(err)
		}
	}
}
