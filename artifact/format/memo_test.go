package format_test

import (
	"testing"

	"github.com/picketsec/picket/artifact/format"
)

func TestOnce(t *testing.T) {
	type key struct{}
	calls := 0
	length := func(p format.Probe) int {
		calls++
		return len(p.Head)
	}
	p := format.Probe{Head: []byte("abc"), Memo: &format.Memo{}}
	for range 3 {
		if got := format.Once(p, key{}, length); got != 3 {
			t.Errorf("the result is %d", got)
		}
	}
	if got := format.Once(p, "another", func(format.Probe) string { return "x" }); got != "x" || calls != 1 {
		t.Errorf("another key gives %q after %d calls", got, calls)
	}
	if got := format.Once(format.Probe{Head: []byte("ab")}, key{}, length); got != 2 || calls != 2 {
		t.Errorf("without a memo the result is %d after %d calls", got, calls)
	}
}
