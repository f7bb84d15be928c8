package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/picketsec/picket/internal/testkit/hostile"
)

// exampleSamples are the hostile samples among the committed examples, by the names that they have there.
var exampleSamples = map[string]string{
	"hostile/bert-tiny.pt":          "torch-zip-data-pkl-nested.pt",
	"hostile/classifier.joblib":     "joblib-after-array.joblib",
	"hostile/scaler.pkl":            "dropped-result-obj-pop.pkl",
	"hostile/tokenizer.safetensors": "safetensors-metadata-hydra.safetensors",
	"hostile/chat-7b.gguf":          "gguf-template-class-walk.gguf",
}

// writeExamples writes the committed examples. It needs every writer: these files change by a decision, not by what is
// installed.
func writeExamples(ctx context.Context, folder, venv string) error {
	for _, python := range []string{systemPython, filepath.Join(venv, "bin", "python")} {
		cmd := exec.CommandContext(ctx, python, filepath.Join("bench", "corpus", "examples.py"),
			folder)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("run examples.py with %s: %w", python, err)
		}
	}
	samples := map[string]hostile.Sample{}
	for _, s := range hostile.Samples() {
		samples[s.Name] = s
	}
	for name, sample := range exampleSamples {
		s, ok := samples[sample]
		if !ok {
			return errors.New("write examples: there is no sample " + sample)
		}
		content, err := s.Build()
		if err != nil {
			return fmt.Errorf("build %s: %w", sample, err)
		}
		if err := write(folder, name, content); err != nil {
			return err
		}
	}
	return nil
}
