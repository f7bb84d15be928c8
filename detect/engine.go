package detect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Engine scans artifacts with a set of formats and detectors. It is safe for concurrent use.
type Engine struct {
	set    *Set
	limits limits.Limits
}

// NewEngine makes an engine. The limits apply to each artifact.
func NewEngine(set *Set, l limits.Limits) *Engine { return &Engine{set: set, limits: l} }

// Entry is one artifact to scan.
type Entry struct {
	Name    string // as the user will see it, with slashes
	Blob    *format.Blob
	Sibling func(name string) (*format.Blob, error) // see Input
}

// Scan inspects one artifact. The digest is left to the caller, who can compute it at the same time. The error is about the
// run itself (ctx cancelled); whatever is wrong with the content is in the result.
func (e *Engine) Scan(ctx context.Context, entry Entry) (picket.Result, error) {
	timed, cancel := context.WithTimeoutCause(ctx, e.limits.Wall,
		fmt.Errorf("time: %w (%v)", limits.ErrExceeded, e.limits.Wall))
	defer cancel()
	r := newRun(limits.NewBudget(e.limits))
	w := walk{set: e.set}
	top := &Output{run: r, engine: w}
	views, err := w.part(timed, top, Part{Name: entry.Name, Blob: entry.Blob, Sibling: entry.Sibling})
	if err != nil {
		if ctx.Err() != nil {
			return picket.Result{}, fmt.Errorf("scan %s: %w", picket.Printable(entry.Name, picket.MaxExcerpt), context.Cause(ctx))
		}
		r.gap(picket.Gap{Length: -1, Reason: err.Error()})
	}
	if r.dropped > 0 {
		r.gap(picket.Gap{Length: -1, Reason: fmt.Sprintf("%d more findings than the report lists", r.dropped)})
	}
	result := picket.Result{
		Artifact: picket.Artifact{Name: entry.Name, Size: entry.Blob.Size()},
		Coverage: r.coverage, Findings: r.sorted(), Trace: r.traces, Facts: r.known(), Vouches: r.vouched(), Formats: names(views),
	}
	if len(views) > 0 {
		result.Artifact.Format, result.Artifact.MediaType = views[0].Name, views[0].MediaType
	}
	result.Verdict = picket.Judge(result.Findings, result.Coverage)
	return result, nil
}

// names lists the names of formats.
func names(views []format.Info) []string {
	var list []string
	for _, v := range views {
		list = append(list, v.Name)
	}
	return list
}

// walk recognises content, runs the detectors on every view of it, and follows what they find.
type walk struct{ set *Set }

// inspect implements inspector for parts found inside others.
func (w walk) inspect(ctx context.Context, parent *Output, p Part) error {
	out := &Output{run: parent.run, engine: w, depth: parent.depth + 1, member: join(parent.member, p.Name)}
	budget := parent.run.budget
	for _, err := range []error{budget.Depth(out.depth), budget.Member()} {
		if err != nil {
			out.Gap(0, p.Blob.Size(), err.Error())
			return nil
		}
	}
	_, err := w.part(ctx, out, p)
	return err
}

// part recognises and inspects one artifact and returns its formats. The error is about the run itself.
func (w walk) part(ctx context.Context, out *Output, p Part) ([]format.Info, error) {
	blob, release, err := access(out.run.budget, w.set, p.Blob)
	if err != nil {
		out.Gap(0, p.Blob.Size(), err.Error())
		return nil, nil
	}
	defer release()
	window := int64(format.HeadSize)
	if p.Expect == TensorData {
		window = storageWindow
	}
	probe, err := out.run.probes.probe(blob, window)
	if err != nil {
		out.Gap(0, blob.Size(), err.Error())
		return nil, nil
	}
	if blob.Size() == 0 {
		return nil, nil
	}
	views := w.set.match(probe)
	if as, ok := w.set.infos[p.As]; ok && !slices.ContainsFunc(views, func(v format.Info) bool { return v.Name == as.Name }) {
		views = append(views, as)
	}
	if len(views) == 0 {
		w.unknown(out, p, blob)
		return nil, nil
	}
	w.names(out, p.Name, views)
	w.polyglot(out, views)
	views = append(views, w.claimed(p.Name, views)...)
	for _, view := range views {
		if err := w.view(ctx, out, p, blob, view); err != nil {
			return views, err
		}
	}
	return views, nil
}

