// Package sevenzip reads 7z archives for detectors. It parses the headers itself, within bounds, before any decoder runs:
// counts, sizes and dictionary sizes in the headers are claims of the archive, and a decoder that believes them allocates
// gigabytes. Only then the content is decoded, one packed stream at a time, by github.com/bodgit/sevenzip, which is shown
// nothing but that stream under a header that this package wrote. It extracts nothing, decrypts nothing, and judges nothing.
package sevenzip

import (
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "7z"

// Kind names an anomaly. Kinds are stable.
type Kind string

// The anomalies.
const (
	Prefix     Kind = "prefix"  // content before the archive, such as the program of a self-extracting one
	Unowned    Kind = "unowned" // content that no member owns: without a name, or between or at the end of packed streams
	Trailing   Kind = "trailing"
	PathEscape Kind = "path-escape"
	Special    Kind = "special" // a link, device, pipe or socket by its Unix mode
	Duplicate  Kind = "duplicate"
	Anti       Kind = "anti" // a member that tells the unpacker to delete a file
)

// Anomaly is one thing that an honest writer does not do, or does for a purpose.
type Anomaly struct {
	Kind   Kind
	Member int    // index into Archive.Members; -1 when it is about the archive
	Offset int64  // bytes from the start of the file; -1 when no range is meant
	Length int64  // bytes
	Detail string // for a person; may hold names from the archive
}

// Member is one file or folder.
type Member struct {
	Name   string // as UTF-8; what is no UTF-16 becomes U+FFFD
	Size   int64  // bytes after decompression
	Folder int    // index into Archive.Folders; -1 for a member without content
	Offset int64  // bytes from the start of what the folder unpacks to
	CRC32  uint32
	HasCRC bool
	// Attributes are Windows attributes; the upper half is a Unix mode when bit 15 is set.
	Attributes uint32
	Directory  bool
	Link       bool // a symbolic link; its content is the target
}

// Archive is the structure of an archive.
type Archive struct {
	Folders   []*Folder
	Members   []Member
	Anomalies []Anomaly
	// Encrypted is true when the headers themselves are encrypted, so that not even the names are known.
	Encrypted bool

	blob     *format.Blob
	budget   *limits.Budget
	base     int64  // offset of the archive in the file
	headers  []pack // packed headers
	released []func()
}

// Close frees the memory that the structure holds of the budget.
func (a *Archive) Close() {
	for _, release := range a.released {
		release()
	}
	a.released = nil
}

// Bounds of headers. An archive that needs more is not read.
const (
	maxHeader  = 8 << 20 // bytes, after decompression
	maxLayers  = 4       // headers inside of encoded headers
	maxCoders  = 32      // in one folder, as 7-Zip itself allows
	maxRepeats = 200     // anomalies of one archive
	// memberCost is about how many bytes one member takes in memory beside its name.
	memberCost = 160
)

// Read reads the structure of an archive. The error wraps format.ErrMalformed or limits.ErrExceeded; what was understood
// until then is returned beside it. Close the archive in any case.
func Read(blob *format.Blob, budget *limits.Budget) (*Archive, error) {
	a := &Archive{blob: blob, budget: budget}
	if blob.At() == nil {
		return a, format.Malformed(0, "a 7z archive can only be read with random access")
	}
	var err error
	if a.base, err = find(blob); err != nil {
		return a, err
	}
	if a.base > 0 {
		a.odd(Prefix, -1, 0, a.base, "%d bytes stand before the archive", a.base)
	}
	start, err := a.start()
	if err != nil || start.size == 0 {
		return a, err
	}
	header, err := a.header(start)
	if err != nil || a.Encrypted {
		return a, err
	}
	err = a.parse(header)
	a.unowned(start)
	a.inspect()
	return a, err
}

// odd notes an anomaly.
func (a *Archive) odd(kind Kind, member int, offset, length int64, detail string, args ...any) {
	if len(a.Anomalies) < maxRepeats {
		a.Anomalies = append(a.Anomalies, Anomaly{kind, member, offset, length, fmt.Sprintf(detail, args...)})
	}
}

// hold reserves memory until Close.
func (a *Archive) hold(n int64) error {
	release, err := a.budget.Hold(n)
	if err != nil {
		return fmt.Errorf("hold 7z header: %w", err)
	}
	a.released = append(a.released, release)
	return nil
}

// Range gives bytes of the file, for content that no member owns.
func (a *Archive) Range(offset, n int64) (*format.Blob, error) { return a.blob.Section(offset, n) }

// Unix modes that a member can have, when bit 15 of the attributes says that there is one.
const (
	unixExtension = 0x8000
	modeFormat    = 0xf000
	modeLink      = 0xa000
	modeFolder    = 0x4000
	modeRegular   = 0x8000
	dosFolder     = 0x10
)

// inspect notes what is odd about names and kinds of members.
func (a *Archive) inspect() {
	seen := make(map[string]bool, len(a.Members))
	for i := range a.Members {
		m := &a.Members[i]
		mode := uint32(0)
		if m.Attributes&unixExtension != 0 {
			mode = m.Attributes >> 16 & modeFormat
		}
		m.Directory = m.Directory || m.Attributes&dosFolder != 0 || mode == modeFolder
		m.Link = mode == modeLink
		if why := format.Escape(m.Name); why != "" {
			a.odd(PathEscape, i, -1, 0, "the name %q %s", m.Name, why)
		}
		switch mode {
		case 0, modeFolder, modeRegular:
		case modeLink:
			a.odd(Special, i, -1, 0, "%q is a symbolic link", m.Name)
		default:
			a.odd(Special, i, -1, 0, "%q is a device, pipe or socket", m.Name)
		}
		key := strings.ToLower(strings.TrimSuffix(m.Name, "/"))
		if seen[key] && !m.Directory {
			a.odd(Duplicate, i, -1, 0, "two members are named %q", m.Name)
		}
		seen[key] = true
	}
}
