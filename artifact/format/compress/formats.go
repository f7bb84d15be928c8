package compress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Format recognises one kind of compression stream.
type Format struct {
	info  format.Info
	match func(head []byte, p format.Probe) bool
}

// Info implements format.Format.
func (f Format) Info() format.Info { return f.info }

// Match implements format.Format.
func (f Format) Match(p format.Probe) bool { return f.match(p.Head, p) }

// New returns the formats of all kinds that are formats of their own.
func New() []format.Format {
	info := func(kind Kind, title, media, spec string, extensions ...string) format.Info {
		// Python's writers keep the name of the content: joblib.dump(model, "model.pkl", compress=3).
		extensions = append(extensions, ".joblib", ".pkl", ".pickle")
		return format.Info{Name: string(kind), Title: title, MediaType: media, Extensions: extensions, Risk: format.Active,
			Forward: true, Parsed: true, Spec: spec}
	}
	plain := func(is func([]byte) bool) func([]byte, format.Probe) bool {
		return func(head []byte, _ format.Probe) bool { return is(head) }
	}
	return []format.Format{
		Format{info(Gzip, "gzip stream", "application/gzip", "https://www.rfc-editor.org/rfc/rfc1952", ".gz", ".tgz", ".rds", ".rda", ".rdata", ".nemo"),
			plain(isGzip)},
		Format{info(Zlib, "zlib stream", "application/zlib", "https://www.rfc-editor.org/rfc/rfc1950", ".zlib", ".z"), plain(isZlib)},
		Format{info(Bzip2, "bzip2 stream", "application/x-bzip2", "https://sourceware.org/bzip2/", ".bz2", ".tbz2", ".rds", ".rda", ".rdata"), plain(isBzip2)},
		Format{info(XZ, "xz stream", "application/x-xz", "https://tukaani.org/xz/xz-file-format-1.1.0.txt", ".xz", ".txz", ".rds", ".rda", ".rdata"), plain(isXZ)},
		Format{info(LZMA, "LZMA stream", "application/x-lzma", "https://tukaani.org/lzma/lzma_sdk.txt", ".lzma"), plain(matchLZMA)},
		Format{info(LZ4, "lz4 frames", "application/x-lz4", "https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md", ".lz4"),
			func(head []byte, p format.Probe) bool { return isLZ4(afterSkippable(p)) }},
		Format{info(Zstd, "zstd frames", "application/zstd", "https://www.rfc-editor.org/rfc/rfc8878", ".zst", ".zstd"),
			func(head []byte, p format.Probe) bool { return isZstd(afterSkippable(p)) }},
		Format{info(ZF, "joblib compressed file before 0.9.3", "application/x-joblib-zf",
			"https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle_compat.py"), plain(isZF)},
	}
}

// isGzip reports whether head starts a gzip member: magic, the only method, no reserved flag.
func isGzip(head []byte) bool {
	return len(head) >= 10 && head[0] == 0x1f && head[1] == 0x8b && head[2] == 8 && head[3]&0xe0 == 0
}

// isZlib reports whether head starts a zlib stream with the window that writers use, and expands without an error for a while.
// The header alone would match one in eight thousand random contents.
func isZlib(head []byte) bool {
	return zlibHeader(head) && expands(Zlib, head, 512)
}

// zlibHeader checks the two bytes of a zlib header: method and window 0x78, check bits, no preset dictionary.
func zlibHeader(head []byte) bool {
	return len(head) >= 6 && head[0] == 0x78 && binary.BigEndian.Uint16(head)%31 == 0 && head[1]&0x20 == 0
}