// unknown accounts for content that no format recognises.
func (w walk) unknown(out *Output, p Part, blob *format.Blob) {
	if p.Expect == TensorData {
		out.Opaque(max(0, blob.Size()))
		return
	}
	out.run.coverage.Checked = true
	out.run.unsupported(out.member, unknownContent)
}

// view runs the detectors of one format. A detector's error becomes a gap.
func (w walk) view(ctx context.Context, out *Output, p Part, blob *format.Blob, view format.Info) error {
	out.run.coverage.Checked = out.run.coverage.Checked || view.Risk != format.Inert
	out.run.coverage.Executable = out.run.coverage.Executable || view.Risk == format.Active
	handlers := w.set.handle[view.Name]
	if len(handlers) == 0 && view.Refines == "" {
		if view.Risk != format.Inert {
			out.run.unsupported(out.member, view.Title)
		}
		return nil
	}
	in := Input{Format: view.Name, Member: out.member, Name: base(p.Name), Blob: blob, Budget: out.run.budget, Sibling: p.Sibling,
		Named: p.As == view.Name}
	for _, d := range handlers {
		err := safely(func() error { return d.Detect(ctx, in, out) })
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			w.failed(out, blob, view, err)
		}
	}
	return nil
}

// failed records that a detector did not reach the end of its content.
func (w walk) failed(out *Output, blob *format.Blob, view format.Info, err error) {
	offset := int64(0)
	if broken, ok := errors.AsType[*format.MalformedError](err); ok {
		offset = broken.Offset
	}
	length := int64(-1)
	if blob.Size() >= offset {
		length = blob.Size() - offset
	}
	out.Gap(offset, length, view.Title+": "+err.Error())
}

// safely turns a panic into an error: a bug in one parser must cost one file its verdict, not the run.
func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error, please report it: %v", p)
		}
	}()
	return f()
}

// base is the last element of a slash-separated path.
func base(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			return name[i+1:]
		}
	}
	return name
}

// NewProbe reads the head and, with random access, the tail of a blob.
func NewProbe(b *format.Blob) (format.Probe, error) {
	return new(probeBuffer).probe(b, format.HeadSize)
}

// Recognised reports whether content is inspected as a format anyway. It is for detectors that also look at text by the name of
// the file: loaders know some configurations by nothing else, and these may begin with anything. What cannot be read counts, because
// whoever reads it reports that.
func Recognised(b *format.Blob, f format.Format) bool {
	p, err := NewProbe(b)
	return err != nil || f.Match(p)
}

// probeBuffer is memory that one probe after the other uses: an archive may have a million parts.
type probeBuffer struct{ head, tail []byte }

// grow returns a slice of n bytes that has the memory of b if it is large enough.
func grow(b []byte, n int64) []byte {
	if int64(cap(b)) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// storageWindow is how much of the head and of the tail of tensor storage is looked at: enough for every magic and for the
// first opcodes of a pickle. A model has thousands of storages.
const storageWindow = 4 << 10

// probe reads the head of at most window bytes and, with random access, a tail of the same size or slightly more. The probe
// before is no longer valid.
func (buf *probeBuffer) probe(b *format.Blob, window int64) (format.Probe, error) {
	p := format.Probe{Size: b.Size(), Blob: b}
	r, err := b.Open()
	if err != nil {
		return p, fmt.Errorf("open content: %w", err)
	}
	want := window
	if p.Size >= 0 {
		want = min(want, p.Size)
	}
	head := grow(buf.head, want)
	buf.head = head
	n, err := io.ReadFull(r, head)
	if err = errors.Join(ignoreEnd(err), r.Close()); err != nil {
		return p, fmt.Errorf("read content: %w", err)
	}
	p.Head = head[:n]
	switch {
	case p.Size == int64(n):
		p.Tail = p.Head
	case b.At() != nil:
		start := max(0, p.Size-window-(format.TailSize-format.HeadSize))
		buf.tail = grow(buf.tail, p.Size-start)
		p.Tail = buf.tail
		if n, err := b.At().ReadAt(p.Tail, start); n < len(p.Tail) {
			return p, fmt.Errorf("read the end of the content: %w", err)
		}
	}
	return p, nil
}

// ignoreEnd drops the errors that only say that content was shorter than the buffer.
func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
