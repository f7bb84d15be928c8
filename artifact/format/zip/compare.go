package zip

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
)

// reserved are the flag bits that no writer of models sets: patched data, strong encryption, masked headers, and bits without
// a meaning.
const reserved = FlagPatched | FlagStrong | FlagMasked | 0x10 | 0x780 | 0x1000 | 0xc000

// compareEntries reports where the two views of each member disagree, and what is odd about it in either.
func (a *Archive) compareEntries() {
	names, folded := make(map[string]int, len(a.Entries)), make(map[string]int, len(a.Entries))
	for i := range a.Entries {
		e := &a.Entries[i]
		if e.Central.Present && e.Local.Present {
			a.compareViews(i, e)
		}
		for _, h := range []*Header{&e.Central, &e.Local} {
			if h.Present {
				a.inspectHeader(i, e, h)
			}
		}
		if e.Central.Present {
			a.duplicates(i, e, names, folded)
			a.special(i, e)
		}
	}
}

// compareViews reports the differences between the directory and the local header.
func (a *Archive) compareViews(i int, e *Entry) {
	c, l := &e.Central, &e.Local
	if c.Name != l.Name {
		a.anomaly(NameMismatch, i, l.Offset, l.Length, "the directory says %q and the local header %q", c.Name, l.Name)
	}
	if c.Method != l.Method {
		a.anomaly(MethodMismatch, i, l.Offset, l.Length, "the directory says %s and the local header %s", Method(c.Method), Method(l.Method))
	}
	if diff := (c.Flags ^ l.Flags) & compared; diff != 0 {
		a.anomaly(FlagMismatch, i, l.Offset, l.Length, "the flags differ: %#04x in the directory, %#04x in the local header", c.Flags, l.Flags)
	}
	later := (c.Flags|l.Flags)&FlagDescriptor != 0 // the local header may leave the values to the descriptor
	differ := func(c, l int64) bool { return c != l && (!later || l != 0) }
	if differ(c.Compressed, l.Compressed) || differ(c.Size, l.Size) {
		a.anomaly(SizeMismatch, i, l.Offset, l.Length, "the directory states %d bytes (%d expanded) and the local header %d (%d)",
			c.Compressed, c.Size, l.Compressed, l.Size)
	}
	if differ(int64(c.CRC32), int64(l.CRC32)) {
		a.anomaly(ChecksumMismatch, i, l.Offset, l.Length, "the directory states the checksum %08x and the local header %08x", c.CRC32, l.CRC32)
	}
}

// inspectHeader reports what is odd about one view of a member.
func (a *Archive) inspectHeader(i int, e *Entry, h *Header) {
	if h.Flags&(FlagEncrypted|FlagStrong) != 0 {
		a.anomaly(Encrypted, i, h.Offset, h.Length, "a flag says that the content is encrypted (%#04x)", h.Flags)
	}
	if h.Flags&reserved&^FlagStrong != 0 {
		a.anomaly(ReservedFlags, i, h.Offset, h.Length, "flags are set that no model writer sets (%#04x)", h.Flags)
	}
	if !Supported(h.Method) {
		a.anomaly(UnsupportedMethod, i, h.Offset, h.Length, "the content is compressed by %s, which is not read", Method(h.Method))
	}
	later := !e.Central.Present && h.Flags&FlagDescriptor != 0
	switch {
	case h.Compressed < 0 || h.Size < 0 || (!h.zip64 && (h.Compressed == math.MaxUint32 || h.Size == math.MaxUint32)):
		a.anomaly(Zip64Lie, i, h.Offset, h.Length, "the sizes are neither 32-bit numbers nor in a zip64 field")
	case e.Data >= 0 && h.Compressed > a.blob.Size()-e.Data:
		a.anomaly(SizeMismatch, i, h.Offset, h.Length, "%d bytes are stated and %d are there", h.Compressed, a.blob.Size()-e.Data)
	case h.Method == 0 && h.Compressed != h.Size && !later && h.Flags&FlagEncrypted == 0:
		a.anomaly(SizeMismatch, i, h.Offset, h.Length, "the content is stored and has two lengths, %d and %d", h.Compressed, h.Size)
	}
	if why := escape(h.Name); why != "" {
		a.anomaly(PathEscape, i, h.Offset, h.Length, "the name %q %s", h.Name, why)
	}
	if strings.HasSuffix(h.Name, "/") && h.Size > 0 {
		a.anomaly(DirectoryContent, i, h.Offset, h.Length, "the folder %q has %d bytes of content", h.Name, h.Size)
	}
}

// duplicates reports a name that another member has too, exactly or after what file systems fold.
func (a *Archive) duplicates(i int, e *Entry, names, folded map[string]int) {
	name := e.Central.Name
	key := fold(name)
	if first, ok := names[name]; ok {
		same := "other content"
		if o := &a.Entries[first]; o.Central.CRC32 == e.Central.CRC32 && o.Central.Size == e.Central.Size {
			same = "the same checksum"
		}
		a.anomaly(Duplicate, i, e.Central.Offset, e.Central.Length, "two members are named %q, with %s", name, same)
		return
	}
	names[name] = i
	if first, ok := folded[key]; ok {
		a.anomaly(NearDuplicate, i, e.Central.Offset, e.Central.Length, "%q and %q are one file on some systems", a.Entries[first].Central.Name, name)
		return
	}
	folded[key] = i
}

// fold makes names equal that some file system or loader takes for the same: case, separators, empty and dot elements, and dots
// and spaces at the end of an element.
func fold(name string) string {
	var parts []string
	for _, part := range strings.Split(strings.ReplaceAll(name, `\`, "/"), "/") {
		switch part {
		case "", ".":
		case "..":
			if len(parts) > 0 {
				parts = parts[:len(parts)-1]
			}
		default:
			parts = append(parts, strings.ToLower(strings.TrimRight(part, ". ")))
		}
	}
	return strings.Join(parts, "/")
}

// escape says how a name leaves the folder that an archive is unpacked to, or deceives about where it goes; empty for not.
func escape(name string) string {
	if why := format.Escape(name); why != "" {
		return why
	}
	if strings.Contains(name, `\`) {
		return "uses backslashes, which some systems take for separators"
	}
	return ""
}

// Backslash reports whether the only thing odd about a name is that it separates by backslashes, as some Windows writers do.
func Backslash(name string) bool {
	return utf8.ValidString(name) && strings.Contains(name, `\`) && escape(strings.ReplaceAll(name, `\`, "/")) == ""
}

// Unix modes that a member can have.
const (
	modeFormat  = 0xf000
	modeLink    = 0xa000
	modeRegular = 0x8000
	modeFolder  = 0x4000
)

// Link reports whether the directory says that the member is a symbolic link; its content is the target.
func (h *Header) Link() bool {
	return (h.Host == 3 || h.Host == 19) && h.Mode>>16&modeFormat == modeLink
}

// special reports members that are neither files nor folders.
func (a *Archive) special(i int, e *Entry) {
	h := &e.Central
	mode := h.Mode >> 16 & modeFormat
	if (h.Host != 3 && h.Host != 19) || mode == 0 || mode == modeRegular || mode == modeFolder {
		return
	}
	what := "a device, pipe or socket"
	if mode == modeLink {
		what = "a symbolic link"
	}
	a.anomaly(Special, i, h.Offset, h.Length, "%q is %s", h.Name, what)
}
