package ggml_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/ggml"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/ggml"
)

// u32 writes numbers.
func u32(numbers ...uint32) string {
	var b []byte
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return string(b)
}

func TestFindings(t *testing.T) {
	head := "fmgg" + u32(1, 1, 8, 8, 1, 1, 8, 1) + u32(1) + "a" + u32(0)
	tensor := func(name string, columns uint32, size int) string {
		return u32(1, uint32(len(name)), 0, columns) + name + strings.Repeat("\x00", size)
	}
	for name, c := range map[string]struct {
		content, want string
		verdict       picket.Verdict
	}{
		"sound":    {head + tensor("w", 4, 16), "", picket.Clean},
		"large":    {head + tensor("w", 400, 16), "model.ggml.bounds", picket.Suspicious},
		"name":     {head + tensor("\x1b[2J", 4, 16), "model.ggml.terminal-escape", picket.Suspicious},
		"trailing": {head + tensor("w", 4, 16) + "more", "model.ggml.bounds", picket.Suspicious},
		"adapter":  {"algg" + u32(1, 8, 16, 0, 0), "", picket.Incomplete},
	} {
		r := detecttest.Run(t, []byte(c.content), []format.Format{layout.Format{}}, ggml.Detector{})
		got := ""
		if len(r.Findings) > 0 {
			got = r.Findings[0].Rule.ID
		}
		if got != c.want || r.Verdict != c.verdict {
			t.Errorf("%s: %q %v, want %q %v", name, got, r.Verdict, c.want, c.verdict)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, ggml.Detector{}, []format.Format{layout.Format{}}, map[string][]byte{
		"large": []byte("fmgg" + u32(1, 1, 8, 8, 1, 1, 8, 1) + u32(1) + "a" + u32(0, 1, 1, 0, 400) + "w")})
}
