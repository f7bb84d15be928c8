package pickle

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/marshal"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/detect"
)

// maxPayload is how many bytes of a payload are held in memory to inspect it.
const maxPayload = 8 << 20

// payload is content inside a string that something could load.
type payload struct {
	kind   string
	names  string // what marshalled code names
	offset int64
	// explained is true when something that loads such content is called with it and may be.
	explained bool
}

// payload looks inside the body of a string.
func (j *judge) payload(m *pickle.Machine, e *pickle.Effect) error {
	kind, wide := sniff(e.Bytes), false
	if kind == "" && m.Protocol() <= 2 && m.Kind(e.Result) == pickle.String {
		if head, ok := fromLatin1(e.Bytes); ok {
			kind, wide = sniff(head), true
		}
	}
	if kind == program {
		j.report(RuleNativeCode(), "", e.Offset, "holds a program in a string of the file", "second stage in a string")
		return nil
	}
	blob, release, err := j.content(e, kind, wide)
	if blob == nil || err != nil {
		return err
	}
	defer release()
	if kind == "" {
		kind = "base64 text of " + j.innerKind(blob)
	}
	p := payload{kind: kind, offset: e.Offset}
	if kind == compiled {
		p.names = j.codeNames(blob)
	}
	if len(j.nested) < maxNodes {
		j.nested = append(j.nested, e.Result)
		j.payloads[e.Result] = p
	}
	if kind == compiled && p.names != "" {
		return nil // no format recognises code without the header of a file
	}
	return j.out.Inspect(j.ctx, detect.Part{
		Name: fmt.Sprintf("bytes at %d", e.Offset), Blob: blob, Expect: detect.TensorData,
	})
}

// fromLatin1 gives the bytes that a text stands for: protocols below 3 write bytes as latin1 text. It is false for text that
// has other characters, or none beyond ASCII. A character that is cut off at the end is left out.
func fromLatin1(text []byte) ([]byte, bool) {
	plain, wide := make([]byte, 0, len(text)), false
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && len(text) < utf8.UTFMax {
			break
		}
		if r > 0xff {
			return nil, false
		}
		wide = wide || r > 0x7f
		plain, text = append(plain, byte(r)), text[n:]
	}
	return plain, wide
}

// innerKind names what decoded content is, and reports a program.
func (j *judge) innerKind(blob *format.Blob) string {
	head, err := blob.ReadRange(0, min(blob.Size(), 1024))
	if err != nil {
		return "content"
	}
	kind := sniff(head)
	if kind == program {
		j.report(RuleNativeCode(), "base64", 0, "holds a program in base64 text", "second stage in base64 text")
	}
	return kind
}

// content is the content of a payload as a blob: the body itself when kind names what it is, or the base64 that it is the
// text of. Wide is true for bytes that are written as latin1 text. It is nil when there is nothing to inspect.
func (j *judge) content(e *pickle.Effect, kind string, wide bool) (*format.Blob, func(), error) {
	encoding := (*base64.Encoding)(nil)
	if kind == "" {
		if encoding = base64Of(e.Bytes); encoding == nil {
			return nil, nil, nil
		}
	}
	random := j.in.Blob.At() != nil && !e.Encoded && e.Data.Length >= 0 && encoding == nil && !wide
	if random && !e.Whole {
		blob, err := j.in.Blob.Section(e.Data.Offset, e.Data.Length)
		return blob, func() {}, err
	}
	body, release, err := j.body(e)
	if err != nil || body == nil {
		return nil, nil, err
	}
	if wide {
		body, _ = fromLatin1(body)
	}
	if encoding != nil {
		plain := make([]byte, encoding.DecodedLen(len(body)))
		n, _ := encoding.Decode(plain, bytes.TrimRight(body, "=\r\n ")) // what decodes before an error is inspected
		body = plain[:n]
	}
	return format.BytesBlob(body), release, nil
}

// body reads the whole body of a payload; nil, with a gap, when it is too long to hold.
func (j *judge) body(e *pickle.Effect) ([]byte, func(), error) {
	if e.Whole {
		return bytes.Clone(e.Bytes), func() {}, nil
	}
	release, err := j.in.Budget.Hold(maxPayload)
	if err != nil {
		j.out.Gap(e.Data.Offset, e.Data.Length, "a payload in a string was not inspected: "+err.Error())
		return nil, nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(e.Body, maxPayload/2+1))
	if err != nil {
		release()
		return nil, nil, fmt.Errorf("read payload: %w", err)
	}
	if len(body) > maxPayload/2 {
		release()
		j.out.Gap(e.Data.Offset, e.Data.Length, "a payload in a string is too long to be decoded")
		return nil, nil, nil
	}
	return body, release, nil
}

// explain says that a payload is where it belongs. It is false when the value is no payload that was inspected.
func (j *judge) explain(m *pickle.Machine, v pickle.Value) bool {
	if _, args, ok := m.Call(v); ok {
		if list, ok := m.Elements(args); ok && len(list) > 0 {
			v = list[0]
		}
	}
	p, ok := j.payloads[v]
	p.explained = true
	if ok {
		j.payloads[v] = p
	}
	return ok
}

