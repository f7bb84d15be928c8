package weights_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/weights"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// list lists the tensors of a content.
func list(t testing.TB, content []byte) (*weights.Set, error) {
	t.Helper()
	b := format.BytesBlob(content)
	probe, err := detect.NewProbe(b)
	if err != nil {
		t.Fatal(err)
	}
	return weights.List(context.Background(), b, probe, limits.NewBudget(limits.Default()))
}

// debianPython runs a script with the system's Python, which has torch, and returns the folder that it wrote into.
func debianPython(t *testing.T, script string) string {
	t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import torch").Run(); err != nil {
		testkit.Missing(t, "the system's Python has no torch")
	}
	dir := t.TempDir()
	cmd := exec.Command(python, "-W", "ignore", "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run torch: %v\n%s", err, out)
	}
	return dir
}

// saved writes a checkpoint as people have them, and the same tensors for comparison.
const saved = `
import collections, numpy, torch
torch.manual_seed(7)
base = torch.randn(4, 6)
state = collections.OrderedDict()
state["plain"] = base
state["transposed"] = base.t()
state["part"] = base[1:3, 2:5]
state["stepped"] = torch.arange(20, dtype=torch.int64)[3::4]
state["half"] = torch.randn(3, 2).half()
state["parameter"] = torch.nn.Parameter(torch.randn(5))
state["expanded"] = torch.tensor([1.5, 2.5]).expand(3, 2)
state["scalar"] = torch.tensor(3.25, dtype=torch.float64)
state["empty"] = torch.zeros(0, 3)
state["flags"] = torch.tensor([True, False, True])
state["bytes"] = torch.arange(7, dtype=torch.uint8)
torch.save({"epoch": 3, "state_dict": state, "list": [torch.ones(2)]}, "model.pt")
torch.save(state, "legacy.pt", _use_new_zipfile_serialization=False)
numpy.savez("want.npz", **{"state_dict." + k: v.detach().numpy() for k, v in state.items()}, **{"list.0": numpy.ones(2, "f4")})
`

