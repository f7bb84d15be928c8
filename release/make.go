package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/release/build"
)

// makeRelease makes the folder, or leaves nothing behind.
func makeRelease(ctx context.Context, o options, w io.Writer) (err error) {
	key, err := readKey(o.privateKey) // first, so that a wrong one costs no time
	if err != nil {
		return err
	}
	if _, err := os.Lstat(o.out); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists already; remove it or name another folder with --out: a release is never mixed with an older one", o.out)
	}
	scratch, err := os.MkdirTemp(filepath.Dir(o.out), ".release-")
	if err != nil {
		return fmt.Errorf("make temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	source, err := checkOut(ctx, o, filepath.Join(scratch, "source"), w)
	if err != nil {
		return err
	}
	dir := filepath.Join(scratch, "dist")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("make release folder: %w", err)
	}
	fmt.Fprintf(w, "building %s from commit %s, time %s\n", source.Version, source.Commit, source.Time.Format(time.RFC3339))
	r, err := assemble(ctx, source, o.targets, dir, w)
	if err != nil {
		return err
	}
	if key == nil {
		fmt.Fprintln(w, "NOT SIGNED: no --private-key was given; nobody can tell who made this release (picket keygen makes a key)")
	} else if err := sign(ctx, r, source, o.builder, dir, key, w); err != nil {
		return err
	}
	if err := os.Rename(dir, o.out); err != nil {
		return fmt.Errorf("put the release into place: %w", err)
	}
	fmt.Fprintf(w, "the release is in %s; nothing was uploaded\n", o.out)
	return nil
}

// checkOut copies the commit into a folder and says what it is.
func checkOut(ctx context.Context, o options, into string, w io.Writer) (build.Source, error) {
	c, err := build.FindCommit(ctx, o.source, o.revision)
	if err != nil {
		return build.Source{}, err
	}
	if o.verify == "" {
		changed, err := build.Changed(ctx, o.source)
		if err != nil {
			return build.Source{}, err
		}
		if changed {
			fmt.Fprintln(w, "note: there are changes that are not committed; they are not in the release")
		}
	}
	s := build.Source{Dir: into, Version: o.version, Commit: c.Hash, Time: c.Time}
	if s.Version == "" {
		s.Version = c.Version()
	}
	if err := build.CheckVersion(s.Version); err != nil {
		return build.Source{}, err
	}
	if text := os.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds < 0 {
			return build.Source{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q, not a number of seconds since 1970", text)
		}
		s.Time = time.Unix(seconds, 0).UTC()
	}
	if err := os.Mkdir(into, 0o755); err != nil {
		return build.Source{}, fmt.Errorf("make source folder: %w", err)
	}
	if !o.reuseCache {
		s.Cache = into + ".cache"
	}
	return s, c.Export(ctx, o.source, into)
}

// readKey loads the private key; nil when none is named.
func readKey(name string) (*evidence.PrivateKey, error) {
	if name == "" {
		return nil, nil
	}
	data, err := readSmall(name)
	if err != nil {
		return nil, fmt.Errorf("--private-key: %w", err)
	}
	key, err := evidence.ParsePrivateKey(data)
	if err != nil {
		return nil, fmt.Errorf("--private-key %s: %w", name, err)
	}
	return key, nil
}
