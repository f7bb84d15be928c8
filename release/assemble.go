package main

import (
	"bytes"
	"context"
	"crypto/sha256"
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
	"github.com/picketsec/picket/internal/pack"
	"github.com/picketsec/picket/release/build"
	"github.com/picketsec/picket/release/image"
)

// assembly makes everything in a release that follows from the source alone.
type assembly struct {
	source build.Source
	dir    string // of the release, empty at first
	record *record
	linux  []image.Platform
}

// assemble builds all targets and writes every file but the signed ones.
func assemble(ctx context.Context, source build.Source, targets []build.Target, dir string, w io.Writer) (*record, error) {
	toolchain, err := build.FindToolchain(ctx)
	if err != nil {
		return nil, err
	}
	a := &assembly{source: source, dir: dir, record: &record{Schema: recordSchema, Version: source.Version, Commit: source.Commit,
		Time: source.Time, Go: toolchain.Version, Flags: source.Flags(), Image: container{Platforms: []string{}}}}
	for _, t := range targets {
		start := time.Now()
		p, err := a.program(ctx, t)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(w, "built %-14s %5.1f MB, archive %s, in %.0f s\n", t, float64(p.Size)/1e6, p.Archive, time.Since(start).Seconds())
	}
	if len(a.linux) > 0 {
		if err := a.image(); err != nil {
			return nil, err
		}
		fmt.Fprintf(w, "built the image   %s for %s\n", a.record.Image.Digest, strings.Join(a.record.Image.Platforms, ", "))
	}
	text, err := a.record.encode()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, recordFile), text, 0o644); err != nil {
		return nil, fmt.Errorf("write release: %w", err)
	}
	return a.record, writeSums(dir)
}

// program builds one target and its archive.
func (a *assembly) program(ctx context.Context, t build.Target) (program, error) {
	scratch, err := os.MkdirTemp("", "picket-release-")
	if err != nil {
		return program{}, fmt.Errorf("make temporary folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }() // made a moment ago, by us
	file := filepath.Join(scratch, t.Program())
	if err := a.source.Compile(ctx, t, file); err != nil {
		return program{}, err
	}
	binary, err := os.ReadFile(file)
	if err != nil {
		return program{}, fmt.Errorf("read binary: %w", err)
	}
	p := program{OS: t.OS, Arch: t.Arch, Digest: picket.SHA256(sha256.Sum256(binary)), Size: int64(len(binary))}
	if p.BOM, err = a.bill(ctx, t, scratch); err != nil {
		return program{}, err
	}
	if p.Archive, err = a.archive(t, binary); err != nil {
		return program{}, err
	}
	if t.OS == "linux" {
		a.linux = append(a.linux, image.Platform{Arch: t.Arch, Binary: binary})
	}
	a.record.Programs = append(a.record.Programs, p)
	return p, nil
}

// stem begins the names of the files about one target.
func (a *assembly) stem(t build.Target) string {
	return fmt.Sprintf("picket_%s_%s_%s", a.source.Version, t.OS, t.Arch)
}

// archive packs a binary with what must go along with it.
func (a *assembly) archive(t build.Target, binary []byte) (string, error) {
	stem := a.stem(t)
	files := []pack.File{{Name: stem + "/" + t.Program(), Mode: 0o755, Data: binary}}
	for _, name := range []string{"LICENSE", "README.md"} {
		data, err := os.ReadFile(filepath.Join(a.source.Dir, name))
		if err != nil {
			return "", fmt.Errorf("pack %s: %w", stem, err)
		}
		files = append(files, pack.File{Name: stem + "/" + name, Mode: 0o644, Data: data})
	}
	var b bytes.Buffer
	name, write := stem+".tar.gz", pack.TarGz
	if t.OS == "windows" {
		name, write = stem+".zip", pack.Zip
	}
	if err := write(&b, files, a.source.Time); err != nil {
		return "", fmt.Errorf("pack %s: %w", stem, err)
	}
	if err := os.WriteFile(filepath.Join(a.dir, name), b.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("pack %s: %w", stem, err)
	}
	return name, nil
}

// image writes the container image as a folder, for tools that push, and as one file, for tools that load.
func (a *assembly) image() (err error) {
	about := image.About{Version: a.source.Version, Commit: a.source.Commit, Time: a.source.Time}
	digest, err := image.Write(filepath.Join(a.dir, imageDir), a.linux, about)
	if err != nil {
		return err
	}
	files, err := pack.Folder(os.DirFS(filepath.Join(a.dir, imageDir)))
	if err != nil {
		return err
	}
	name := "picket_" + a.source.Version + "_image.tar"
	f, err := os.Create(filepath.Join(a.dir, name))
	if err != nil {
		return fmt.Errorf("write image: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pack.Tar(f, files, a.source.Time); err != nil {
		return fmt.Errorf("write image: %w", err)
	}
	a.record.Image = container{Digest: digest.String(), Archive: name, Platforms: []string{}}
	for _, p := range a.linux {
		a.record.Image.Platforms = append(a.record.Image.Platforms, "linux/"+p.Arch)
	}
	return nil
}

// writeSums writes the checksums of every file in the folder itself, as sha256sum --check reads them.
func writeSums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("write checksums: %w", err)
	}
	var b bytes.Buffer
	for _, e := range entries { // in the order of names
		if e.IsDir() || e.Name() == sumsFile {
			continue
		}
		digest, err := build.Digest(filepath.Join(dir, e.Name()))
		if err != nil {
			return fmt.Errorf("write checksums: %w", err)
		}
		fmt.Fprintf(&b, "%s  %s\n", digest.Hex(), e.Name())
	}
	if err := os.WriteFile(filepath.Join(dir, sumsFile), b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write checksums: %w", err)
	}
	return nil
}

// digests are the files of a folder and below it, by name with slashes.
func digests(dir string) (map[string]picket.Digest, error) {
	all := map[string]picket.Digest{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a plain file", rel)
		}
		all[filepath.ToSlash(rel)], err = build.Digest(name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hash %s: %w", dir, err)
	}
	return all, nil
}

// names are the keys of digests in their order.
func names(of map[string]picket.Digest) []string {
	var all []string
	for name := range of {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
