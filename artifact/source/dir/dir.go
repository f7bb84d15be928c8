// Package dir is the source of artifacts that are files and folders of this machine. It lists them in a fixed order, opens
// them for reading only, never follows a link out of what the user named, and notices when a file changes while it is read.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/detect"
)

// maxDepth bounds how deep folders nest; a deeper one is reported and not entered.
const maxDepth = 100

// List finds the artifacts under each path, a file or a folder, in the order given, sorted by name inside folders. A path
// that does not exist is an error; a file or folder that cannot be read becomes an item whose Open fails.
func List(ctx context.Context, paths []string) (*source.Listing, error) {
	l := &source.Listing{}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("find %s: %w", p, cause(err)), l.Close())
		}
		if !info.IsDir() {
			l.Items = append(l.Items, single(p, info))
			continue
		}
		root, err := os.OpenRoot(p)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open folder %s: %w", p, cause(err)), l.Close())
		}
		l.Hold(root)
		if len(paths) == 1 {
			l.Root = p
		}
		t := tree{root: root, shown: shown(p), list: l}
		if err := t.walk(ctx, ".", 0); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// shown is how a folder appears in the names of its artifacts: as the user wrote it, without a leading "./".
func shown(p string) string {
	clean := filepath.ToSlash(filepath.Clean(p))
	if clean == "." {
		return ""
	}
	return clean
}

// cause drops the path from a path error, because the message names it already.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// single is the item for a file that the user named; a link is followed, because the user asked for it.
func single(p string, info fs.FileInfo) detect.Item {
	return detect.Item{Name: filepath.ToSlash(p), Size: info.Size(), Open: func() (*detect.Opened, error) {
		f, err := os.OpenFile(p, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, cause(err)
		}
		siblings, err := os.OpenRoot(filepath.Dir(p))
		if err != nil {
			return opened(f, nil, "")
		}
		o, err := opened(f, siblings, ".")
		if err != nil {
			return nil, errors.Join(err, siblings.Close())
		}
		file := o.Close
		o.Close = func() error { return errors.Join(file(), siblings.Close()) }
		return o, nil
	}}
}

// tree lists one folder.
type tree struct {
	root  *os.Root
	shown string
	list  *source.Listing
}

// name is the name of an artifact for the user.
func (t tree) name(rel string) string { return path.Join(t.shown, rel) }

// fail adds an item that says why it cannot be read.
func (t tree) fail(rel string, err error) {
	t.list.Items = append(t.list.Items, detect.Item{Name: t.name(rel), Size: -1,
		Open: func() (*detect.Opened, error) { return nil, err }})
}

// walk lists the folder rel and everything under it.
func (t tree) walk(ctx context.Context, rel string, depth int) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("list %s: %w", t.name(rel), err)
	}
	if depth > maxDepth {
		t.fail(rel, fmt.Errorf("folders nest deeper than %d levels", maxDepth))
		return nil
	}
	entries, err := t.read(rel)
	if err != nil {
		t.fail(rel, fmt.Errorf("list the folder: %w", cause(err)))
		return nil
	}
	for _, e := range entries {
		child := path.Join(rel, e.Name())
		switch {
		case e.IsDir() && t.versionControl(child):
			t.list.Skipped = append(t.list.Skipped, t.name(child))
		case e.IsDir():
			if err := t.walk(ctx, child, depth+1); err != nil {
				return err
			}
		case e.Type()&fs.ModeSymlink != 0:
			t.link(child)
		case e.Type().IsRegular():
			t.file(child, e)
		default:
			t.fail(child, fmt.Errorf("not a regular file (%s)", e.Type()))
		}
	}
	return nil
}

// read lists one folder, sorted by name.
func (t tree) read(rel string) ([]fs.DirEntry, error) {
	d, err := t.root.Open(rel)
	if err != nil {
		return nil, err
	}
	entries, err := d.ReadDir(-1)
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	return entries, errors.Join(err, d.Close())
}

// versionControl recognises a git directory by its content: no loader reads models from there.
func (t tree) versionControl(rel string) bool {
	if path.Base(rel) != ".git" {
		return false
	}
	head, err := t.root.Stat(path.Join(rel, "HEAD"))
	if err != nil || !head.Mode().IsRegular() {
		return false
	}
	objects, err := t.root.Stat(path.Join(rel, "objects"))
	return err == nil && objects.IsDir()
}

