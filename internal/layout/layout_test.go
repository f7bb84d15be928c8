package layout

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "模型": 4, "a模": 3, "😀": 2, "ｆ": 2} {
		if got := Width(text); got != want {
			t.Errorf("Width(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 100, []string{"one two three"}},
		{"abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"x abcdefgh y", 3, []string{"x", "abc", "def", "gh", "y"}},
		{"模型模型", 5, []string{"模型", "模型"}},
		{"模", 1, []string{"模"}},
		{"a b", 0, []string{"a", "b"}},
	} {
		if diff := cmp.Diff(c.want, Wrap(c.text, c.width)); diff != "" {
			t.Errorf("Wrap(%q, %d) (-want +got):\n%s", c.text, c.width, diff)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two three", 7)
	f.Add("模型 abcdefgh", 3)
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = max(2, width%200)
		lines := Wrap(text, width)
		for _, line := range lines {
			if Width(line) > width {
				t.Errorf("Wrap(%q, %d): the line %q has %d columns", text, width, line, Width(line))
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := squeeze(strings.Join(lines, "")); got != squeeze(text) {
			t.Errorf("Wrap(%q, %d) keeps %q", text, width, got)
		}
		if got := Middle(text, width); Width(got) > width {
			t.Errorf("Middle(%q, %d) = %q has %d columns", text, width, got, Width(got))
		}
	})
}

func TestMiddle(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"short", 10, "short"}, {"models/very/long/name.pt", 11, "model…me.pt"}, {"abcdef", 2, "…"}, {"abcdef", 0, ""},
	} {
		if got := Middle(c.text, c.width); got != c.want {
			t.Errorf("Middle(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 1234: "1.2 kB", 999_949: "999.9 kB",
		999_999: "1 MB", 13_500_000_000: "13.5 GB", 1<<63 - 1: "9.2 EB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 12: "12", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
	if got := Count(1, "file") + ", " + Count(0, "file") + ", " + Count(int64(2000), "file"); got != "1 file, 0 files, 2,000 files" {
		t.Errorf("Count: %s", got)
	}
}

func TestPaint(t *testing.T) {
	if got := (Painter{}).Paint(Red, "x"); got != "x" {
		t.Errorf("without colour: %q", got)
	}
	if got := (Painter{Color: true}).Paint(Red, "x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("with colour: %q", got)
	}
	if got := (Painter{Color: true}).Paint(Plain, "x") + (Painter{Color: true}).Paint(Red, ""); got != "x" {
		t.Errorf("plain or empty text is painted: %q", got)
	}
}
