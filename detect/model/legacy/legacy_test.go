package legacy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/legacy"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// rknn is the beginning of a model, which is all that is known of the format.
const rknn = "RKNN\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00" + "\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00\x07\x00\x08"

// wide writes UTF-16.
func wide(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		b.Write([]byte{c, 0})
	}
	return b.String()
}

func TestFindings(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		verdict    picket.Verdict
	}{
		"plain":         {"conv1 weights of the first layer, in so many words", "", picket.Incomplete},
		"a word":        {"the loader is also.so", "library", picket.Suspicious},
		"Lua":           {`return os.execute("echo x")`, "code", picket.Suspicious},
		"Lua, spaced":   {`io . popen ('echo x')`, "code", picket.Suspicious},
		"names of Lua":  {"os.execute and loadstring in a description", "", picket.Incomplete},
		"shell":         {"\x01\x02bash -c 'echo x'\x00", "code", picket.Suspicious},
		"library":       {`{"custom_op": "../../libx.so"}`, "library", picket.Suspicious},
		"wide library":  {wide(`..\evil\custom.dll`), "library", picket.Suspicious},
		"wide, shifted": {"\x01" + wide("os.execute('x')"), "code", picket.Suspicious},
		"Python":        {"__import__('os').system('echo')", "text.code", picket.Suspicious},
		"across reads":  {strings.Repeat("\x01", 64<<10-len(rknn)-5) + `os.execute("x")`, "code", picket.Suspicious},
		"a long text":   {strings.Repeat("word ", 40<<10) + "\x00dofile('x')", "code", picket.Suspicious},
	} {
		r := detecttest.Run(t, []byte(rknn+c.text), known.Formats(), legacy.Detector{})
		var got []string
		for _, f := range r.Findings {
			got = append(got, strings.TrimPrefix(strings.TrimPrefix(f.Rule.ID, "model.legacy."), "model."))
		}
		slices.Sort(got)
		if strings.Join(slices.Compact(got), " ") != c.want || r.Verdict != c.verdict {
			t.Errorf("%s: %v %v %+v", name, got, r.Verdict, r.Coverage)
		}
	}
}

func TestHostile(t *testing.T) {
	found := 0
	for _, s := range hostile.Samples() {
		if s.Group != "legacy" {
			continue
		}
		content, err := s.Build()
		if err != nil {
			t.Fatal(err)
		}
		found++
		if r := detecttest.Run(t, content, known.Formats(), legacy.Detector{}); r.Verdict != picket.Suspicious {
			t.Errorf("%s is %v: %+v", s.Name, r.Verdict, r.Findings)
		}
	}
	if found != 3 {
		t.Errorf("%d samples, want 3", found)
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, legacy.Detector{}, known.Formats(), map[string][]byte{"rknn": []byte(rknn + `"../../libx.so" bash -c 'echo x'`)})
}

func BenchmarkDetect(b *testing.B) {
	content := []byte(rknn + strings.Repeat("\x01\x80ab\x00conv weights of a layer\x00\xff\xfe", 1<<18))
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		detecttest.Run(b, content, known.Formats(), legacy.Detector{})
	}
}
