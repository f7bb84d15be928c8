package pickle

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// log is a handler that writes effects as lines.
type log struct{ lines []string }

func (l *log) Effect(m *Machine, e *Effect) error {
	line := ""
	switch e.Kind {
	case Import:
		line = fmt.Sprintf("import %s %s", e.Module, e.Name)
		if e.Computed {
			line += " computed"
		}
	case Call:
		line = "call " + m.Repr(e.Callee, 200) + " " + m.Repr(e.Args, 200)
		if e.Kwargs != 0 {
			line += " " + m.Repr(e.Kwargs, 200)
		}
	case Build:
		line = "build " + m.Repr(e.Target, 200) + " " + m.Repr(e.State, 200)
	case SetItems, Append, AddItems:
		line = fmt.Sprintf("%s %s", map[EffectKind]string{SetItems: "set", Append: "append", AddItems: "add"}[e.Kind],
			m.Kind(e.Target))
		for _, v := range e.Items {
			line += " " + m.Repr(v, 100)
		}
	case ExtensionCode:
		line = fmt.Sprintf("extension %d", e.Code)
	case PersistentID:
		line = "persistent " + m.Repr(e.State, 200)
	case NextBuffer:
		line = "buffer"
	case Payload:
		body, err := io.ReadAll(e.Body)
		if err != nil {
			line = "broken "
		}
		line += fmt.Sprintf("payload %d+%d %q", e.Data.Offset, e.Data.Length, clip(body))
	case Anomaly:
		line = e.Anomaly.String()
	case Stop:
		line = "stop " + m.Repr(e.Result, 200)
	}
	l.lines = append(l.lines, line)
	return nil
}

// run executes a stream and returns its effects as lines.
func run(t testing.TB, stream string) ([]string, Summary, error) {
	t.Helper()
	return runBlob(t, format.BytesBlob([]byte(stream)), 0)
}

func runBlob(t testing.TB, b *format.Blob, offset int64) ([]string, Summary, error) {
	t.Helper()
	r, err := NewReader(b, offset)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l := &log{}
	m := NewMachine(limits.NewBudget(limits.Default()), l)
	defer m.Close()
	s, err := m.Run(context.Background(), r)
	return l.lines, s, err
}

// forward makes a blob of content that gives a few bytes at a time and no random access.
func forward(content string, size int64) *format.Blob {
	return format.StreamBlob(size, func() (io.ReadCloser, error) {
		return io.NopCloser(&dribble{strings.NewReader(content)}), nil
	})
}

type dribble struct{ r io.Reader }

func (d *dribble) Read(p []byte) (int, error) { return d.r.Read(p[:min(len(p), 7)]) }

