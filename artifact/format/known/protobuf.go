package known

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/picketsec/picket/artifact/format"
)

// structured are formats without a magic, recognised by the structure of their protocol buffers.
func structured() []entry {
	return []entry{
		// The pieces of a vocabulary and settings; the whole file is walked, so that calling it inert is safe.
		{describe(format.Inert, "sentencepiece", "SentencePiece vocabulary", "application/x-sentencepiece",
			"https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto"), sentencePiece},
	}
}

// Wire types.
const (
	varint = 0
	fixed  = 5 // 32 bits
	length = 2 // a length and as many bytes
)

// field is one field of a message.
type field struct {
	number int
	wire   int
	value  uint64 // of a varint
	head   []byte // the first bytes of a length-delimited one, up to headBytes
	size   int64
}

// headBytes is how much of a field is kept to look inside.
const headBytes = 512

// maxFields bounds how many fields of a message are walked; the largest vocabularies have a quarter of it.
const maxFields = 1 << 20

// walk reads the fields of a message. It returns false when the message is broken, or f does so.
func walk(in *bufio.Reader, f func(field) bool) bool {
	for range maxFields {
		tag, err := binary.ReadUvarint(in)
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil || tag>>3 == 0 || tag>>3 > 1<<20 {
			return false
		}
		x := field{number: int(tag >> 3), wire: int(tag & 7)}
		switch x.wire {
		case varint:
			if x.value, err = binary.ReadUvarint(in); err != nil {
				return false
			}
		case fixed:
			if _, err := in.Discard(4); err != nil {
				return false
			}
		case length:
			n, err := binary.ReadUvarint(in)
			if err != nil || n > 1<<40 {
				return false
			}
			x.size = int64(n)
			x.head, _ = in.Peek(int(min(n, headBytes))) // shorter at the end, which Discard notices
			if !f(x) {
				return false
			}
			if _, err := io.CopyN(io.Discard, in, x.size); err != nil {
				return false
			}
			continue
		default:
			return false
		}
		if !f(x) {
			return false
		}
	}
	return false
}

// top walks the fields of the content as far as it is at hand. It stops early and without complaint when f returns false.
func top(head []byte, f func(field) bool) {
	for range 64 {
		tag, n := binary.Uvarint(head)
		if n <= 0 || tag>>3 == 0 {
			return
		}
		x := field{number: int(tag >> 3), wire: int(tag & 7)}
		head = head[n:]
		switch x.wire {
		case varint:
			if x.value, n = binary.Uvarint(head); n <= 0 {
				return
			}
		case fixed:
			n = 4
		case length:
			size, w := binary.Uvarint(head)
			if w <= 0 || size > 1<<40 {
				return
			}
			x.size = int64(size)
			x.head = head[w:]
			if size < uint64(len(x.head)) {
				x.head = x.head[:size]
			}
			n = w + int(min(size, 1<<40))
		default:
			return
		}
		if !f(x) || n > len(head) {
			return
		}
		head = head[n:]
	}
}

// sentencePiece walks the whole file: pieces with a text and a score, then settings.
func sentencePiece(p format.Probe) bool {
	const most = 256 << 20 // bytes of a vocabulary; the largest has 8 MiB
	if len(p.Head) < 8 || p.Head[0] != 0x0a || p.Blob == nil || p.Size > most {
		return false
	}
	if first, n := binary.Uvarint(p.Head[1:]); n != 1 || first < 7 || int(first)+2 > len(p.Head) || !piece(p.Head[2:2+first]) {
		return false // most content ends here, before the file is read
	}
	r, err := p.Blob.Open()
	if err != nil {
		return false
	}
	pieces := 0
	ok := walk(bufio.NewReader(io.LimitReader(r, most)), func(x field) bool {
		switch {
		case x.number == 1 && x.wire == length && x.size <= headBytes && piece(x.head):
			pieces++
			return true
		case x.number >= 2 && x.number <= 5 && x.wire == length && x.size <= 16<<20:
			return true
		}
		return false
	})
	return r.Close() == nil && ok && pieces >= 3
}

// piece matches one piece of a vocabulary: a text, a score, a type.
func piece(b []byte) bool {
	text, score := false, false
	used := 0
	top(b, func(x field) bool {
		switch {
		case x.number == 1 && x.wire == length && !text && int64(len(x.head)) == x.size && unicode8(x.head):
			text = true
		case x.number == 2 && x.wire == fixed && !score:
			score = true
		case x.number == 3 && x.wire == varint && x.value <= 6:
		default:
			used = -1 << 10
		}
		used++
		return used > 0
	})
	return text && used > 0 && (score || len(b) > 2)
}
