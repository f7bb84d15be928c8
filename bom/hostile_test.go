package bom_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
)

// unread lists what a bill says that it could not read.
func unread(b *bom.Bill) string {
	var all []string
	for _, p := range b.Model.Properties {
		if p.Name == "unread" {
			all = append(all, p.Source+": "+p.Value)
		}
	}
	return strings.Join(all, "\n")
}

// bombs are metadata that breaks readers which trust it, with the file that must be called unread; empty where all of it can be read.
func bombs() map[string]struct{ file, content, unread string } {
	yamlBomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		yamlBomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	return map[string]struct{ file, content, unread string }{
		"yaml bomb":              {"README.md", "---\n" + yamlBomb + "---\n# x\n", "README.md"},
		"yaml that is broken":    {"README.md", "---\nlicense: [\n---\n# x\n", "README.md"},
		"front without end":      {"README.md", "---\nlicense: mit\n", ""},
		"yaml merge of itself":   {"README.md", "---\na: &a\n  <<: *a\n---\n", "README.md"},
		"large card":             {"README.md", strings.Repeat("x", 1<<20+1), "README.md"},
		"deep json":              {"config.json", strings.Repeat("[", 100_000), "config.json"},
		"deep object":            {"config.json", `{"rope_scaling": ` + strings.Repeat(`{"a": `, 900) + "1" + strings.Repeat("}", 900) + "}", ""},
		"not json":               {"config.json", "{'model_type': 'x'}", "config.json"},
		"json of the wrong kind": {"config.json", `["architectures", {"model_type": 1}]`, ""},
		"wrong kinds": {"config.json", `{"architectures": {"a": 1}, "model_type": ["x", ["y"]], "vocab_size": {"a": null}, "quantization_config": [1],
			"auto_map": "x", "id2label": 3, "rope_scaling": null, "torch_dtype": [[]]}`, ""},
		"nan":            {"all_results.json", `{"eval_loss": NaN, "eval_x": -Infinity, "eval_y": 1e999}`, ""},
		"large json":     {"config.json", `{"a": "` + strings.Repeat("x", 8<<20) + `"}`, "config.json"},
		"many values":    {"config.json", `{"architectures": [` + strings.Repeat(`"a",`, 200_000) + `"b"]}`, "config.json"},
		"invalid utf-8":  {"config.json", "{\"model_type\": \"\xff\xfe\"}", "config.json"},
		"card in latin1": {"README.md", "---\nlicense: mit\nauthor: Andr\xe9\n---\n# Mod\xe8le\n\n- **Developed by:** Andr\xe9\n", ""},
		"controls":       {"README.md", "---\nlicense: mit\nauthor: \"a\\x1b[31m\\u202eb\"\n---\n# \x1b[2J\x00title\n\ntext \u202e\u200b\n", ""},
		"many tags":      {"README.md", "---\ntags: [" + strings.Repeat("t,", 60_000) + "u]\n---\n", ""},
		"many datasets":  {"README.md", "---\ndatasets: [" + numbered("d%d,", 5000) + "u]\n---\n", ""},
		"many bases":     {"README.md", "---\nbase_model: [" + numbered("o/d%d,", 5000) + "u]\n---\n", ""},
		"many headings":  {"README.md", strings.Repeat("# uses\nx\n", 20_000), ""},
		"many facts":     {"README.md", strings.Repeat("- **Developed by:** x\n", 20_000), ""},
		"links":          {"README.md", strings.Repeat("[](", 100_000) + strings.Repeat("<!--", 1000), ""},
		"base is a path": {"README.md", "---\nbase_model: ../../etc/passwd\n---\n", ""},
		"requirements":   {"requirements.txt", strings.Repeat("-e git+https://x\n--hash=sha256:0\n", 1000) + numbered("p%d==1\n", 6000), ""},
		"long line":      {"requirements.txt", "a" + strings.Repeat("=", 900_000), ""},
		"conda":          {"conda.yaml", "dependencies: {a: [1, {pip: 3}], b: null}\n", ""},
		"tokenizer":      {"tokenizer.json", `{"model": {"type": "BPE", "vocab": ` + strings.Repeat(`{"a":`, 100), "tokenizer.json"},
		"modules":        {"modules.json", `[{"path": "../../secret", "type": 1}, 3, null, {"path": "/etc"}]`, ""},
		"index":          {"model_index.json", `{"../x": ["a", "b"], "y": ["a"], "z": [null, {}], "_class_name": []}`, ""},
		"mlmodel":        {"MLmodel", "flavors: [a]\nsignature: {inputs: '[1,', outputs: '{\"a\": 1}'}\n", "MLmodel"},
		"merge":          {"mergekit_config.yml", "base_model: [a]\nmodels: {model: {model: b/c}}\n", ""},
		"trainer":        {"trainer_state.json", `{"log_history": [1, null, {"eval_": 1, "eval_x": "y"}], "epoch": [1]}`, ""},
		"safetensors":    {"model.safetensors", string(binary.LittleEndian.AppendUint64(nil, 1<<40)) + `{"a":{}}`, "model.safetensors"},
		"huge shape":     {"model.safetensors", header(`{"a":{"dtype":"F32","shape":[9223372036854775807,3],"data_offsets":[0,4]}}`) + "abcd", ""},
		"gguf":           {"x.gguf", "GGUF\x03\x00\x00\x00" + strings.Repeat("\xff", 16), "x.gguf"},
		"gguf counts": {"x.gguf", ggufFile(map[string]string{"general.architecture": "llama"}, map[string]uint32{"general.base_model.count": 4294967295,
			"general.dataset.count": 4000000000}, 0, nil), ""},
		"keras":    {"x.keras", kerasBroken(), "x.keras"},
		"onnx":     {"x.onnx", onnxFile()[:120], "x.onnx"},
		"licence":  {"LICENSE", strings.Repeat("a ", 500_000) + "mit", ""},
		"commit":   {".cache/huggingface/download/config.json.metadata", strings.Repeat("z", 900), ""},
		"dataset":  {"dataset_infos.json", `{"a": {"splits": [1], "version": []}, "b": 3}`, ""},
		"elf":      {"prog", "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x3e\x00\x01\x00\x00\x00" + strings.Repeat("\xff", 100), "prog"},
		"csv":      {"train.csv", strings.Repeat("\"", 70_000), ""},
		"jsonl":    {"train.jsonl", strings.Repeat("{\"a\":", 10_000), ""},
		"empty":    {"config.json", "", "config.json"},
		"bad year": {"MLmodel", "utc_time_created: !!binary x\nflavors: {a: {b_version: !!set {x}}}\n", ""},
	}
}

