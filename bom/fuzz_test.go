package bom_test

import (
	"bytes"
	"testing"

	"github.com/picketsec/picket/bom"
)

// FuzzBuild: whatever stands in the files, there is a bill that fits its bounds, and the same one each time.
func FuzzBuild(f *testing.F) {
	for _, r := range repositories(f) {
		for name, content := range r {
			f.Add(name, []byte(content))
		}
	}
	for _, bomb := range bombs() {
		if len(bomb.content) < 4096 {
			f.Add(bomb.file, []byte(bomb.content))
		}
	}
	names := map[string]bool{"README.md": true, "config.json": true, "MLmodel": true, "adapter_config.json": true, "model_index.json": true, "modules.json": true,
		"mergekit_config.yml": true, "requirements.txt": true, "conda.yaml": true, "tokenizer.json": true, "trainer_state.json": true, "dataset_infos.json": true,
		"train.csv": true, "LICENSE": true}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if !names[name] {
			name = "model.bin"
		}
		r := repository{"README.md": llamaCard, "x.csv": "a,b\n"}
		if name == "model.bin" || name == "tokenizer.json" {
			r["config.json"] = llama()["config.json"]
		}
		r[name] = string(content)
		b := build(t, r.tree())
		checkBounds(t, b)
		var first, second bytes.Buffer
		if err := bom.Encode(&first, b); err != nil {
			t.Fatal(err)
		}
		if err := bom.Encode(&second, build(t, r.tree())); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("the same content gave another bill: %v", err)
		}
	})
}

// FuzzDecode: what is read as a bill can be written, scored and compared, and reads back as the same bill.
func FuzzDecode(f *testing.F) {
	for _, r := range repositories(f) {
		var out bytes.Buffer
		if err := bom.Encode(&out, build(f, r.tree())); err != nil {
			f.Fatal(err)
		}
		f.Add(out.Bytes())
	}
	f.Add([]byte(`{"schema": "https://picketsec.dev/schema/bom/v1.json"}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		b, err := bom.Decode(bytes.NewReader(document))
		if err != nil {
			return
		}
		report := bom.Score(b)
		if len(report.Standards[0].Elements) != 50 || len(bom.Diff(b, b)) != 0 {
			t.Error("a bill differs from itself, or has other elements")
		}
		var text, once, twice bytes.Buffer
		if err := bom.WriteText(&text, b); err != nil {
			t.Fatal(err)
		}
		if err := bom.WriteScore(&text, report, true); err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(text.Bytes(), "\x1b\x00\r") {
			t.Error("the text holds what no terminal should see")
		}
		if err := bom.Encode(&once, b); err != nil {
			return // a time that JSON cannot hold
		}
		back, err := bom.Decode(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if err := bom.Encode(&twice, back); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("what was read back differs: %v", err)
		}
	})
}
