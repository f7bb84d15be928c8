package xml

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
)

// ErrEncoding tells errors about the encoding from others: what the document says cannot be compared with what it is.
var ErrEncoding = &encodingError{}

// encodingError is a document in an encoding that is not read, or that claims one that it does not have.
type encodingError struct {
	reason string
}

// Error implements error.
func (e *encodingError) Error() string { return "malformed at byte 0: " + e.reason }

// Unwrap makes the error one about malformed content.
func (e *encodingError) Unwrap() error { return format.ErrMalformed }

// Is makes every error of this kind equal to ErrEncoding.
func (e *encodingError) Is(target error) bool { return target == error(ErrEncoding) }

// wide returns the byte order of content in UTF-16; nil for other content.
func wide(head []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{'<', 0, '?', 0}):
		return binary.LittleEndian
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}), bytes.HasPrefix(head, []byte{0, '<', 0, '?'}):
		return binary.BigEndian
	}
	return nil
}

// start looks at the first bytes.
func (r *Reader) start() error {
	r.started = true
	r.have(4)
	if order := wide(r.buf); order != nil {
		r.in = &wideReader{in: io.MultiReader(bytes.NewReader(append([]byte(nil), r.buf...)), r.in), order: order}
		r.buf, r.err, r.fault = nil, nil, "wide"
		r.have(4)
	}
	if bytes.HasPrefix(r.buf, []byte("\ufeff")) {
		r.take(3)
	}
	for r.have(1) && strings.IndexByte(" \t\r\n", r.buf[0]) >= 0 {
		r.take(1)
	}
	return nil
}

// checkEncoding compares the encoding that is declared with the one that the bytes have. In an encoding that does not agree
// with ASCII, markup could stand where this reader sees none.
func (r *Reader) checkEncoding() error {
	declared := strings.ToLower(r.charset)
	isWide := r.fault == "wide"
	switch {
	case declared == "":
		return nil
	case declared == "utf-8" || declared == "us-ascii" || declared == "ascii" || declared == "utf8" ||
		strings.HasPrefix(declared, "iso-8859-") || strings.HasPrefix(declared, "windows-125") || declared == "latin1":
		if isWide {
			return &encodingError{"the document is in UTF-16 and declares another encoding"}
		}
		return nil
	case strings.HasPrefix(declared, "utf-16") || declared == "ucs-2" || declared == "iso-10646-ucs-2":
		if !isWide {
			return &encodingError{"the document declares UTF-16 and is not in it"}
		}
		return nil
	}
	return &encodingError{"the document is in an encoding that hides markup from other readers"}
}

// wideReader turns UTF-16 into UTF-8.
type wideReader struct {
	in    io.Reader
	order binary.ByteOrder
	raw   [8 << 10]byte
	kept  int    // bytes in raw that wait for their other half
	out   []byte // decoded and not handed out
	err   error
}

// Read implements io.Reader.
func (w *wideReader) Read(p []byte) (int, error) {
	for len(w.out) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		n, err := w.in.Read(w.raw[w.kept:])
		n += w.kept
		use := n &^ 1
		if use >= 2 && utf16.IsSurrogate(rune(w.order.Uint16(w.raw[use-2:]))) && w.order.Uint16(w.raw[use-2:]) < 0xdc00 && err == nil {
			use -= 2 // the second half of the pair follows
		}
		w.out = decodeWide(w.raw[:use], w.order)
		w.kept = copy(w.raw[:], w.raw[use:n])
		w.err = err
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	return n, nil
}

// decodeWide turns UTF-16 into UTF-8.
func decodeWide(b []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	var out []byte
	for _, c := range utf16.Decode(units) {
		out = utf8.AppendRune(out, c)
	}
	return out
}
