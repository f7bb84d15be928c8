package keras

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// UTF8 is a document as UTF-8. Python's json module, by which Keras reads the configuration of an archive, takes UTF-16 and
// UTF-32 too, with a mark in front or by where the zero bytes of the first characters are.
func UTF8(b []byte) []byte {
	width, order := encoding(b)
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return b[3:]
	case width == 2:
		units := make([]uint16, 0, len(b)/2)
		for ; len(b) >= 2; b = b[2:] {
			units = append(units, order.Uint16(b))
		}
		return []byte(string(withoutMark(utf16.Decode(units))))
	case width == 4:
		runes := make([]rune, 0, len(b)/4)
		for ; len(b) >= 4; b = b[4:] {
			runes = append(runes, rune(order.Uint32(b)))
		}
		return []byte(string(withoutMark(runes)))
	}
	return b
}

// Wide reports whether a document that begins so has more than one byte to a character.
func Wide(b []byte) bool {
	width, _ := encoding(b)
	return width > 1
}

// withoutMark drops a byte order mark.
func withoutMark(text []rune) []rune {
	if len(text) > 0 && text[0] == '\ufeff' {
		return text[1:]
	}
	return text
}

// encoding is how many bytes a character takes, as json.detect_encoding finds it, and in which order.
func encoding(b []byte) (int, binary.ByteOrder) {
	if len(b) < 4 {
		return 1, nil
	}
	switch {
	case bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff")):
		return 4, binary.BigEndian
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")):
		return 4, binary.LittleEndian
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return 2, binary.BigEndian
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return 2, binary.LittleEndian
	case b[0] == 0 && b[1] == 0:
		return 4, binary.BigEndian
	case b[0] == 0:
		return 2, binary.BigEndian
	case b[1] == 0 && b[2] == 0 && b[3] == 0:
		return 4, binary.LittleEndian
	case b[1] == 0:
		return 2, binary.LittleEndian
	}
	return 1, nil
}
