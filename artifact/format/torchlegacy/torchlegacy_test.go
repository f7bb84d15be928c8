package torchlegacy

import (
	"testing"

	"github.com/picketsec/picket/artifact/format"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		name string
		head string
		want bool
	}{
		{"magic", string(Magic()), true},
		{"magic and more", string(Magic()) + "\x80\x02M\xe9\x03.", true},
		{"another number", "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x18.", false},
		{"cut off", string(Magic()[:14]), false},
		{"empty", "", false},
	} {
		if got := (Format{}).Match(format.Probe{Head: []byte(test.head)}); got != test.want {
			t.Errorf("%s: Match = %v, want %v", test.name, got, test.want)
		}
	}
}

// FuzzMatch checks that only content that starts with the magic number matches.
func FuzzMatch(f *testing.F) {
	f.Add(Magic())
	f.Add([]byte("\x80\x02\x8a\x0a"))
	f.Fuzz(func(t *testing.T, head []byte) {
		got := (Format{}).Match(format.Probe{Head: head, Size: int64(len(head))})
		if want := len(head) >= len(Magic()) && string(head[:len(Magic())]) == string(Magic()); got != want {
			t.Errorf("Match = %v, want %v", got, want)
		}
	})
}
