package evidence

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// TestArraysAreBoundedBeforeTheyAreKept gives readers arrays of many small values, which would need a hundred times the room
// of their text.
func TestArraysAreBoundedBeforeTheyAreKept(t *testing.T) {
	raw := json.RawMessage("[" + strings.Repeat("{},", 1<<20) + "{}]")
	var err error
	seen := 0
	used := testing.AllocsPerRun(1, func() {
		seen = 0
		err = elements("a", raw, 16, func(int, json.RawMessage) error { seen++; return nil })
	})
	if !errors.Is(err, ErrMalformed) || seen != 16 || used > 1000 {
		t.Errorf("%d values of 16 were seen with %.0f allocations: %v", seen, used, err)
	}
	entries := `{"mediaType":"` + bundleMediaType + `","verificationMaterial":{"publicKey":{"hint":"x"},"tlogEntries":[` +
		strings.Repeat("{},", maxLogEntries) + `{}]},"dsseEnvelope":{}}`
	if _, err := ParseBundle([]byte(entries)); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), "tlogEntries has more than 16") {
		t.Errorf("log entries: %v", err)
	}
}

// TestHalfSurrogates are names that differ for other readers, and would be one name here.
func TestHalfSurrogates(t *testing.T) {
	for text, bad := range map[string]bool{
		`{"a":"\ud800"}`: true, `{"a":"\udc00\ud800"}`: true, `{"a":"\ud800\ud800"}`: true, `{"\udfff":1}`: true,
		`{"a":"\ud800x"}`: true, `{"a":"\ud800\\udc00"}`: true, `{"a":"\\\ud800"}`: true,
		`{"a":"\ud83d\ude00"}`: false, `{"a":"\\ud800"}`: false, `{"a":"\\\\ud800\n\"\u00e9"}`: false, `{"a":"\ufffd"}`: false,
	} {
		if err := document([]byte(text)); errors.Is(err, ErrMalformed) != bad {
			t.Errorf("%s: %v", text, err)
		}
	}
}
