package paddle_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	layout "github.com/picketsec/picket/artifact/format/paddle"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/paddle"
)

func formats() []format.Format {
	return []format.Format{layout.Format{}, layout.Pir{}, layout.Params{}, json.Format{}, pickle.Format{}}
}

// msg makes a field that is a message or a text.
func msg(number protowire.Number, parts ...string) string {
	return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), strings.Join(parts, "")))
}

// program makes a program of one operator with a text attribute.
func program(kind, attr, value string) string {
	return msg(1, "\x08\x00\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", msg(4, msg(3, kind), msg(4, msg(1, attr), "\x10\x02", msg(5, value))))
}

// pir makes a program in JSON of one operator with a text attribute.
func pir(kind, attr, value string) string {
	return `{"base_code":{"magic":"pir","version":4},"program":{"regions":[{"#":"region_0","blocks":[{"#":"block_0","ops":[{"#":"` + kind +
		`","A":[{"AT":{"#":"0.a_str","` + attr + `":"` + value + `"},"N":"name"}]}]}]}]}}`
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.paddle.") }

func TestFindings(t *testing.T) {
	for content, want := range map[string]string{
		program("relu", "op_namescope", "/"): "", program("elementwise_add", "op_callstack", "eval(x)"): "", program("matmul_v2_grad", "a", "b"): "",
		program("py_func", "a", "b"): "python-operator", program("load", "file_path", "w.bin"): "file-operator",
		program("save_combine", "file_path", "/etc/cron.d/x"): "file-operator path-escape", program("recv_v2", "endpoints", "127.0.0.1:1"): "network-operator",
		program("tensorrt_engine", "a", "b"): "engine", program("picket_exec", "a", "b"): "custom-operator", program("relu", "init", "__import__('os')"): "model.text.code",
		pir("1.relu", "D", "x"): "", pir("2.yield", "D", "x"): "", pir("1.py_func", "D", "x"): "python-operator", pir("3.picket", "D", "x"): "custom-operator",
		pir("1.relu", "file_path", "../../x"): "path-escape", pir("1.relu", "D", "__import__('os')"): "model.text.code",
	} {
		r := detecttest.Run(t, []byte(content), formats(), paddle.New())
		if got := ids(r); got != want {
			t.Errorf("%q: got %q, want %q", content, got, want)
		}
		if want == "" && (r.Verdict != picket.Clean || r.Coverage.Parsed != int64(len(content))) {
			t.Errorf("%q: %v %+v", content, r.Verdict, r.Coverage)
		}
	}
}

func TestFilesOfPaddle(t *testing.T) {
	for _, name := range []string{"linear.pdmodel", "norm.pdmodel", "branch.json", "norm.pdiparams"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "..", "artifact", "format", "paddle", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if r := detecttest.Run(t, content, formats(), paddle.New()); r.Verdict != picket.Clean || ids(r) != "" {
			t.Errorf("%s: %v %s %+v", name, r.Verdict, ids(r), r.Coverage)
		}
		evil := bytes.ReplaceAll(content, []byte("matmul_v2"), []byte("picket_v2"))
		if r := detecttest.Run(t, evil, formats(), paddle.New()); !bytes.Equal(evil, content) && ids(r) != "custom-operator" {
			t.Errorf("%s with another operator: %s", name, ids(r))
		}
	}
}

func TestContentInAttributesIsInspected(t *testing.T) {
	content := program("relu", "engine_serialized_data", "\x80\x02cposix\nsystem\nX\x06\x00\x00\x00echo x\x85R.")
	if r := detecttest.Run(t, []byte(content), formats(), paddle.New()); len(r.Coverage.Unsupported) != 1 {
		t.Errorf("%v %+v", r.Verdict, r.Coverage)
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, paddle.New(), formats()[:1], map[string][]byte{"program": []byte(program("py_func", "path", "/x"))})
}
