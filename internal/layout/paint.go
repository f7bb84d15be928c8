package layout

// Style is a way to show text that a Painter knows.
type Style string

// The styles, as the parameters of the terminal's "select graphic rendition" sequence. They use the sixteen colours that a
// user's theme defines, so that they are readable on dark and on light backgrounds.
const (
	Plain   Style = ""
	Bold    Style = "1"
	Dim     Style = "2"
	Red     Style = "31"
	BoldRed Style = "1;31"
	Green   Style = "32"
	Yellow  Style = "33"
	Magenta Style = "35"
	Cyan    Style = "36"
)

// Painter adds colour to text, or leaves it as it is. The zero value leaves it.
type Painter struct{ Color bool }

// Paint shows s in a style. Measure text before it is painted: Width counts the bytes that switch colours.
func (p Painter) Paint(style Style, s string) string {
	if !p.Color || style == Plain || s == "" {
		return s
	}
	return "\x1b[" + string(style) + "m" + s + "\x1b[0m"
}
