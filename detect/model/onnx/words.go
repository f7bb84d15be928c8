package onnx

// Bounds of texts that are plain whatever their words are.
const (
	shortWord = 12 // bytes: no call, credential or command is shorter and has a dash or a line in it
	longRun   = 20 // letters and digits in a row that can be a credential or an encoding
)

// plain reports whether a text holds only words, numbers and such punctuation as no code, markup, path, credential, address or
// encoding can do without: vocabularies have a hundred thousand of them, and each pattern would be tried on each.
func plain(text []byte) bool {
	run := 0
	for i, c := range text {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+':
			if run++; run >= longRun {
				return false
			}
			continue
		case c == '-' || c == '_':
			if len(text) >= shortWord || i > 0 && text[i-1] == '_' {
				return false
			}
		case c == '.' && i+1 < len(text) && text[i+1] >= 'A': // an extension, or an attribute
			return false
		case c < ' ', c == '(', c == '<', c == ':', c == '/', c == '\\', c == '|', c == '=', c == '$', c == '{', c == 0x7f:
			return false
		case c >= 0xc0 && !letters(c):
			return false
		}
		run = 0
	}
	return true
}

// letters reports whether a byte begins a character of a range that has letters only, and none that cannot be seen.
func letters(lead byte) bool {
	return lead >= 0xc3 && lead <= 0xcb || lead >= 0xce && lead <= 0xd7 || lead >= 0xe4 && lead <= 0xec
}