// numbered repeats a pattern with a number.
func numbered(pattern string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, pattern, i)
	}
	return b.String()
}

// header puts the length in front of a safetensors header.
func header(text string) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) + text
}

// kerasBroken is a .keras archive whose documents are no JSON.
func kerasBroken() string {
	z := fixtureZip([2]string{"config.json", "{"}, [2]string{"metadata.json", "[1"}, [2]string{"model.weights.h5", ""})
	return z
}

// TestHostileMetadata: metadata that breaks readers leaves the rest of the bill as it is, says what was not read, and fits its bounds.
func TestHostileMetadata(t *testing.T) {
	for name, bomb := range bombs() {
		t.Run(name, func(t *testing.T) {
			r := llama()
			if strings.HasSuffix(bomb.file, "csv") || strings.HasSuffix(bomb.file, "jsonl") || bomb.file == "dataset_infos.json" || bomb.file == "prog" {
				r = repository{}
			}
			r[bomb.file] = bomb.content
			b := build(t, r.tree())
			if got := unread(b); bomb.unread == "" && got != "" || !strings.Contains(got, bomb.unread) {
				t.Errorf("unread is %q, want %q", got, bomb.unread)
			}
			checkBounds(t, b)
		})
	}
}

// checkBounds fails for a bill that is larger than it may be, or that has text that no terminal should see.
func checkBounds(t testing.TB, b *bom.Bill) {
	t.Helper()
	var out bytes.Buffer
	if err := bom.Encode(&out, b); err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(out.Bytes()) || strings.ContainsAny(out.String(), "\x00\x1b\u202e\u200b") || strings.Contains(out.String(), `\u001b`) {
		t.Error("the bill has text that is not clean")
	}
	if out.Len() > 4<<20 {
		t.Errorf("the bill has %d bytes", out.Len())
	}
	if n := len(b.Datasets) + len(b.Lineage); n > 512 {
		t.Errorf("%d datasets and ancestors", n)
	}
	if len(b.Software) > 4096 || len(b.Model.Properties) > 1100 || len(b.Model.Metrics) > 512 {
		t.Errorf("%d libraries, %d properties, %d metrics", len(b.Software), len(b.Model.Properties), len(b.Model.Metrics))
	}
	back, err := bom.Decode(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	bom.Score(back)
	if changes := bom.Diff(b, back); len(changes) != 0 {
		t.Errorf("what was read back differs: %v", short(changes)[0])
	}
}

// TestContentThatChanges: a file that is not what was hashed ends the work, because the bill would be about something else.
func TestContentThatChanges(t *testing.T) {
	for name, change := range map[string]func(fstest.MapFS){
		"other bytes": func(f fstest.MapFS) {
			f["config.json"].Data = bytes.Replace(f["config.json"].Data, []byte("llama"), []byte("lamma"), 1)
		},
		"longer": func(f fstest.MapFS) { f["README.md"].Data = append(f["README.md"].Data, 'x') },
		"gone":   func(f fstest.MapFS) { delete(f, "tokenizer.json") },
		"appended": func(f fstest.MapFS) {
			f["modeling_ledger.py"].Data = append(f["modeling_ledger.py"].Data, "import os"...)
		},
		"weights": func(f fstest.MapFS) { f["model-00001-of-00002.safetensors"].Data = nil },
	} {
		fsys := llama().tree()
		m, err := evidence.HashTree(t.Context(), fsys, evidence.Options{Name: "m"})
		if err != nil {
			t.Fatal(err)
		}
		change(fsys)
		if _, err := bom.Build(t.Context(), bom.Input{Content: fsys, Manifest: m}); !errors.Is(err, bom.ErrChanged) {
			t.Errorf("%s: error %v, want ErrChanged", name, err)
		}
	}
}

// forward hides that files can be read at any place.
type forward struct{ fs.FS }

func (f forward) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	return struct{ fs.File }{file}, err
}

