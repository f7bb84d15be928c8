package yaml

import "bytes"

// HasMember reports whether a line begins with one of the names as the name of a member, in quotes or without. With nested false
// only lines without indentation count: the members of the document itself, when it is in block style. It is for formats that are
// recognised by their members; content of any kind may be searched, and is searched fast.
func HasMember(head []byte, nested bool, names ...string) bool {
	for _, name := range names {
		rest := head
		for at := 0; ; {
			i := bytes.Index(rest[at:], []byte(name))
			if i < 0 {
				break
			}
			i += at
			if at = i + len(name); member(rest[:i], rest[at:], nested) {
				return true
			}
		}
	}
	return false
}

// member reports whether what stands before and after a name makes it the name of a member.
func member(before, after []byte, nested bool) bool {
	before = bytes.TrimSuffix(bytes.TrimSuffix(before, []byte(`"`)), []byte("'"))
	indent := len(before)
	for indent > 0 && nested && (before[indent-1] == ' ' || before[indent-1] == '-') {
		indent--
	}
	if indent > 0 && before[indent-1] != '\n' || nested && indent == len(before) {
		return false
	}
	after = bytes.TrimPrefix(bytes.TrimPrefix(after, []byte(`"`)), []byte("'"))
	after = bytes.TrimLeft(after, " \t\r\n\f")
	return len(after) > 0 && after[0] == ':'
}
