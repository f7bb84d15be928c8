package bom_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/evidence"
)

// BenchmarkBuild makes the bill of a repository of 1,000 files: shards of a model with 300 tensors each, configurations of
// components, cards, tokenizers, code and tables. Hashing is done before; see package evidence for its cost.
func BenchmarkBuild(b *testing.B) {
	tensors := map[string]tensor{}
	for i := range 300 {
		tensors[fmt.Sprintf("model.layers.%d.self_attn.weight", i)] = tensor{"BF16", []int64{8, 8}}
	}
	weights := safetensorsFile(map[string]string{"format": "pt"}, tensors)
	r := llama()
	r["model_index.json"] = `{"_class_name": "P"`
	for i := range 60 {
		r["model_index.json"] += fmt.Sprintf(`, "part%d": ["diffusers", "Part"]`, i)
		r[fmt.Sprintf("part%d/config.json", i)] = r["config.json"]
		r[fmt.Sprintf("part%d/README.md", i)] = llamaCard
		r[fmt.Sprintf("part%d/tokenizer.json", i)] = r["tokenizer.json"]
		r[fmt.Sprintf("part%d/code.py", i)] = "import os\n"
		r[fmt.Sprintf("part%d/eval.csv", i)] = "a,b\n1,2\n"
		r[fmt.Sprintf("part%d/notes.yaml", i)] = "a: [1, 2]\n"
	}
	r["model_index.json"] += "}"
	for i := range 300 {
		r[fmt.Sprintf("part%d/model-%05d-of-00005.safetensors", i%60, i/60+1)] = weights
	}
	for i := 0; len(r) < 1000; i++ {
		r[fmt.Sprintf("logs/%d.json", i)] = r["trainer_state.json"]
	}
	dir := b.TempDir()
	for name, content := range r {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = root.Close() })
	tree, ok := root.FS().(evidence.Tree)
	if !ok {
		b.Fatal("no tree")
	}
	m, err := evidence.HashTree(b.Context(), tree, evidence.Options{Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		bill, err := bom.Build(b.Context(), bom.Input{Content: tree, Manifest: m, Tool: "picket", Version: "bench"})
		if err != nil || len(bill.Files) != 1000 || bill.Model.Parameters.Value != "5772864" {
			b.Fatal(err, len(bill.Files), bill.Model.Parameters)
		}
	}
}
