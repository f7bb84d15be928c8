// Package known recognises formats by their content that Picket does not parse: text, images and other content that no model
// loader runs, and model formats without a parser yet, which are reported as unsupported by their name and not as unknown
// bytes. It is for the engine. It reads no more than it needs to recognise, and judges nothing.
package known

import (
	"bytes"
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
)

// entry is one format of the table.
type entry struct {
	info  format.Info
	match func(p format.Probe) bool
}

// Info implements format.Format.
func (e entry) Info() format.Info { return e.info }

// Match implements format.Format.
func (e entry) Match(p format.Probe) bool { return e.match(p) }

// Formats lists every format of the package. A format that is also written as text comes before text.
func Formats() []format.Format {
	var list []format.Format
	for _, table := range [][]entry{pointers(), models(), structured(), programs(), media(), texts()} {
		for _, e := range table {
			list = append(list, e)
		}
	}
	return list
}

// describe makes the constant facts of a format that is not parsed.
func describe(risk format.Risk, name, title, media, spec string, extensions ...string) format.Info {
	return format.Info{Name: name, Title: title, MediaType: media, Extensions: extensions, Risk: risk, Forward: true, Spec: spec}
}

// begins matches any of several magics at the start.
func begins(magics ...string) func(format.Probe) bool { return at(0, magics...) }

// at matches any of several magics at an offset.
func at(offset int, magics ...string) func(format.Probe) bool {
	return func(p format.Probe) bool {
		if len(p.Head) < offset {
			return false
		}
		for _, m := range magics {
			if bytes.HasPrefix(p.Head[offset:], []byte(m)) {
				return true
			}
		}
		return false
	}
}

// all matches what every condition matches.
func all(conditions ...func(format.Probe) bool) func(format.Probe) bool {
	return func(p format.Probe) bool {
		for _, c := range conditions {
			if !c(p) {
				return false
			}
		}
		return true
	}
}

// ends matches a magic at the end, when the end can be seen.
func ends(magic string) func(format.Probe) bool {
	return func(p format.Probe) bool { return p.Tail == nil || bytes.HasSuffix(p.Tail, []byte(magic)) }
}

// between matches a little-endian number of 32 bits at an offset.
func between(offset int, low, high uint32) func(format.Probe) bool {
	return func(p format.Probe) bool {
		if len(p.Head) < offset+4 {
			return false
		}
		n := binary.LittleEndian.Uint32(p.Head[offset:])
		return n >= low && n <= high
	}
}

// longer matches content of at least n bytes.
func longer(n int) func(format.Probe) bool {
	return func(p format.Probe) bool { return len(p.Head) >= n }
}

// pointers are files that stand for others.
func pointers() []entry {
	info := describe(format.Active, "git-lfs-pointer", "Git LFS pointer", "text/plain",
		"https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md")
	info.Placeholder, info.Parsed = true, true // all that it says is where its content is
	const most = 1024                          // bytes; the specification allows fewer
	return []entry{{info, func(p format.Probe) bool {
		return len(p.Head) < most && bytes.HasPrefix(p.Head, []byte("version https://git-lfs.github.com/spec/")) &&
			bytes.Contains(p.Head, []byte("\noid sha256:")) && bytes.Contains(p.Head, []byte("\nsize "))
	}}}
}
