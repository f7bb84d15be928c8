package pickle

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Where the head ends inside of a stream, what follows decides: the same text is a pickle only if it goes on as one.
func TestMatchBeyondTheHead(t *testing.T) {
	const attack = "cos\nsystem\n(S'x'\ntR."
	long := strings.Repeat("some words ", 2*format.HeadSize/11)
	for name, before := range map[string]string{
		"line": "V" + long + "\n0", "quoted": "S'" + long + "'\n0", "digits": "I" + strings.Repeat("0", 2*format.HeadSize) + "1\n0",
		"lines": strings.Repeat("V"+long[:20<<10]+"\n0", 5), "dropped import": "cos\nsystem\n0V" + long + "\n0",
		"odd start": "I1_0\n0V" + long + "\n0", "empty stream": "N.", "two empty streams": "N.I1\n0N.",
		"more opcodes than are run": "I1_0\n0" + strings.Repeat("I1\n0", 5*format.HeadSize),
	} {
		if !match(before + attack) {
			t.Errorf("%s: not recognised", name)
		}
		if strings.Contains(name, "opcodes") {
			continue // no text has so many
		}
		if match(before + "A paragraph follows.\n") {
			t.Errorf("%s: taken for a pickle when text follows", name)
		}
	}
}

// A stream that starts midway finds values below its own, in groups, and may use them.
func TestMidwayRunsOnWhatIsBelow(t *testing.T) {
	for stream, calls := range map[string]int{
		"0\x93)R.": 1, "h\x05h\x06\x93)R.": 1, "1\x93(tR.": 1, "R": 0, "": 0,
	} {
		got := 0
		m := NewMachine(limits.NewBudget(limits.Default()), HandlerFunc(func(_ *Machine, e *Effect) error {
			if e.Kind == Call {
				got++
			}
			return nil
		}))
		m.Midway = true
		r, err := NewReader(format.BytesBlob([]byte(stream)), 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Run(t.Context(), r)
		if got != calls && calls > 0 || m.Cut() != (err != nil) {
			t.Errorf("%q makes %d calls, %v, cut %v; want %d", stream, got, err, m.Cut(), calls)
		}
		m.Close()
	}
}
