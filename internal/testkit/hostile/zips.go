package hostile

import (
	"bytes"
	"fmt"

	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// zipSamples are PyTorch files whose zip structure deceives.
func zipSamples() []Sample {
	return append(append(zipHeaderSamples(), zipLayoutSamples()...), zipPathSamples()...)
}

// altered is an honest-looking file whose data.pkl entry is changed.
func altered(id, technique string, change func(e *rawzip.Entry)) Sample {
	entries := torchEntries(attackPickle())
	change(&entries[0])
	return torchSample("zip-header", id, technique, rawzip.Archive{Entries: entries})
}

// zipHeaderSamples lie in the headers of an entry.
func zipHeaderSamples() []Sample {
	var samples []Sample
	for _, flag := range []uint16{0x1, 0x20, 0x40, 0x800, 0x2000, 0x8} {
		samples = append(samples, altered(fmt.Sprintf("flag-%x", flag),
			fmt.Sprintf("CVE-2025-1945: flag bit 0x%x makes Python's zipfile refuse or misread the member", flag),
			func(e *rawzip.Entry) { e.Flags = flag }))
	}
	samples = append(samples,
		altered("flag-local-only", "CVE-2025-1945: the encryption bit in the local header only",
			func(e *rawzip.Entry) { e.LocalFlags = 1 }),
		altered("flag-central-only", "CVE-2025-1945: the encryption bit in the central directory only",
			func(e *rawzip.Entry) { e.CentralFlags = 1 }),
		altered("local-name", "CVE-2025-1944: another name in the local header than in the central directory",
			func(e *rawzip.Entry) { e.LocalName = "archive/data.txt" }),
		altered("crc-zero", "CVE-2025-10156: a wrong CRC stops Python's zipfile",
			func(e *rawzip.Entry) { e.CRC = rawzip.Ptr(uint32(0)) }),
		altered("crc-central", "CVE-2025-10156: a wrong CRC in the central directory only",
			func(e *rawzip.Entry) { e.CentralCRC = rawzip.Ptr(uint32(0xdeadbeef)) }),
		altered("method-local", "another compression method in the local header",
			func(e *rawzip.Entry) { e.LocalMethod = rawzip.Ptr(uint16(rawzip.Deflate)) }),
		altered("method-unknown", "a compression method that does not exist", func(e *rawzip.Entry) { e.Method = 97 }),
		altered("size-local", "another size in the local header", func(e *rawzip.Entry) {
			e.LocalSize, e.LocalCompressed = rawzip.Ptr(uint64(2)), rawzip.Ptr(uint64(2))
		}),
		altered("size-central-short", "the central directory cuts the member short", func(e *rawzip.Entry) {
			e.Size, e.Compressed = rawzip.Ptr(uint64(4)), rawzip.Ptr(uint64(4))
		}),
		altered("size-central-huge", "the central directory claims 4 GiB", func(e *rawzip.Entry) {
			e.Size, e.Compressed = rawzip.Ptr(uint64(0xfffffff0)), rawzip.Ptr(uint64(0xfffffff0))
		}),
		altered("zip64-entry", "sizes and offset in a zip64 field though they are small",
			func(e *rawzip.Entry) { e.Zip64 = true }),
		altered("zip64-lie", "a zip64 field that claims 2^63 bytes",
			func(e *rawzip.Entry) { e.Zip64, e.Size = true, rawzip.Ptr(uint64(1)<<63) }),
		altered("zip64-cut", "a zip64 field that is cut short",
			func(e *rawzip.Entry) { e.Extra = []byte{1, 0, 24, 0, 1, 2, 3} }),
		altered("unicode-path", "an Info-ZIP Unicode Path field with another name", func(e *rawzip.Entry) {
			e.Extra = append([]byte{0x75, 0x70, 21, 0, 1, 0, 0, 0, 0}, "archive/data.txt"...)
		}),
		altered("encrypted-aes", "picklescan: a member that says it is encrypted with AES", func(e *rawzip.Entry) {
			e.Method, e.Flags, e.Extra = 99, 1, []byte{0x01, 0x99, 7, 0, 2, 0, 'A', 'E', 3, 0, 0}
		}),
		altered("comment-signature", "a comment that holds a local header of its own",
			func(e *rawzip.Entry) { e.Comment = "PK\x03\x04" + Marker }),
	)
	for i, sample := range samples {
		switch sample.Name {
		case "zip-header-method-unknown.pt", "zip-header-size-central-short.pt", "zip-header-size-central-huge.pt", "zip-header-zip64-lie.pt",
			"zip-header-encrypted-aes.pt", "zip-header-flag-1.pt", "zip-header-flag-20.pt", "zip-header-flag-40.pt",
			"zip-header-flag-2000.pt", "zip-header-flag-central-only.pt":
			samples[i].Executes = false // PyTorch's reader refuses or misreads these; other loaders do not
		}
	}
	return samples
}

// zipLayoutSamples hide members in the layout of the archive.
func zipLayoutSamples() []Sample {
	layout := func(id, technique string, archive rawzip.Archive) Sample {
		return torchSample("zip-layout", id, technique, archive)
	}
	honest, attack := torchEntries(honestPickle()), torchEntries(attackPickle())
	hidden := rawzip.Entry{Name: "archive/data.pkl", Data: attackPickle(), NoCentral: true}
	inner, err := rawzip.Archive{Entries: attack}.Bytes()
	samples := []Sample{
		layout("prefix", "a shell script before the archive",
			rawzip.Archive{Prefix: []byte("#!/bin/sh\necho " + Marker + "\nexit\n"), Entries: attack}),
		layout("prefix-shifted", "a prefix that the offsets do not count",
			rawzip.Archive{Prefix: bytes.Repeat([]byte("x"), 64), Shift: true, Entries: attack}),
		layout("suffix", "bytes after the end record", rawzip.Archive{Suffix: bytes.Repeat([]byte{0}, 100), Entries: attack}),
		layout("comment", "an archive comment that holds another end record",
			rawzip.Archive{Comment: append([]byte("PK\x05\x06"), make([]byte, 18)...), Entries: attack}),
		layout("gap", "bytes between the last member and the central directory",
			rawzip.Archive{Gap: attackPickle(), Entries: attack}),
		layout("duplicate-last", "two members of one name, the attack last: Python's zipfile takes the last, PyTorch the first",
			rawzip.Archive{Entries: append(append([]rawzip.Entry{}, honest...), attack[0])}),
		layout("duplicate-first", "two members of one name, the attack first: Python's zipfile takes the last, PyTorch the first", rawzip.Archive{Entries: append([]rawzip.Entry{attack[0]}, honest...)}),
		layout("duplicate-case", "two names that differ in case only",
			rawzip.Archive{Entries: append(append([]rawzip.Entry{}, honest...),
				rawzip.Entry{Name: "archive/DATA.PKL", Data: attackPickle()})}),
		layout("hidden-local", "a member with a local header only, for readers that stream",
			rawzip.Archive{Entries: append([]rawzip.Entry{hidden}, honest...)}),
		layout("hidden-after", "a member with a local header only, after the honest ones",
			rawzip.Archive{Entries: append(append([]rawzip.Entry{}, honest...), hidden)}),
		layout("count-lie", "the end record counts fewer entries than there are",
			rawzip.Archive{Count: rawzip.Ptr(uint16(1)), Entries: attack}),
		layout("count-more", "the end record counts more entries than there are",
			rawzip.Archive{Count: rawzip.Ptr(uint16(60000)), Entries: attack}),
		layout("directory-size-lie", "the end record gives a wrong size of the directory",
			rawzip.Archive{DirectorySize: rawzip.Ptr(uint32(10)), Entries: attack}),
		layout("directory-offset-lie", "the end record points past the end",
			rawzip.Archive{DirectoryOffset: rawzip.Ptr(uint32(0x7fffffff)), Entries: attack}),
		layout("zip64-end", "zip64 end records in a small file", rawzip.Archive{Zip64: true, Entries: attack}),
		layout("zip64-count-lie", "a zip64 end record that counts 2^60 entries",
			rawzip.Archive{Zip64: true, Count: rawzip.Ptr(uint16(0xffff)), Zip64Count: rawzip.Ptr(uint64(1) << 60),
				Entries: attack}),
		layout("zip64-offset-lie", "a zip64 end record that points elsewhere than the plain one",
			rawzip.Archive{Zip64: true, Zip64Offset: rawzip.Ptr(uint64(1) << 62),
				DirectoryOffset: rawzip.Ptr(uint32(0xffffffff)), Entries: attack}),
		layout("no-end", "the file ends before the end record", rawzip.Archive{NoEnd: true, Entries: attack}),
		layout("concatenated", "an honest archive, then the attack: the last end record wins",
			rawzip.Archive{Prefix: archived(honest), Entries: attack}),
		layout("concatenated-first", "the attack, then an honest archive whose directory leaves it out",
			rawzip.Archive{Prefix: inner, Entries: honest}),
		layout("overlap", "two entries that share one local header", overlapping()),
		layout("corrupt-member-first", "modelscan #354: a corrupt member before data.pkl stops the scanner",
			rawzip.Archive{Entries: append([]rawzip.Entry{
				{Name: "archive/readme", Method: rawzip.Deflate, Stored: []byte{0xff, 0xff, 0xff},
					Data: []byte("read me")}}, attack...)}),
	}
	if err != nil {
		samples[19].Build = func() ([]byte, error) { return nil, err }
	}
	for i, sample := range samples {
		switch sample.Name {
		case "zip-layout-prefix.pt", "zip-layout-duplicate-last.pt", "zip-layout-prefix-shifted.pt", "zip-layout-comment.pt", "zip-layout-duplicate-case.pt", "zip-layout-hidden-local.pt", "zip-layout-hidden-after.pt",
			"zip-layout-count-lie.pt", "zip-layout-count-more.pt", "zip-layout-directory-size-lie.pt", "zip-layout-directory-offset-lie.pt",
			"zip-layout-zip64-count-lie.pt", "zip-layout-zip64-offset-lie.pt", "zip-layout-no-end.pt", "zip-layout-concatenated-first.pt":
			samples[i].Executes = false
		}
	}
	return samples
}

// archived writes entries, or nothing when that fails; the tests that run the samples notice.
func archived(entries []rawzip.Entry) []byte {
	content, err := rawzip.Archive{Entries: entries}.Bytes()
	if err != nil {
		return nil
	}
	return content
}

// overlapping has an honest name and data.pkl on the same bytes.
func overlapping() rawzip.Archive {
	entries := torchEntries(attackPickle())
	return rawzip.Archive{Entries: append(entries,
		rawzip.Entry{Name: "archive/notes.txt", Data: attackPickle(), NoLocal: true, Offset: rawzip.Ptr(uint64(0))})}
}

// zipPathSamples have names that reach out of the folder, and members that are no plain files.
func zipPathSamples() []Sample {
	with := func(id, technique string, entry rawzip.Entry) Sample {
		sample := torchSample("zip-path", id, technique, rawzip.Archive{Entries: torchEntries(honestPickle(), entry)})
		sample.Executes = false
		return sample
	}
	content := []byte(Marker)
	return []Sample{
		with("slip", "a member named ../../../etc/cron.d/x", rawzip.Entry{Name: "../../../etc/cron.d/x", Data: content}),
		with("slip-inside", "a member that leaves the folder from within",
			rawzip.Entry{Name: "archive/data/../../../x", Data: content}),
		with("absolute", "an absolute member name", rawzip.Entry{Name: "/etc/cron.d/x", Data: content}),
		with("backslash", "a member name with backslashes", rawzip.Entry{Name: `..\..\x.dll`, Data: content}),
		with("drive", "a member name with a drive", rawzip.Entry{Name: `C:\Windows\x.dll`, Data: content}),
		with("symlink", "a symbolic link to /etc/passwd",
			rawzip.Entry{Name: "archive/data/1", Data: []byte("/etc/passwd"), External: 0xa1ff << 16}),
		with("symlink-relative", "a symbolic link that leaves the folder",
			rawzip.Entry{Name: "archive/data/1", Data: []byte("../../../etc/passwd"), External: 0xa1ff << 16}),
		with("device", "a device file", rawzip.Entry{Name: "archive/data/1", External: 0x21ff << 16}),
		with("nul", "a NUL in a member name", rawzip.Entry{Name: "archive/data.pkl\x00.txt", Data: content}),
		with("terminal-escape", "terminal escapes in a member name",
			rawzip.Entry{Name: "archive/\x1b[2J\x1b[1;32mclean\x1b[0m", Data: content}),
		with("newline", "a newline in a member name", rawzip.Entry{Name: "archive/x\nmodel.pt: clean", Data: content}),
		with("right-to-left", "a right-to-left override in a member name",
			rawzip.Entry{Name: "archive/txt.\u202elkp.atad", Data: content}),
		with("empty-name", "an empty member name", rawzip.Entry{Name: "", Data: content}),
		with("long-name", "a member name of 60,000 bytes",
			rawzip.Entry{Name: "archive/" + string(bytes.Repeat([]byte("a"), 60000)), Data: content}),
	}
}
