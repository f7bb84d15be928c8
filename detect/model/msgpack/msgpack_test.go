package msgpack_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/msgpack"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/msgpack"
)

func formats() []format.Format { return []format.Format{layout.Format{}, pickle.Format{}} }

func text(s string) string { return string([]byte{0xd9, byte(len(s))}) + s }

func pairs(kv ...string) string {
	return string([]byte{0xde, 0, byte(len(kv) / 2)}) + strings.Join(kv, "")
}

func ext(t byte, s string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0xc9}, uint32(len(s)))) + string([]byte{t}) + s
}

func array(dtype string, n byte, data string) string {
	return ext(1, "\x93\x91"+string([]byte{n})+text(dtype)+string([]byte{0xc4, byte(len(data))})+data)
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.msgpack.") }

func TestFindings(t *testing.T) {
	sound := array("int8", 4, "1234")
	for name, c := range map[string]struct{ content, want string }{
		"sound":     {pairs(text("w"), sound, text("step"), "\x07", text("name"), text("run")), ""},
		"bytes":     {pairs(text("w"), "\xc4\x04abcd"), ""},
		"size":      {pairs(text("w"), array("float32", 4, "1234")), "array"},
		"dtype":     {pairs(text("w"), array("evil", 4, "1234")), "array"},
		"object":    {pairs(text("w"), array("object", 1, "12345678")), "object-array"},
		"extension": {pairs(text("w"), "\xd4\x05x"), "extension"},
		"key twice": {pairs(text("w"), sound, text("w"), sound), "duplicate-key"},
		"code":      {pairs(text("init"), text("__import__('os').system('x')")), "model.text.code"},
		"trailing":  {pairs(text("w"), sound) + "\x01\x02", "trailing-data"},
	} {
		r := detecttest.Run(t, []byte(c.content), formats(), msgpack.Detector{})
		if got := ids(r); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if c.want == "" && (r.Verdict != picket.Clean || r.Coverage.Parsed+r.Coverage.Opaque != int64(len(c.content))) {
			t.Errorf("%s: %v %+v", name, r.Verdict, r.Coverage)
		}
	}
}

func TestPicklesInsideAreSeen(t *testing.T) {
	attack := "\x80\x02cposix\nsystem\nX\x06\x00\x00\x00echo x\x85R."
	for name, content := range map[string]string{
		"bytes": pairs(text("w"), "\xc4"+string([]byte{byte(len(attack))})+attack), "extension": pairs(text("w"), ext(42, attack)),
		"array": pairs(text("w"), array("evil", 1, attack)), "behind": pairs(text("w"), "\x01", text("b"), "\x02") + attack,
	} {
		r := detecttest.Run(t, []byte(content), formats(), msgpack.Detector{})
		if len(r.Coverage.Unsupported) != 1 || !strings.Contains(r.Coverage.Unsupported[0], "pickle") {
			t.Errorf("%s: %+v", name, r.Coverage)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, msgpack.Detector{}, formats()[:1], map[string][]byte{"map": []byte(pairs(text("w"), array("int8", 4, "1234"), text("w"), "\xd4\x05x"))})
}