func TestConvertAgreesWithTorch(t *testing.T) {
	python := testkit.Venv(t, "python")
	dir := debianPython(t, saved)
	content, err := os.ReadFile(filepath.Join(dir, "model.pt"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := list(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if want := []weights.Other{{Name: "epoch", What: "int"}}; !slices.Equal(set.Others, want) {
		t.Errorf("beside tensors there is %v, want %v", set.Others, want)
	}
	var out bytes.Buffer
	n, err := weights.WriteSafetensors(context.Background(), &out, set.Tensors, map[string]string{"format": "pt"})
	if err != nil || n != int64(out.Len()) {
		t.Fatalf("wrote %d bytes, said %d (%v)", out.Len(), n, err)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "out.safetensors"), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", `
import numpy, safetensors.numpy
want, got = numpy.load("want.npz"), safetensors.numpy.load_file("out.safetensors")
assert sorted(want) == sorted(got), (sorted(want), sorted(got))
for name in want:
    assert want[name].dtype == got[name].dtype and want[name].shape == got[name].shape, name
    assert (want[name] == got[name]).all(), name
print(len(want))`)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(said)) != "12" {
		t.Errorf("safetensors reads something else: %v\n%s", err, said)
	}
	again, err := list(t, out.Bytes())
	if err != nil || len(again.Tensors) != 12 {
		t.Errorf("the converted file has %d tensors (%v)", len(again.Tensors), err)
	}
}

func TestListRefuses(t *testing.T) {
	for name, content := range map[string]string{"text": "hello", "pickle": "\x80\x04K\x01.", "empty": ""} {
		if _, err := list(t, []byte(content)); !errors.Is(err, weights.ErrNoWeights) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	beyond := safetensors(`{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`, 8)
	if _, err := list(t, beyond); !errors.Is(err, format.ErrMalformed) {
		t.Errorf("a tensor beyond the end gave %v", err)
	}
}

// safetensors writes a header and zeros.
func safetensors(header string, data int) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), make([]byte, data)...)
}

func TestWriteRefuses(t *testing.T) {
	data := format.BytesBlob(make([]byte, 16))
	one := weights.Tensor{Name: "w", Type: "F32", Shape: []int64{4}, Size: 16, Data: data}
	quantised := one
	quantised.Type = "Q4_K"
	short := one
	short.Start = 8
	for name, tensors := range map[string][]weights.Tensor{"twice": {one, one}, "type": {quantised}, "data": {short}} {
		if _, err := weights.WriteSafetensors(context.Background(), &bytes.Buffer{}, tensors, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzList(f *testing.F) {
	f.Add(safetensors(`{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`, 16))
	f.Fuzz(func(t *testing.T, content []byte) {
		set, err := list(t, content)
		if err != nil {
			return
		}
		for _, tensor := range set.Tensors {
			if tensor.Start < 0 || tensor.Size < 0 || tensor.Data == nil {
				t.Fatalf("tensor %+v", tensor)
			}
		}
		if _, err := weights.WriteSafetensors(context.Background(), &bytes.Buffer{}, set.Tensors, nil); err == nil && set.Format == "safetensors" {
			var first, second bytes.Buffer
			weights.WriteSafetensors(context.Background(), &first, set.Tensors, nil)  //nolint:errcheck // it was written above
			weights.WriteSafetensors(context.Background(), &second, set.Tensors, nil) //nolint:errcheck // as above
			if !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Error("the same tensors give different bytes")
			}
		}
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	})
}

// lying writes files that PyTorch loads with other values, names or more bytes than a naive reader sees.
const lying = `
import struct, zipfile
def text(s): return b"X" + struct.pack("<I", len(s)) + s
def number(n): return b"J" + struct.pack("<i", n)
def many(*x): return b"(" + b"".join(x) + b"t"
def name(m, n): return b"c" + m + b"\n" + n + b"\n"
empty = name(b"collections", b"OrderedDict") + b")R"
def tensor(cls=b"FloatStorage", size=8, stride=1, more=b""):
    storage = many(text(b"storage"), name(b"torch", cls), text(b"0"), text(b"cpu"), number(8)) + b"Q"
    return name(b"torch._utils", b"_rebuild_tensor_v2") + many(storage, number(0), many(number(size)), many(number(stride)), b"\x89", empty, more) + b"R"
def save(file, *items):
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("m/data.pkl", b"\x80\x02}(" + b"".join(text(k) + v for k, v in items) + b"u.")
        z.writestr("m/version", "3\n")
        z.writestr("m/data/0", struct.pack("<8f", *range(8)))
save("good", (b"a", tensor()), (b"b", tensor(more=b"}")))
save("types", (b"a", tensor()), (b"b", tensor(cls=b"LongStorage", size=4)))
save("conjugate", (b"a", tensor(cls=b"ComplexFloatStorage", size=4, more=b"}(" + text(b"conj") + b"\x88u")))
save("surrogates", (b"\xed\xa0\x80", tensor()), (b"\xed\xa0\x81", tensor()))
save("bomb", *((b"t%d" % i, tensor(size=1 << 27, stride=0)) for i in range(8)))
save("arguments", (b"a", tensor()), (b"hidden", name(b"collections", b"OrderedDict") + many(b"](" + many(text(b"x"), tensor()) + b"e") + b"R"))
`

func TestFilesThatPyTorchReadsOtherwise(t *testing.T) {
	dir := debianPython(t, lying)
	for name, fails := range map[string]string{"good": "", "arguments": "", "types": "takes the first", "conjugate": "conjugate or negative",
		"surrogates": "Unicode", "bomb": "overlap so much"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		set, err := list(t, content)
		if fails != "" {
			if err == nil || !strings.Contains(err.Error(), fails) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "arguments" && (len(set.Tensors) != 1 || len(set.Others) != 1 || set.Others[0].Name != "hidden") {
			t.Errorf("%d tensors, others %v", len(set.Tensors), set.Others)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := weights.WriteSafetensors(ctx, &bytes.Buffer{}, set.Tensors, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: stopped and written: %v", name, err)
		}
	}
}
