// Package zip reads the structure of zip archives the way that different readers see it: by the central directory, as Python's
// zipfile, Go's archive/zip and the miniz library inside of PyTorch do, and by the local headers, as streaming readers do.
// archive/zip cannot be used for this, because it hides exactly the differences that attacks live on. The package is for
// detectors. It reports what is there and where the two views disagree, as typed anomalies; it does not say how bad that is,
// does not extract anything, and believes no length that it has not compared with the bytes that exist.
package zip

import (
	"errors"
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Kind names an anomaly. Kinds are stable.
type Kind string

// The anomalies of an archive.
const (
	NoDirectory        Kind = "no-directory"        // no central directory: only streaming readers see the members
	SeveralDirectories Kind = "several-directories" // readers find different central directories
	DirectoryLie       Kind = "directory-lie"       // the end record disagrees with the directory that is there
	Zip64Lie           Kind = "zip64-lie"           // 64-bit records that are missing, superfluous or different
	Prefix             Kind = "prefix"              // content before the first member
	Suffix             Kind = "suffix"              // content after the end of the archive
	Gap                Kind = "gap"                 // content between members that no member owns
	Comment            Kind = "comment"             // an archive comment that is not text
)

// The anomalies of members.
const (
	NameMismatch      Kind = "name-mismatch"
	MethodMismatch    Kind = "method-mismatch"
	SizeMismatch      Kind = "size-mismatch"
	ChecksumMismatch  Kind = "checksum-mismatch" // the two stated checksums differ
	FlagMismatch      Kind = "flag-mismatch"
	DescriptorLie     Kind = "descriptor-lie" // a data descriptor that is missing or states other values
	NoLocal           Kind = "no-local"       // the directory points to no local header
	Hidden            Kind = "hidden"         // a local header that the directory does not name
	Overlap           Kind = "overlap"        // two members, or a member and the directory, share bytes
	Duplicate         Kind = "duplicate"
	NearDuplicate     Kind = "near-duplicate" // the same name on file systems that fold case, separators or dots
	Encrypted         Kind = "encrypted"      // a flag says that the content is encrypted
	ReservedFlags     Kind = "reserved-flags" // patched data, masked headers and others that no model writer sets
	UnsupportedMethod Kind = "unsupported-method"
	PathEscape        Kind = "path-escape"
	Special           Kind = "special" // a link, device, pipe or socket by its Unix mode
	DirectoryContent  Kind = "directory-content"
)

// maxEach bounds how many anomalies of one kind are kept, so that a flood of one cannot hide another.
const maxEach = 200

// Anomaly is one thing that an honest writer does not do.
type Anomaly struct {
	Kind   Kind
	Entry  int    // index into Archive.Entries; -1 when it is about the archive
	Offset int64  // bytes from the start of the archive; -1 when no range is meant
	Length int64  // bytes
	Detail string // for a person; may hold names from the archive
}

// Header is what one of the two views says about a member. Sizes and offsets are in bytes.
type Header struct {
	Present    bool
	Offset     int64  // of the record
	Length     int64  // of the record with its name, extra field and comment
	Name       string // the raw bytes
	Flags      uint16
	Method     uint16
	CRC32      uint32
	Compressed int64 // -1 when the stated number does not fit
	Size       int64 // -1 when the stated number does not fit
	// The rest is stated by the central directory only.
	Host  uint8  // the system that made the entry: 3 is Unix
	Mode  uint32 // external attributes
	Local int64  // offset of the local header, as stated
	zip64 bool   // some value came from the zip64 extra field
}

// Entry is one member.
type Entry struct {
	Central Header
	Local   Header
	Data    int64 // offset of the first byte after the local header; -1 when there is none
	End     int64 // offset after the data, for a hidden member as far as it can be known
	// Overlaps is true when the member shares bytes with another member or with the directory.
	Overlaps bool
}

// Name is the name by the central directory, or by the local header of a hidden member.
func (e *Entry) Name() string {
	if e.Central.Present {
		return e.Central.Name
	}
	return e.Local.Name
}

// Archive is the structure of an archive.
type Archive struct {
	Entries   []Entry
	Anomalies []Anomaly
	// Dropped counts anomalies beyond those kept of each kind.
	Dropped int

	blob     *format.Blob
	budget   *limits.Budget
	kept     map[Kind]int
	held     []func()
	credit   int64 // bytes of memory that are held and not used yet
	spans    []span
	produced counter
}

// Read reads the structure of an archive. The blob must have random access. The archive is never nil: when the error, which
// wraps limits.ErrExceeded or format.ErrMalformed or comes from the blob, is not nil it holds what was read until then. The
// caller closes the archive.
func Read(blob *format.Blob, budget *limits.Budget) (*Archive, error) {
	a := &Archive{blob: blob, budget: budget, kept: map[Kind]int{}}
	if blob.At() == nil {
		return a, format.Malformed(0, "a zip archive cannot be read forward only")
	}
	ends, err := a.findEnds()
	if err != nil {
		return a, err
	}
	err = a.readDirectories(ends)
	if layoutErr := a.layout(); err == nil || errors.Is(err, format.ErrMalformed) {
		err = errors.Join(err, layoutErr)
	}
	a.compareEntries()
	return a, err
}

// Close gives back the memory that the structure holds. Contents that are still being read stay valid.
func (a *Archive) Close() {
	for _, release := range a.held {
		release()
	}
	a.held = nil
}

// Size is the length of the archive in bytes.
func (a *Archive) Size() int64 { return a.blob.Size() }

// Range returns bytes of the archive as content of their own, for a prefix, a suffix or a gap.
func (a *Archive) Range(offset, n int64) (*format.Blob, error) { return a.blob.Section(offset, n) }

// anomaly keeps an anomaly unless there are too many of its kind.
func (a *Archive) anomaly(kind Kind, entry int, offset, length int64, detail string, args ...any) {
	if a.kept[kind] >= maxEach {
		a.Dropped++
		return
	}
	a.kept[kind]++
	a.Anomalies = append(a.Anomalies, Anomaly{Kind: kind, Entry: entry, Offset: offset, Length: length,
		Detail: fmt.Sprintf(detail, args...)})
}

// entryMemory is what an entry costs beside its names: the two headers, its span and its place in the index of names.
const entryMemory = 512

// add keeps an entry after the budget agreed.
func (a *Archive) add(e Entry) error {
	if err := a.budget.Member(); err != nil {
		return err
	}
	need := int64(entryMemory + len(e.Central.Name) + len(e.Local.Name))
	if a.credit < need {
		block := max(need, 64<<10)
		release, err := a.budget.Hold(block)
		if err != nil {
			return err
		}
		a.held = append(a.held, release)
		a.credit += block
	}
	a.credit -= need
	a.Entries = append(a.Entries, e)
	if e.Data >= 0 {
		a.spans = append(a.spans, span{start: e.Local.Offset, end: e.End, entry: len(a.Entries) - 1})
	}
	return nil
}
