package tensorrt_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/tensorrt"
	"github.com/picketsec/picket/internal/limits"
)

// elf is the start of a program in ELF for a machine.
func elf(machine byte) string {
	return "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x03\x00" + string([]byte{machine, 0}) + strings.Repeat("\x00", 60)
}

// search lists the signs in a content.
func search(content string) (string, int64) {
	var list []string
	n, err := tensorrt.Search(iotest.HalfReader(strings.NewReader(content)), limits.NewBudget(limits.Default()), func(s tensorrt.Sign) {
		list = append(list, fmt.Sprintf("%v %s %d", s.Host, s.Name, s.Offset))
	})
	if err != nil {
		list = append(list, err.Error())
	}
	return strings.Join(list, "|"), n
}

func TestSearch(t *testing.T) {
	head := "ftrt" + strings.Repeat("\x00", 28)
	far := strings.Repeat("\xaa", 1<<20)
	for content, want := range map[string]string{
		head: "", head + "\x05EvilPlugin\x00": "false EvilPlugin 33", head + "\x00BatchedNMS_TRT\x00": "false BatchedNMS_TRT 33",
		head + elf(62): "true Linux 32", head + elf(183): "true Linux 32", head + elf(190): "", head + "\x00Plugin\x00": "",
		head + far + "EvilPlugin" + far: fmt.Sprintf("false EvilPlugin %d", 32+1<<20), head + "MZ" + strings.Repeat("\x00", 58) + "\x40\x00\x00\x00PE\x00\x00\x00": "true Windows 32",
	} {
		got, n := search(content)
		if got != want || n != int64(len(content)) {
			t.Errorf("%.60q: %q after %d of %d bytes, want %q", content, got, n, len(content), want)
		}
	}
}

func TestNamesAcrossWindowsAreFoundOnce(t *testing.T) {
	for shift := 0; shift < 300; shift += 11 {
		content := strings.Repeat("\x00", 1<<20-150+shift) + "::EvilPlugin\x00" + strings.Repeat("\x00", 1<<20)
		if got, _ := search(content); got != fmt.Sprintf("false ::EvilPlugin %d", 1<<20-150+shift) {
			t.Fatalf("at %d: %q", 1<<20-150+shift, got)
		}
	}
}

func TestMatch(t *testing.T) {
	for content, want := range map[string]bool{"ptrt" + strings.Repeat("\x00", 20): true, "ftrt": false, "xtrt" + strings.Repeat("\x00", 20): false} {
		if got := (tensorrt.Format{}).Match(format.Probe{Head: []byte(content), Size: int64(len(content))}); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}

func FuzzSearch(f *testing.F) {
	f.Add([]byte("ftrt\x00\x00EvilPlugin\x00" + elf(62)))
	f.Fuzz(func(t *testing.T, content []byte) {
		n, err := tensorrt.Search(bytes.NewReader(content), limits.NewBudget(limits.Default()), func(s tensorrt.Sign) {
			if s.Offset < 0 || s.Offset >= int64(len(content)) || !s.Host && !bytes.HasPrefix(content[s.Offset:], []byte(s.Name)) {
				t.Fatalf("%+v is not there", s)
			}
		})
		if err != nil || n != int64(len(content)) {
			t.Fatalf("searched %d of %d: %v", n, len(content), err)
		}
	})
}
