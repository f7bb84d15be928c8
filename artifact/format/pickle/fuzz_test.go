package pickle

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// samples are streams that use every opcode.
func samples() []string {
	return []string{
		"cos\nsystem\n(S'echo x'\ntR.", "(S'echo x'\nios\nsystem\n.", "(cos\nsystem\nS'echo x'\no.",
		"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x06echo x\x94\x85\x94R\x94.",
		"\x80\x04\x8f(K\x01K\x02\x90(K\x03\x91(K\x04\x85l(K\x05K\x06d]K\x07a(K\x08e}(K\x09Nu\x87.",
		"\x80\x02\x82\x01\x83\x02\x01\x84\x01\x00\x00\x00\x8a\x01\x05\x8b\x01\x00\x00\x00\x07\x88\x89\x81.",
		"\x80\x05\x97\x98\x96\x12\x00\x00\x00\x00\x00\x00\x00abcdefghijklmnopqr\x98Q.",
		"(lp0\nI1\naS'abcdefghijklmnop\\n\\x41\\102'\np1\naVabc\\u0041def\np2\naF1.5\naL5L\nag1\na.",
		"\x80\x04ca\nb\n)}\x8c\x01kK\x01s\x92}b.", "(dp0\nVkey\np1\nI01\ns.", "Pabc\n.", "NN2r\x00\x01\x00\x00j\x00\x01\x00\x00" + "0(1.",
		"\x80\x04\x8e\x03\x00\x00\x00\x00\x00\x00\x00abc\x8d\x03\x00\x00\x00\x00\x00\x00\x00abcC\x03abcT\x03\x00\x00\x00abcU\x01a\x86.",
		"\x80\x02]q\x00h\x00aca\nb\nh\x00\x85q\x01Rq\x02}h\x02h\x02sbh\x02a.",
	}
}

// long are streams whose bodies do not fit into the window.
func long() []string {
	return []string{
		"S'" + strings.Repeat("abc\\x41", 20000) + "'\n.", "V" + strings.Repeat("abc\\u0041", 20000) + "\n.",
		"\x80\x03B\x00\x00\x03\x00" + strings.Repeat("body", 48<<10) + ".", "L" + strings.Repeat("1", 100_000) + "\n.",
		"c" + strings.Repeat("a", 100_000) + "\nb\n.", "S'" + strings.Repeat("a", 100_000), "\x80\x03B\x00\x00\x03\x00" + strings.Repeat("a", 100_000),
	}
}

// TestLong checks long bodies with random access and without, read and unread.
func TestLong(t *testing.T) {
	for _, s := range long() {
		same(t, s)
		got, _, err := run(t, s)
		_, other, otherErr := runQuiet(t, s, limits.Default())
		if (err == nil) != (otherErr == nil) || err == nil && other.End != int64(len(s)) {
			t.Errorf("%.20q…: read %v %v, skipped %v", s, got, err, otherErr)
		}
	}
}

func FuzzMachine(f *testing.F) {
	for _, s := range samples() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		same(t, s)
	})
}

// same checks what must hold for any stream: bounds, kinds of errors, and the same effects with and without random access.
func same(t *testing.T, s string) {
	t.Helper()
	want, sum, err := runBlob(t, format.BytesBlob([]byte(s)), 0)
	if sum.End < 0 || sum.End > int64(len(s)) || sum.Stopped != (err == nil) {
		t.Fatalf("summary %+v of %d bytes: %v", sum, len(s), err)
	}
	if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
		t.Fatalf("unexpected kind of error: %v", err)
	}
	for _, size := range []int64{int64(len(s)), -1} {
		got, other, otherErr := runBlob(t, forward(s, size), 0)
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Fatalf("forward-only content of size %d gives other effects:\n%q\n%q", size, got, want)
		}
		if other != sum || (otherErr == nil) != (err == nil) || err != nil && otherErr.Error() != err.Error() {
			t.Fatalf("forward-only content ends otherwise: %+v %v, not %+v %v", other, otherErr, sum, err)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range append(samples(), texts0()...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := match(s)
		lines, sum, err := run(t, s)
		called := false
		for _, l := range lines {
			called = called || strings.HasPrefix(l, "call os.system (")
		}
		if called && !got {
			t.Fatalf("a call of an import is not recognised: %q", lines)
		}
		if got && sum.Ops == 0 {
			t.Fatalf("recognised without one opcode: %v", err)
		}
	})
}

// TestTruncated cuts every sample at every byte: never clean, never a panic, the effects before the cut stay.
func TestTruncated(t *testing.T) {
	for _, s := range samples() {
		whole, _, err := run(t, s)
		for n := range len(s) - 1 {
			got, sum, cutErr := run(t, s[:n])
			if !errors.Is(cutErr, format.ErrMalformed) || sum.Stopped || sum.End > int64(n) {
				t.Errorf("%q cut at %d: %+v, %v (whole: %v)", s, n, sum, cutErr, err)
			}
			if at := slices.Index(got, LineEnding.String()); at >= 0 {
				got = got[:at] // from here on Python uses a line that lacks its end
			}
			if len(got) > len(whole) || !slices.Equal(got, whole[:len(got)]) {
				t.Errorf("%q cut at %d: effects %q, whole has %q", s, n, got, whole)
			}
		}
	}
}

// TestLimits checks that streams made to use memory or time end in an error, within the memory of one machine.
func TestLimits(t *testing.T) {
	many := func(s string) string { return "\x80\x04N" + strings.Repeat(s, 5<<20/len(s)*len(s)) + "." }
	for name, s := range map[string]string{
		"stack": many("N"), "marks": many("("), "memo": "\x80\x04" + strings.Repeat("N\x940", 5<<20) + ".",
		"sparse": "\x80\x04N" + sparse(70_000) + ".",
	} {
		_, sum, err := runQuiet(t, s, limits.Default())
		if !errors.Is(err, limits.ErrExceeded) && name != "memo" {
			t.Errorf("%s: %+v, %v", name, sum, err)
		}
	}
	small := limits.Default()
	small.Ops = 10_000
	if _, _, err := runQuiet(t, many("N0"), small); !errors.Is(err, limits.ErrExceeded) {
		t.Errorf("steps: %v", err)
	}
	small = limits.Default()
	small.Memory = 1 << 20
	if _, _, err := runQuiet(t, many("N"), small); !errors.Is(err, limits.ErrExceeded) {
		t.Errorf("memory: %v", err)
	}
}

// sparse puts into keys that are far apart.
func sparse(n int) string {
	var b strings.Builder
	for i := range n {
		k := uint32(i)*50_000 + 1<<24
		b.Write([]byte{'r', byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)})
	}
	return b.String()
}

// runQuiet runs without recording and returns the memory that was held in the end.
func runQuiet(t testing.TB, s string, l limits.Limits) (held int64, sum Summary, err error) {
	t.Helper()
	r, err := NewReader(format.BytesBlob([]byte(s)), 0)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMachine(limits.NewBudget(l), HandlerFunc(func(*Machine, *Effect) error { return nil }))
	defer m.Close()
	sum, err = m.Run(context.Background(), r)
	if m.pool.held > maxPool+holdStep {
		t.Errorf("%d bytes are held", m.pool.held)
	}
	return m.pool.held, sum, err
}

func TestHandlerError(t *testing.T) {
	r, err := NewReader(format.BytesBlob([]byte("cos\nsystem\n.")), 0)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMachine(limits.NewBudget(limits.Default()), HandlerFunc(func(*Machine, *Effect) error { return io.ErrClosedPipe }))
	if _, err := m.Run(context.Background(), r); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error of the handler: %v", err)
	}
}
