package executorch

import (
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/flatbuffer"
	"github.com/picketsec/picket/internal/limits"
)

// The numbers of the fields of Program.
const (
	programVersion, programPlans, programConstants, programInline, programSegments = 0, 1, 2, 3, 4
	programConstantSegment, programMutable, programNamed                           = 5, 6, 7
)

// The numbers of the fields of ExecutionPlan.
const (
	planName, planValues, planChains, planOperators, planDelegates = 0, 2, 5, 6, 7
)

// reader reads one program.
type reader struct {
	size     int64 // of the file
	h        header
	visit    Visitor
	root     flatbuffer.Table
	segments []Segment
	bad      int // problems so far
}

// maxSegments is how many segments a file may have.
const maxSegments = 1 << 16

// Read reads a program. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(b *format.Blob, budget *limits.Budget, visit Visitor) (Program, error) {
	h, buffer, root, err := open(b, budget)
	if err != nil {
		return Program{}, err
	}
	r := &reader{size: b.Size(), h: h, visit: visit, root: root}
	var p Program
	if p.Version, err = root.Uint32(programVersion, 0); err != nil {
		return p, err
	}
	if err := r.layout(programSegments); err != nil {
		return p, err
	}
	if err := r.subsegments(); err != nil {
		return p, err
	}
	plans, err := root.Offsets(programPlans)
	if err != nil {
		return p, err
	}
	p.Plans = plans.Len
	if err := plans.Tables(r.plan); err != nil {
		return p, err
	}
	if err := r.named(programNamed); err != nil {
		return p, err
	}
	constants, err := root.Offsets(programConstants)
	if err == nil {
		err = constants.Tables(func(_ int64, t flatbuffer.Table) error { _, err := t.Vector(0, 1); return err })
	}
	p.End = h.program
	if h.base == 0 {
		p.End = buffer.Reached()
	}
	return p, err
}

// ReadData reads a data file: segments, and names that point to them.
func ReadData(b *format.Blob, budget *limits.Budget, visit Visitor) (Program, error) {
	h, buffer, root, err := open(b, budget)
	if err != nil {
		return Program{}, err
	}
	if raw, err := b.ReadRange(8, min(4, b.Size()-8)); err == nil && string(raw) == "FH01" && b.Size() >= 48 {
		if h, err = dataHeader(b); err != nil {
			return Program{}, err
		}
	}
	r := &reader{size: b.Size(), h: h, visit: visit, root: root}
	if err := r.layout(1); err != nil {
		return Program{}, err
	}
	end := buffer.Reached()
	return Program{End: max(end, min(h.program, h.base))}, r.named(2)
}

// problem hands on a number that points at nothing.
func (r *reader) problem(at int64, form string, args ...any) {
	r.bad++
	r.visit.Problem(Problem{at, fmt.Sprintf(form, args...)})
}

// layout reads where the segments lie.
func (r *reader) layout(field int) error {
	list, err := r.root.Offsets(field)
	if err != nil {
		return err
	}
	if list.Len > maxSegments {
		return format.Malformed(list.Offset, "%d segments", list.Len)
	}
	return list.Tables(func(i int64, t flatbuffer.Table) error {
		offset, err := t.Uint64(0, 0)
		if err != nil {
			return err
		}
		size, err := t.Uint64(1, 0)
		if err != nil {
			return err
		}
		room := uint64(r.size - r.h.base)
		s := Segment{Start: r.h.base}
		switch {
		case r.h.base < r.h.program && size > 0:
			r.problem(t.Offset, "segment %d lies in a file without a place for segments behind its program", i)
		case offset > room || size > room-offset:
			r.problem(t.Offset, "segment %d of %d bytes at %d lies outside of the %d bytes for segments", i, size, offset, room)
		default:
			s = Segment{r.h.base + int64(offset), int64(size)}
			r.visit.Segment(s)
		}
		r.segments = append(r.segments, s)
		return nil
	})
}

// subsegments checks the tensors inside of segments.
func (r *reader) subsegments() error {
	check := func(_ int64, t flatbuffer.Table) error {
		index, err := t.Uint32(0, 0)
		if err != nil {
			return err
		}
		offsets, err := t.Vector(1, 8)
		if err != nil || offsets.Len == 0 {
			return err
		}
		if int(index) >= len(r.segments) {
			r.problem(t.Offset, "constants lie in segment %d of %d", index, len(r.segments))
			return nil
		}
		for i := range offsets.Len {
			at, err := offsets.Uint(i)
			if err != nil {
				return err
			}
			if at > uint64(r.segments[index].Size) {
				r.problem(offsets.Offset+8*i, "a constant lies at byte %d of a segment of %d bytes", at, r.segments[index].Size)
			}
		}
		return nil
	}
	one, ok, err := r.root.Table(programConstantSegment)
	if err == nil && ok {
		err = check(0, one)
	}
	if err != nil {
		return err
	}
	mutable, err := r.root.Offsets(programMutable)
	if err != nil {
		return err
	}
	return mutable.Tables(check)
}

// named checks names that point to segments.
func (r *reader) named(field int) error {
	list, err := r.root.Offsets(field)
	if err != nil {
		return err
	}
	return list.Tables(func(_ int64, t flatbuffer.Table) error {
		key, _, err := t.Text(0, maxName)
		if err != nil {
			return err
		}
		r.visit.Text("name of data", key, t.Offset)
		index, err := t.Uint32(1, 0)
		if err == nil && int(index) >= len(r.segments) {
			r.problem(t.Offset, "named data lies in segment %d of %d", index, len(r.segments))
		}
		return err
	})
}
