package tflite_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	formats "github.com/picketsec/picket/artifact/format/tflite"
	formatzip "github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/tflite"
	detectzip "github.com/picketsec/picket/detect/model/zip"
	lite "github.com/picketsec/picket/internal/testkit/rawtflite"
	tf "github.com/picketsec/picket/internal/testkit/tfproto"
)

func all() []format.Format {
	return append([]format.Format{formats.Format{}, formatzip.New()}, known.Formats()...)
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.tflite.") }

// run scans content.
func run(t *testing.T, content []byte) picket.Result {
	t.Helper()
	return detecttest.Run(t, content, all(), tflite.Detector{}, detectzip.New())
}

// flex makes a model whose operation is one of TensorFlow, with a node that may be of another.
func flex(name, node string) lite.Table {
	return lite.Operator(lite.Model(), "Flex"+name, lite.FlexOptions(name, tf.Node("n", node, nil)))
}

// changed makes a model whose only operation, and whose first tensor, have other fields.
func changed(operator, tensor lite.Table) lite.Table {
	m := lite.Model()
	g := lite.Graph(m)
	for id, v := range operator {
		g[3].([]lite.Table)[0][id] = v
	}
	for id, v := range tensor {
		g[0].([]lite.Table)[0][id] = v
	}
	return m
}

func TestModels(t *testing.T) {
	with := func(id int, v any) lite.Table { m := lite.Model(); m[id] = v; return m }
	twice := lite.Model()
	twice[2] = append(twice[2].([]lite.Table), lite.Table{0: []lite.Table{}, 3: []lite.Table{{3: uint8(103), 4: lite.Table{0: int32(0)}}}})
	for name, c := range map[string]struct {
		model lite.Table
		want  string
	}{
		"honest":            {lite.Model(), ""},
		"left out":          {changed(lite.Table{1: []int32{0, -1}}, nil), ""},
		"known custom":      {lite.Operator(lite.Model(), "TFLite_Detection_PostProcess", nil), ""},
		"custom":            {lite.Operator(lite.Model(), "Evil", nil), "custom-operation"},
		"flex":              {flex("AddV2", "AddV2"), ""},
		"flex file":         {flex("ReadFile", "ReadFile"), "flex-effect"},
		"flex python":       {flex("EagerPyFunc", "EagerPyFunc"), "flex-effect"},
		"flex hidden":       {flex("AddV2", "WriteFile"), "flex-effect"},
		"flex other":        {flex("AddV2", "Mul"), "flex-effect"},
		"flex unknown":      {flex("Evil", "Evil"), "custom-operation"},
		"no options":        {lite.Operator(lite.Model(), "FlexReadFile", nil), "flex-effect"},
		"builtin unknown":   {with(1, []lite.Table{{3: int32(1000)}}), "custom-operation"},
		"delegate":          {with(1, []lite.Table{{3: int32(51)}}), "custom-operation"},
		"tensor outside":    {changed(lite.Table{1: []int32{0, 3}}, nil), "bounds"},
		"negative tensor":   {changed(lite.Table{2: []int32{-2}}, nil), "bounds"},
		"code outside":      {changed(lite.Table{0: uint32(9)}, nil), "bounds"},
		"reads what writes": {changed(lite.Table{2: []int32{0}}, nil), "bounds"},
		"buffer outside":    {changed(nil, lite.Table{2: uint32(9)}), "bounds"},
		"negative size":     {changed(nil, lite.Table{0: []int32{-5}}), "tensor-size"},
		"overflow":          {changed(nil, lite.Table{0: []int32{1 << 30, 1 << 30, 1 << 30}}), "tensor-size"},
		"unknown size":      {changed(nil, lite.Table{0: []int32{-1, 3}}), ""},
		"empty":             {changed(nil, lite.Table{0: []int32{0, 1 << 30}}), ""},
		"metadata outside":  {with(6, []lite.Table{{0: "x", 1: uint32(7)}}), "bounds"},
		"calls itself":      {changed(lite.Table{3: uint8(93), 4: lite.Table{0: int32(0), 1: int32(0)}}, nil), "recursion"},
		"calls outside":     {changed(lite.Table{3: uint8(92), 4: lite.Table{0: int32(0), 1: int32(7)}}, nil), "bounds recursion"},
		"calls another":     {twice, ""},
	} {
		content := lite.Build(c.model)
		r := run(t, content)
		if got := ids(r); got != c.want || len(r.Coverage.Gaps) > 0 {
			t.Errorf("%s: got %q, want %q (%v)", name, got, c.want, r.Coverage.Gaps)
		}
		if r.Coverage.Parsed+r.Coverage.Opaque != int64(len(content)) {
			t.Errorf("%s: coverage %+v of %d bytes", name, r.Coverage, len(content))
		}
	}
}

func TestWeights(t *testing.T) {
	m := changed(nil, lite.Table{2: uint32(1)})
	m[4] = []lite.Table{{}, {0: make([]byte, 12)}}
	if r := run(t, lite.Build(m)); ids(r) != "" || r.Coverage.Opaque != 12 {
		t.Errorf("%q %+v", ids(r), r.Coverage)
	}
	m[4] = []lite.Table{{}, {0: make([]byte, 8)}}
	if r := run(t, lite.Build(m)); ids(r) != "tensor-size" {
		t.Errorf("a buffer that is too small: %q", ids(r))
	}
}

// archive is a zip archive of one file.
func archive(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestUnusedBuffersAreLookedAt(t *testing.T) {
	m := lite.Model()
	m[4] = []lite.Table{{}, {0: archive(t, "../../x.txt", "out of the folder")}}
	content := lite.Build(m)
	r := run(t, content)
	if !strings.Contains(ids(r), "model.zip.") {
		t.Errorf("an archive in a buffer that no tensor uses: %q", ids(r))
	}
	m[4] = []lite.Table{{}, {0: bytes.Repeat([]byte{1, 2, 3, 0xff}, 64)}}
	content = lite.Build(m)
	if r = run(t, content); ids(r) != "" || r.Coverage.Parsed+r.Coverage.Opaque != int64(len(content)) {
		t.Errorf("numbers in a buffer that no tensor uses: %q %+v of %d bytes", ids(r), r.Coverage, len(content))
	}
}

func TestBehindTheModel(t *testing.T) {
	model := lite.Build(lite.Model())
	if r := run(t, append(model, archive(t, "labels.txt", "cat\ndog\n")...)); ids(r) != "" || r.Verdict != picket.Clean {
		t.Errorf("labels: %q %v %+v", ids(r), r.Verdict, r.Coverage)
	}
	r := run(t, append(model, archive(t, "../../x.txt", "out of the folder")...))
	if !strings.Contains(ids(r), "model.zip.") {
		t.Errorf("an archive with a path that leaves: %q", ids(r))
	}
	r = run(t, append(model, bytes.Repeat([]byte("\x01\x00\xff"), 100)...))
	if ids(r) != "trailing-data" || r.Verdict != picket.Unsupported {
		t.Errorf("noise: %q %v", ids(r), r.Verdict)
	}
	r = run(t, append(model[:40:40], archive(t, "../../x.txt", "behind a broken model")...))
	if !strings.Contains(ids(r), "model.zip.") || r.Verdict == picket.Clean {
		t.Errorf("an archive in a broken model: %q %v", ids(r), r.Verdict)
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, tflite.Detector{}, []format.Format{formats.Format{}}, map[string][]byte{
		"model": lite.Build(lite.Model()), "flex": lite.Build(flex("AddV2", "WriteFile")), "overflow": lite.Build(changed(nil, lite.Table{0: []int32{-5}})),
	})
	var _ detect.Detector = tflite.Detector{}
}
