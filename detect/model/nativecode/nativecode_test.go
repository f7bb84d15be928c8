package nativecode_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/executable"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/artifact/format/npy"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/nativecode"
	detectnpy "github.com/picketsec/picket/detect/model/npy"
)

// programs are the inert beginnings of programs, by format.
func programs() map[string]string {
	zeros := strings.Repeat("\x00", 64)
	return map[string]string{
		"elf":          "\x7fELF\x02\x01\x01" + zeros,
		"pe":           "MZ" + zeros[:58] + "\x40\x00\x00\x00PE\x00\x00",
		"mach-o":       "\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00\x02\x00\x00\x00" + zeros,
		"ape":          "MZqFpD='" + zeros,
		"java-class":   "\xca\xfe\xba\xbe\x00\x00\x00\x34" + zeros,
		"dex":          "dex\n035" + zeros,
		"wasm":         "\x00asm\x01\x00\x00\x00",
		"lua-bytecode": "\x1bLua\x54\x00",
	}
}

func TestEveryProgramIsReportedAndNeverClean(t *testing.T) {
	formats := slices.Concat(executable.New(), known.Formats())
	for name, content := range programs() {
		r := detecttest.Run(t, []byte(content), formats, nativecode.Detector{})
		if len(r.Findings) != 1 || r.Findings[0].Subject != name || r.Verdict != picket.Incomplete || !r.Coverage.Executable {
			t.Errorf("%s: findings %v, verdict %v, formats %v", name, r.Findings, r.Verdict, r.Formats)
		}
	}
	if got, want := len(programs()), len(nativecode.Detector{}.Info().Formats); got != want {
		t.Errorf("%d samples for %d formats", got, want)
	}
}

// TestProgramInsideAnArray expects the gap and leaves the finding to whoever found the program.
func TestProgramInsideAnArray(t *testing.T) {
	header := "{'descr': '|u1', 'fortran_order': False, 'shape': (8,), }\n"
	content := npy.Magic + "\x01\x00" + string([]byte{byte(len(header)), 0}) + header + programs()["wasm"]
	r := detecttest.Run(t, []byte(content), append(known.Formats(), npy.Format{}), detectnpy.Detector{}, nativecode.Detector{})
	if r.Verdict != picket.Incomplete || len(r.Findings) != 0 || len(r.Coverage.Gaps) != 1 || r.Coverage.Gaps[0].Member != "data" {
		t.Errorf("verdict %v, findings %v, gaps %v", r.Verdict, r.Findings, r.Coverage.Gaps)
	}
}

func TestAccept(t *testing.T) {
	samples := map[string][]byte{}
	for name, content := range programs() {
		samples[name] = []byte(content)
	}
	detecttest.Accept(t, nativecode.Detector{}, slices.Concat(executable.New(), known.Formats()), samples)
}
