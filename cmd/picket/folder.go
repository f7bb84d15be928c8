package main

import (
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/picketsec/picket/evidence"
)

// maxOpenFolders bounds the folders that are held open while their files are read; other files are opened from the top.
const maxOpenFolders = 256

// folderTree opens files from their folder, which is held open: with many small files the way down from the top costs more than
// the file. Nothing outside of the top can be reached, because each folder was itself opened from it.
type folderTree struct {
	evidence.Tree
	top     *os.Root
	below   string // name of the tree in top
	lock    sync.Mutex
	folders map[string]*os.Root
}

// newFolderTree makes the tree of that name in top; close it before top.
func newFolderTree(tree evidence.Tree, top *os.Root, below string) *folderTree {
	return &folderTree{Tree: tree, top: top, below: below, folders: map[string]*os.Root{}}
}

// Open implements fs.FS.
func (t *folderTree) Open(name string) (fs.File, error) {
	if dir := path.Dir(name); dir != "." && fs.ValidPath(name) {
		if folder := t.folder(dir); folder != nil {
			if f, err := folder.Open(path.Base(name)); err == nil {
				return f, nil
			}
		}
	}
	return t.Tree.Open(name) // also links that lead out of their folder, and the message of any error
}

// ReadDir implements fs.ReadDirFS.
func (t *folderTree) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(t.Tree, name) }

// Stat implements fs.StatFS.
func (t *folderTree) Stat(name string) (fs.FileInfo, error) { return fs.Stat(t.Tree, name) }

// folder is the open folder of that name; nil when it is not held.
func (t *folderTree) folder(dir string) *os.Root {
	t.lock.Lock()
	defer t.lock.Unlock()
	folder, known := t.folders[dir]
	if known || len(t.folders) == maxOpenFolders {
		return folder
	}
	folder, err := t.top.OpenRoot(path.Join(t.below, dir))
	if err != nil {
		folder = nil
	}
	t.folders[dir] = folder
	return folder
}

// Close closes the folders.
func (t *folderTree) Close() error {
	t.lock.Lock()
	defer t.lock.Unlock()
	for _, folder := range t.folders {
		if folder != nil {
			_ = folder.Close() // it was only read from
		}
	}
	clear(t.folders)
	return nil
}
