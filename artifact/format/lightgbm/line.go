package lightgbm

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// lines reads a text line by line, and a line piece by piece: the values of a large tree are one line of megabytes.
type lines struct {
	in     *bufio.Reader
	offset int64
	budget *limits.Budget
	ended  bool // the line has ended
	done   bool // the text has ended
	word   []byte
	unpaid int64
}

func newLines(in io.Reader, budget *limits.Budget) *lines {
	return &lines{in: bufio.NewReaderSize(in, 64<<10), budget: budget, ended: true}
}

// byte reads one byte of the line; ok is false at its end.
func (l *lines) byte() (c byte, ok bool, err error) {
	if l.ended {
		return 0, false, nil
	}
	c, err = l.in.ReadByte()
	if errors.Is(err, io.EOF) {
		l.ended, l.done = true, true
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read model: %w", err)
	}
	l.offset++
	const charge = 64 << 10 // bytes that are charged at once
	if l.unpaid++; l.unpaid == charge {
		l.unpaid = 0
		if err := l.budget.Ops(charge / 8); err != nil {
			return 0, false, fmt.Errorf("read model: %w", err)
		}
	}
	if c == '\n' {
		l.ended = true
		return 0, false, nil
	}
	return c, true, nil
}

// next goes to the next line; false at the end of the text.
func (l *lines) next() (bool, error) {
	for {
		if _, ok, err := l.byte(); err != nil || !ok {
			if err != nil {
				return false, err
			}
			break
		}
	}
	if l.done {
		return false, nil
	}
	if _, err := l.in.Peek(1); err != nil {
		if errors.Is(err, io.EOF) {
			l.done = true
			return false, nil
		}
		return false, fmt.Errorf("read model: %w", err)
	}
	l.ended = false
	return true, nil
}

// maxKey is how long a key may be in bytes.
const maxKey = 256

// key reads the line up to a separator, or all of a short line; found is false when there is no separator.
func (l *lines) key(separator byte) (key string, found bool, err error) {
	start := l.offset
	l.word = l.word[:0]
	for {
		c, ok, err := l.byte()
		switch {
		case err != nil:
			return "", false, err
		case !ok || c == separator:
			return trim(l.word), ok, nil
		case len(l.word) == maxKey:
			return "", false, format.Malformed(start, "a line without a key")
		}
		l.word = append(l.word, c)
	}
}

// trim removes the carriage return of a line.
func trim(b []byte) string {
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return string(b)
}

// rest reads what is left of the line, up to MaxText bytes of it.
func (l *lines) rest() (text string, cut bool, err error) {
	l.word = l.word[:0]
	for {
		c, ok, err := l.byte()
		if err != nil || !ok {
			return trim(l.word), cut, err
		}
		if len(l.word) < MaxText {
			l.word = append(l.word, c)
		} else {
			cut = true
		}
	}
}

// piece returns what is at hand of the line; nothing at its end. It is valid until the next read.
func (l *lines) piece() ([]byte, error) {
	if l.ended {
		return nil, nil
	}
	if l.in.Buffered() == 0 { // what Peek returns an error for, the next read does too
		_, _ = l.in.Peek(1)
	}
	b, _ := l.in.Peek(l.in.Buffered())
	if len(b) == 0 || b[0] == '\n' {
		_, _, err := l.byte()
		return nil, err
	}
	if i := bytes.IndexByte(b, '\n'); i > 0 {
		b = b[:i]
	}
	return b, nil
}

// took goes over n bytes of a piece.
func (l *lines) took(n int) error {
	l.offset += int64(n)
	if err := l.budget.Ops(int64(n) / 8); err != nil {
		return fmt.Errorf("read model: %w", err)
	}
	_, err := l.in.Discard(n)
	return err
}

// values reads what is left of the line as words between white space, up to MaxText bytes of each. A word is valid until the next
// one; meanwhile offset is where it begins.
func (l *lines) values(visit func(word []byte) error) error {
	l.word = l.word[:0]
	for {
		b, err := l.piece()
		if err != nil {
			return err
		}
		if len(b) == 0 {
			if len(l.word) == 0 {
				return nil
			}
			return visit(l.word)
		}
		at := l.offset
		if err := l.words(b, at, visit); err != nil {
			return err
		}
		l.offset = at
		if err := l.took(len(b)); err != nil {
			return err
		}
	}
}

// words visits the words of a piece that begins at an offset, and keeps the last one when it may go on in the next.
func (l *lines) words(b []byte, at int64, visit func(word []byte) error) error {
	for i := 0; i < len(b); i++ {
		from := i
		for i < len(b) && b[i] != ' ' && b[i] != '\t' && b[i] != '\r' {
			i++
		}
		word := b[from:min(i, from+MaxText)]
		l.offset = at + int64(from)
		if i == len(b) || len(l.word) > 0 {
			l.word = append(l.word, word[:min(len(word), MaxText-len(l.word))]...)
			if word = l.word; i == len(b) {
				return nil
			}
		}
		if len(word) == 0 {
			continue
		}
		if err := visit(word); err != nil {
			return err
		}
		l.word = l.word[:0]
	}
	return nil
}

// lineReader reads what is left of the line as bytes.
type lineReader struct{ l *lines }

// Read implements io.Reader; it ends with the line.
func (r lineReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c, ok, err := r.l.byte()
		if err != nil {
			return n, err
		}
		if !ok {
			if n == 0 {
				return 0, io.EOF
			}
			return n, nil
		}
		p[n] = c
		n++
	}
	return n, nil
}

// notWhole stands for a word that is no whole number of 32 bits; no index is so low.
const notWhole = -1 << 31

// whole reads a whole number.
func whole(word []byte) int32 {
	digits := word
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 10 {
		return notWhole
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return notWhole
		}
		n = n*10 + int64(c-'0')
	}
	if n >= 1<<31 {
		return notWhole
	}
	if len(digits) < len(word) {
		n = -n
	}
	return int32(n)
}
