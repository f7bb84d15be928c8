package known

import (
	"bytes"
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
)

// media are images, sound, film, fonts and documents, which no model loader runs.
func media() []entry {
	inert := func(name, title, media, spec string, extensions ...string) format.Info {
		return describe(format.Inert, name, title, media, spec, extensions...)
	}
	const iana = "https://www.iana.org/assignments/media-types/"
	return []entry{
		{inert("png", "PNG image", "image/png", "https://www.w3.org/TR/png-3/", ".png"), begins("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")},
		{inert("jpeg", "JPEG image", "image/jpeg", iana+"image/jpeg", ".jpg", ".jpeg"), all(begins("\xff\xd8\xff"), jpegMarker)},
		{inert("gif", "GIF image", "image/gif", "https://www.w3.org/Graphics/GIF/spec-gif89a.txt", ".gif"), begins("GIF87a", "GIF89a")},
		{inert("webp", "WebP image", "image/webp", "https://www.rfc-editor.org/rfc/rfc9649", ".webp"), all(begins("RIFF"), at(8, "WEBPVP8"))},
		{inert("bmp", "BMP image", "image/bmp", iana+"image/bmp", ".bmp"), bitmap},
		{inert("tiff", "TIFF image", "image/tiff", iana+"image/tiff", ".tif", ".tiff"), all(begins("II*\x00", "MM\x00*"), longer(26), firstDirectory)},
		{inert("ico", "Windows icon", "image/vnd.microsoft.icon", iana+"image/vnd.microsoft.icon", ".ico"), icon},
		{inert("pdf", "PDF document", "application/pdf", "https://www.iso.org/standard/75839.html", ".pdf"), begins("%PDF-1.", "%PDF-2.")},
		{inert("wav", "WAV sound", "audio/wav", "https://www.rfc-editor.org/rfc/rfc2361", ".wav"), all(begins("RIFF"), at(8, "WAVE"))},
		{inert("avi", "AVI film", "video/vnd.avi", iana+"video/vnd.avi", ".avi"), all(begins("RIFF"), at(8, "AVI LIST"))},
		{inert("mp3", "MP3 sound", "audio/mpeg", "https://www.rfc-editor.org/rfc/rfc3003", ".mp3"), sound},
		{inert("ogg", "Ogg sound or film", "application/ogg", "https://www.rfc-editor.org/rfc/rfc3533", ".ogg", ".oga", ".opus"), all(begins("OggS\x00"), longer(28))},
		{inert("flac", "FLAC sound", "audio/flac", "https://www.rfc-editor.org/rfc/rfc9639", ".flac"), begins("fLaC\x00\x00\x00\x22", "fLaC\x80\x00\x00\x22")},
		{inert("mp4", "MP4 film or HEIF image", "video/mp4", iana+"video/mp4", ".mp4", ".m4a", ".m4v", ".mov", ".avif", ".heic"), isoMedia},
		{inert("matroska", "Matroska or WebM film", "video/matroska", "https://www.rfc-editor.org/rfc/rfc9559", ".mkv", ".webm"), all(begins("\x1aE\xdf\xa3"), matroska)},
		{inert("font", "Font", "font/sfnt", "https://www.rfc-editor.org/rfc/rfc8081", ".ttf", ".otf", ".woff", ".woff2"), font},
		{inert("sqlite", "SQLite database", "application/vnd.sqlite3", "https://www.sqlite.org/fileformat.html", ".sqlite", ".sqlite3"), begins("SQLite format 3\x00")},
		{inert("git-pack", "Git pack", "application/x-git-packed-objects", "https://git-scm.com/docs/gitformat-pack", ".pack"), begins("PACK\x00\x00\x00\x02", "PACK\x00\x00\x00\x03")},
		{inert("git-index", "Git index", "application/x-git-index", "https://git-scm.com/docs/gitformat-index"), begins("DIRC\x00\x00\x00")},
		{inert("ds-store", "macOS folder settings", "application/x-ds-store", "https://en.wikipedia.org/wiki/.DS_Store"), begins("\x00\x00\x00\x01Bud1\x00")},
		{inert("tensorboard-log", "TensorBoard log", "application/x-tensorboard-log", "https://www.tensorflow.org/tutorials/load_data/tfrecord"),
			all(record, boardVersion)},
	}
}