func TestEffects(t *testing.T) {
	for _, c := range []struct{ name, stream, want string }{
		{"global", "cos\nsystem\n(S'echo x'\ntR.", `import os system|call os.system ("echo x")|stop os.system("echo x")`},
		{"inst", "(S'echo x'\nios\nsystem\n.", `import os system|call os.system ("echo x")|stop os.system("echo x")`},
		{"obj", "(cos\nsystem\nS'echo x'\no.", `import os system|call os.system ("echo x")|stop os.system("echo x")`},
		{"obj and pop", "(cos\nsystem\nS'echo x'\no0N.", `import os system|call os.system ("echo x")|stop None`},
		{"stack global", "\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x06echo x\x85R.",
			`import os system|call os.system ("echo x")|stop os.system("echo x")`},
		{"dotted", "\x80\x04\x8c\x07pathlib\x8c\x09os.system\x93.", `import pathlib os.system|stop pathlib.os.system`},
		{"stack global of an instance", "\x80\x04cbuiltins\nstr\n)R\x8c\x06system\x93.",
			`import builtins str|call builtins.str ()|import  system computed|stop <import>(…)`},
		{"newobj", "\x80\x02ca\nb\nK\x01\x85\x81}b.", `import a b|call a.b (1)|build a.b(1) {}|stop a.b(1)`},
		{"newobj ex", "\x80\x04ca\nb\n)}\x8c\x01kK\x01s\x92.", `import a b|set dict "k" 1|call a.b () {"k": 1}|stop a.b()`},
		{"memoize of a popped value", "\x80\x04\x8c\x02os\x940\x8c\x06systemh\x00\x93.",
			`import system os|stop system.os`},
		{"shadow", "\x80\x02ca\nb\nq\x00K\x05q\x000cc\nd\nq\x00.",
			`import a b|memo-overwrite|import c d|memo-overwrite|stack-left|stop c.d`},
		{"shadow used", "\x80\x02ca\nb\nq\x00ccc\ndd\nq\x00h\x00)R.",
			`import a b|import cc dd|memo-overwrite|memo-shadow|call cc.dd ()|stack-left|stop cc.dd()`},
		{"extension", "\x80\x02\x82\x01\x83\x02\x01\x84\xff\xff\xff\xff.",
			`extension 1|extension 258|extension-invalid|extension -1|stack-left|stop extension(-1)`},
		{"persistent", "Pabc\nQ.", `persistent "abc"|persistent persistent_load("abc")|stop persistent_load(persistent_load("abc"))`},
		{"buffers", "\x80\x05\x97\x98\x96\x03\x00\x00\x00\x00\x00\x00\x00abc\x98.", `buffer|stack-left|stop bytearray(…)`},
		{"containers", "\x80\x04\x8f(K\x01K\x02\x90(K\x03\x91(K\x04\x85l(K\x05K\x06d]K\x07a(K\x08e}(K\x09Nu\x87.",
			`add set 1 2|append list 7|append list 8|set dict 9 None|stack-left|stop ({5: 6}, [7, 8], {9: None})`},
		{"payload", "\x80\x03C\x10abcdefghijklmnop.", `payload 4+16 "abcdefghijklmnop"|stop bytes(…)`},
		{"payload in a line", "S'abcdefghijklmn\\x41\\102\\\\'\n.", `payload 2+24 "abcdefghijklmnAB\\"|stop "abcdefghijklmnAB\\"`},
		{"raw unicode", "V\\u006f\\u0073\\\\u0041\n.", `stop "os\\\\u0041"`},
		{"numbers", "(I1\nI01\nI00\nI-5\nL123L\nL9223372036854775807L\nL9223372036854775808L\nF1.5\nG12345678J\xff\xff\xff\xffM\x00\x01t.",
			`stop (1, True, False, -5, 123, 9223372036854775807, int(…), float(…), float(…), -1, 256)`},
		{"longs", "\x80\x02(\x8a\x00\x8a\x01\xff\x8a\x02\xff\x00\x8b\x09\x00\x00\x00123456789t.", `stop (0, -1, 255, int(…))`},
		{"self reference", "\x80\x02]q\x00h\x00a.", `append list [[[[[[[…]]]]]]]|stop [[[[[[[…]]]]]]]`},
		{"repeated proto", "\x80\x02\x80\x04N.", `proto-repeated|stop None`},
		{"proto 9", "\x80\x09N.", `proto-unsupported|stop None`},
		{"late proto", "N\x80\x020N.", `proto-misplaced|stop None`},
		{"newer opcode", "\x80\x02\x8c\x01a.", `proto-exceeded|stop "a"`},
		{"dup and mark", "(NN2t0(0(1N.", `stop None`},
		{"odd items", "\x80\x02}(K\x01K\x02K\x03u.", `items-odd|set dict 1 2|error`},
		{"unset memo", "h\x05.", `memo-unset|stop unknown(…)`},
		{"odd names", "cos \nsy\\x73tem\ncos\r\nsystem\n.",
			`name-form|name-form|import os  sy\x73tem|line-ending|import os` + "\r" + ` system|stack-left|stop os\x0d.system`},
		{"odd numbers", "(I010\nI-0\nI+1\nI 1\nI1_0\nI0x10\nL01L\nF1_0\nF1e999\nt.", `int-form|int-form|int-form|int-form|` +
			`int-form|int-form|int-form|float-form|float-form|stop (int(…), int(…), int(…), int(…), int(…), int(…), int(…), float(…), float(…))`},
		{"odd keys", "Np01\ng 1\n0g+1\np1_1\n.", `memo-key|memo-key|memo-key|memo-key|stack-left|stop None`},
		{"odd strings", "S'a\n0S'\\xz'\n0Sa\n.", `string-quote|string-escape|string-quote|stop str(…)`},
		{"frames", "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00K\x01\x95\x02\x00\x00\x00\x00\x00\x00\x000N.", `stop None`},
		{"straddle", "\x80\x04\x95\x01\x00\x00\x00\x00\x00\x00\x00K\x01.", `frame-straddle|stop 1`},
		{"nested frame", "\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00\x95\x02\x00\x00\x00\x00\x00\x00\x00N.", `frame-nested|stop None`},
		{"unfinished", "\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00N.", `frame-unfinished|stop None`},
		{"signed length", "T\x00\x00\x00\x80abc.", `length-signed|error`},
		{"bad targets", "\x80\x02ca\nb\n}bK\x01K\x02aK\x03K\x04s.", `import a b|target-form|build a.b {}|target-form|append int 2|target-form|set int 3 4|stack-left|stop 1`},
		{"bad calls", "\x80\x02ca\nb\n]R)R.", `import a b|args-form|call a.b []|call a.b(*…) ()|stop a.b(*…)()`},
		{"no newline", "cos\nsystemX", `line-ending|import os system|error`},
		{"sparse", "\x80\x02Nr\xff\xff\xff\xffj\xff\xff\xff\xff.", `memo-sparse|stack-left|stop None`},
		{"8-bit", "U\x02\xff\xfe.", `string-encoding|stop str(…)`},
		{"bad text", "X\x02\x00\x00\x00\xff\xfe.", `text-invalid|stop str(…)`},
		{"surrogate", "X\x03\x00\x00\x00\xed\xa0\x80.", `stop "\xed\xa0\x80"`},
		{"empty batch", "ca\nb\n(e.", `import a b|batch-empty|stop a.b`},
		{"inst without mark", "ios\nsystem\n.", `import os system|error`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, s, err := run(t, c.stream)
			if err != nil {
				got = append(got, "error")
			}
			if g := strings.Join(got, "|"); g != c.want {
				t.Errorf("effects:\n got %s\nwant %s\nerr %v", g, c.want, err)
			}
			if err == nil && s.End != int64(len(c.stream)) {
				t.Errorf("ends at %d of %d", s.End, len(c.stream))
			}
		})
	}
}
