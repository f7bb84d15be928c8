// Package rawsevenzip writes 7z archives for tests, honest ones and ones that no honest writer makes: every part of the header
// can be changed before its checksum is computed. It copies or compresses by LZMA2, and it is no archiver.
package rawsevenzip

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"unicode/utf16"

	"github.com/ulikunitz/xz/lzma"
)

// Member is one file.
type Member struct {
	Name       string
	Data       []byte
	Attributes uint32
}

// Archive says what is written. All members lie in one folder.
type Archive struct {
	Members []Member
	// Method is the ID of the compression; "!" is LZMA2, which is done, empty is copying. Any other ID is stated for copied
	// content.
	Method     string
	Properties []byte // of the method; for LZMA2 they are given
	Encode     bool   // the header is packed too, by copying
	EncodeBy   string // the method that is stated for the packed header; empty is copying
	Prefix     []byte // before the archive
	Slack      []byte // at the end of the packed stream
	Gap        []byte // after the packed stream
	Suffix     []byte // after the archive
	// Header changes the header before it is packed and its checksum computed; nil leaves it.
	Header func([]byte) []byte
	// WrongSum states another checksum for the content of each member.
	WrongSum bool
	Count    uint64 // of members, as stated; 0 for the true one
}

// Number writes a number as headers hold it.
func Number(b []byte, n uint64) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xff), n)
}

// folder writes the definition of a folder with one coder.
func folder(b []byte, method string, properties []byte, packed, unpacked int) []byte {
	flags := byte(len(method))
	if len(properties) > 0 {
		flags |= 0x20
	}
	b = append(append(b, 7, 0x0b, 1, 0, 1, flags), method...)
	if len(properties) > 0 {
		b = append(Number(b, uint64(len(properties))), properties...)
	}
	b = append(b, 0x0c)
	return Number(b, uint64(unpacked))
}

// Bytes writes the archive.
func (a Archive) Bytes() ([]byte, error) {
	var content []byte
	for _, m := range a.Members {
		content = append(content, m.Data...)
	}
	packed, method, properties, err := a.pack(content)
	if err != nil {
		return nil, err
	}
	packed = append(packed, a.Slack...)
	header := a.header(len(packed), len(content), method, properties)
	if a.Header != nil {
		header = a.Header(header)
	}
	body := append(bytes.Clone(packed), a.Gap...)
	if a.Encode {
		at := len(body)
		body = append(body, header...)
		by := a.EncodeBy
		if by == "" {
			by = "\x00"
		}
		inner := header
		header = Number([]byte{0x17, 6}, uint64(at))
		header = append(Number(append(header, 1, 9), uint64(len(inner))), 0)
		header = folder(header, by, nil, len(inner), len(inner))
		header = append(header, 0x0a, 1)
		header = append(binary.LittleEndian.AppendUint32(header, crc32.ChecksumIEEE(inner)), 0, 0)
	}
	where := binary.LittleEndian.AppendUint64(nil, uint64(len(body)))
	where = binary.LittleEndian.AppendUint64(where, uint64(len(header)))
	where = binary.LittleEndian.AppendUint32(where, crc32.ChecksumIEEE(header))
	out := append(bytes.Clone(a.Prefix), "7z\xbc\xaf\x27\x1c\x00\x04"...)
	out = append(binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(where)), where...)
	return append(append(append(out, body...), header...), a.Suffix...), nil
}

// pack compresses the content.
func (a Archive) pack(content []byte) (packed []byte, method string, properties []byte, err error) {
	switch a.Method {
	case "":
		return content, "\x00", nil, nil
	case "!":
		var b bytes.Buffer
		w, err := lzma.Writer2Config{DictCap: 1 << 16}.NewWriter2(&b)
		if err != nil {
			return nil, "", nil, fmt.Errorf("compress: %w", err)
		}
		if _, err := w.Write(content); err != nil {
			return nil, "", nil, fmt.Errorf("compress: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, "", nil, fmt.Errorf("compress: %w", err)
		}
		properties = a.Properties
		if properties == nil {
			properties = []byte{8} // 64 KiB
		}
		return b.Bytes(), a.Method, properties, nil
	}
	return content, a.Method, a.Properties, nil
}

// header writes the header proper.
func (a Archive) header(packed, unpacked int, method string, properties []byte) []byte {
	h := []byte{1}
	if len(a.Members) > 0 {
		h = append(Number(append(h, 4, 6, 0, 1, 9), uint64(packed)), 0)
		h = append(folder(h, method, properties, packed, unpacked), 0)
		h = append(h, 8, 0x0d)
		h = Number(h, uint64(len(a.Members)))
		if len(a.Members) > 1 {
			h = append(h, 9)
			for _, m := range a.Members[:len(a.Members)-1] {
				h = Number(h, uint64(len(m.Data)))
			}
		}
		h = append(h, 0x0a, 1)
		for _, m := range a.Members {
			sum := crc32.ChecksumIEEE(m.Data)
			if a.WrongSum {
				sum ^= 1
			}
			h = binary.LittleEndian.AppendUint32(h, sum)
		}
		h = append(h, 0, 0)
	}
	count := a.Count
	if count == 0 {
		count = uint64(len(a.Members))
	}
	h = Number(append(h, 5), count)
	names := []byte{0}
	attributes := []byte{1, 0}
	for _, m := range a.Members {
		for _, u := range append(utf16.Encode([]rune(m.Name)), 0) {
			names = binary.LittleEndian.AppendUint16(names, u)
		}
		attributes = binary.LittleEndian.AppendUint32(attributes, m.Attributes)
	}
	h = append(Number(append(h, 0x11), uint64(len(names))), names...)
	h = append(Number(append(h, 0x15), uint64(len(attributes))), attributes...)
	return append(h, 0, 0)
}
