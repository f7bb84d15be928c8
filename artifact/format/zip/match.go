package zip

import (
	"bytes"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tar"
	"github.com/picketsec/picket/internal/flatbuffer"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "zip"

// Format recognises zip archives.
type Format struct{}

// New returns the format.
func New() format.Format { return Format{} }

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "zip archive", MediaType: "application/zip",
		Extensions: []string{".zip", ".jar", ".war", ".mar", ".whl", ".egg", ".pyz", ".docx", ".xlsx", ".apk", ".keras", ".skops", ".ptl"},
		Risk:       format.Active, Parsed: true, Spec: "https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT"}
}

// Match implements format.Format: a local header at the start, or a directory that some reader finds from the end, whatever
// stands before the archive. An archive without members counts when its end record is all there is.
func (Format) Match(p format.Probe) bool { return format.Once(p, matchKey{}, match) }

// matchKey is the key of what match returns.
type matchKey struct{}

// match recognises an archive.
func match(p format.Probe) bool {
	if startsLocal(p) {
		return true
	}
	if len(p.Head) >= lenEnd && string(p.Head[:4]) == sigEnd {
		return int64(lenEnd)+int64(le.Uint16(p.Head[20:])) == p.Size
	}
	if p.Blob == nil || p.Blob.At() == nil || !bytes.Contains(p.Tail, []byte(sigEnd)) {
		return false
	}
	if flatbuffer.Match(p, "TFL3") {
		return false // labels behind a model of TensorFlow Lite, which are inspected as a part of it
	}
	d, err := locate(p.Blob)
	return err == nil && !insideTar(p, d)
}

// startsLocal reports whether the head is a local header.
func startsLocal(p format.Probe) bool {
	return len(p.Head) >= lenLocal && string(p.Head[:4]) == sigLocal && le.Uint16(p.Head[26:]) > 0 && p.Head[5] == 0
}

// maxTarMembers bounds how many members of a tar archive are looked at.
const maxTarMembers = 1 << 17

// insideTar reports whether the content is a tar archive and the zip archive is no more than one of its members: then the
// member is inspected as an archive, and the whole is not a second view. Offsets that count from the start of the file are a
// sign that someone made it one.
func insideTar(p format.Probe, d directory) bool {
	if d.shift <= 0 || !(tar.Format{}).Match(p) {
		return false
	}
	found, count := false, 0
	// An error only means that no member was found to hold the archive.
	_, _ = tar.Walk(p.Blob, limits.NewBudget(limits.Default()), func(m *tar.Member) error {
		found = found || m.Data <= d.shift && d.before <= m.Data+m.Size
		if count++; found || count == maxTarMembers {
			return errNoTail
		}
		return nil
	})
	return found
}

// Limits of Names.
const (
	maxNames     = 4096
	maxNameBytes = 1 << 20
)

// Names lists the names of the first members by the directory, for formats that are recognised by the members of a zip archive.
// It reads no more than about a mebibyte. It returns nil when the content is no archive with random access. The caller must not
// change the list.
func Names(p format.Probe) []string { return format.Once(p, namesKey{}, names) }

// namesKey is the key of what names returns.
type namesKey struct{}

// names reads the names.
func names(p format.Probe) []string {
	if p.Blob == nil || p.Blob.At() == nil || !(Format{}).Match(p) {
		return nil
	}
	d, err := locate(p.Blob)
	if err != nil {
		return nil
	}
	var list []string
	w := &window{blob: p.Blob}
	for offset := d.start; len(list) < maxNames && offset-d.start < maxNameBytes; {
		h, err := central(w, offset, d.before)
		if err != nil || !h.Present {
			break
		}
		list = append(list, h.Name)
		offset += h.Length
	}
	return list
}
