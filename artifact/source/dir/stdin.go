package dir

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// Stdin is the item for standard input, shown as "-". A redirected file is read in place. Anything else is held in memory up
// to limit bytes; more goes to an unlinked temporary file in scratch, or is refused when scratch is empty.
func Stdin(in io.Reader, scratch string, limit int64) detect.Item {
	return detect.Item{Name: "-", Size: -1, Open: func() (*detect.Opened, error) {
		if f, ok := in.(*os.File); ok {
			if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
				return &detect.Opened{Blob: format.NewBlob(f, info.Size()), Close: nothing,
					Settled: func() error { return settled(f, info.Size(), info.ModTime()) }}, nil
			}
		}
		var held bytes.Buffer
		n, err := io.CopyN(&held, in, limit+1)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		if n <= limit {
			return &detect.Opened{Blob: format.BytesBlob(held.Bytes()), Settled: nothing, Close: nothing}, nil
		}
		if scratch == "" {
			return nil, fmt.Errorf("standard input is larger than %d MiB: give --scratch DIR to allow a temporary file", limit>>20)
		}
		return spool(io.MultiReader(&held, in), scratch)
	}}
}

// nothing is a step that cannot fail.
func nothing() error { return nil }

// spool copies a stream to a temporary file that has no name, so that nothing is left behind whatever happens.
func spool(r io.Reader, scratch string) (*detect.Opened, error) {
	f, err := os.CreateTemp(scratch, "picket-*")
	if err != nil {
		return nil, fmt.Errorf("create a temporary file: %w", cause(err))
	}
	err = os.Remove(f.Name())
	size := int64(0)
	if err == nil {
		size, err = io.Copy(f, r)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy standard input to a temporary file: %w", err), f.Close())
	}
	return &detect.Opened{Blob: format.NewBlob(f, size), Settled: nothing, Close: f.Close}, nil
}
