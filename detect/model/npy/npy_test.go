package npy_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/npy"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/npy"
	"github.com/picketsec/picket/internal/limits"
)

// active is a stand-in for the pickle format: content that begins with PROTO is active and has no parser here.
type active struct{}

func (active) Info() format.Info {
	return format.Info{Name: "stand-in", Title: "stand-in for pickle", Risk: format.Active, Forward: true}
}

func (active) Match(p format.Probe) bool {
	return len(p.Head) > 1 && p.Head[0] == 0x80 && p.Head[1] < 6
}

func formats() []format.Format { return []format.Format{layout.Format{}, active{}} }

// array makes an array file.
func array(descr, shape, data string) []byte {
	header := fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': %s, }\n", descr, shape)
	b := binary.LittleEndian.AppendUint16([]byte(layout.Magic+"\x01\x00"), uint16(len(header)))
	return append(append(b, header...), data...)
}

// ids lists the rules that fired.
func ids(r picket.Result) []string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, strings.TrimPrefix(f.Rule.ID, "model.npy."))
	}
	return list
}

const pickle = "\x80\x04K\x01."

// sample is a file with what must be found in it.
type sample struct {
	content []byte
	rules   []string
	verdict picket.Verdict
	reached bool // the data was given to the engine, which knew it
}

func hostile() map[string]sample {
	two := append(array("'|u1'", "(4,)", "\x01\x02\x03\x04"), array("'|O'", "()", pickle)...)
	return map[string]sample{
		"objects":            {array("'|O'", "()", pickle), []string{"object-dtype"}, picket.Unsupported, true},
		"objects in a field": {array("[('a','<i4'),('b','|O')]", "(1,)", pickle), []string{"object-dtype"}, picket.Unsupported, true},
		"numbers say":        {array("'|u1'", "(5,)", pickle), nil, picket.Unsupported, true},
		"zero elements":      {array("'<f8'", "(0,)", pickle), []string{"trailing-data"}, picket.Unsupported, true},
		"after the numbers":  {array("'|u1'", "(2,)", "12"+pickle), []string{"trailing-data"}, picket.Unsupported, true},
		"fewer than claimed": {array("'<f8'", "(3,)", pickle), nil, picket.Incomplete, true},
		"unknown type":       {array("'object'", "()", pickle), []string{"object-dtype"}, picket.Unsupported, true},
		"odd type":           {array("'int'", "()", pickle), []string{"unknown-type"}, picket.Unsupported, true},
		"second array":       {two, []string{"object-dtype"}, picket.Unsupported, true},
		"cut by its header":  {array("'<f4'", "(1,)", pickle), []string{"trailing-data"}, picket.Unsupported, true},
		"expression":         {array("__import__('os').system('echo picket')", "()", pickle), []string{"header-expression"}, picket.Suspicious, true},
		"bad literal":        {array("[1", "()", pickle), nil, picket.Incomplete, true},
		"bomb":               {array("'<f8'", "(1099511627776,)", "12345678"), []string{"shape-bomb"}, picket.Suspicious, false},
		"overflow":           {array("'<f8'", "(4611686018427387904, 4)", "12345678"), []string{"shape-bomb"}, picket.Suspicious, false},
		"truncated":          {array("'<f8'", "(100,)", "12345678"), nil, picket.Incomplete, false},
		"no data":            {array("'<f8'", "(1,)", ""), nil, picket.Incomplete, false},
		"unreadable objects": {array("'|O'", "()", "\xff\xff\xff\xff"), []string{"object-dtype"}, picket.Unsupported, false},
		"twice":              {array("'|u1', 'descr': '|O'", "(5,)", pickle), []string{"duplicate-key", "object-dtype"}, picket.Suspicious, true},
		"version":            {[]byte(layout.Magic + "\x09\x00\x02\x00{}" + pickle), nil, picket.Incomplete, false},
	}
}

func TestHostile(t *testing.T) {
	for name, c := range hostile() {
		r := detecttest.Run(t, c.content, formats(), npy.Detector{})
		reached := slices.ContainsFunc(r.Coverage.Unsupported, func(s string) bool { return strings.Contains(s, "stand-in") })
		if !slices.Equal(ids(r), c.rules) || r.Verdict != c.verdict || reached != c.reached {
			t.Errorf("%s: want %v, %v, data reached %v; got %v, %v, %v; gaps %v", name, c.rules, c.verdict, c.reached,
				ids(r), r.Verdict, reached, r.Coverage.Gaps)
		}
	}
}

// TestFilesOfNumPy expects no finding but the one about objects, and that every byte is accounted for.
func TestFilesOfNumPy(t *testing.T) {
	names, err := filepath.Glob("../../../artifact/format/npy/testdata/*.npy")
	if err != nil || len(names) < 20 {
		t.Fatalf("samples: %v %v", names, err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r := detecttest.Run(t, content, formats(), npy.Detector{})
		if strings.Contains(name, "objects") {
			if !slices.Equal(ids(r), []string{"object-dtype"}) || r.Findings[0].Rule.Severity > picket.Medium || len(r.Coverage.Gaps) > 0 {
				t.Errorf("%s: findings %v, gaps %v", name, ids(r), r.Coverage.Gaps)
			}
			continue
		}
		if r.Verdict != picket.Clean || len(r.Findings) > 0 {
			t.Errorf("%s: verdict %v, findings %v, gaps %v", name, r.Verdict, ids(r), r.Coverage.Gaps)
		}
		if r.Coverage.Parsed+r.Coverage.Opaque != int64(len(content)) {
			t.Errorf("%s: %d parsed and %d opaque of %d bytes", name, r.Coverage.Parsed, r.Coverage.Opaque, len(content))
		}
	}
}

func TestForwardOnlyContentOfUnknownSize(t *testing.T) {
	big := append(array("'|u1'", "(3000000,)", strings.Repeat("\x00", 3000000)), pickle...)
	set, err := detect.NewSet(formats(), []detect.Detector{npy.Detector{}})
	if err != nil {
		t.Fatal(err)
	}
	blob := format.StreamBlob(-1, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(big)), nil })
	r, err := detect.NewEngine(set, limits.Default()).Scan(context.Background(), detect.Entry{Name: "x", Blob: blob})
	if err != nil || !slices.Equal(ids(r), []string{"trailing-data"}) || r.Coverage.Opaque != int64(3000000+len(pickle)) { // what follows is looked at as data too
		t.Errorf("error %v, findings %v, coverage %+v", err, ids(r), r.Coverage)
	}
}

func TestAccept(t *testing.T) {
	samples := map[string][]byte{}
	for name, c := range hostile() {
		samples[name] = c.content
	}
	detecttest.Accept(t, npy.Detector{}, []format.Format{layout.Format{}}, samples)
}
