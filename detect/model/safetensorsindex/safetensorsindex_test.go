package safetensorsindex_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	layout "github.com/picketsec/picket/artifact/format/safetensorsindex"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/safetensorsindex"
)

func formats() []format.Format { return append([]format.Format{layout.Format{}}, known.Formats()...) }

// shard makes a safetensors file with tensors of one byte.
func shard(names ...string) []byte {
	var entries []string
	for i, n := range names {
		entries = append(entries, fmt.Sprintf(`%q:{"dtype":"U8","shape":[1],"data_offsets":[%d,%d]}`, n, i, i+1))
	}
	header := "{" + strings.Join(entries, ",") + "}"
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, len(names))...)
}

// scan scans an index beside files.
func scan(t *testing.T, name, index string, files map[string][]byte) picket.Result {
	t.Helper()
	return detecttest.Scan(t, detect.Entry{
		Name: name, Blob: format.BytesBlob([]byte(index)),
		Sibling: func(name string) (*format.Blob, error) {
			if strings.Contains(name, "..") {
				t.Errorf("the detector asked for %q", name)
			}
			if content, ok := files[name]; ok {
				return format.BytesBlob(content), nil
			}
			return nil, errors.New("no such file")
		}}, formats(), safetensorsindex.Detector{})
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.index.") }

const safe = "model.safetensors.index.json"

func TestFindings(t *testing.T) {
	files := map[string][]byte{"1.safetensors": shard("a", "b"), "2.safetensors": shard("c"), "sub/3.safetensors": shard("d"),
		"lfs.safetensors": []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), "1.bin": []byte("x")}
	for index, want := range map[string]string{
		`{"metadata":{"total_size":3},"weight_map":{"a":"1.safetensors","b":"1.safetensors","c":"2.safetensors"}}`: "",
		`{"weight_map":{"a":"1.safetensors","d":"sub/3.safetensors"}}`:                                             "",
		`{"metadata":{"total_size":9},"weight_map":{"a":"lfs.safetensors"}}`:                                       "",
		`{"metadata":{"total_size":4},"weight_map":{"a":"1.safetensors"}}`:                                         "total-size",
		`{"weight_map":{"c":"1.safetensors"}}`:                                                                     "tensor-missing",
		`{"weight_map":{"a":"2.safetensors","c":"2.safetensors"}}`:                                                 "tensor-missing",
		`{"weight_map":{"a":"9.safetensors"}}`:                                                                     "file-missing",
		`{"weight_map":{"a":"../1.safetensors"}}`:                                                                  "path-escape",
		`{"weight_map":{"a":"x/../../1.safetensors"}}`:                                                             "path-escape",
		`{"weight_map":{"a":"..\\1.safetensors"}}`:                                                                 "path-escape",
		`{"weight_map":{"a":"/etc/hostname.safetensors"}}`:                                                         "path-escape",
		`{"weight_map":{"a":"C:\\x.safetensors"}}`:                                                                 "path-escape",
		`{"weight_map":{"a":"~/x.safetensors"}}`:                                                                   "path-escape",
		`{"weight_map":{"a":"https://127.0.0.1/x.safetensors"}}`:                                                   "path-escape",
		`{"weight_map":{"a":"x\u0000.safetensors"}}`:                                                               "path-escape",
		`{"weight_map":{"a":""}}`:                                                                                  "path-escape",
		`{"weight_map":{"a":"1.bin"}}`:                                                                             "file-format",
		`{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}`:                                                 "duplicate-key",
		`{"weight_map":{},"weight_map":{"a":"1.safetensors"}}`:                                                     "duplicate-key",
	} {
		r := scan(t, safe, index, files)
		if got := ids(r); got != want {
			t.Errorf("%s: got %q, want %q", index, got, want)
		}
		if len(r.Coverage.Gaps) > 0 || r.Coverage.Parsed != int64(len(index)) || r.Formats[0] != layout.Name {
			t.Errorf("%s: formats %v, coverage %+v", index, r.Formats, r.Coverage)
		}
	}
}

func TestIndexOfPickles(t *testing.T) {
	const index = `{"metadata":{"total_size":3},"weight_map":{"a":"1.bin","b":"2.bin"}}`
	if got := ids(scan(t, "pytorch_model.bin.index.json", index, map[string][]byte{"1.bin": nil, "2.bin": nil})); got != "" {
		t.Errorf("an honest index: %q", got)
	}
	if got := ids(scan(t, safe, index, map[string][]byte{"1.bin": nil, "2.bin": nil})); got != "file-format" {
		t.Errorf("the same under the name of a safetensors index: %q", got)
	}
}

func TestWithoutATree(t *testing.T) {
	r := detecttest.Run(t, []byte(`{"weight_map":{"a":"1.safetensors"}}`), formats(), safetensorsindex.Detector{})
	if len(r.Findings) > 0 || r.Verdict != picket.Clean {
		t.Errorf("%v %v", r.Verdict, r.Findings)
	}
}

func TestBrokenIndexIsNotClean(t *testing.T) {
	if r := scan(t, safe, `{"weight_map":{"a":"../x"`, nil); r.Verdict != picket.Suspicious || ids(r) != "path-escape" || len(r.Coverage.Gaps) == 0 {
		t.Errorf("%v %q %v", r.Verdict, ids(r), r.Coverage.Gaps)
	}
}

func TestManyMissingTensorsAreSummedUp(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, `,"t%d":"1.safetensors"`, i)
	}
	r := scan(t, safe, `{"weight_map":{`+b.String()[1:]+`}}`, map[string][]byte{"1.safetensors": shard("a")})
	if len(r.Findings) != 21 {
		t.Errorf("%d findings, want 20 and their sum", len(r.Findings))
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, safetensorsindex.Detector{}, formats(), map[string][]byte{
		"escape": []byte(`{"metadata":{"total_size":3},"weight_map":{"a":"../1.safetensors","a":"b.bin"}}`)})
}
