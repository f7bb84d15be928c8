// Package layout lays out text for people at a terminal: how many columns text takes, where its lines break, in which
// colour it is shown, and how counts and sizes are written. It is for the reports and listings of the command line. It
// escapes nothing: give it text that is printable already (picket.Printable). It looks at no terminal and no environment.
package layout

import (
	"fmt"
	"strings"
	"unicode"
)

// wide holds the ranges of runes that terminals show in two columns (East Asian Wide and Fullwidth in Unicode's annex 11,
// and the emoji blocks), as pairs of first and last.
var wide = [...][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xa000, 0xa4cf},
	{0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
	{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
}

// runeWidth is the number of columns of one rune: 0 for a mark that sits on the rune before it.
func runeWidth(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	for _, span := range wide {
		if r >= span[0] && r <= span[1] {
			return 2
		}
	}
	return 1
}

// Width is the number of columns that a terminal needs for s, which holds neither control characters nor colour.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// Wrap breaks s at spaces into lines of at most width columns; a word that is longer than a line is broken where the line
// ends. It returns one empty line for empty text. A width below 1 counts as 1.
func Wrap(s string, width int) []string {
	width = max(1, width)
	var lines []string
	line, used := strings.Builder{}, 0
	flush := func() {
		lines = append(lines, line.String())
		line.Reset()
		used = 0
	}
	for _, word := range strings.Fields(s) {
		n := Width(word)
		if used > 0 && used+1+n > width {
			flush()
		}
		if used > 0 {
			line.WriteByte(' ')
			used++
		}
		for n > width {
			head := Clip(word, width)
			if head == "" { // one rune of two columns on a line of one: show it, and overflow
				head = word
			}
			line.WriteString(head)
			word = word[len(head):]
			n = Width(word)
			flush()
		}
		line.WriteString(word)
		used += n
	}
	if used > 0 || len(lines) == 0 {
		flush()
	}
	return lines
}

// Clip returns the longest start of s that takes at most width columns.
func Clip(s string, width int) string {
	used := 0
	for i, r := range s {
		used += runeWidth(r)
		if used > width {
			return s[:i]
		}
	}
	return s
}

// Middle shortens s to at most width columns by replacing its middle with "…", because both ends of a path tell it apart.
func Middle(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	if width < 3 {
		return Clip("…", width)
	}
	head := Clip(s, (width-1)/2)
	room, cut := width-1-Width(head), len(s)
	for i := range s {
		if Width(s[i:]) <= room {
			cut = i
			break
		}
	}
	return head + "…" + s[cut:]
}

// Count writes a number of things: "1 artifact", "12,345 artifacts". The plural adds an s.
func Count[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return Number(int64(n)) + " " + thing + "s"
}

// Number writes n with a comma between groups of three digits.
func Number(n int64) string {
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Bytes writes a size in decimal units with at most one digit after the point: "512 B", "1.2 kB", "13.5 GB".
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		if size /= 1000; size < 999.95 {
			break
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", size), ".0") + " " + unit
}
