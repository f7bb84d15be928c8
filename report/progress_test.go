package report

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket/internal/layout"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func TestProgress(t *testing.T) {
	var b bytes.Buffer
	c := &clock{at: time.Unix(1000, 0)}
	p := NewProgress(&b, true, 80, c.now)
	p.Total(10, 4_000_000)
	p.Start("models/first.pt")
	if b.Len() > 0 {
		t.Errorf("wrote %q at once", b.String())
	}
	c.add(time.Second)
	p.Done("models/first.pt", 1_000_000)
	p.Start("models/soon.pt") // too soon after the one before
	c.add(9 * time.Second)
	p.Done("models/second.pt", 0)
	c.add(time.Second)
	p.Start("models/\x1b[2Jthird.pt")
	p.Close()
	p.Done("models/late.pt", 5)
	p.Close()
	want := []string{"",
		"scanning 1/10 files · 1 MB/4 MB · models/first.pt\x1b[K",
		"scanning 2/10 files · 1 MB/4 MB · 30 s left · models/second.pt\x1b[K",
		`scanning 2/10 files · 1 MB/4 MB · 33 s left · models/\x1b[2Jthird.pt` + "\x1b[K",
		"\x1b[K"}
	if diff := cmp.Diff(want, strings.Split(b.String(), "\r")); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestProgressGuess(t *testing.T) {
	for _, c := range []struct {
		elapsed      time.Duration
		bytes, total int64
		want         string
	}{
		{time.Second, 1, 2, ""}, {10 * time.Second, 1, 2, "10 s"}, {10 * time.Second, 1, 31, "5 min"}, {time.Hour, 1, 3, "2 h"},
		{time.Hour, 1, 1000, ""}, {time.Minute, 5, 3, ""}, {time.Minute, 0, 3, ""}, {time.Minute, 3, 0, ""},
	} {
		p := Progress{start: time.Unix(0, 0), bytes: c.bytes, totalBytes: c.total}
		if got, _ := p.left(time.Unix(0, 0).Add(c.elapsed)); got != c.want {
			t.Errorf("%d of %d bytes after %v: %q, want %q", c.bytes, c.total, c.elapsed, got, c.want)
		}
	}
}

// TestProgressQuiet: nothing is written where there is no terminal, or when the work is over at once.
func TestProgressQuiet(t *testing.T) {
	var b bytes.Buffer
	c := &clock{at: time.Unix(1000, 0)}
	file := NewProgress(&b, false, 80, c.now)
	quick := NewProgress(&b, true, 80, c.now)
	quick.Done("a", 1)
	quick.Close()
	c.add(time.Minute)
	file.Done("a", 1)
	file.Close()
	if b.Len() > 0 {
		t.Errorf("wrote %q", b.String())
	}
}

// TestProgressConcurrent is for the race detector, and checks that every line fits a narrow terminal.
func TestProgressConcurrent(t *testing.T) {
	var b bytes.Buffer
	c := &clock{at: time.Unix(1000, 0)}
	p := NewProgress(&b, true, 30, c.now)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				c.add(50 * time.Millisecond)
				p.Start("some/very/long/name/of/a/model.safetensors")
				p.Done("some/other/name.bin", 1<<20)
			}
		})
	}
	wait.Wait()
	p.Close()
	if p.files != 800 || p.bytes != 800<<20 {
		t.Errorf("%d files and %d bytes", p.files, p.bytes)
	}
	for _, line := range strings.Split(b.String(), "\r") {
		if n := layout.Width(strings.TrimSuffix(line, "\x1b[K")); n > 29 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}
