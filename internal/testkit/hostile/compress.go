package hostile

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// compressions lists the compressors by the names that joblib uses, each a function from content to a whole stream.
var compressions = []struct {
	name, extension string
	compress        func([]byte) ([]byte, error)
}{
	{"zlib", ".z", deflated}, {"gzip", ".gz", gzipped}, {"bz2", ".bz2", bzipped}, {"lzma", ".lzma", lzmaed}, {"xz", ".xz",
		xzed},
	{"lz4", ".lz4", lz4ed}, {"zstd", ".zst", zstded},
}

// through runs content through a compressor.
func through(content []byte, open func(io.Writer) (io.WriteCloser, error)) ([]byte, error) {
	var buf bytes.Buffer
	w, err := open(&buf)
	if err != nil {
		return nil, fmt.Errorf("open compressor: %w", err)
	}
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("finish compression: %w", err)
	}
	return buf.Bytes(), nil
}

func deflated(b []byte) ([]byte, error) {
	return through(b, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil })
}

func gzipped(b []byte) ([]byte, error) {
	return through(b, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func bzipped(b []byte) ([]byte, error) { return bzip2(b), nil }

func lzmaed(b []byte) ([]byte, error) {
	return through(b, func(w io.Writer) (io.WriteCloser, error) { return lzma.NewWriter(w) })
}

func xzed(b []byte) ([]byte, error) {
	return through(b, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })
}

func lz4ed(b []byte) ([]byte, error) {
	return through(b, func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil })
}

func zstded(b []byte) ([]byte, error) {
	return through(b, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) })
}

// then makes a Build function that transforms content.
func then(content []byte, transform func([]byte) ([]byte, error)) func() ([]byte, error) {
	return func() ([]byte, error) { return transform(content) }
}