// jpegMarker checks that a known segment follows the start of the image.
func jpegMarker(p format.Probe) bool {
	return len(p.Head) > 10 && (p.Head[3] >= 0xe0 && p.Head[3] <= 0xef || p.Head[3] == 0xdb || p.Head[3] == 0xc0 || p.Head[3] == 0xfe || p.Head[3] == 0xc2)
}

// bitmap checks the header of a BMP image: two letters are not enough.
func bitmap(p format.Probe) bool {
	if len(p.Head) < 30 || string(p.Head[:2]) != "BM" || binary.LittleEndian.Uint32(p.Head[6:]) != 0 {
		return false
	}
	header := binary.LittleEndian.Uint32(p.Head[14:])
	return (header == 12 || header == 40 || header == 108 || header == 124) && binary.LittleEndian.Uint32(p.Head[10:]) >= 14+header
}

// firstDirectory checks that a TIFF image points behind its header and that its first directory has entries.
func firstDirectory(p format.Probe) bool {
	order := binary.ByteOrder(binary.LittleEndian)
	if p.Head[0] == 'M' {
		order = binary.BigEndian
	}
	first := int64(order.Uint32(p.Head[4:]))
	return first >= 8 && (p.Size < 0 || first < p.Size)
}

// icon checks the directory of an icon: the reserved fields and where the first image lies.
func icon(p format.Probe) bool {
	if len(p.Head) < 22 || string(p.Head[:4]) != "\x00\x00\x01\x00" {
		return false
	}
	n := int64(binary.LittleEndian.Uint16(p.Head[4:]))
	first, length := int64(binary.LittleEndian.Uint32(p.Head[18:])), int64(binary.LittleEndian.Uint32(p.Head[14:]))
	return n > 0 && n < 64 && p.Head[9] == 0 && first == 6+16*n && length >= 40 && (p.Size < 0 || first+length <= p.Size)
}

// sound checks for an ID3 tag, or for two MPEG audio frames in a row.
func sound(p format.Probe) bool {
	if len(p.Head) > 10 && string(p.Head[:3]) == "ID3" && p.Head[3] <= 4 && p.Head[6]|p.Head[7]|p.Head[8]|p.Head[9] < 0x80 {
		return true
	}
	first, ok := frameLength(p.Head)
	if !ok || first >= len(p.Head) {
		return false
	}
	_, ok = frameLength(p.Head[first:])
	return ok
}

// frameLength is the length of the MPEG-1 layer III frame at the start.
func frameLength(b []byte) (int, bool) {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xfe != 0xfa {
		return 0, false
	}
	rate := [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}[b[2]>>4]
	frequency := [4]int{44100, 48000, 32000, 0}[b[2]>>2&3]
	if rate == 0 || frequency == 0 {
		return 0, false
	}
	return 144000*rate/frequency + int(b[2]>>1&1), true
}

// isoMedia checks for a file type box with a printable brand.
func isoMedia(p format.Probe) bool {
	if len(p.Head) < 16 || string(p.Head[4:8]) != "ftyp" {
		return false
	}
	size := binary.BigEndian.Uint32(p.Head)
	for _, c := range p.Head[8:12] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return size >= 16 && size <= 1024 && size%4 == 0
}

// matroska checks that the document type stands in the header.
func matroska(p format.Probe) bool {
	head := p.Head[:min(len(p.Head), 64)]
	return bytes.Contains(head, []byte("webm")) || bytes.Contains(head, []byte("matroska"))
}

// font checks for the table directory of a font, or the magic of a packed one.
func font(p format.Probe) bool {
	if begins("wOFF", "wOF2")(p) {
		return len(p.Head) > 44
	}
	if !begins("\x00\x01\x00\x00", "OTTO", "true", "ttcf")(p) || len(p.Head) < 28 {
		return false
	}
	if string(p.Head[:4]) == "ttcf" {
		return p.Head[4] == 0 && p.Head[5] <= 2
	}
	n := binary.BigEndian.Uint16(p.Head[4:])
	for _, c := range p.Head[12:16] { // the tag of the first table
		if c < ' ' || c > '~' {
			return false
		}
	}
	return n > 0 && n < 64
}
