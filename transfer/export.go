package transfer

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// listName is the first entry of the archive.
const listName = "transfer.json"

// Source is a part that is to be carried, in a file of this machine.
type Source struct {
	Kind   Kind
	Name   string
	Number int64
	File   string
}

// Export writes a signed transfer. Each file is read twice, once for its digest; one that changes in between is an error.
func Export(ctx context.Context, w io.Writer, sources []Source, now time.Time, signer evidence.Signer) (*List, error) {
	list := &List{Schema: schema, Time: now.UTC().Truncate(time.Second)}
	for _, s := range sources {
		digest, size, err := hashFile(ctx, s.File)
		if err != nil {
			return nil, fmt.Errorf("read part: %w", err)
		}
		list.Parts = append(list.Parts, Part{Kind: s.Kind, Name: s.Name, Number: s.Number, Digest: digest, Size: size})
	}
	if err := list.validate(); err != nil {
		return nil, fmt.Errorf("list parts: %w", err)
	}
	statement, err := evidence.NewStatement("transfer", list.digest(), Predicate, list)
	if err != nil {
		return nil, err
	}
	bundle, err := evidence.Sign(ctx, statement, signer)
	if err != nil {
		return nil, err
	}
	head, err := bundle.Marshal()
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(w)
	if err := writeEntry(archive, listName, int64(len(head)), list.Time); err != nil {
		return nil, err
	}
	if _, err := archive.Write(head); err != nil {
		return nil, fmt.Errorf("write transfer: %w", err)
	}
	for i, p := range list.Parts {
		if err := writePart(ctx, archive, p, sources[i].File, list.Time); err != nil {
			return nil, fmt.Errorf("write part %s: %w", p.ID(), err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("write transfer: %w", err)
	}
	return list, nil
}

// writeEntry starts an entry. Nothing in it depends on the machine.
func writeEntry(archive *tar.Writer, name string, size int64, at time.Time) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: at, Format: tar.FormatUSTAR}
	if err := archive.WriteHeader(header); err != nil {
		return fmt.Errorf("write transfer: %w", err)
	}
	return nil
}

// writePart copies a file that must still be what it was.
func writePart(ctx context.Context, archive *tar.Writer, p Part, file string, at time.Time) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := writeEntry(archive, p.ID(), p.Size, at); err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(archive, h), io.LimitReader(reader{ctx, f}, p.Size))
	if err != nil {
		return err
	}
	if n != p.Size || picket.SHA256([sha256.Size]byte(h.Sum(nil))) != p.Digest {
		return evidence.ErrChanged
	}
	return nil
}

// hashFile is the digest and the size of a file.
func hashFile(ctx context.Context, name string) (digest picket.Digest, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%s is not a file", name)
	}
	h := sha256.New()
	size, err = io.Copy(h, reader{ctx, f})
	return picket.SHA256([sha256.Size]byte(h.Sum(nil))), size, err
}

// reader ends with the context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
