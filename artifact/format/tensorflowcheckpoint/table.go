package tensorflowcheckpoint

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Bounds of a table.
const (
	maxBlock = 8 << 20 // bytes; writers end a block at 256 KiB
	maxKey   = 1 << 16 // bytes
	trailer  = 5       // bytes after a block: how it is compressed, and its sum
)

// handle is where a block lies.
type handle struct{ offset, size int64 }

// readHandle reads a handle and returns what follows it.
func readHandle(b []byte) (h handle, rest []byte, ok bool) {
	offset, n := binary.Uvarint(b)
	if n <= 0 || offset > 1<<62 {
		return h, nil, false
	}
	size, m := binary.Uvarint(b[n:])
	if m <= 0 || size > 1<<62 {
		return h, nil, false
	}
	return handle{int64(offset), int64(size)}, b[n+m:], true
}

// table reads the blocks of a table.
type table struct {
	blob   *format.Blob
	budget *limits.Budget
	read   int64 // bytes of blocks and of the end
}

// footer reads the end: where the block is that lists all others.
func (t *table) footer() (index handle, err error) {
	at := t.blob.Size() - footerSize
	b, err := t.blob.ReadRange(at, footerSize)
	if err != nil {
		return handle{}, err
	}
	meta, rest, ok := readHandle(b)
	if ok {
		index, _, ok = readHandle(rest)
	}
	if !ok || binary.LittleEndian.Uint64(b[footerSize-8:]) != magic {
		return handle{}, format.Malformed(at, "the end of the table is broken")
	}
	t.read += footerSize
	return index, t.block(meta, func(_, _ []byte, at int64) error { return nil })
}

// block calls visit for every entry of a block. Key and value are valid until it returns; at is where the value lies.
func (t *table) block(h handle, visit func(key, value []byte, at int64) error) error {
	if h.size > maxBlock {
		return format.Malformed(h.offset, "a block of %d bytes", h.size)
	}
	if err := t.budget.Ops(1 + h.size/16); err != nil {
		return err
	}
	release, err := t.budget.Hold(h.size)
	if err != nil {
		return fmt.Errorf("hold a block: %w", err)
	}
	defer release()
	b, err := t.blob.ReadRange(h.offset, h.size+trailer)
	if err != nil {
		return err
	}
	content, kind, sum := b[:h.size], b[h.size], binary.LittleEndian.Uint32(b[h.size+1:])
	crc := crc32.Checksum(b[:h.size+1], crc32.MakeTable(crc32.Castagnoli))
	if masked := (crc>>15 | crc<<17) + 0xa282ead8; masked != sum {
		return format.Malformed(h.offset, "the sum of a block differs from its content")
	}
	if kind != 0 {
		return format.Malformed(h.offset, "a block is compressed, which no writer of checkpoints does")
	}
	t.read += h.size + trailer
	return entries(content, h.offset, visit)
}

// entries walks the entries of a block: each key is what it shares with the one before, and a rest.
func entries(b []byte, start int64, visit func(key, value []byte, at int64) error) error {
	if len(b) < 4 {
		return format.Malformed(start, "a block of %d bytes", len(b))
	}
	restarts := int64(binary.LittleEndian.Uint32(b[len(b)-4:]))
	if restarts > int64(len(b)-4)/4 {
		return format.Malformed(start, "a block with %d restarts in %d bytes", restarts, len(b))
	}
	end := int64(len(b)) - 4 - 4*restarts
	var key []byte
	for at := int64(0); at < end; {
		var numbers [3]uint64
		for i := range numbers {
			v, n := binary.Uvarint(b[at:end])
			if n <= 0 || v > maxBlock {
				return format.Malformed(start+at, "the length of an entry is broken")
			}
			numbers[i] = v
			at += int64(n)
		}
		shared, rest, size := int64(numbers[0]), int64(numbers[1]), int64(numbers[2])
		if shared > int64(len(key)) || rest+size > end-at || shared+rest > maxKey {
			return format.Malformed(start+at, "an entry is longer than its block")
		}
		key = append(key[:shared:shared], b[at:at+rest]...)
		at += rest
		if err := visit(key, b[at:at+size], start+at); err != nil {
			return err
		}
		at += size
	}
	return nil
}
