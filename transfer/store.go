package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/filelock"
)

// Store is the folder of what is installed. Contents are named after their digests, and one index says which of them are in
// force; replacing the index is the one step that makes an import visible, so that it happens as a whole or not at all. The
// zero value is no folder: nothing is installed there, and nothing can be.
type Store struct {
	Dir string
}

// Installed is a part that is in force.
type Installed struct {
	Part
	Signer string    `json:"signer"` // name in the trust root of who signed the transfer
	Time   time.Time `json:"time"`   // when the transfer was made, by its signer's clock
	Import time.Time `json:"import"` // when it was imported, by this machine's clock
}

// index is the form of the list on disk.
type index struct {
	Schema string      `json:"schema"`
	Parts  []Installed `json:"parts"`
}

const (
	indexName   = "installed.json"
	indexSchema = "picket.installed/1"
	maxIndex    = 4 << 20 // bytes
)

// Installed lists the parts in force, by kind and name. A store that does not exist has none.
func (s Store) Installed() ([]Installed, error) {
	if s.Dir == "" {
		return nil, nil
	}
	data, err := readFile(filepath.Join(s.Dir, indexName), maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read installed parts: %w", err)
	}
	var x index
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&x); err != nil || x.Schema != indexSchema {
		return nil, fmt.Errorf("read installed parts: %s is damaged; import again into an empty folder", filepath.Join(s.Dir, indexName))
	}
	for _, p := range x.Parts {
		if err := p.validate(); err != nil {
			return nil, fmt.Errorf("read installed parts: %s is damaged: %w", filepath.Join(s.Dir, indexName), err)
		}
	}
	return x.Parts, nil
}

// Path is the file of an installed part.
func (s Store) Path(p Part) string { return filepath.Join(s.Dir, "content", fileName(p)) }

// fileName is where content lies. A signed trust root keeps the ending by which its signatures are demanded wherever it is used.
func fileName(p Part) string {
	if p.Kind == TrustRoot {
		return p.Digest.Hex() + ".jsonl"
	}
	return p.Digest.Hex()
}

// Content reads an installed part of at most limit bytes and checks that it is what was signed.
func (s Store) Content(p Part, limit int64) ([]byte, error) {
	data, err := readFile(s.Path(p), limit)
	if err != nil {
		return nil, fmt.Errorf("read installed %s: %w", p.ID(), err)
	}
	if picket.SHA256(sha256.Sum256(data)) != p.Digest {
		return nil, fmt.Errorf("read installed %s: %w; import it again", p.ID(), ErrContent)
	}
	return data, nil
}

// Change is what an import did with one part.
type Change struct {
	Part
	Before int64 // the number that was installed; 0 for none, the same number when nothing changed
}

// Install reads the parts of a transfer and puts them in force, all or none. Errors wrap ErrOlder or ErrContent.
func (s Store) Install(ctx context.Context, t *Transfer, now time.Time) (changes []Change, err error) {
	if s.Dir == "" {
		return nil, errors.New("there is no folder to install in; set PICKET_HOME")
	}
	content := filepath.Join(s.Dir, "content")
	if err := os.MkdirAll(content, 0o755); err != nil {
		return nil, fmt.Errorf("make store: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(s.Dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock store: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	unlock, err := filelock.Lock(lock)
	if err != nil {
		return nil, fmt.Errorf("lock store: %w", err)
	}
	defer unlock()
	before, err := s.Installed()
	if err != nil {
		return nil, err
	}
	after, changes, err := plan(before, t, now)
	if err != nil {
		return nil, err
	}
	for _, p := range t.List.Parts {
		if err := s.receive(ctx, t, p); err != nil {
			return nil, fmt.Errorf("import %s: %w", p.ID(), err)
		}
	}
	if err := t.end(); err != nil {
		return nil, err
	}
	return changes, s.commit(after)
}

// plan decides what an import leads to, before anything is written.
func plan(before []Installed, t *Transfer, now time.Time) (after []Installed, changes []Change, err error) {
	after = slices.Clone(before)
	for _, p := range t.List.Parts {
		next := Installed{Part: p, Signer: t.Signer, Time: t.List.Time, Import: now.UTC().Truncate(time.Second)}
		at := slices.IndexFunc(after, func(i Installed) bool { return i.ID() == p.ID() })
		switch {
		case at < 0:
			after = append(after, next)
			changes = append(changes, Change{Part: p})
			continue
		case after[at].Number > p.Number:
			return nil, nil, fmt.Errorf("%s: number %d is installed, %d is offered: %w", p.ID(), after[at].Number, p.Number, ErrOlder)
		case after[at].Number == p.Number && after[at].Digest != p.Digest:
			return nil, nil, fmt.Errorf("%s: number %d is installed with other content: %w", p.ID(), p.Number, ErrOlder)
		}
		changes = append(changes, Change{Part: p, Before: after[at].Number})
		if after[at].Number < p.Number {
			after[at] = next
		}
	}
	slices.SortFunc(after, func(a, b Installed) int { return strings.Compare(a.ID(), b.ID()) })
	return after, changes, nil
}

// receive reads one part into the store under its digest.
func (s Store) receive(ctx context.Context, t *Transfer, p Part) (err error) {
	if _, err := t.next(p.ID(), p.Size); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Join(s.Dir, "content"), ".part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), reader{ctx, t.archive})
	if err == nil && (n != p.Size || picket.SHA256([sha256.Size]byte(h.Sum(nil))) != p.Digest) {
		err = ErrContent
	}
	for _, step := range []func() error{func() error { return f.Chmod(0o644) }, f.Sync} {
		if err == nil {
			err = step()
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), s.Path(p))
}

// commit replaces the index and then removes contents that nothing refers to any more.
func (s Store) commit(parts []Installed) error {
	data, err := json.MarshalIndent(index{Schema: indexSchema, Parts: parts}, "", "  ")
	if err != nil {
		return fmt.Errorf("write installed parts: %w", err)
	}
	f, err := os.CreateTemp(s.Dir, ".installed-*")
	if err != nil {
		return fmt.Errorf("write installed parts: %w", err)
	}
	_, err = f.Write(append(data, '\n'))
	for _, step := range []func() error{func() error { return f.Chmod(0o644) }, f.Sync} {
		if err == nil {
			err = step()
		}
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.Dir, indexName))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write installed parts: %w", err), os.Remove(f.Name()))
	}
	return s.sweep(parts)
}

// sweep removes contents that are not in force, among them what an interrupted import left.
func (s Store) sweep(parts []Installed) error {
	used := map[string]bool{}
	for _, p := range parts {
		used[fileName(p.Part)] = true
	}
	dir := filepath.Join(s.Dir, "content")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("sweep store: %w", err)
	}
	for _, e := range entries {
		if used[e.Name()] {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("sweep store: %w", err)
		}
	}
	return nil
}

// readFile reads a file of at most limit bytes.
func readFile(name string, limit int64) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	return data, err
}
