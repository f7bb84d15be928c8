package bom

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// maxProgramReads is how many bytes of one program are read at most: its headers and the data in which the Go linker puts the list
// of modules.
const maxProgramReads = 256 << 20

// readPrograms lists the modules that Go programs were built from, as the linker wrote them down.
func (b *builder) readPrograms() {
	for _, f := range b.bill.Files {
		if !isProgram(f.Format) || b.ctx.Err() != nil {
			continue
		}
		info, err := b.buildInfo(f.Name)
		if err != nil {
			b.note(f.Name, err)
			continue
		}
		b.program(f.Name, info)
	}
}

// buildInfo reads the list of modules of one program. The standard library's readers of executables are not made for hostile
// files: a failure of theirs is a file that could not be read.
func (b *builder) buildInfo(name string) (info *debug.BuildInfo, err error) {
	f, err := b.open(name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			info, err = nil, fmt.Errorf("read program: %v", r)
		}
		_ = f.Close() // read only
	}()
	if f.blob.At() == nil {
		return nil, errors.New("it can only be read forward")
	}
	return buildinfo.Read(&metered{at: f.blob.At(), left: maxProgramReads})
}

// metered stops a reader that asks for more than any program needs.
type metered struct {
	at   io.ReaderAt
	left int64
}

// ReadAt implements io.ReaderAt.
func (m *metered) ReadAt(p []byte, at int64) (int, error) {
	if m.left -= int64(len(p)); m.left < 0 {
		return 0, errors.New("the program is larger than what is read of one")
	}
	return m.at.ReadAt(p, at)
}

// program adds what one program was built from.
func (b *builder) program(name string, info *debug.BuildInfo) {
	version := strings.TrimPrefix(info.GoVersion, "go")
	b.software(Software{Name: Field{"go", Inferred, name}, Version: Field{clean(version, 64), Inferred, name}, Use: useBuild,
		PURL: "pkg:golang/stdlib@" + clean(version, 64)})
	main := info.Main
	if main.Version == "" || main.Version == "(devel)" {
		main.Version = setting(info, "vcs.revision")
	}
	if main.Path != "" {
		b.module(name, &main, "")
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		b.module(name, m, useInference)
	}
	for _, key := range []string{"GOOS", "GOARCH", "CGO_ENABLED", "vcs.revision", "vcs.time", "vcs.modified", "-trimpath", "-ldflags"} {
		if value := setting(info, key); value != "" {
			b.property("build."+key, Field{clean(value, maxText), Inferred, name})
		}
	}
}

// setting is one of the settings of a build.
func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// module adds a Go module. Modules that are replaced by a folder have no version.
func (b *builder) module(file string, m *debug.Module, use string) {
	s := Software{Name: Field{clean(m.Path, 300), Inferred, file}, Sum: clean(m.Sum, 100), Use: use}
	if m.Version == "" {
		s.Version = unresolved(file, "built from a folder")
		s.PURL = golang(m.Path, "")
	} else {
		s.Version = Field{clean(m.Version, 200), Inferred, file}
		s.PURL = golang(m.Path, m.Version)
	}
	b.software(s)
}

// golang is the package URL of a Go module, whose name is in lower case there.
func golang(path, version string) string {
	if strings.HasPrefix(path, ".") || strings.HasPrefix(path, "/") || path == "" {
		return ""
	}
	purl := "pkg:golang/" + strings.ToLower(clean(path, 300))
	if version != "" {
		purl += "@" + strings.ReplaceAll(clean(version, 200), "+", "%2B")
	}
	return purl
}
