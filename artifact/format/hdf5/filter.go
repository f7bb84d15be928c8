package hdf5

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
)

// maxDecoded is how many bytes of one chunk are decoded; what is longer is cut.
const maxDecoded = 1 << 20

// Decode returns the elements of a chunk, up to a mebibyte of them. It is false for a chunk whose filters are not read here, or
// that they did not write. The error wraps limits.ErrExceeded.
func (f *File) Decode(d *Dataset, p Piece) (elements []byte, ok bool, err error) {
	if p.Length > maxRead {
		return nil, false, nil
	}
	b, err := f.Read(p)
	if err != nil {
		return nil, false, err
	}
	for i := len(d.Filters) - 1; i >= 0 && len(b) > 0; i-- {
		if err := f.budget.Output(maxDecoded); err != nil {
			return nil, false, fmt.Errorf("decode a chunk: %w", err)
		}
		switch d.Filters[i].ID {
		case Fletcher32:
			b = b[:max(0, len(b)-4)]
		case Deflate:
			b, ok = inflate(b)
		case LZF:
			b, ok = expand(b)
		case Shuffle:
			b, ok = unshuffle(b, int(d.layout.element)), true
		default:
			return nil, false, nil
		}
		if err := f.budget.Ops(int64(len(b)) / 8); err != nil {
			return nil, false, fmt.Errorf("decode a chunk: %w", err)
		}
		if !ok && d.Filters[i].ID != Fletcher32 {
			return nil, false, nil
		}
	}
	return b, len(b) > 0, nil
}

// inflate undoes DEFLATE.
func inflate(b []byte) ([]byte, bool) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, false
	}
	out, err := io.ReadAll(io.LimitReader(r, maxDecoded))
	return out, err == nil || len(out) > 0
}

// expand undoes LZF, the compression of h5py: runs of literals, and copies of what was written before.
func expand(b []byte) ([]byte, bool) {
	out := make([]byte, 0, min(4*len(b), maxDecoded))
	for at := 0; at < len(b) && len(out) < maxDecoded; {
		control := int(b[at])
		at++
		if control < 32 {
			n := control + 1
			if n > len(b)-at {
				return out, false
			}
			out = append(out, b[at:at+n]...)
			at += n
			continue
		}
		n := control >> 5
		if n == 7 && at < len(b) {
			n += int(b[at])
			at++
		}
		if at >= len(b) {
			return out, false
		}
		back := control&31<<8 + int(b[at]) + 1
		at++
		if back > len(out) {
			return out, false
		}
		for range n + 2 {
			out = append(out, out[len(out)-back])
		}
	}
	return out, true
}

// unshuffle puts the bytes of elements together again, of which a filter wrote all first bytes first.
func unshuffle(b []byte, size int) []byte {
	if size < 2 || size > len(b) {
		return b
	}
	count := len(b) / size
	out := make([]byte, 0, len(b))
	for i := range count {
		for j := range size {
			out = append(out, b[j*count+i])
		}
	}
	return append(out, b[count*size:]...)
}
