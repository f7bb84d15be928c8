package format

import "strings"

// What Escape answers, for callers to whom some ways out matter more than others.
const (
	Absolute = "is an absolute path"
	Drive    = "names a drive"
	Climbing = "leaves its folder"
)

// Escape says how the name of a member leaves the folder that its archive is unpacked to; empty for a name that does not.
// Backslashes count as separators, as on Windows.
func Escape(name string) string {
	slashes := strings.ReplaceAll(name, `\`, "/")
	switch {
	case name == "":
		return "is empty"
	case strings.ContainsRune(name, 0):
		return "contains a zero byte"
	case strings.HasPrefix(slashes, "/"):
		return Absolute
	case len(name) >= 2 && name[1] == ':' && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z'):
		return Drive
	}
	for part := range strings.SplitSeq(slashes, "/") {
		if part == ".." {
			return Climbing
		}
	}
	return ""
}

// Climbs reports whether the target of a link, relative to the root of the archive, leaves it.
func Climbs(target string) bool {
	slashes := strings.ReplaceAll(target, `\`, "/")
	if strings.HasPrefix(slashes, "/") || (len(target) >= 2 && target[1] == ':') {
		return true
	}
	depth := 0
	for part := range strings.SplitSeq(slashes, "/") {
		switch part {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}
