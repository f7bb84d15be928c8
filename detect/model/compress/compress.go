// Package compress expands compression streams and has their content inspected as if it lay in a file of its own. It is for the
// engine. It judges the stream only: what follows it, and what it states about its content.
package compress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/compress"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/limits"
)

// Detector expands compression streams.
type Detector struct{}

// New returns the detector.
func New() detect.Detector { return Detector{} }

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	var names []string
	for _, f := range compress.New() {
		names = append(names, f.Info().Name)
	}
	return detect.Info{Name: "compress", Title: "The content of compression streams, and what follows them", Formats: names, Rules: rules()}
}

// content opens a stream again for each reader and keeps what the first one that reached the end saw.
type content struct {
	kind   compress.Kind
	blob   *format.Blob
	budget *limits.Budget
	mu     sync.Mutex
	ended  bool
	end    compress.End
	broken error // why the stream cannot be expanded to its end
}

// open starts to expand.
func (c *content) open() (io.ReadCloser, error) {
	r, err := c.blob.Open()
	if err != nil {
		return nil, err
	}
	s, err := compress.Open(c.kind, r, c.budget)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &reader{Stream: s, below: r, c: c}, nil
}

// reader notes the end of the stream.
type reader struct {
	*compress.Stream
	below io.Closer
	c     *content
}

// Read implements io.Reader. A stream that is cut off or damaged ends there: a loader that reads as it goes has run by then what
// stands before.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.Stream.Read(p)
	malformed := errors.Is(err, format.ErrMalformed)
	if !malformed && !errors.Is(err, io.EOF) {
		return n, err
	}
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	r.c.ended = true
	if malformed {
		r.c.broken = err
		return n, io.EOF
	}
	r.c.end = r.Stream.End()
	return n, err
}

// Close implements io.Closer.
func (r *reader) Close() error { return errors.Join(r.Stream.Close(), r.below.Close()) }

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	c := &content{kind: compress.Kind(in.Format), blob: in.Blob, budget: in.Budget}
	if err := out.Inspect(ctx, detect.Part{Name: inner(in.Name), Blob: format.StreamBlob(-1, c.open), Sibling: in.Sibling}); err != nil {
		return err
	}
	if !c.ended {
		if err := c.drain(ctx); err != nil {
			return err
		}
	}
	if c.broken != nil {
		return c.broken
	}
	return report(ctx, in, out, c.end)
}

// drain reads the stream to its end when the detectors of its content did not, so that what follows it is found.
func (c *content) drain(ctx context.Context) error {
	r, err := c.open()
	if err != nil {
		return err
	}
	for err == nil {
		if err = ctx.Err(); err == nil {
			_, err = io.CopyN(io.Discard, r, 1<<20)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, r.Close())
}

// report says what the end of the stream showed, and has inspected what follows it.
func report(ctx context.Context, in detect.Input, out *detect.Output, end compress.End) error {
	found := func(rule picket.Rule, at int64, format string, args ...any) {
		out.Report(picket.Finding{Rule: rule, Location: picket.At("", at), Evidence: picket.NewEvidence(fmt.Sprintf(format, args...), "")})
	}
	if end.Checksum {
		found(ruleChecksum(), -1, "the content of the %s stream does not have the stated checksum", in.Format)
	}
	if end.Length {
		found(ruleChecksum(), -1, "the content of the %s stream does not have the stated length", in.Format)
	}
	if end.Trailing < 0 {
		return nil
	}
	found(ruleTrailing(), end.Trailing, "content follows the %s stream, which ends at byte %d", in.Format, end.Trailing)
	return out.Inspect(ctx, detect.Part{Name: "(after the stream)", Blob: after(in.Blob, end.Trailing)})
}

// after is the content from an offset to the end, also of a blob whose length is not known.
func after(b *format.Blob, offset int64) *format.Blob {
	if n := b.Size(); n >= offset {
		if rest, err := b.Section(offset, n-offset); err == nil {
			return rest
		}
	}
	return format.StreamBlob(-1, func() (io.ReadCloser, error) {
		r, err := b.Open()
		if err != nil {
			return nil, err
		}
		if _, err := io.CopyN(io.Discard, r, offset); err != nil {
			return nil, errors.Join(fmt.Errorf("skip to byte %d: %w", offset, err), r.Close())
		}
		return r, nil
	})
}

// inner is the name of the content: without the extension of the compression, when there is one.
func inner(name string) string {
	lower := strings.ToLower(name)
	for _, ext := range [][2]string{{".tgz", ".tar"}, {".tbz2", ".tar"}, {".txz", ".tar"}, {".gz", ""}, {".bz2", ""}, {".xz", ""},
		{".lzma", ""}, {".lz4", ""}, {".zst", ""}, {".zstd", ""}, {".zlib", ""}, {".z", ""}} {
		if stem := len(name) - len(ext[0]); stem > 0 && strings.HasSuffix(lower, ext[0]) {
			return name[:stem] + ext[1]
		}
	}
	return "(expanded)"
}
