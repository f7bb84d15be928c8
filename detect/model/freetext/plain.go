package freetext

// Bounds of texts that are plain whatever their words are.
const (
	shortWord = 12 // bytes: no call, credential or command is shorter and has a dash or a line in it
	longRun   = 20 // letters and digits in a row that can be a credential or an encoding
)

// Plain reports whether a text holds only words, numbers and punctuation of which no code, markup, path, credential, address or
// encoding can consist: Look finds no sign in it, and Hidden no content. Vocabularies have a hundred thousand such texts.
func Plain[Text string | []byte](text Text) bool {
	run := 0
	for i := range len(text) {
		switch c := text[i]; {
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
