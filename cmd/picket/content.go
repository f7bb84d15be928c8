package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/lineage"
	"github.com/picketsec/picket/evidence/trust"
	"github.com/picketsec/picket/report"
)

// content is a folder or a file that claims are about, and where its claims are kept.
type content struct {
	path   string // as the user gave it
	name   string // last element, for people
	isFile bool
	sig    string // where its model signature is by default
	claims string // where its claims are

	again func(also []evidence.Serialization) (*evidence.Manifest, error) // hashes it as it was last hashed, and in other ways
}

// findContent looks at what a path names.
func findContent(path string) (*content, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("find content: %w", err)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find content: %w", err)
	}
	c := &content{path: path, name: filepath.Base(full), isFile: !info.IsDir()}
	if c.isFile {
		c.sig, c.claims = path+".sig", path+"."+evidence.ClaimsFile
	} else {
		c.sig, c.claims = filepath.Join(path, evidence.SignatureFile), filepath.Join(path, evidence.ClaimsFile)
	}
	return c, nil
}

// holds reports whether a file lies in the folder, whatever links lead there.
func (c *content) holds(file string) bool {
	if c.isFile {
		return false
	}
	dir, err := resolved(c.path)
	if err != nil {
		return false
	}
	// The file itself may not exist yet, or be a link out of the folder: what counts is where its name stands.
	parent, err := resolved(filepath.Dir(file))
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, filepath.Join(parent, filepath.Base(file)))
	return err == nil && filepath.IsLocal(rel)
}

// resolved is the absolute path without links.
func resolved(path string) (string, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(full)
}

// hashFlags are the flags of every verb that hashes content.
type hashFlags struct {
	cacheFlags
	allowSymlinks bool
	workers       int
	quiet         bool
	own           bool // the verb describes the user's own content and decides nothing
}

// add declares the flags.
func (h *hashFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&h.allowSymlinks, "allow-symlinks", false,
		"hash what symbolic links to files point to, inside the folder or the blobs of its Hugging Face cache")
	cmd.Flags().IntVar(&h.workers, "workers", 0, "files to hash at the same time (default: one per processor)")
	cmd.Flags().BoolVarP(&h.quiet, "quiet", "q", false, "no progress")
	h.cacheFlags.add(cmd)
}

// options are the flags as the hashing takes them; finish ends the display of progress and saves the cache.
func (h hashFlags) options(env Env, c *content) (opts evidence.Options, finish func(), err error) {
	opts = evidence.Options{AllowSymlinks: h.allowSymlinks, Workers: h.workers}
	save, err := h.use(env, c, !h.own, &opts)
	if err != nil {
		return opts, nil, err
	}
	p := report.NewProgress(env.Stderr, env.ErrTerm && !h.quiet, env.OutColumns, env.Now)
	opts.Progress = p
	return opts, func() { p.Close(); save() }, nil
}

// hash lists and hashes the content.
func (c *content) hash(ctx context.Context, opts evidence.Options) (m *evidence.Manifest, err error) {
	opts.Name = c.name
	c.again = func(also []evidence.Serialization) (*evidence.Manifest, error) {
		opts.Also, opts.Progress = also, nil
		return c.hash(ctx, opts)
	}
	full, err := filepath.Abs(c.path)
	if err == nil && c.isFile {
		top, name := filepath.Split(full)
		m, err = evidence.HashFile(ctx, os.DirFS(top), name, opts) // the user named the file: a link is followed
	} else if err == nil {
		m, err = hashFolder(ctx, full, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("hash %s: %w", c.path, err)
	}
	return m, nil
}

// hash hashes the content as the flags say, with progress.
func (h hashFlags) hash(ctx context.Context, env Env, c *content) (*evidence.Manifest, error) {
	opts, finish, err := h.options(env, c)
	if err != nil {
		return nil, err
	}
	defer finish()
	return c.hash(ctx, opts)
}

// hashFolder hashes a folder. Nothing outside of it can be opened, whatever links are in it.
func hashFolder(ctx context.Context, dir string, opts evidence.Options) (m *evidence.Manifest, err error) {
	root, below, err := openFolder(dir, opts.AllowSymlinks)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	sub, err := fs.Sub(root.FS(), below)
	if err != nil {
		return nil, err
	}
	inner, ok := sub.(evidence.Tree)
	if !ok {
		return nil, errors.New("this file system does not tell links from files")
	}
	tree := newFolderTree(inner, root, below)
	defer func() { err = errors.Join(err, tree.Close()) }()
	return evidence.HashTree(ctx, tree, opts)
}

// openFolder opens a folder, so that nothing outside of it can be reached; below is its name in what was opened.
func openFolder(dir string, allowSymlinks bool) (root *os.Root, below string, err error) {
	top, below := dir, "."
	if allowSymlinks && isSnapshot(dir) {
		// The links of a snapshot lead to blobs beside it: open the folder that holds both, and nothing above.
		top, below = filepath.Dir(filepath.Dir(dir)), "snapshots/"+filepath.Base(dir)
	}
	root, err = os.OpenRoot(top)
	return root, below, err
}

// isSnapshot reports whether a folder is a revision in the Hugging Face cache.
func isSnapshot(dir string) bool {
	parent := filepath.Dir(dir)
	info, err := os.Stat(filepath.Join(filepath.Dir(parent), "blobs")) //nolint:gosec // beside the folder that the user named
	return filepath.Base(parent) == "snapshots" && err == nil && info.IsDir()
}

// readSmall reads a file of at most limit bytes.
func readSmall(name string, limit int64) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return readUpTo(f, name, limit)
}

