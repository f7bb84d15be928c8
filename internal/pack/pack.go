// Package pack writes archives whose bytes depend on their content alone: fixed order, fixed times, no owners. It is for the
// release tool and for dossiers. It reads no archives.
package pack

import (
	"archive/tar"
	"archive/zip"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// File is one file or, with a mode that says so, one folder of an archive.
type File struct {
	Name string      // path in the archive, with slashes
	Mode fs.FileMode // permissions; fs.ModeDir for a folder
	Data []byte
}

// TarGz writes files as a gzip-compressed tar archive, all from the same time.
func TarGz(w io.Writer, files []File, at time.Time) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("write tar.gz: %w", err)
	}
	return errors.Join(Tar(z, files, at), z.Close())
}

// Tar writes files as a tar archive in the order of their names, all from the same time and owned by root.
func Tar(w io.Writer, files []File, at time.Time) error {
	t := tar.NewWriter(w)
	for _, f := range ordered(files) {
		if err := tarOne(t, f, at); err != nil {
			return fmt.Errorf("write %s to tar: %w", f.Name, err)
		}
	}
	return t.Close()
}

// tarOne writes one entry.
func tarOne(t *tar.Writer, f File, at time.Time) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Data)), Mode: unix(f.Mode), ModTime: at.UTC().Truncate(time.Second),
		Format: tar.FormatUSTAR}
	if f.Mode.IsDir() {
		h.Typeflag, h.Name = tar.TypeDir, strings.TrimSuffix(f.Name, "/")+"/"
	}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err := t.Write(f.Data)
	return err
}

// unix is a mode as tar keeps it.
func unix(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

// Zip writes files as a zip archive in the order of their names, all from the same time.
func Zip(w io.Writer, files []File, at time.Time) error {
	z := zip.NewWriter(w)
	for _, f := range ordered(files) {
		h := &zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)}
		h.SetMode(f.Mode)
		member, err := z.CreateHeader(h)
		if err == nil {
			_, err = member.Write(f.Data)
		}
		if err != nil {
			return fmt.Errorf("write %s to zip: %w", f.Name, err)
		}
	}
	return z.Close()
}

// Folder lists the files of a folder for an archive, with the modes 0644 and 0755 whatever they are on this machine.
func Folder(fsys fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			files = append(files, File{Name: name, Mode: fs.ModeDir | 0o755})
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		files = append(files, File{Name: name, Mode: 0o644, Data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list folder: %w", err)
	}
	return files, nil
}

// ordered is the files in the order of their names.
func ordered(files []File) []File {
	return slices.SortedFunc(slices.Values(files), func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
}
