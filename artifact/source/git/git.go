// Package git is the source of artifacts in git repositories that a server offers over HTTP. It resolves a branch or a tag once
// to a commit, fetches that commit without its history, verifies every object by its name and lists the files of the tree. The
// pack stays in memory, or in one unlinked temporary file where the operator allows it. It runs no git, no hooks and no filters,
// checks nothing out, and follows neither submodules nor the pointers of Git LFS, which are reported as such.
package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/detect"
)

// Name is a repository, a revision of it, and a path inside; the last two may be empty.
type Name struct {
	URL      *url.URL // with the user and the password, if there are some
	Revision string
	Path     string
}

// ParseName reads git+https://host/path[@revision][#subdirectory=path]. The scheme git+http is for a server without encryption.
func ParseName(uri string) (Name, error) {
	rest, ok := strings.CutPrefix(uri, "git+")
	u, err := url.Parse(rest)
	if !ok || err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" {
		return Name{}, errors.New("read git name: write git+https://host/repository[@commit][#subdirectory=path]")
	}
	n := Name{URL: u}
	n.Path = strings.Trim(strings.TrimPrefix(u.Fragment, "subdirectory="), "/")
	u.Fragment, u.RawFragment = "", ""
	if at := strings.LastIndex(u.Path, "@"); at >= 0 {
		u.Path, n.Revision = u.Path[:at], u.Path[at+1:]
		u.RawPath = ""
		if n.Revision == "" {
			return Name{}, errors.New("read git name: the revision is empty")
		}
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if u.Path == "" || strings.ContainsFunc(n.Revision, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.Contains(n.Revision, "..") {
		return Name{}, errors.New("read git name: it names no repository, or no revision that git allows")
	}
	return n, nil
}

// Repository is a place: the files of a commit.
type Repository struct {
	options fetch.Options
	name    Name
	root    string // the address of the repository, without credentials
	client  *fetch.Client
}

// New makes the place for a name.
func New(o fetch.Options, n Name) (*Repository, error) {
	u := *n.URL
	u.User = nil
	s := fetch.Site{URL: u.String(), Plain: u.Scheme == "http"}
	if n.URL.User != nil {
		user := n.URL.User.Username()
		password, _ := n.URL.User.Password()
		s.Sign = func(r *http.Request) error { r.SetBasicAuth(user, password); return nil }
	}
	client, err := fetch.New(o, s)
	if err != nil {
		return nil, fmt.Errorf("reach the git server: %w", err)
	}
	return &Repository{options: o, name: n, root: u.String(), client: client}, nil
}

// List implements source.Place.
func (r *Repository) List(ctx context.Context) (*source.Listing, error) {
	l, err := r.list(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read git+%s: %w", r.root, explain(err)), r.client.Close())
	}
	return l, nil
}

// list fetches the commit and lists its tree.
func (r *Repository) list(ctx context.Context) (*source.Listing, error) {
	w, err := dial(ctx, r.client, r.root)
	if err != nil {
		return nil, err
	}
	l := &source.Listing{Base: "git+" + r.root + "/"}
	if w.root != r.root {
		l.Findings = append(l.Findings, source.Moved("git+"+r.root, "git+"+w.root))
	}
	commit := r.name.Revision
	if !isID(commit) {
		named := "no revision"
		if commit != "" {
			named = "the revision " + commit
		}
		if commit, err = w.resolve(ctx, commit); err != nil {
			return nil, err
		}
		l.Findings = append(l.Findings, source.Unpinned(named, "git+"+w.root+"@"+commit))
	}
	if source.Plain(r.name.URL) {
		l.Findings = append(l.Findings, source.Unencrypted(r.root))
	}
	store, err := w.fetch(ctx, commit, r.options.Scratch)
	if err != nil {
		return nil, err
	}
	l.Hold(store)
	l.Hold(r.client)
	l.Target = "git+" + w.root + "@" + commit
	t := tree{pack: store, files: source.NewTree(ctx, l.Base), list: l, links: map[string]string{}, blobs: map[string]string{}}
	if err := t.root(ctx, commit); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if l.Items = t.files.Items(r.name.Path); len(l.Items) == 0 && r.name.Path != "" {
		return nil, errors.Join(fmt.Errorf("the commit has no file or folder %q", r.name.Path), store.Close())
	}
	return l, nil
}

// explain turns the answers of a server into what the reader can do about them.
func explain(err error) error {
	s, ok := errors.AsType[*fetch.Status](err)
	if !ok {
		return err
	}
	switch s.Code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return fmt.Errorf("there is no such repository, or it is private: git+https://user:token@host/… logs in (%w)", err)
	}
	return err
}

// isID reports whether a revision is the whole name of a commit.
func isID(s string) bool { return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == "" }

// Bounds of one tree. A tree of a few kilobytes can name the same folder, and the same link, any number of times.
const (
	maxFolders = 100      // folders inside of folders
	maxTrees   = 64 << 20 // bytes of folders that are read, each as often as it is named
	maxPaths   = 32 << 20 // bytes of the paths of everything in it
	maxTarget  = 4096     // bytes of where a link leads
)