// readUpTo reads a file that must not be larger than limit bytes.
func readUpTo(r io.Reader, name string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	return data, err
}

// readPlain is readSmall for a file that lies where someone else may have put it: a pipe there would make its reader wait for
// ever.
func readPlain(name string, limit int64) (data []byte, err error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a plain file", name)
	}
	return readUpTo(f, name, limit)
}

// maxKeyFile bounds a key file, in bytes.
const maxKeyFile = 64 << 10

// readPrivateKey loads the key that --private-key names. Its content is never part of an error.
func readPrivateKey(name string) (*evidence.PrivateKey, error) {
	data, err := readSmall(name, maxKeyFile)
	if err != nil {
		return nil, usagef("--private-key: %w", err)
	}
	key, err := evidence.ParsePrivateKey(data)
	if err != nil {
		return nil, usagef("--private-key %s: %w", name, err)
	}
	return key, nil
}

// readPublicKey loads the key that --public-key names.
func readPublicKey(name string) (*evidence.PublicKey, error) {
	data, err := readSmall(name, maxKeyFile)
	if err != nil {
		return nil, usagef("--public-key: %w", err)
	}
	key, err := evidence.ParsePublicKey(data)
	if err != nil {
		return nil, usagef("--public-key %s: %w", name, err)
	}
	return key, nil
}

// judge reads everything that is claimed about the content and checks it. What cannot be read becomes a claim that does
// not count, so that a decision sees the damage.
// More claims come from elsewhere: revocations, and claims about what the content was made from.
func (c *content) judge(root *trust.Root, m *evidence.Manifest, now time.Time, more ...claim.Entry) []*claim.Claim {
	entries := append(c.entries(), more...)
	c.complete(root, m, entries)
	options := claim.Options{Authority: root, Content: m, Now: now}
	set := claim.Gather(entries, options)
	if err := lineage.Enforce(set, options); err != nil {
		return append(set.Claims, claim.Unreadable("lineage", err))
	}
	return set.Claims
}

// entries reads the model signature and the claims beside the content.
func (c *content) entries() []claim.Entry {
	var entries []claim.Entry
	data, err := readPlain(c.sig, evidence.MaxBundle)
	if !errors.Is(err, fs.ErrNotExist) {
		e := claim.Entry{File: filepath.Base(c.sig), Err: err}
		if err == nil {
			e.Bundle, e.Err = evidence.ParseBundle(data)
		}
		entries = append(entries, e)
	}
	return append(entries, claimstore.Entries(c.claims, filepath.Base(c.claims))...)
}

// complete hashes the content again in the ways in which trusted model signatures list it, when that is not how its identity
// is made. Only a trusted signature can ask for that. When it cannot be done, the signature fails for want of it.
func (c *content) complete(root *trust.Root, m *evidence.Manifest, entries []claim.Entry) {
	var also []evidence.Serialization
	for _, e := range entries {
		if e.Bundle == nil {
			continue
		}
		_, proof, err := root.Verify(e.Bundle)
		if err != nil {
			continue
		}
		sig, err := evidence.ModelPayload(proof.Payload)
		if err != nil {
			continue // another kind of claim
		}
		if _, done := m.As(sig.Serialization); !done && !slices.Contains(also, sig.Serialization) {
			also = append(also, sig.Serialization)
		}
	}
	if len(also) == 0 || c.again == nil {
		return
	}
	if again, err := c.again(also); err == nil {
		_ = m.Adopt(again) // content that changed lacks what the signature needs, which then fails
	}
}
