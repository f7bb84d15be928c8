package coreml_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/coreml"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/coreml"
)

func formats() []format.Format {
	return []format.Format{layout.Format{}, layout.Package{}, layout.Weights{}, json.Format{}, pickle.Format{}}
}

// msg makes a field that is a message or a text.
func msg(number protowire.Number, parts ...string) string {
	return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), strings.Join(parts, "")))
}

// num makes a field that is a number.
func num(number protowire.Number, v uint64) string {
	return string(protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v))
}

// model makes a model of one kind.
func model(kind protowire.Number, parts ...string) string {
	return num(1, 8) + msg(2, msg(1, msg(1, "x")), msg(100, msg(3, "me"))) + msg(kind, parts...)
}

// blob makes a program with a tensor in a file.
func blob(file string, at uint64) string {
	op := msg(3, msg(1, "const"), msg(5, msg(1, "val"), msg(2, msg(5, msg(1, file), num(2, at)))))
	return model(502, msg(2, msg(1, "main"), msg(2, msg(3, msg(1, "CoreML7"), msg(2, op)))))
}

// weights makes a file of one tensor.
func weights() []byte {
	b := make([]byte, 192)
	b[0], b[4] = 1, 2
	binary.LittleEndian.PutUint32(b[64:], 0xdeadbeef)
	b[72], b[80] = 64, 128
	return b
}

// scan scans a model beside its weights.
func scan(t *testing.T, content []byte) picket.Result {
	t.Helper()
	return detecttest.Scan(t, detect.Entry{Name: "m", Blob: format.BytesBlob(content),
		Sibling: func(name string) (*format.Blob, error) {
			if name == "weights/weight.bin" {
				return format.BytesBlob(weights()), nil
			}
			return nil, errors.New("no such file")
		}}, formats(), coreml.Detector{})
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.coreml.") }

func TestFindings(t *testing.T) {
	const own = "@model_path/weights/weight.bin"
	for name, c := range map[string]struct{ content, want string }{
		"linear":         {model(300, msg(1, "numbers")), ""},
		"weights":        {blob(own, 64), ""},
		"custom":         {model(555, msg(10, "Evil")), "custom-class"},
		"custom layer":   {model(500, msg(1, msg(500, msg(10, "Evil")))), "custom-class"},
		"parameter":      {model(555, msg(10, "A"), msg(30, msg(1, "p"), msg(2, msg(20, "__import__('os').system('x')")))), "custom-class model.text.code"},
		"linked":         {model(556, msg(1, msg(1, msg(1, "m")), msg(2, msg(1, "sub")))), "linked-model"},
		"linked outside": {model(556, msg(1, msg(1, msg(1, "m")), msg(2, msg(1, "sub:../x")))), "linked-model path-escape"},
		"serialized":     {model(3000, msg(1, "a.b"), msg(2, "x")), "serialized-model"},
		"kind":           {model(777, ""), "unknown-operation"},
		"past the end":   {blob(own, 1<<40), "weights-bounds"},
		"no record":      {blob(own, 0), "weights-bounds"},
		"other file":     {blob("@model_path/weights/other.bin", 64), "file-missing"},
		"absolute":       {blob("/etc/passwd", 64), "path-escape"},
		"up":             {blob("@model_path/../x", 64), "path-escape"},
		"not the model":  {blob("weights/weight.bin", 64), "path-escape"},
		"package":        {`{"fileFormatVersion":"1.0.0","itemInfoEntries":{"A":{"path":"com.apple.CoreML/model.mlmodel"}},"rootModelIdentifier":"A"}`, ""},
		"package up":     {`{"fileFormatVersion":"1.0.0","itemInfoEntries":{"A":{"path":"../x"}},"rootModelIdentifier":"A"}`, "path-escape"},
		"package root":   {`{"fileFormatVersion":"1.0.0","itemInfoEntries":{"A":{"path":"x"}},"rootModelIdentifier":"B"}`, "file-missing"},
		"weight file":    {string(weights()), ""},
	} {
		r := scan(t, []byte(c.content))
		if got := ids(r); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if c.want == "" && (r.Verdict != picket.Clean || r.Coverage.Parsed+r.Coverage.Opaque != int64(len(c.content))) {
			t.Errorf("%s: verdict %v, coverage %+v", name, r.Verdict, r.Coverage)
		}
	}
}

func TestPayloadsAreInspected(t *testing.T) {
	attack := "\x80\x02cposix\nsystem\nX\x06\x00\x00\x00echo x\x85R."
	for name, content := range map[string]string{
		"words": model(2005, msg(100, attack)), "parameter": model(555, msg(30, msg(2, msg(60, attack)))), "behind the weights": string(weights()) + attack,
	} {
		r := scan(t, []byte(content))
		if len(r.Coverage.Unsupported) != 1 || !strings.Contains(r.Coverage.Unsupported[0], "pickle") {
			t.Errorf("%s: the pickle inside was not seen: %+v", name, r.Coverage)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, coreml.Detector{}, formats()[:1], map[string][]byte{"custom": []byte(model(500, msg(1, msg(500, msg(10, "Evil"), msg(40, "eval(x)"))))), "blob": []byte(blob("/x", 1))})
}