// tree lists the files of a commit.
type tree struct {
	pack  *pack
	files *source.Tree
	list  *source.Listing
	links map[string]string // path → where it leads
	blobs map[string]string // path → object

	read, paths, entries int64 // against the bounds
}

// root lists the tree of a commit, then the links in it.
func (t *tree) root(ctx context.Context, commit string) error {
	content, err := t.pack.content(commit, kindCommit)
	if err != nil {
		return fmt.Errorf("read commit %s: %w", commit, err)
	}
	id, ok := strings.CutPrefix(strings.SplitN(string(content), "\n", 2)[0], "tree ")
	if !ok || !isID(id) {
		return fmt.Errorf("read commit %s: it names no tree", commit)
	}
	if err := t.folder(ctx, id, "", 0); err != nil {
		return err
	}
	for p, target := range t.links {
		if err := t.files.Add(t.link(p, target)); err != nil {
			return err
		}
	}
	return nil
}

// folder lists one tree object.
func (t *tree) folder(ctx context.Context, id, at string, depth int) error {
	if depth > maxFolders {
		return fmt.Errorf("folders nest deeper than %d levels", maxFolders)
	}
	content, err := t.pack.content(id, kindTree)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return fmt.Errorf("read folder %q: %w", at, err)
	}
	if t.read += int64(len(content)); t.read > maxTrees {
		return fmt.Errorf("the folders of the commit name each other more often than any repository's do; more than %d MiB of them", maxTrees>>20)
	}
	for len(content) > 0 {
		head, _, ok := strings.Cut(string(content[:min(len(content), 5000)]), "\x00")
		mode, name, named := strings.Cut(head, " ")
		if !ok || !named || len(content) < len(head)+1+20 {
			return fmt.Errorf("read folder %q: it is malformed", at)
		}
		object := fmt.Sprintf("%x", content[len(head)+1:len(head)+21])
		content = content[len(head)+21:]
		if err := t.entry(ctx, mode, name, at, object, depth); err != nil {
			return err
		}
	}
	return nil
}

// entry adds one line of a tree object.
func (t *tree) entry(ctx context.Context, mode, name, at, object string, depth int) error {
	p := path.Join(at, name)
	t.entries++
	if t.paths += int64(len(p)); t.paths > maxPaths || t.entries > 2*source.MaxEntries {
		return fmt.Errorf("the commit has more than %d files and folders, or their paths take more than %d MiB", 2*source.MaxEntries, maxPaths>>20)
	}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\") || strings.EqualFold(name, ".git") {
		t.list.Findings = append(t.list.Findings, source.UnsafePath(at+"/"+name))
		return t.files.Add(source.Entry{Path: at + "/" + name, Size: -1, Open: source.Failing(errors.New("no client of git may write a file of this name"))})
	}
	switch mode {
	case "40000", "040000":
		return t.folder(ctx, object, p, depth+1)
	case "160000":
		return t.files.Add(source.Entry{Path: p, Size: -1, Open: source.Failing(errors.New("a submodule is another repository, and not fetched; scan it by its own address"))})
	case "120000":
		return t.symlink(p, object)
	}
	t.blobs[p] = object
	return t.files.Add(t.blob(p, object))
}

// symlink notes a link, whose file is found when all of them are known.
func (t *tree) symlink(p, object string) error {
	if _, twice := t.links[p]; twice || t.pack.size(object) > maxTarget {
		return t.files.Add(source.Entry{Path: p, Size: -1, Open: source.Failing(errors.New("a link that is there twice, or leads to what is no path"))})
	}
	target, err := t.pack.content(object, kindBlob)
	if err != nil {
		return fmt.Errorf("read link %q: %w", p, err)
	}
	t.links[p] = string(target)
	return nil
}

// link is the entry of a symbolic link: the file that it leads to, when that is in the tree.
func (t *tree) link(p, target string) source.Entry {
	if object, ok := t.blobs[path.Join(path.Dir(p), target)]; ok && !path.IsAbs(target) {
		return t.blob(p, object)
	}
	return source.Entry{Path: p, Size: -1, Open: source.Failing(errors.New("a link that leads to no file of the repository is not followed"))}
}

// blob is the entry of a file.
func (t *tree) blob(p, object string) source.Entry {
	return source.Entry{Path: p, Size: t.pack.size(object), Open: func(context.Context) (*detect.Opened, error) {
		b, err := t.pack.blob(object)
		if err != nil {
			return nil, err
		}
		return &detect.Opened{Blob: b, Settled: nothing, Close: nothing}, nil
	}}
}

// nothing is a step that cannot fail.
func nothing() error { return nil }

// blob gives the content of a file: in memory up to 32 MiB, else forward only.
func (p *pack) blob(id string) (*format.Blob, error) {
	o, ok := p.objects[id]
	if !ok {
		return nil, missing(id)
	}
	if o.kind == kindBlob && o.size > maxHeld {
		return format.StreamBlob(o.size, func() (io.ReadCloser, error) { return p.inflate(o) }), nil
	}
	content, err := p.content(id, kindBlob)
	if err != nil {
		return nil, err
	}
	return format.BytesBlob(content), nil
}
