package executable_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/executable"
)

// heads are inert starts of programs, by kind.
func heads() map[string]string {
	return map[string]string{
		executable.ELF:    "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 20),
		executable.PE:     "MZ" + strings.Repeat("\x00", 58) + "\x40\x00\x00\x00PE\x00\x00",
		executable.MachO:  "\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00\x02\x00\x00\x00" + strings.Repeat("\x00", 20),
		executable.Script: "#!/bin/sh\necho x\n",
	}
}

func TestKind(t *testing.T) {
	for want, head := range heads() {
		if got := executable.Kind([]byte(head)); got != want {
			t.Errorf("%q is %q, want %q", head, got, want)
		}
		for n := range min(len(head), 4) {
			if got := executable.Kind([]byte(head[:n])); got != "" {
				t.Errorf("%q is %q", head[:n], got)
			}
		}
	}
	for _, head := range []string{"", "MZ is how a tensor may start" + strings.Repeat(" ", 64), "\x7fELF and then text, not a header",
		"#! not a path", "#!/\x00binary", "\xca\xfe\xba\xbe\x00\x00\x00\x34 is a Java class"} {
		if got := executable.Kind([]byte(head)); got != "" {
			t.Errorf("%q is %q", head, got)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, f := range executable.New() {
		matched := 0
		for kind, head := range heads() {
			if f.Match(format.Probe{Head: []byte(head)}) {
				matched++
				if f.Info().Title != kind {
					t.Errorf("%s accepts %s", f.Info().Name, kind)
				}
			}
		}
		if matched != 1 {
			t.Errorf("%s accepts %d samples, want one", f.Info().Name, matched)
		}
	}
}

func FuzzKind(f *testing.F) {
	for _, head := range heads() {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		if kind := executable.Kind(head); kind != "" && executable.Kind(head[:1]) != "" {
			t.Errorf("one byte is enough for %q", kind)
		}
	})
}
