package reference

import (
	"bytes"
	"fmt"
	"html"
	"strings"
)

// Sizes of one character of a picture, in SVG units.
const (
	charWidth  = 7.8
	lineHeight = 17
	margin     = 14
)

// Terminal draws what a command wrote to a terminal of some columns as an SVG picture, with its colours. The text comes from
// the command itself, so that a picture in the documentation is of the real thing.
func Terminal(command string, output []byte, columns int) []byte {
	lines := strings.Split(strings.TrimRight("$ "+command+"\n"+string(output), "\n"), "\n")
	width := float64(columns)*charWidth + 2*margin
	height := len(lines)*lineHeight + 2*margin
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d" role="img">`+"\n",
		width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString("$ "+command))
	b.WriteString(`<style>text{font:13px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d6dbe5;white-space:pre}` +
		".s1{font-weight:700}.s2{fill:#8b93a7}.s31{fill:#ff7a85}.s32{fill:#7bd88f}.s33{fill:#f3c969}.s35{fill:#d3a4ff}.s36{fill:#6fd3e8}</style>\n")
	fmt.Fprintf(&b, `<rect width="%.0f" height="%d" rx="8" fill="#171b26"/>`+"\n", width, height)
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d" xml:space="preserve">%s</text>`+"\n", margin, margin+13+i*lineHeight, spans(line))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// spans turns the colour sequences of a line into spans.
func spans(line string) string {
	var b strings.Builder
	for line != "" {
		text, rest, found := strings.Cut(line, "\x1b[")
		b.WriteString(html.EscapeString(text))
		if !found {
			break
		}
		style, rest, _ := strings.Cut(rest, "m")
		if style == "0" {
			b.WriteString("</tspan>")
		} else {
			fmt.Fprintf(&b, `<tspan class="s%s">`, strings.ReplaceAll(style, ";", " s"))
		}
		line = rest
	}
	return b.String()
}
