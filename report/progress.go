package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

// Progress shows one line that is rewritten in place: files and bytes done, how long it will still take, and the name of a
// file. It writes at most ten times a second, and nothing at all unless it is told that it writes to a terminal. It is safe
// for concurrent use.
type Progress struct {
	mu                sync.Mutex
	w                 io.Writer
	terminal          bool
	width             int
	now               func() time.Time
	start, last       time.Time
	files, totalFiles int
	bytes, totalBytes int64
	name              string
	shown, finished   bool
}

// The intervals of Progress: how often it writes at most, and how long it waits before its first line and its first guess,
// because a line that flashes and a guess that jumps help nobody.
const (
	progressEvery = 100 * time.Millisecond
	progressDelay = 300 * time.Millisecond
	guessAfter    = 2 * time.Second
)

// NewProgress makes a line on w, which is a terminal of width columns or, when terminal is false, is never written to. The
// clock is time.Now outside of tests.
func NewProgress(w io.Writer, terminal bool, width int, now func() time.Time) *Progress {
	at := now()
	return &Progress{w: w, terminal: terminal, width: max(20, width), now: now, start: at, last: at}
}

// Total says how many files and bytes there are; call it again when more are found. Zero means not known yet.
func (p *Progress) Total(files int, bytes int64) {
	p.change(func() { p.totalFiles, p.totalBytes = files, bytes })
}

// Start says which file is at work now.
func (p *Progress) Start(name string) { p.change(func() { p.name = name }) }

// Read adds bytes of a file that is still at work.
func (p *Progress) Read(n int64) { p.change(func() { p.bytes += n }) }

// Done adds a finished file and those of its bytes that Read did not, and shows its name until another one starts.
func (p *Progress) Done(name string, size int64) {
	p.change(func() {
		p.name = name
		p.files++
		p.bytes += size
	})
}

// Close erases the line. Further calls do nothing.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown && !p.finished {
		_, _ = io.WriteString(p.w, "\r\x1b[K") // a progress line is worth no error
	}
	p.finished = true
}

// change updates the state and draws the line if it is time to.
func (p *Progress) change(update func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	update()
	if !p.terminal || p.finished {
		return
	}
	at := p.now()
	if at.Sub(p.start) < progressDelay || p.shown && at.Sub(p.last) < progressEvery {
		return
	}
	p.shown, p.last = true, at
	_, _ = io.WriteString(p.w, "\r"+p.line(at)+"\x1b[K")
}

// line is what there is to say, one column short of the width so that no terminal wraps it.
func (p *Progress) line(at time.Time) string {
	parts := []string{of(layout.Number(int64(p.files)), layout.Number(int64(p.totalFiles)), p.totalFiles > 0) + " files"}
	parts = append(parts, of(layout.Bytes(p.bytes), layout.Bytes(p.totalBytes), p.totalBytes > 0))
	if left, ok := p.left(at); ok {
		parts = append(parts, left+" left")
	}
	text := "scanning " + strings.Join(parts, " · ")
	if room := p.width - 1 - layout.Width(text) - 3; room >= 8 && p.name != "" {
		text += " · " + layout.Middle(picket.Printable(p.name, picket.MaxExcerpt), room)
	}
	return layout.Clip(text, p.width-1)
}

// of writes "done/total", or only what is done when the total is not known.
func of(done, total string, known bool) string {
	if !known {
		return done
	}
	return done + "/" + total
}

// left guesses the remaining time from the rate so far.
func (p *Progress) left(at time.Time) (string, bool) {
	elapsed := at.Sub(p.start)
	if elapsed < guessAfter || p.totalBytes <= 0 || p.bytes <= 0 || p.bytes > p.totalBytes {
		return "", false
	}
	seconds := elapsed.Seconds() * float64(p.totalBytes-p.bytes) / float64(p.bytes)
	switch {
	case seconds < 60:
		return fmt.Sprintf("%.0f s", seconds), true
	case seconds < 3600:
		return fmt.Sprintf("%.0f min", seconds/60), true
	case seconds < 100*3600:
		return fmt.Sprintf("%.0f h", seconds/3600), true
	}
	return "", false
}