// file adds a regular file.
func (t tree) file(rel string, e fs.DirEntry) {
	size := int64(-1)
	if info, err := e.Info(); err == nil {
		size = info.Size()
	}
	t.list.Items = append(t.list.Items, detect.Item{Name: t.name(rel), Size: size, Open: func() (*detect.Opened, error) {
		f, err := t.root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, cause(err)
		}
		return opened(f, t.root, path.Dir(rel))
	}})
}

// link adds a symbolic link to a file. One that stays in the tree is read; one that leaves it is read only if it has the form
// of a Hugging Face cache, whose snapshots link into the blobs folder beside them.
func (t tree) link(rel string) {
	info, err := t.root.Stat(rel)
	if err == nil {
		if info.IsDir() {
			t.fail(rel, errors.New("a link to a folder is not followed; scan the folder that it leads to"))
			return
		}
		t.file(rel, fs.FileInfoToDirEntry(info))
		return
	}
	target, linkErr := t.root.Readlink(rel)
	full := filepath.Join(t.root.Name(), filepath.FromSlash(rel))
	if linkErr == nil && cacheBlob(target) {
		blob := filepath.Join(filepath.Dir(full), target)
		if info, err := os.Lstat(blob); err == nil && info.Mode().IsRegular() {
			item := single(blob, info)
			item.Name = t.name(rel)
			t.list.Items = append(t.list.Items, item)
			return
		}
	}
	t.fail(rel, fmt.Errorf("a link that leads out of the folder, or nowhere, is not followed; scan what it leads to (%s)",
		strings.ToValidUTF8(target, "?")))
}

// cacheBlob reports whether a link target has the form ../…/blobs/<hex digest> of a Hugging Face cache.
func cacheBlob(target string) bool {
	dir, name := path.Split(filepath.ToSlash(target))
	if path.Base(dir) != "blobs" || len(name) < 40 || strings.Trim(name, "0123456789abcdef") != "" {
		return false
	}
	return strings.Trim(strings.TrimSuffix(dir, "blobs/"), "./") == "" && !path.IsAbs(dir)
}

// opened makes the content of an open file. It fails for anything but a regular file, whatever it was when it was listed.
func opened(f *os.File, siblings *os.Root, folder string) (*detect.Opened, error) {
	before, err := f.Stat()
	if err == nil && !before.Mode().IsRegular() {
		err = fmt.Errorf("not a regular file (%s)", before.Mode().Type())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	o := &detect.Opened{
		Blob:    format.NewBlob(f, before.Size()),
		Close:   f.Close,
		Settled: func() error { return settled(f, before.Size(), before.ModTime()) },
	}
	if siblings != nil {
		o.Sibling = func(name string) (*format.Blob, error) { return sibling(siblings, folder, name) }
	}
	return o, nil
}

// settled compares a file with what it was when it was opened.
func settled(f *os.File, size int64, modified time.Time) error {
	now, err := f.Stat()
	if err != nil {
		return fmt.Errorf("check that the file did not change: %w", err)
	}
	if now.Size() != size || !now.ModTime().Equal(modified) {
		return errors.New("the file changed while it was read; scan it again when nothing writes to it")
	}
	return nil
}

// sibling opens a file by a path relative to a folder of the tree. It is read into memory only as far as it is used.
func sibling(root *os.Root, folder, name string) (*format.Blob, error) {
	rel := path.Join(folder, name)
	if !fs.ValidPath(rel) {
		return nil, fmt.Errorf("open %q beside the file: the path leaves the folder that is scanned", name)
	}
	info, err := root.Stat(rel)
	if err != nil {
		return nil, fmt.Errorf("open %q beside the file: %w", name, cause(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open %q beside the file: not a regular file", name)
	}
	return format.NewBlob(&lazy{root: root, rel: rel}, info.Size()), nil
}

// lazy reads a sibling through a descriptor that lives as long as each read, because nobody closes a sibling.
type lazy struct {
	root *os.Root
	rel  string
}

// ReadAt implements io.ReaderAt.
func (l *lazy) ReadAt(p []byte, off int64) (int, error) {
	f, err := l.root.OpenFile(l.rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return 0, cause(err)
	}
	n, err := f.ReadAt(p, off)
	if closing := f.Close(); closing != nil && err == nil {
		err = closing
	}
	return n, err // io.EOF as it is: readers compare it
}
