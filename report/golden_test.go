package report

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// scans are the scans that every format writes.
func scans() map[string]picket.Scan {
	return map[string]picket.Scan{
		"empty": emptyScan(), "clean": cleanScan(12), "inert": inertScan(), "mixed": mixedScan(), "nasty": nastyScan(),
	}
}

// write runs a format and fails the test on an error.
func write(t testing.TB, f Format, scan picket.Scan, opt Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, scan, opt); err != nil {
		t.Fatalf("write %s: %v", f.Info().Name, err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, scan := range scans() {
		if name == "nasty" {
			scan = scanOfNames(nasty()[:7]) // enough to read; the properties below look at all of them
		}
		for _, f := range Formats() {
			t.Run(name+"/"+f.Info().Name, func(t *testing.T) {
				got := write(t, f, scan, Options{Trace: true, ExitCode: new(3)})
				if again := write(t, f, scan, Options{Trace: true, ExitCode: new(3)}); again != got {
					t.Error("the same scan gives different bytes")
				}
				file := filepath.Join("testdata", name+"."+f.Info().Name+".golden")
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("go test -update rewrites the file if this is right (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestNothingHidden: no format lets a character through that a terminal acts on or a reader cannot see.
func TestNothingHidden(t *testing.T) {
	for name, scan := range scans() {
		for _, f := range Formats() {
			got := write(t, f, scan, Options{Trace: true})
			if !utf8.ValidString(got) {
				t.Errorf("%s %s: not UTF-8", name, f.Info().Name)
			}
			for i, r := range got {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Errorf("%s %s: %U at byte %d: …%q…", name, f.Info().Name, r, i, got[max(0, i-30):min(len(got), i+10)])
					break
				}
			}
		}
	}
}

// TestColor: colour adds escape sequences and changes nothing else.
func TestColor(t *testing.T) {
	plain := write(t, table{}, nastyScan(), Options{})
	colored := write(t, table{}, nastyScan(), Options{Color: true})
	for _, style := range []layout.Style{layout.Bold, layout.Dim, layout.Red, layout.BoldRed, layout.Green, layout.Yellow, layout.Magenta, layout.Cyan} {
		colored = strings.ReplaceAll(colored, "\x1b["+string(style)+"m", "")
	}
	if diff := cmp.Diff(plain, strings.ReplaceAll(colored, "\x1b[0m", "")); diff != "" {
		t.Errorf("colour changes the text (-plain +coloured without colour):\n%s", diff)
	}
}

// TestWidth: no line is wider than asked for, but for commands that are there to be copied.
func TestWidth(t *testing.T) {
	for _, width := range []int{40, 80, 120, 200} {
		for name, scan := range scans() {
			for line := range strings.Lines(write(t, table{}, scan, Options{Width: width, Trace: true})) {
				line = strings.TrimSuffix(line, "\n")
				if n := layout.Width(line); n > width && !strings.HasPrefix(line, "  picket ") {
					t.Errorf("%s at width %d: %d columns: %q", name, width, n, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s: space at the end of %q", name, line)
				}
			}
		}
	}
}

func TestLookup(t *testing.T) {
	for _, f := range Formats() {
		got, err := Lookup(f.Info().Name)
		if err != nil || got != f {
			t.Errorf("Lookup(%q) = %v, %v", f.Info().Name, got, err)
		}
	}
	_, err := Lookup("pdf\x1b[2J")
	if err == nil || !strings.Contains(err.Error(), "table, json, sarif, junit, html, markdown") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("the error does not name the choices: %v", err)
	}
}

// closedPipe fails after some bytes, as a pager that was quit does.
type closedPipe struct{ left int }

func (p *closedPipe) Write(b []byte) (int, error) {
	if p.left -= len(b); p.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func TestWriteError(t *testing.T) {
	for _, f := range Formats() {
		for _, left := range []int{0, 70_000} {
			err := f.Write(&closedPipe{left: left}, largeScan(200, 10), Options{})
			if f.Info().Name == "table" && left > 0 || f.Info().Name == "markdown" && left > 0 {
				continue // these bound what they write
			}
			if !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s after %d bytes: %v", f.Info().Name, left, err)
			}
		}
	}
}

// largeScan has n artifacts with m findings each.
func largeScan(n, m int) picket.Scan {
	s := cleanScan(n)
	for i := range s.Results {
		s.Results[i].Verdict = picket.Malicious
		for j := range m {
			s.Results[i].Findings = append(s.Results[i].Findings,
				finding(codeExecution(), "data.pkl", int64(j), fmtCall(j), "posix.system"))
		}
	}
	return s
}

// fmtCall is a summary that differs by i.
func fmtCall(i int) string {
	return `calls posix.system("echo ` + strings.Repeat("x", i%7) + `") when loaded`
}

// BenchmarkWrite writes ten thousand artifacts with a hundred thousand findings.
func BenchmarkWrite(b *testing.B) {
	scan := largeScan(10_000, 10)
	for _, f := range Formats() {
		b.Run(f.Info().Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var n count
				if err := f.Write(&n, scan, Options{}); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(n))
			}
		})
	}
}

// TestLarge: a comment stays below the size that GitHub accepts, and no other format leaves anything out.
func TestLarge(t *testing.T) {
	scan := largeScan(2000, 10)
	for _, f := range Formats() {
		var n count
		if err := f.Write(&n, scan, Options{}); err != nil {
			t.Errorf("%s: %v", f.Info().Name, err)
		}
		if f.Info().Name == "markdown" && n > 65_536 {
			t.Errorf("a comment of %d bytes", n)
		}
		if f.Info().Name != "markdown" && n < 2000*100 {
			t.Errorf("%s: only %d bytes", f.Info().Name, n)
		}
	}
}

// count counts bytes.
type count int

func (c *count) Write(b []byte) (int, error) { *c += count(len(b)); return len(b), nil }
