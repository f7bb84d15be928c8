package freetext

import "strings"

// marks say which characters a text holds that a pattern cannot do without: most texts hold none, and trying a pattern costs a
// hundred times as much as looking for them.
type marks uint16

const (
	opening   marks = 1 << iota // (
	angle                       // <
	colon                       // :
	slash                       // / and \
	bar                         // |
	underline                   // _
	dash                        // -
	equals                      // =
	control                     // what cannot be printed
	wide                        // the first byte of a character that may not be seen
	capital                     // A
	letterX                     // x
)

// markTable has the mark of each byte.
var markTable = [256]marks{
	'(': opening, '<': angle, ':': colon, '/': slash, '\\': slash, '|': bar, '_': underline, '-': dash, '=': equals, 'A': capital, 'x': letterX,
	0: control, 1: control, 2: control, 3: control, 4: control, 5: control, 6: control, 7: control, 8: control, 0x0b: control, 0x0c: control,
	0x0e: control, 0x0f: control, 0x10: control, 0x11: control, 0x12: control, 0x13: control, 0x14: control, 0x15: control, 0x16: control,
	0x17: control, 0x18: control, 0x19: control, 0x1a: control, 0x1b: control, 0x1c: control, 0x1d: control, 0x1e: control, 0x1f: control,
	0x7f: control, 0xc2: wide, 0xe2: wide, 0xf3: wide,
}

// marksOf collects the marks of a text.
func marksOf(text string) (m marks) {
	for i := range len(text) {
		m |= markTable[text[i]]
	}
	return m
}

// has reports whether a text holds one of several words.
func has(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

func possibleCode(text string, m marks) bool {
	return m&opening != 0 && has(text, "builtins.", "os.", "subprocess.", "pty.", "runpy.", "importlib.", "pickle.", "marshal.", "shutil.",
		"socket.", "ctypes.", "eval", "exec", "compile", "getRuntime", "ProcessBuilder") ||
		m&underline != 0 && has(text, "__") || m&bar != 0 && has(text, "curl", "wget") || m&dash != 0 && has(text, "powershell", "/bin/") ||
		m&colon != 0 && has(text, "${jndi:")
}

func possibleMarkup(text string, m marks) bool {
	return m&angle != 0 || m&colon != 0 && has(text, "t:", "T:")
}

func possibleEscape(_ string, m marks) bool { return m&(control|wide) != 0 }

func possibleHidden(_ string, m marks) bool { return m&(control|wide) != 0 }

func possiblePath(text string, m marks) bool {
	return m&slash != 0 && (has(text, "..", "/etc/", "/proc/", "/root/", ".ssh") || m&colon != 0 && has(text, ":/", `:\`))
}

func possibleSecret(text string, m marks) bool {
	return m&capital != 0 && has(text, "AKIA", "ASIA") || m&underline != 0 && has(text, "hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_") ||
		m&dash != 0 && has(text, "glpat-", "sk-", "-----BEGIN") || m&dash != 0 && m&letterX != 0 && has(text, "xox") ||
		m&(colon|equals) != 0 && assigned(text)
}

// assigned reports whether a colon or an equals sign stands behind a word that ends as the words for credentials do.
func assigned(text string) bool {
	for i := range len(text) {
		if text[i] != ':' && text[i] != '=' {
			continue
		}
		before := strings.TrimRight(text[:i], " \t\r\n\f")
		before = strings.TrimSuffix(strings.TrimSuffix(before, `"`), "'")
		if n := len(before); n >= 6 && has("rd wd ey et en", strings.ToLower(before[n-2:])) {
			return true
		}
	}
	return false
}

func possibleLink(_ string, m marks) bool { return m&colon != 0 && m&slash != 0 }
