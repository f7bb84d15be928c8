package format_test

import (
	"testing"

	"github.com/picketsec/picket/artifact/format"
)

func TestEscape(t *testing.T) {
	for name, want := range map[string]string{
		"": "is empty", "/a": "is an absolute path", `\a`: "is an absolute path", "c:x": "names a drive", "a\x00b": "contains a zero byte",
		"a/../../b": "leaves its folder", `a\..\b`: "leaves its folder", "a/b": "", "..a/b..": "", "a:b/c": "names a drive", "1:b": "",
	} {
		if got := format.Escape(name); got != want {
			t.Errorf("%q %s, want %q", name, got, want)
		}
	}
}

func TestClimbs(t *testing.T) {
	for target, want := range map[string]bool{"/x": true, "a/../b": false, "a/../../b": true, "..": true, `..\x`: true, "c:x": true, "./a": false} {
		if format.Climbs(target) != want {
			t.Errorf("%q climbs: %v", target, !want)
		}
	}
}
