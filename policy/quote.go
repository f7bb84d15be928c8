package policy

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shellQuote writes a path so that a shell reads it as one word and a terminal shows it as it is.
func shellQuote(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	special, hidden := path == "", false
	for _, r := range path {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("./_-+=@%,", r)
		special = special || !plain
		hidden = hidden || !unicode.IsPrint(r) || r == utf8.RuneError
	}
	switch {
	case hidden: // bash and zsh read this form; it is the only one that shows what is there
		var b strings.Builder
		for _, c := range []byte(path) {
			if c < ' ' || c > '~' || c == '\'' || c == '\\' {
				fmt.Fprintf(&b, `\x%02x`, c)
			} else {
				b.WriteByte(c)
			}
		}
		return "$'" + b.String() + "'"
	case special:
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
