package hostile

import (
	"bytes"
	"sort"
)

// bits writes numbers of any width, the highest bit first.
type bits struct {
	out  []byte
	free int // bits left in the last byte
}

func (w *bits) write(n uint64, width int) {
	for i := width - 1; i >= 0; i-- {
		if w.free == 0 {
			w.out, w.free = append(w.out, 0), 8
		}
		w.free--
		w.out[len(w.out)-1] |= byte(n>>i&1) << w.free
	}
}

// bzip2 writes content of less than 90 kB as one bzip2 stream. The standard library only reads the format. The sort is the
// plain one and the code lengths are nearly equal: this is for small samples.
func bzip2(content []byte) []byte {
	w := &bits{out: []byte("BZh1")}
	crc := bzip2CRC(content)
	if len(content) > 0 {
		last, origin := rotate(runs(content))
		symbols, used := moveToFront(last)
		w.write(0x314159265359, 48)
		w.write(uint64(crc), 32)
		w.write(0, 1)
		w.write(uint64(origin), 24)
		writeUsed(w, used)
		writeSymbols(w, symbols, len(used)+2)
	} else {
		crc = 0
	}
	w.write(0x177245385090, 48)
	w.write(uint64(crc), 32)
	return w.out
}

// bzip2CRC is CRC-32 with the highest bit first.
func bzip2CRC(content []byte) uint32 {
	crc := ^uint32(0)
	for _, b := range content {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return ^crc
}

// runs replaces each run of 4 to 255 equal bytes by four of them and a count.
func runs(content []byte) []byte {
	var out []byte
	for i := 0; i < len(content); {
		n := 1
		for i+n < len(content) && content[i+n] == content[i] && n < 255 {
			n++
		}
		out = append(out, bytes.Repeat(content[i:i+1], min(n, 4))...)
		if n >= 4 {
			out = append(out, byte(n-4))
		}
		i += n
	}
	return out
}

// rotate is the Burrows-Wheeler transform.
func rotate(b []byte) (last []byte, origin int) {
	doubled := append(bytes.Clone(b), b...)
	order := make([]int, len(b))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		return bytes.Compare(doubled[order[i]:order[i]+len(b)], doubled[order[j]:order[j]+len(b)]) < 0
	})
	for at, start := range order {
		if start == 0 {
			origin = at
		}
		last = append(last, doubled[start+len(b)-1])
	}
	return last, origin
}

// moveToFront codes bytes by how recently they were seen; runs of zero become numbers in two digits, and the highest symbol
// ends the block.
func moveToFront(last []byte) (symbols []int, used []byte) {
	var present [256]bool
	for _, b := range last {
		present[b] = true
	}
	for b, is := range present {
		if is {
			used = append(used, byte(b))
		}
	}
	list, zeros := bytes.Clone(used), 0
	flush := func() {
		for ; zeros > 0; zeros = (zeros - 1) / 2 {
			symbols = append(symbols, (zeros-1)%2)
		}
	}
	for _, b := range last {
		at := bytes.IndexByte(list, b)
		if at == 0 {
			zeros++
			continue
		}
		flush()
		symbols = append(symbols, at+1)
		copy(list[1:at+1], list[:at])
		list[0] = b
	}
	flush()
	return append(symbols, len(used)+1), used
}

// writeUsed writes the map of bytes that occur.
func writeUsed(w *bits, used []byte) {
	var rows [16]uint64
	for _, b := range used {
		rows[b>>4] |= 1 << (15 - b&15)
	}
	for _, row := range rows {
		w.write(min(row, 1), 1)
	}
	for _, row := range rows {
		if row != 0 {
			w.write(row, 16)
		}
	}
}

// writeSymbols writes two equal Huffman tables, of which the first is used everywhere, and the symbols.
func writeSymbols(w *bits, symbols []int, alphabet int) {
	long := 1
	for 1<<long < alphabet {
		long++
	}
	short := 1<<long - alphabet // this many codes are one bit shorter, so that the code is complete
	groups := (len(symbols) + 49) / 50
	w.write(2, 3)
	w.write(uint64(groups), 15)
	w.write(0, groups)
	for range 2 {
		writeLengths(w, alphabet, short, long)
	}
	for _, symbol := range symbols {
		if symbol < short {
			w.write(uint64(symbol), long-1)
		} else {
			w.write(uint64(symbol+short), long)
		}
	}
}

// writeLengths writes the code lengths of one table as differences.
func writeLengths(w *bits, alphabet, short, long int) {
	length := long
	if short > 0 {
		length--
	}
	w.write(uint64(length), 5)
	for symbol := range alphabet {
		if symbol == short && symbol > 0 {
			w.write(2, 2) // one longer
		}
		w.write(0, 1)
	}
}
