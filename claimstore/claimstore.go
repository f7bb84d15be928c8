// Package claimstore keeps claims beside the content that they are about: claims.jsonl, one Sigstore bundle per line. It is
// for commands that add claims and for gates that read them.
//
// Lines are only ever added, also by several processes at the same time. Reading is bounded and strict: a line that is not
// a bundle is an error with its number, never passed over. The store does not verify: a claim in the file counts for
// nothing before claim.Gather says so. And a file cannot show that a line was taken out of it, unless someone kept a head of it.
package claimstore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/internal/filelock"
)

// Bounds on a store.
const (
	MaxClaims = 10_000    // lines
	MaxBytes  = 256 << 20 // bytes in total
)

// ErrBroken is wrapped by errors about what is in the file, as opposed to errors of reading it.
var ErrBroken = errors.New("the claims file is broken")

// Entry is one claim and its line, counted from 1.
type Entry struct {
	Line   int
	Bundle *evidence.Bundle
	// Leaf is the hash of the line as it stands in the file, without its newline: what heads are made of.
	Leaf [32]byte
}

// Read reads all claims. After a broken line it stops and returns what came before together with an error that wraps
// ErrBroken and names the line.
func Read(r io.Reader) ([]Entry, error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	var entries []Entry
	total := 0
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return entries, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return entries, fmt.Errorf("read claims, line %d: %w", number, err)
		}
		total += len(line)
		if number > MaxClaims || total > MaxBytes {
			return entries, fmt.Errorf("read claims, line %d: more than %d claims or %d bytes: %w", number, MaxClaims, MaxBytes, ErrBroken)
		}
		bundle, err := evidence.ParseBundle(line)
		if err != nil {
			return entries, fmt.Errorf("read claims, line %d: %w: %w", number, ErrBroken, err)
		}
		entries = append(entries, Entry{Line: number, Bundle: bundle, Leaf: claim.LeafHash(line)})
	}
}

// readLine returns one line without its newline; io.EOF comes with the last one. A line is never held beyond its limit.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > evidence.MaxBundle+1 {
			return nil, fmt.Errorf("longer than %d bytes: %w", evidence.MaxBundle, ErrBroken)
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			if err == nil {
				line = bytes.TrimSuffix(line, []byte("\n"))
			}
			return line, err
		}
	}
}

// Load reads the claims in a file. A file that does not exist holds none.
func Load(name string) (entries []Entry, err error) {
	f, err := openPlain(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open claims: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return Read(f)
}

// openPlain opens a file that is neither a link nor a pipe: the file lies in a folder that someone else may have filled,
// and a link there must not lead our writing elsewhere.
func openPlain(name string, flags int) (*os.File, error) {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a plain file", name)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(name, flags, 0o644) //nolint:gosec // claims are for everyone to read
	if err != nil {
		return nil, err
	}
	opened, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	named, err := os.Lstat(name)
	if err != nil || !os.SameFile(opened, named) {
		return nil, errors.Join(fmt.Errorf("%s was replaced while it was being opened", name), err, f.Close())
	}
	return f, nil
}

// Append adds one claim at the end of a file, which it makes if need be. Several processes may append at the same time;
// each claim becomes one whole line. When writing fails half-way the file is cut back to what it was.
func Append(name string, bundle *evidence.Bundle) (err error) {
	line, err := bundle.Marshal()
	if err != nil {
		return fmt.Errorf("append claim: %w", err)
	}
	if len(line) > evidence.MaxBundle {
		return fmt.Errorf("append claim: %d bytes are more than the %d that a reader accepts", len(line), evidence.MaxBundle)
	}
	f, err := openPlain(name, os.O_RDWR|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("append claim: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	unlock, err := filelock.Lock(f)
	if err != nil {
		return fmt.Errorf("append claim: lock %s: %w", name, err)
	}
	defer unlock()
	if err := appendLine(f, line); err != nil {
		return fmt.Errorf("append claim to %s: %w", name, err)
	}
	return nil
}

// appendLine writes one line after what is there, and starts a new line first where another program left one open.
func appendLine(f *os.File, line []byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	text := make([]byte, 0, len(line)+2)
	if size > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			text = append(text, '\n')
		}
	}
	text = append(append(text, line...), '\n')
	if _, err := f.Write(text); err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	return f.Sync()
}

// Entries reads the claims in a file as claim.Gather takes them, under the name that people know the file by. What cannot be
// read is the last entry, with its error; a file that does not exist has none.
func Entries(file, name string) []claim.Entry {
	read, err := Load(file)
	entries := make([]claim.Entry, 0, len(read)+1)
	for _, e := range read {
		entries = append(entries, claim.Entry{File: name, Line: e.Line, Leaf: e.Leaf, Bundle: e.Bundle})
	}
	if err != nil {
		entries = append(entries, claim.Entry{File: name, Err: err})
	}
	return entries
}
