package evidence

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/picketsec/picket"
)

// Names at the root of a tree that its digest never covers: the files that hold what is claimed about it.
const (
	SignatureFile = "model.sig"
	ClaimsFile    = "claims.jsonl"
)

// gitNames are the names that OpenSSF Model Signing leaves out at the root.
func gitNames() []string { return []string{".git", ".gitattributes", ".github", ".gitignore"} }

// reserved are all names that a digest leaves out at the root.
func reserved() []string { return append(gitNames(), ClaimsFile, SignatureFile) }

// Reserved reports whether a name at the root of a tree is one that its identity never covers.
func Reserved(name string) bool { return slices.Contains(reserved(), name) }

// Tree is the view of a directory that hashing needs; os.Root.FS and os.DirFS give one.
type Tree interface {
	fs.FS
	ReadLink(name string) (string, error)
	Lstat(name string) (fs.FileInfo, error)
}

// Options say how content is hashed. The zero value is the strictest.
type Options struct {
	// Name is the last element of the path of the content, for people.
	Name string
	// Workers is how many files are hashed at the same time; 0 means one per processor.
	Workers int
	// AllowSymlinks hashes what a symbolic link to a file points to, under the name of the link. The target must be in
	// the tree, or be a blob of the Hugging Face cache that the tree is a snapshot of.
	AllowSymlinks bool
	// SkipLinkedFolders leaves out symbolic links to folders when links are allowed, as the Python tool does. They are in
	// Manifest.Excluded, and the result is not the identity.
	SkipLinkedFolders bool
	// Ignore are paths, directories included, that the operator leaves out. The result is then not the identity.
	Ignore []string
	// GitNames covers git's own names at the root, which are otherwise left out. The result is then not the identity.
	GitNames bool
	// Also are further serializations to make of the same bytes in the same pass, see Manifest.As.
	Also []Serialization
	// ListedOnly hashes only what a signature lists, see ModelSignature.Options; the rest is in Manifest.Excluded.
	ListedOnly bool
	// Cache is asked before a file is read, when set, and told afterwards.
	Cache Cache
	// TrustBlobNames takes the name of a blob of the Hugging Face cache for its SHA-256, unread.
	TrustBlobNames bool
	// Progress is told how the work goes, when set.
	Progress Progress

	keep   map[string]bool // reserved names that a signature covers and that are hashed therefore
	listed map[string]bool // with ListedOnly
}

// Progress shows how hashing goes. Its methods are called from several goroutines at the same time.
type Progress interface {
	// Total is called once, when all files are listed.
	Total(files int, bytes int64)
	// Start is called when a file is begun.
	Start(name string)
	// Read is called with the number of bytes since the last call.
	Read(bytes int64)
	// Done is called when a file is finished; size is what Read did not count.
	Done(name string, size int64)
}

// HashTree lists and hashes every file of a tree, hidden ones included. Directories as such do not count. It refuses what
// it cannot cover: symbolic links unless allowed, links to directories, devices, sockets, names that are not UTF-8, files
// that change while they are read. The error wraps ErrEmpty when there is no file.
func HashTree(ctx context.Context, tree Tree, opts Options) (*Manifest, error) {
	m := &Manifest{Name: opts.Name, ignore: opts.ignored()}
	w := walker{tree: tree, opts: opts, manifest: m}
	if err := fs.WalkDir(tree, ".", w.visit(ctx)); err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	if len(w.entries) == 0 {
		return nil, fmt.Errorf("list files: %w", ErrEmpty)
	}
	slices.SortFunc(w.entries, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(m.Excluded)
	if err := hashAll(ctx, tree, w.entries, opts); err != nil {
		return nil, err
	}
	m.fill(w.entries, opts.Also)
	return m, nil
}

// HashFile makes the manifest of the one file of that name in dir.
func HashFile(ctx context.Context, dir fs.FS, name string, opts Options) (*Manifest, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open file: %q is a %s, not a file", clip(name), kindOf(info.Mode()))
	}
	entries := []entry{{Resource: Resource{Name: name, Size: info.Size()}, info: info}}
	if err := hashAll(ctx, dir, entries, opts); err != nil {
		return nil, err
	}
	entries[0].Name = "."
	for i, s := range opts.Also {
		for j, r := range entries[0].others[i] {
			entries[0].others[i][j].Name = s.rename(r.Name, ".")
		}
	}
	m := &Manifest{Name: opts.Name, File: true}
	m.fill(entries, opts.Also)
	return m, nil
}

// fill takes over what was hashed, in the order of the specification.
func (m *Manifest) fill(entries []entry, also []Serialization) {
	m.Resources = make([]Resource, 0, len(entries))
	m.others = make(map[Serialization][]Resource, len(also))
	for i, s := range also {
		var list []Resource
		for _, e := range entries {
			list = append(list, e.others[i]...)
		}
		sortResources(list)
		m.others[s.normal()] = list
	}
	for _, e := range entries {
		m.Resources = append(m.Resources, e.Resource)
	}
}

