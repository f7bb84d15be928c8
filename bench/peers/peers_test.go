package main

import (
	"bytes"
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/bench/scorecard"
	"github.com/picketsec/picket/bench/speed"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/testkit/hostile"
)

// A comparison on files that no loader would accept would measure error paths.
func TestInputsAreClean(t *testing.T) {
	engine, err := scorecard.Engine(false)
	if err != nil {
		t.Fatal(err)
	}
	dense := densePickle()
	var archive bytes.Buffer
	if err := torchFile(&archive, 1, 3, 4096); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"dense.pkl": dense.content, "small.pt": archive.Bytes()} {
		result, err := engine.Scan(t.Context(), detect.Entry{Name: name, Blob: format.BytesBlob(content)})
		if err != nil || result.Verdict != picket.Clean {
			t.Errorf("%s is %v, %v: %+v %+v", name, result.Verdict, err, result.Findings, result.Coverage)
		}
	}
	if size := len(dense.content); size < 12<<20 || size > 15<<20 || dense.ops < 6_000_000 {
		t.Errorf("the dense pickle has %d bytes and %d opcodes, want about 13 MB and more than 6 million", size, dense.ops)
	}
}

func TestInputsAreTheSameEveryTime(t *testing.T) {
	var first, second bytes.Buffer
	for _, w := range []io.Writer{&first, &second} {
		if err := torchFile(w, 5, 2, 1024); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two runs generate different files")
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []int64
		want   int64
	}{{[]int64{3}, 3}, {[]int64{9, 1, 5}, 5}, {[]int64{4, 1, 2, 3}, 2}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median %v = %d, want %d", c.values, got, c.want)
		}
	}
}

func TestPageSaysWhatWasMeasured(t *testing.T) {
	text := page{
		peers: []peer{{name: "other", version: "1.2.3", compiled: true}}, machine: []string{"processor: X"}, runs: 5,
		tables: []table{{input: input{name: "dense", about: "a file", bytes: 20e6}, figures: []figure{
			{who: "picket", wall: time.Second, cpu: 2 * time.Second, memory: 64 << 20, runs: 5},
			{who: "other", wall: 30 * time.Second, cpu: 30 * time.Second, memory: 600 << 20, runs: 1},
			{who: "third", failure: "no end after 5m0s"},
		}}},
		rates:     []speed.Rate{{Format: "onnx", File: "benign/x/net.onnx", Bytes: 4e6, Scan: 10 * time.Millisecond}},
		transfers: []speed.Transfer{{Model: "GGUF, 8 GB", Bytes: 8e9, Transferred: 8e5, Requests: 3}},
		detection: comparison{formats: map[string]int{"pickle": 2}, rows: []counts{
			count("picket", []sample{{Path: "a", Kind: "hostile", Executes: true}, {Path: "b", Kind: "benign"}},
				map[string]string{"a": "malicious"}, map[string]string{"a": "pickle"})},
			missed: []missed{{"hostile/x.7z", "a | b", "not read", []string{"other", "third"}, sealed}}},
	}.markdown()
	for _, want := range []string{
		"- other 1.2.3, Python with a compiled core", "| picket | 1.00 s | 2.00 s | 20 | 10 | 64 MiB | 1.00 | 5 |",
		"| other | 30.00 s | 30.00 s | 0.67 | 0.67 | 600 MiB | 30.00 | 1 |", "| third | no end after 5m0s |",
		"| picket | 1 | 0 | 0 | 0 | 0 | 1 |", "| picket | 0 | 0 | 0 | 0 | 1 | 1 |",
		"| `onnx` | 4000000 | 10.0 ms | 400 | x/net.onnx |", "| GGUF, 8 GB | 8000000000 | 800000 | 0.0100 % | 3 |",
		"| `pickle` | 2 | 1 |", `| hostile/x.7z | a \| b | not read | other, third | ` + sealed + ` |`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
}

// A reason that no sample has any more would be a hole for the next sample of that name.
func TestReasonsBelongToSamples(t *testing.T) {
	names := map[string]bool{}
	for _, s := range hostile.Samples() {
		names[s.Name] = true
	}
	for _, r := range reasons() {
		found := false
		for name := range names {
			ok, err := path.Match(r.sample, name)
			if err != nil {
				t.Fatalf("%s: %v", r.sample, err)
			}
			found = found || ok
		}
		if !found {
			t.Errorf("no sample is called %s: %s", r.sample, r.why)
		}
	}
	if because("7z-encrypted.7z") != sealed || because("scaler.pkl") != "" {
		t.Error("reasons are given to the wrong samples")
	}
}

// A peer that cannot be installed is a row and no end.
func TestPeerThatIsNotThere(t *testing.T) {
	p := peer{name: "other", failure: "not installed here: no network", command: func(path string) []string { return []string{"other", path} }}
	for _, c := range commands(options{}, []peer{p}, input{kind: kindPickle}) {
		if c.who == "other" && c.skip != p.failure {
			t.Errorf("%q is measured: %q", c.who, c.skip)
		}
	}
	p.failure, p.reads = "", []string{kindArchive}
	for _, c := range commands(options{}, []peer{p}, input{kind: kindPickle}) {
		if c.who == "other" && c.skip != "its command line does not read raw pickles" {
			t.Errorf("%q is measured: %q", c.who, c.skip)
		}
	}
}

// A phrase counts wherever the writes are cut.
func TestSpotter(t *testing.T) {
	for cut := range len("it says E103 twice") {
		s := spotter{phrase: []byte("E103")}
		for _, part := range []string{"it says E103 twice"[:cut], "it says E103 twice"[cut:]} {
			if n, err := s.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		if !s.seen || len(s.end) > 4 {
			t.Errorf("cut at %d: %v, %d bytes kept", cut, s.seen, len(s.end))
		}
	}
	other := spotter{phrase: []byte("E103")}
	if _, err := other.Write([]byte("E10 and E3")); err != nil || other.seen {
		t.Error("another text is seen as the phrase", err)
	}
}
