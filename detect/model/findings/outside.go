package findings

import (
	"context"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
)

// maxHoles is how many holes between tensors are inspected.
const maxHoles = 20

// Outside collects the bytes of a file of tensors that belong to no tensor, and has them inspected: what no reader looks at is
// where content is hidden. The zero value is ready.
type Outside struct {
	holes []span
	bytes int64 // in all holes
	more  bool  // than are kept
}

// span is a range of bytes.
type span struct{ from, length int64 }

// Hole adds a range between tensors.
func (o *Outside) Hole(from, length int64) {
	o.bytes += length
	if len(o.holes) < maxHoles {
		o.holes = append(o.holes, span{from, length})
	} else {
		o.more = true
	}
}

// Inspect accounts for the tensors, which lie from start to end by what the header says, and inspects the holes between them.
// It returns where the tensors end in the file, and the length of the file.
func (o *Outside) Inspect(ctx context.Context, blob *format.Blob, start, end int64, out *detect.Output) (last, size int64, err error) {
	if size, err = blob.Length(); err != nil {
		return 0, 0, err
	}
	last = min(end, size)
	out.Opaque(max(0, last-start-o.bytes))
	if end > size {
		out.Gap(size, end-size, fmt.Sprintf("the tensors reach to byte %d and the file ends at %d", end, size))
	}
	for _, hole := range o.holes {
		if err := inspect(ctx, blob, fmt.Sprintf("hole at %d", hole.from), hole.from, min(hole.from+hole.length, size), out); err != nil {
			return 0, 0, err
		}
	}
	if o.more {
		out.Gap(start, -1, "more holes between tensors than are inspected")
	}
	return last, size, nil
}

// Trailing reports by a rule the bytes from last to the end of a file, which follow its last tensor, and inspects them.
func (l *List) Trailing(ctx context.Context, rule picket.Rule, blob *format.Blob, last, size int64) error {
	l.Report(picket.Finding{Rule: rule, Location: picket.Location{Offset: last, Length: size - last},
		Evidence: picket.NewEvidence(fmt.Sprintf("%d bytes follow the last tensor", size-last), "")})
	return inspect(ctx, blob, "data after the tensors", last, size, l.out)
}

// inspect gives a range of a file to the engine.
func inspect(ctx context.Context, blob *format.Blob, name string, from, to int64, out *detect.Output) error {
	if from >= to {
		return nil
	}
	part, err := blob.Section(from, to-from)
	if err != nil {
		return fmt.Errorf("reach %s: %w", name, err)
	}
	return out.Inspect(ctx, detect.Part{Name: name, Blob: part})
}