// TestForwardOnly: content that can only be read forward gives what is at the start of files.
func TestForwardOnly(t *testing.T) {
	for name, r := range repositories(t) {
		fsys := r.tree()
		m, err := evidence.HashTree(t.Context(), fsys, evidence.Options{Name: "m"})
		if err != nil {
			t.Fatal(err)
		}
		b, err := bom.Build(t.Context(), bom.Input{Content: forward{fsys}, Manifest: m})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkBounds(t, b)
		if name == "llama" && b.Model.Parameters.Value != "12864" {
			t.Errorf("parameters %v", b.Model.Parameters)
		}
	}
}

func TestInputs(t *testing.T) {
	fsys := llama().tree()
	m, err := evidence.HashTree(t.Context(), fsys, evidence.Options{Name: "m"})
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := bom.Build(stopped, bom.Input{Content: fsys, Manifest: m}); !errors.Is(err, context.Canceled) {
		t.Errorf("a bill was made after its context ended: %v", err)
	}
	for name, in := range map[string]bom.Input{"nothing": {}, "no content": {Manifest: m}, "no manifest": {Content: fsys}, "empty": {Content: fsys, Manifest: &evidence.Manifest{}}} {
		if _, err := bom.Build(t.Context(), in); err == nil {
			t.Errorf("%s: a bill was made", name)
		}
	}
}

// TestSingleFile: a bill of one file is about that file, wherever it lies.
func TestSingleFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "m.safetensors"), []byte(llama()["model-00001-of-00002.safetensors"]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte(llamaCard), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := evidence.HashFile(t.Context(), os.DirFS(dir), "m.safetensors", evidence.Options{Name: "m.safetensors"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bom.Build(t.Context(), bom.Input{Content: os.DirFS(dir), Manifest: m})
	if err != nil {
		t.Fatal(err)
	}
	if b.Kind != bom.ModelKind || b.Model.Parameters.Value != "6464" || len(b.Files) != 1 || b.Files[0].Name != "m.safetensors" || len(b.Model.Licences) != 0 {
		t.Errorf("kind %s, parameters %v, files %v, licences %v: the card beside the file is no part of it", b.Kind, b.Model.Parameters, b.Files, b.Model.Licences)
	}
}

// TestProgram: a Go program lists the modules that it was built from.
func TestProgram(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	goTool, err := exec.LookPath("go")
	if err != nil {
		testkit.Missing(t, "no go command: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), goTool, "build", "-o", program, "./testdata/program").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m, err := evidence.HashFile(t.Context(), os.DirFS(dir), "program", evidence.Options{Name: "program"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bom.Build(t.Context(), bom.Input{Content: os.DirFS(dir), Manifest: m})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bom.Software{}
	for _, s := range b.Software {
		found[s.Name.Value] = s
	}
	yaml := found["go.yaml.in/yaml/v3"]
	if b.Kind != bom.ProgramKind || yaml.Version.Confidence != bom.Inferred || yaml.PURL != "pkg:golang/go.yaml.in/yaml/v3@"+yaml.Version.Value ||
		!strings.HasPrefix(yaml.Sum, "h1:") || found["go"].Use != "build" {
		t.Errorf("kind %s, yaml %+v, go %+v", b.Kind, yaml, found["go"])
	}
	if b.Model.Task != (bom.Field{}) {
		t.Errorf("a program has a task: %v", b.Model.Task)
	}
}

// TestCorpus makes bills of files of real writers.
func TestCorpus(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("..", "corpus", "benign", "*"))
	if err != nil || len(dirs) == 0 {
		testkit.Missing(t, "there is no corpus; make corpus makes it")
	}
	counted := map[string]bool{}
	for _, dir := range dirs {
		fsys, ok := os.DirFS(dir).(evidence.Tree)
		if !ok {
			t.Fatal("no tree")
		}
		m, err := evidence.HashTree(t.Context(), fsys, evidence.Options{Name: filepath.Base(dir)})
		if err != nil {
			t.Fatal(err)
		}
		b, err := bom.Build(t.Context(), bom.Input{Content: fsys, Manifest: m})
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		checkBounds(t, b)
		if b.Model.Parameters.Confidence == bom.Inferred {
			counted[strings.SplitN(filepath.Base(dir), "-", 2)[0]] = true
		}
		for _, f := range b.Files {
			if f.Format == "" {
				t.Errorf("%s/%s has no format", dir, f.Name)
			}
		}
	}
	for _, writer := range []string{"gguf", "safetensors", "torch"} {
		if !counted[writer] {
			t.Errorf("no parameters were counted in the files of %s", writer)
		}
	}
}