// flushPayloads reports the payloads of the run that ended.
func (j *judge) flushPayloads() {
	for _, v := range j.nested {
		if p := j.payloads[v]; !p.explained {
			summary := "holds " + p.kind + " in a string"
			if p.names != "" {
				summary += ", which names " + p.names
			}
			j.report(RuleNestedPayload(), "", p.offset, summary, "payload in a string: "+p.kind)
		}
	}
	clear(j.payloads)
	j.nested = j.nested[:0]
}

// The kinds of payloads that are looked at in another way than as content of their own.
const (
	program  = "program"
	compiled = "marshalled Python code"
)

// codeNames lists names and constants of marshalled code; "" when it is none.
func (j *judge) codeNames(blob *format.Blob) string {
	content, err := blob.ReadRange(0, min(blob.Size(), maxPayload))
	if err != nil {
		return ""
	}
	doc, release, err := marshal.Decode(content, j.in.Budget)
	if err != nil {
		return ""
	}
	defer release()
	var texts []string
	for _, code := range doc.Codes() {
		texts = append(texts, code.Names...)
		for _, c := range code.Consts {
			if text := c.Text(); text != "" && len(text) < 60 {
				texts = append(texts, strconv.Quote(text))
			}
		}
	}
	return strings.Join(texts[:min(len(texts), maxHarvest)], ", ")
}

// sniff names what content is by its first bytes; "" for what is not known. It is called for every string, so it looks at
// few bytes; that content is really of the kind is for the engine to find out.
func sniff(b []byte) string {
	if len(b) < 8 {
		return ""
	}
	switch b[0] {
	case 0x80:
		if b[1] <= 5 {
			return "a pickle"
		}
	case '(', ']', '}', 'c', 'i', ')':
		if bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")) {
			return "a zstd stream"
		}
		return textPickle(b)
	case 'P':
		if bytes.HasPrefix(b, []byte("PK\x03\x04")) || bytes.HasPrefix(b, []byte("PK\x05\x06")) {
			return "a zip archive"
		}
	case 0x1f:
		if b[1] == 0x8b && b[2] == 8 {
			return "a gzip stream"
		}
	case 0x78:
		if (uint(b[0])<<8|uint(b[1]))%31 == 0 && b[1]&0x20 == 0 {
			return "a zlib stream"
		}
	case 'B':
		if bytes.HasPrefix(b, []byte("BZh")) && bytes.HasPrefix(b[4:], []byte("1AY&")) {
			return "a bzip2 stream"
		}
	case 0xfd:
		if bytes.HasPrefix(b, []byte("\xfd7zXZ\x00")) {
			return "an xz stream"
		}
	case 0x04:
		if bytes.HasPrefix(b, []byte("\x04\x22\x4d\x18")) {
			return "an lz4 stream"
		}
	}
	return sniffCode(b)
}

// textPickle recognises a pickle of protocol 0 by an import among its first lines.
func textPickle(b []byte) string {
	head := b[:min(len(b), 512)]
	if c := bytes.IndexByte(head, 'c'); c >= 0 && bytes.Count(head[c:], []byte{'\n'}) >= 2 &&
		(pickle.Format{}).Match(format.Probe{Head: b, Tail: b, Size: int64(len(b)), Blob: format.BytesBlob(b)}) {
		return "a pickle"
	}
	return ""
}

// sniffCode recognises programs and marshalled Python code.
func sniffCode(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x7fELF")) && b[4] >= 1 && b[4] <= 2 && b[5] >= 1 && b[5] <= 2:
		return program
	case b[0] == 'M' && b[1] == 'Z' && len(b) >= 0x40:
		at := binary.LittleEndian.Uint32(b[0x3c:])
		if at < 0x1000 && int(at)+4 <= len(b) && bytes.HasPrefix(b[at:], []byte("PE\x00\x00")) {
			return program
		}
	case len(b) >= 32 && (bytes.HasPrefix(b, []byte("\xcf\xfa\xed\xfe")) || bytes.HasPrefix(b, []byte("\xca\xfe\xba\xbe"))):
		return program
	case (b[0] == 0xe3 || b[0] == 'c') && len(b) >= 32 && marshalled(b):
		return compiled
	}
	return ""
}

// marshalled reports whether the bytes begin like a code object as marshal writes it: four to six small integers, and then the
// bytecode as a string.
func marshalled(b []byte) bool {
	for _, at := range [...]int{1, 5, 9, 13} {
		if binary.LittleEndian.Uint32(b[at:]) > 4096 {
			return false
		}
	}
	for _, at := range [...]int{17, 21, 25} {
		if b[at]&0x7f == 's' && binary.LittleEndian.Uint32(b[at+1:]) < 1<<24 {
			return true
		}
	}
	return false
}

// base64Of is the base64 alphabet in which b is the text of something that sniff knows; nil for none.
func base64Of(b []byte) *base64.Encoding {
	if len(b) < 20 {
		return nil
	}
	encoding := base64.RawStdEncoding
	for _, c := range b[:min(len(b), 96)] {
		switch {
		case c == '-' || c == '_':
			encoding = base64.RawURLEncoding
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '+', c == '/', c == '=', c == '\n', c == '\r':
		default:
			return nil
		}
	}
	var head [72]byte
	n, _ := encoding.Decode(head[:], b[:min(len(b), 96)/4*4]) // an error leaves what was decoded before it
	if n < 12 || sniff(head[:n]) == "" {
		return nil
	}
	return encoding
}
