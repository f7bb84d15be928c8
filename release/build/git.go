package build

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Commit is one commit of a repository.
type Commit struct {
	Hash string    // forty hexadecimal digits
	Time time.Time // when it was committed, UTC
	Tag  string    // the version tag that names it, if one does
}

// Version is the tag, or the version that Go gives to a commit without one.
func (c Commit) Version() string {
	if c.Tag != "" {
		return c.Tag
	}
	return "v0.0.0-" + c.Time.Format("20060102150405") + "-" + c.Hash[:12]
}

// FindCommit looks a revision up in the repository that a folder belongs to.
func FindCommit(ctx context.Context, dir, revision string) (Commit, error) {
	if strings.HasPrefix(revision, "-") {
		return Commit{}, fmt.Errorf("find commit: %q is not a revision", revision)
	}
	out, err := git(ctx, dir, "log", "-1", "--no-show-signature", "--format=%H %ct", revision, "--")
	if err != nil {
		return Commit{}, fmt.Errorf("find commit: %w", err)
	}
	hash, seconds, _ := strings.Cut(strings.TrimSpace(out), " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || len(hash) != 40 {
		return Commit{}, fmt.Errorf("find commit: git answers %q", out)
	}
	c := Commit{Hash: hash, Time: time.Unix(at, 0).UTC()}
	tags, err := git(ctx, dir, "tag", "--points-at", hash, "--sort=-version:refname")
	if err != nil {
		return Commit{}, fmt.Errorf("find commit: %w", err)
	}
	for tag := range strings.FieldsSeq(tags) {
		if CheckVersion(tag) == nil {
			c.Tag = tag
			break
		}
	}
	return c, nil
}

// Changed reports whether the folder holds changes that are not committed: a release does not contain them.
func Changed(ctx context.Context, dir string) (bool, error) {
	out, err := git(ctx, dir, "status", "--porcelain")
	return strings.TrimSpace(out) != "", err
}

// Export writes the files of a commit into an empty folder.
func (c Commit) Export(ctx context.Context, dir, into string) error {
	cmd := exec.CommandContext(ctx, "git", "-C", dir, "archive", "--format=tar", c.Hash) //nolint:gosec // the hash is git's own
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("export commit: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("export commit: %w", err)
	}
	unpacked := unpack(out, into)
	if unpacked != nil {
		_ = cmd.Process.Kill() // nobody reads on
	}
	if err := errors.Join(unpacked, cmd.Wait()); err != nil {
		return fmt.Errorf("export commit: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return nil
}

// unpack writes the files of a tar archive below a folder.
func unpack(r io.Reader, into string) (err error) {
	root, err := os.OpenRoot(into)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, r) // git pads the end
			return err
		}
		if err != nil {
			return err
		}
		if err := unpackOne(root, h, archive); err != nil {
			return fmt.Errorf("unpack %s: %w", h.Name, err)
		}
	}
}

// unpackOne writes one entry.
func unpackOne(root *os.Root, h *tar.Header, content io.Reader) (err error) {
	name := filepath.FromSlash(h.Name)
	switch h.Typeflag {
	case tar.TypeXGlobalHeader: // the commit, which is known
		return nil
	case tar.TypeDir:
		return root.MkdirAll(filepath.Clean(name), 0o755)
	case tar.TypeSymlink:
		return root.Symlink(h.Linkname, name)
	case tar.TypeReg:
	default:
		return fmt.Errorf("an entry of type %q", h.Typeflag)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, h.FileInfo().Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// git runs a git command that only reads.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := run(exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)) //nolint:gosec // constant but for a checked revision
	return string(out), err
}