// expands reports whether the content gives n bytes, or ends, without a mistake. A head that is cut off where it was cut for
// the probe is no mistake.
func expands(kind Kind, head []byte, n int64) bool {
	budget := limits.NewBudget(limits.Default())
	s, err := Open(kind, bytes.NewReader(head), budget)
	if err != nil {
		return false
	}
	defer func() { _ = s.Close() }() // memory only
	got, err := io.CopyN(io.Discard, s, n)
	return got == n || (errors.Is(err, io.EOF) && !s.end.Checksum) || (s.under.n == int64(len(head)) && s.in.Buffered() == 0 && got > 0)
}

// isBzip2 reports whether head starts a bzip2 file: a level and the magic of a block or of the end.
func isBzip2(head []byte) bool {
	return len(head) >= 10 && string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// isXZ reports whether head starts an xz stream.
func isXZ(head []byte) bool {
	return len(head) >= xzHeader && string(head[:6]) == xzMagic && head[6] == 0
}

// isLZMA reports whether head starts an LZMA stream as its writers make them: possible properties, a dictionary of 2^n or
// 2^n+2^(n-1) bytes, a size that is unknown or below 2^40, and the zero byte of the range coder.
func isLZMA(head []byte) bool {
	if len(head) < 14 || head[0] >= 9*5*5 || head[13] != 0 {
		return false
	}
	dict, size := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint64(head[5:])
	powers := bits.OnesCount32(dict) == 1 || (bits.OnesCount32(dict) == 2 && dict&(dict<<1) != 0)
	return dict >= 1<<12 && (powers || dict == 1<<32-1) && (size == 1<<64-1 || size < 1<<40)
}

// matchLZMA is isLZMA for content, where there is no magic: the first bytes must expand. The usual properties alone are
// accepted when the dictionary is too large to try.
func matchLZMA(head []byte) bool {
	if !isLZMA(head) {
		return false
	}
	if binary.LittleEndian.Uint32(head[1:]) > MaxWindow {
		return head[0] == 0x5d
	}
	return expands(LZMA, head, 64)
}

// isLZ4 reports whether head starts an lz4 frame: version 1 without reserved bits, or a legacy frame with a possible block.
func isLZ4(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch binary.LittleEndian.Uint32(head) {
	case 0x184d2204:
		return head[4]>>6 == 1 && head[4]&2 == 0 && head[5]&0x8f == 0 && head[5]>>4 >= 4
	case 0x184c2102:
		size := binary.LittleEndian.Uint32(head[4:])
		return size > 0 && size <= 9<<20
	}
	return false
}

// isZstd reports whether head starts a zstd frame without the reserved bit.
func isZstd(head []byte) bool {
	return len(head) >= 5 && binary.LittleEndian.Uint32(head) == 0xfd2fb528 && head[4]&8 == 0
}

// afterSkippable returns the start of the first frame that readers of lz4 and zstd do not skip.
func afterSkippable(p format.Probe) []byte {
	head, offset := p.Head, int64(0)
	for range 64 {
		if len(head) < 8 || binary.LittleEndian.Uint32(head)&^0xf != 0x184d2a50 {
			return head
		}
		skip := 8 + int64(binary.LittleEndian.Uint32(head[4:]))
		offset += skip
		switch {
		case skip <= int64(len(head)):
			head = head[skip:]
		case p.Blob != nil && p.Blob.At() != nil && offset < p.Size:
			var err error
			if head, err = p.Blob.ReadRange(offset, min(64, p.Size-offset)); err != nil {
				return nil
			}
		default:
			return nil
		}
	}
	return nil
}

// isZF reports whether head starts joblib's old container: the prefix, a padded hexadecimal length, a zlib header.
func isZF(head []byte) bool {
	if len(head) < zfHeader+7 || string(head[:4]) != "ZF0x" {
		return false
	}
	digits := strings.TrimRight(string(head[4:zfHeader]), " L")
	if digits == "" || strings.Trim(digits, "0123456789abcdefABCDEF") != "" {
		return false
	}
	rest := head[zfHeader:]
	if rest[0] == ' ' {
		rest = rest[1:]
	}
	return zlibHeader(rest)
}