// walker collects the files of a tree.
type walker struct {
	tree     Tree
	opts     Options
	manifest *Manifest
	entries  []entry
}

// visit decides about one entry. Errors name it; nothing is passed over in silence.
func (w *walker) visit(ctx context.Context) fs.WalkDirFunc {
	return func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if name == "." {
			return nil
		}
		if !validName(name) {
			return fmt.Errorf("the name %q is not UTF-8 text or too long, no signature can hold it", clip(name))
		}
		if under(name, w.manifest.ignore) {
			return w.exclude(name, d)
		}
		if w.opts.listed != nil && !d.IsDir() && !w.opts.listed[name] {
			w.manifest.Excluded = append(w.manifest.Excluded, name)
			return nil
		}
		if d.IsDir() {
			return nil
		}
		return w.add(name, d)
	}
}

// add lists a file.
func (w *walker) add(name string, d fs.DirEntry) error {
	e, err := w.entry(name, d)
	if err != nil || e == nil {
		return err
	}
	if len(w.entries) == maxResources {
		return fmt.Errorf("more than %d files", maxResources)
	}
	w.entries = append(w.entries, *e)
	return nil
}

// ignored are the paths that are left out.
func (o Options) ignored() []string {
	kept := func(name string) bool { return o.keep[name] || o.GitNames && slices.Contains(gitNames(), name) }
	return append(slices.DeleteFunc(reserved(), kept), o.Ignore...)
}

// exclude records an entry that the digest does not cover. The two files of claims must be files: a directory of that
// name would be a place to hide a model in.
func (w *walker) exclude(name string, d fs.DirEntry) error {
	if (name == SignatureFile || name == ClaimsFile) && !d.Type().IsRegular() {
		return fmt.Errorf("%q is a %s; that name is kept for a file of claims", name, kindOf(d.Type()))
	}
	w.manifest.Excluded = append(w.manifest.Excluded, name)
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// entry describes the file behind an entry, or nothing when it is left out; it refuses everything that is no file.
func (w *walker) entry(name string, d fs.DirEntry) (*entry, error) {
	switch {
	case d.Type().IsRegular():
		info, err := d.Info()
		if err != nil {
			return nil, err
		}
		return &entry{Resource: Resource{Name: name, Size: info.Size()}, info: info}, nil
	case d.Type()&fs.ModeSymlink != 0:
		return w.followed(name)
	}
	return nil, fmt.Errorf("%q is a %s, which has no content to hash", clip(name), kindOf(d.Type()))
}

// followed describes the file that a symbolic link points to.
func (w *walker) followed(name string) (*entry, error) {
	if !w.opts.AllowSymlinks {
		return nil, fmt.Errorf("%q is a symbolic link; --allow-symlinks hashes what it points to", clip(name))
	}
	target, err := w.tree.ReadLink(name)
	if err != nil {
		return nil, err
	}
	if !staysInside(name, target) {
		return nil, fmt.Errorf("%q is a symbolic link to %q, outside of the tree", clip(name), clip(target))
	}
	info, err := fs.Stat(w.tree, name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() && w.opts.SkipLinkedFolders {
		w.manifest.Excluded = append(w.manifest.Excluded, name)
		return nil, nil
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is a symbolic link to a %s; only links to files are hashed", clip(name), kindOf(info.Mode()))
	}
	w.manifest.linked = true
	e := &entry{Resource: Resource{Name: name, Size: info.Size()}, info: info}
	if m := blobTarget.FindStringSubmatch(path.Join(path.Dir(name), target)); w.opts.TrustBlobNames && m != nil && m[2] != "" {
		e.Digest = picket.Digest("sha256:" + m[1])
	}
	return e, nil
}

// blobTarget is where links of a Hugging Face cache point to, seen from the root of a snapshot: models--*/blobs/DIGEST from
// models--*/snapshots/REVISION.
var blobTarget = regexp.MustCompile(`^\.\./\.\./blobs/([0-9a-f]{40}([0-9a-f]{24})?)$`)

// staysInside reports whether a link leads to a place in the tree or to a blob of the same cache. Each link of a chain is
// judged when it is itself an entry; the file system behind the tree keeps a chain from leaving its own root.
func staysInside(name, target string) bool {
	if path.IsAbs(target) || strings.Contains(target, `\`) {
		return false
	}
	resolved := path.Join(path.Dir(name), target)
	return fs.ValidPath(resolved) || blobTarget.MatchString(resolved)
}

// under reports whether name is one of paths or below one of them.
func under(name string, paths []string) bool {
	for _, p := range paths {
		if p == "." || name == p || strings.HasPrefix(name, p+"/") {
			return true
		}
	}
	return false
}

// kindOf names a kind of file for people.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeSymlink != 0:
		return "symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	case mode.IsRegular():
		return "file"
	}
	return "special file"
}
