package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// MaxEntries bounds how many files one place lists.
const MaxEntries = 200_000

// Bounds of the paths of one place.
const (
	maxPath  = 4096     // bytes of one
	maxPaths = 32 << 20 // bytes of all
)

// maxBeside is how many files beside an artifact are open at the same time.
const maxBeside = 2

// Entry is one file of a place.
type Entry struct {
	Path     string // with slashes, from the root of the place
	Size     int64  // bytes; -1 when not known
	Declared picket.Digest
	// Open gives the content. It is called again when the content is needed again; the context ends all reading.
	Open func(context.Context) (*detect.Opened, error)
}

// Tree is the files of a place. Artifacts find each other in it by their paths.
type Tree struct {
	ctx     context.Context
	base    string
	entries map[string]Entry
	paths   int // bytes
}

// NewTree makes an empty tree whose artifacts are named base and their path. The context ends all reading.
func NewTree(ctx context.Context, base string) *Tree {
	return &Tree{ctx: ctx, base: strings.TrimSuffix(base, "/") + "/", entries: map[string]Entry{}}
}

// Add adds a file. A path that would leave a folder, or that hides what it is, becomes an artifact that cannot be opened; so
// does a path that is there already. It fails when there are too many files.
func (t *Tree) Add(e Entry) error {
	err := CheckPath(e.Path)
	if len(e.Path) > maxPath {
		e.Path = strings.ToValidUTF8(e.Path[:maxPath], "") + "…"
	}
	if t.paths += len(e.Path); len(t.entries) >= MaxEntries || t.paths > maxPaths {
		return fmt.Errorf("the place has more than %d files, or their paths take more than %d MiB; name a folder of it", MaxEntries, maxPaths>>20)
	}
	if _, twice := t.entries[e.Path]; twice {
		e.Open = Failing(errors.New("the place lists two files of this path"))
	}
	if err != nil {
		e.Open = Failing(err)
	}
	t.entries[e.Path] = e
	return nil
}

// Failing is the Open of a file that cannot be read.
func Failing(err error) func(context.Context) (*detect.Opened, error) {
	return func(context.Context) (*detect.Opened, error) { return nil, err }
}

// CheckPath refuses paths that leave their folder, or mean something else to the systems that store them.
func CheckPath(p string) error {
	switch {
	case !fs.ValidPath(p) || p == "." || strings.Contains(p, `\`):
		return errors.New("the path leaves its folder, or is not a path")
	case len(p) > maxPath || !utf8.ValidString(p) || strings.ContainsFunc(p, unicode.IsControl):
		return errors.New("the path is too long, or holds control characters")
	}
	return nil
}

// Items lists the files that are at, or below, the path under; all for an empty one.
func (t *Tree) Items(under string) []detect.Item {
	under = strings.Trim(under, "/")
	var items []detect.Item
	for p, e := range t.entries {
		if under == "" || p == under || strings.HasPrefix(p, under+"/") {
			items = append(items, detect.Item{Name: t.base + p, Size: e.Size, Declared: e.Declared,
				Open: func() (*detect.Opened, error) { return t.open(e) }})
		}
	}
	sort.Slice(items, func(i, j int) bool { return items[i].Name < items[j].Name })
	return items
}

// open opens a file with what is beside it.
func (t *Tree) open(e Entry) (*detect.Opened, error) {
	opened, err := e.Open(t.ctx)
	if err != nil {
		return nil, err
	}
	b := NewBeside(t.ctx, func(name string) (Entry, error) {
		e, ok := t.entries[path.Join(path.Dir(e.Path), name)]
		if !ok || CheckPath(e.Path) != nil {
			return Entry{}, fs.ErrNotExist
		}
		return e, nil
	})
	opened.Sibling = b.Sibling
	own := opened.Close
	opened.Close = func() error { return errors.Join(own(), b.Close()) }
	return opened, nil
}

// Beside opens the files beside an artifact, only as far as they are read and only a few at the same time.
type Beside struct {
	ctx  context.Context
	find func(name string) (Entry, error)

	mu    sync.Mutex
	files map[string]*neighbour
	open  []*neighbour // the one opened last at the end
}

// NewBeside finds the files by their paths relative to the artifact. The context ends all reading.
func NewBeside(ctx context.Context, find func(name string) (Entry, error)) *Beside {
	return &Beside{ctx: ctx, find: find, files: map[string]*neighbour{}}
}

// Sibling finds a file, as detect.Opened wants it. What goes wrong with reading shows when it is read.
func (b *Beside) Sibling(name string) (*format.Blob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := b.find(name)
	if err != nil {
		return nil, fmt.Errorf("open %q beside the file: %w", name, err)
	}
	n := b.files[e.Path]
	if n == nil {
		n = &neighbour{in: b, entry: e}
		b.files[e.Path] = n
	}
	size := e.Size
	if size < 0 {
		if err := b.hold(n); err != nil {
			return nil, fmt.Errorf("open %q beside the file: %w", name, err)
		}
		if size = n.opened.Blob.Size(); size < 0 {
			return nil, fmt.Errorf("open %q beside the file: its size is not known", name)
		}
	}
	return format.NewBlob(n, size), nil
}

// hold opens a file, and closes the one opened before the others when there are too many.
func (b *Beside) hold(n *neighbour) error {
	if n.opened != nil {
		return nil
	}
	opened, err := n.entry.Open(b.ctx)
	if err != nil {
		return err
	}
	if len(b.open) == maxBeside {
		oldest := b.open[0]
		b.open = b.open[1:]
		err = oldest.opened.Close()
		oldest.opened = nil
	}
	n.opened = opened
	b.open = append(b.open, n)
	return err
}

// Close closes what is open.
func (b *Beside) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, n := range b.open {
		errs = append(errs, n.opened.Close())
		n.opened = nil
	}
	b.open = nil
	return errors.Join(errs...)
}

// neighbour reads one file beside an artifact.
type neighbour struct {
	in     *Beside
	entry  Entry
	opened *detect.Opened
}

// ReadAt implements io.ReaderAt.
func (n *neighbour) ReadAt(p []byte, off int64) (int, error) {
	n.in.mu.Lock()
	defer n.in.mu.Unlock()
	if err := n.in.hold(n); err != nil {
		return 0, err
	}
	at := n.opened.Blob.At()
	if at == nil {
		return 0, errors.New("the server of the file does not serve ranges")
	}
	return at.ReadAt(p, off)
}
