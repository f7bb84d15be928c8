// Package executable recognises native programs and libraries (ELF, PE and Mach-O) and scripts with an interpreter line. It is
// for detectors that report programs where only models belong. It does not parse, disassemble or judge them.
package executable

import (
	"bytes"
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
)

// Format recognises one kind of program.
type Format struct {
	info format.Info
	kind string
}

// Info implements format.Format.
func (f Format) Info() format.Info { return f.info }

// Match implements format.Format.
func (f Format) Match(p format.Probe) bool { return Kind(p.Head) == f.kind }

// The kinds of program.
const (
	ELF    = "ELF program or library"
	PE     = "Windows program or library"
	MachO  = "macOS program or library"
	Script = "script with an interpreter line"
)

// New returns the formats of native programs. They are recognised and not parsed.
func New() []format.Format {
	info := func(name, title, media, spec string, extensions ...string) format.Info {
		return format.Info{Name: name, Title: title, MediaType: media, Extensions: extensions, Risk: format.Active, Forward: true, Spec: spec}
	}
	return []format.Format{
		Format{info("elf", ELF, "application/x-elf", "https://refspecs.linuxfoundation.org/elf/elf.pdf", ".so", ".elf", ".ko"), ELF},
		Format{info("pe", PE, "application/vnd.microsoft.portable-executable",
			"https://learn.microsoft.com/windows/win32/debug/pe-format", ".exe", ".dll", ".pyd"), PE},
		Format{info("mach-o", MachO, "application/x-mach-binary",
			"https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/loader.h", ".dylib"), MachO},
	}
}

// Kind names the program that starts with head; empty for none. More than the magic must fit, because tensors start with any
// four bytes. A kilobyte is enough for all kinds that programs in the wild have.
func Kind(head []byte) string {
	switch {
	case isELF(head):
		return ELF
	case isPE(head):
		return PE
	case isMachO(head):
		return MachO
	case isScript(head):
		return Script
	}
	return ""
}

// isELF checks the identification: magic, class, byte order and version.
func isELF(head []byte) bool {
	return len(head) >= 20 && string(head[:4]) == "\x7fELF" && (head[4] == 1 || head[4] == 2) && (head[5] == 1 || head[5] == 2) && head[6] == 1
}

// isPE follows the DOS header to the signature of the PE header.
func isPE(head []byte) bool {
	if len(head) < 64 || string(head[:2]) != "MZ" {
		return false
	}
	at := int64(binary.LittleEndian.Uint32(head[60:]))
	return at >= 4 && at <= int64(len(head))-4 && string(head[at:at+4]) == "PE\x00\x00"
}

// isMachO checks magic, processor and kind of file; or, in a file for several processors, their number.
func isMachO(head []byte) bool {
	if len(head) < 28 {
		return false
	}
	switch binary.BigEndian.Uint32(head) {
	case 0xfeedface, 0xfeedfacf:
		return binary.BigEndian.Uint32(head[12:]) <= 12
	case 0xcefaedfe, 0xcffaedfe:
		return binary.LittleEndian.Uint32(head[12:]) <= 12
	case 0xcafebabe: // also Java classes, whose version stands where the number of processors does
		n := binary.BigEndian.Uint32(head[4:])
		return n > 0 && n < 20
	}
	return false
}

// isScript checks for an interpreter line.
func isScript(head []byte) bool {
	line, _, _ := bytes.Cut(head[:min(len(head), 128)], []byte("\n"))
	line, ok := bytes.CutPrefix(line, []byte("#!"))
	line = bytes.TrimLeft(line, " ")
	return ok && len(line) > 1 && line[0] == '/' && !bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\r' && r != '\t' })
}
