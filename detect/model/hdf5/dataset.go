package hdf5

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/internal/limits"
)

// dataset judges how a dataset is stored, and has its content inspected when it is bytes.
func (s *scan) dataset(d *hdf5.Dataset) error {
	for _, e := range d.External {
		s.leads = append(s.leads, lead{rule: ruleStorage(), offset: d.Offset, subject: d.Path, file: e.Name,
			what: fmt.Sprintf("the elements are %d bytes at %d of the file %s", e.Size, e.Offset, picket.Printable(e.Name, 120))})
	}
	for _, m := range d.Mappings {
		if m.File != "." {
			s.leads = append(s.leads, lead{rule: ruleVirtual(), offset: d.Offset, subject: d.Path, file: m.File,
				what: fmt.Sprintf("elements come from %s of the file %s", picket.Printable(m.Dataset, 60), picket.Printable(m.File, 120))})
		}
	}
	if d.Unread > 0 {
		s.list.Add(ruleVirtual(), d.Offset, d.Path, fmt.Sprintf("%d mappings of a virtual dataset cannot be decoded", d.Unread))
	}
	for _, filter := range d.Filters {
		if filter.ID >= firstPlugin && filter.ID != hdf5.LZF {
			s.list.Add(ruleFilter(), d.Offset, d.Path, fmt.Sprintf("the filter %d (%s) is a plugin", filter.ID, picket.Printable(filter.Name, 60)))
		}
	}
	stored, pieces := int64(0), []hdf5.Piece(nil)
	err := s.f.Pieces(d, func(p hdf5.Piece) error {
		stored += p.Length
		if len(pieces) < maxChunks {
			pieces = append(pieces, p)
		}
		return nil
	})
	if errors.Is(err, limits.ErrExceeded) {
		return err
	}
	if err != nil {
		if faultErr := s.fault(d.Path, err); faultErr != nil {
			return faultErr
		}
	}
	s.shape(d, stored)
	if err := s.leadsBound(); err != nil || !d.Type.Bytes() || stored > maxBytes {
		return err
	}
	return s.content(d, pieces)
}

// firstPlugin is the first number of a filter that the library does not have itself.
const firstPlugin = 256

// shape judges the size of a dataset against what is stored of it.
func (s *scan) shape(d *hdf5.Dataset, stored int64) {
	const large, ratio = 1 << 30, 1100 // bytes; DEFLATE cannot exceed 1032:1
	chunk, chunkFits := d.ChunkBytes()
	n, fits := d.Bytes()
	switch {
	case !fits || !chunkFits:
		s.list.Named(ruleShape(), d.Offset, d.Path, fmt.Sprintf("the shape %v overflows", d.Space.Dims), "GHSA-xfhx-r7ww-5995")
	case d.Storage != hdf5.Virtual && len(d.External) == 0 && n > large && n/ratio > stored:
		s.list.Named(ruleShape(), d.Offset, d.Path, fmt.Sprintf("the shape %v takes %d bytes, of which %d are stored", d.Space.Dims, n, stored), "GHSA-xfhx-r7ww-5995")
	case chunk > large && chunk/ratio > stored:
		s.list.Named(ruleShape(), d.Offset, d.Path, fmt.Sprintf("a chunk of %d bytes, of which %d are stored", chunk, stored), "GHSA-xfhx-r7ww-5995")
	}
}

// content has the pieces of a dataset of bytes inspected.
func (s *scan) content(d *hdf5.Dataset, pieces []hdf5.Piece) error {
	for i, p := range pieces {
		err := s.piece(d, p, fmt.Sprintf("dataset %s, piece %d", picket.Printable(d.Path, 120), i))
		if s.ctx.Err() != nil || errors.Is(err, limits.ErrExceeded) {
			return err
		}
		if err == nil {
			continue
		}
		if err := s.fault(d.Path, err); err != nil {
			return err
		}
	}
	return nil
}

// piece has one piece inspected, without its filters.
func (s *scan) piece(d *hdf5.Dataset, p hdf5.Piece, name string) error {
	const short = 1 << 20
	if len(d.Filters) > 0 || p.Length <= short {
		data, ok, err := s.f.Decode(d, p)
		if err != nil {
			return err
		}
		if ok {
			return s.values(d.Type, data, p.Offset, name)
		}
		if len(d.Filters) > 0 && carries(d) {
			s.out.Gap(p.Offset, p.Length, name+": compressed by a filter that is not read")
		}
	}
	blob, err := s.in.Blob.Section(p.Offset, p.Length)
	if err != nil {
		return err
	}
	return s.inspect(name, blob)
}

// carries reports whether a dataset is of a form in which programs keep content of other formats: not of images, nor of short
// texts.
func carries(d *hdf5.Dataset) bool {
	const short = 24 // bytes; no pickle that does harm is shorter
	switch d.Type.Class {
	case hdf5.Opaque, hdf5.String:
		return d.Type.Size >= short
	case hdf5.Fixed, hdf5.Bitfield, hdf5.Array:
		return len(d.Space.Dims) <= 1
	}
	return false // of variable length: not compressed
}

// account counts the bytes of the file and has those inspected that belong to nothing.
func (s *scan) account() error {
	var holes []hdf5.Piece
	ledger, err := s.f.Account(func(p hdf5.Piece) {
		if p.Length >= minPayload {
			holes = append(holes, p)
		}
	})
	if err != nil {
		return err
	}
	s.out.Parsed(ledger.Structure)
	s.out.Opaque(ledger.Data)
	if ledger.Overlap.Length > 0 {
		s.list.Report(picket.Finding{Rule: ruleOverlap(), Location: picket.Location{Offset: ledger.Overlap.Offset, Length: ledger.Overlap.Length},
			Evidence: picket.NewEvidence(fmt.Sprintf("%d bytes belong to two datasets", ledger.Overlap.Length), "")})
	}
	slices.SortStableFunc(holes, func(a, b hdf5.Piece) int { return cmp.Compare(b.Length, a.Length) })
	for i, p := range holes {
		if i >= maxHoles {
			s.out.Opaque(p.Length)
			continue
		}
		if err := s.hole(p, fmt.Sprintf("unused bytes at %d", p.Offset)); err != nil {
			return err
		}
	}
	if s.f.Base > 0 {
		if err := s.hole(hdf5.Piece{Length: s.f.Base}, "user block"); err != nil {
			return err
		}
	}
	if ledger.Trailing.Length > 0 {
		s.list.Report(picket.Finding{Rule: ruleTrailing(), Location: picket.Location{Offset: ledger.Trailing.Offset, Length: ledger.Trailing.Length},
			Evidence: picket.NewEvidence(fmt.Sprintf("%d bytes follow the end that the file states", ledger.Trailing.Length), "")})
		return s.hole(ledger.Trailing, "data after the end")
	}
	return nil
}

// hole has bytes inspected that belong to nothing. Collections of the global heap among them hold the elements of datasets
// whose pieces are compressed.
func (s *scan) hole(p hdf5.Piece, name string) error {
	found := 0
	err := s.f.Collections(p, func(v hdf5.Value) error {
		if found++; found > maxElements {
			return nil
		}
		return s.inspect(fmt.Sprintf("heap object at %d", v.Offset), v.Blob)
	})
	if err != nil || found > 0 {
		s.out.Opaque(p.Length)
		return err
	}
	blob, err := s.in.Blob.Section(p.Offset, p.Length)
	if err != nil {
		return err
	}
	return s.inspect(name, blob)
}
