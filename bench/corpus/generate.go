package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/picketsec/picket/internal/testkit/hostile"
)

// systemPython is where Debian's packages of the writers are found.
const systemPython = "/usr/bin/python3"

// skipStatus is how a script says that its library is not installed.
const skipStatus = 77

// scripts are run with the Pythons of their environment: by default the system's and that of the virtual environment. An
// environment is a folder inside the virtual environment, made from requirements-NAME.txt for writers that cannot live with
// the others.
var scripts = []script{
	{args: []string{"stdlib.py"}}, {args: []string{"plain.py", "dill"}}, {args: []string{"plain.py", "cloudpickle"}},
	{args: []string{"arrays.py"}}, {args: []string{"frames.py"}}, {args: []string{"estimators.py"}},
	{args: []string{"boosters.py", "xgboost"}}, {args: []string{"boosters.py", "lightgbm"}},
	{args: []string{"native_boosters.py", "xgboost"}}, {args: []string{"native_boosters.py", "lightgbm"}},
	{args: []string{"native_boosters.py", "catboost"}}, {args: []string{"r_models.py"}},
	{args: []string{"skops_models.py"}}, {args: []string{"h2o_models.py"}, environment: "h2o"},
	{args: []string{"boosters.py", "catboost"}}, {args: []string{"statistics_models.py"}}, {args: []string{"tensors.py"}},
	{args: []string{"checkpoints.py"}},
	{args: []string{"onnx_models.py", "debian"}, environment: "onnx"}, {args: []string{"onnx_models.py", "standard"}, environment: "onnx"},
	{args: []string{"onnx_models.py", "built"}, environment: "onnx"}, {args: []string{"onnx_models.py", "estimators"}, environment: "onnx"},
	{args: []string{"onnx_models.py", "optimised"}, environment: "onnx"}, {args: []string{"onnx_models.py", "published"}, environment: "onnx"},
	{args: []string{"exchange.py"}}, {args: []string{"openvino_models.py"}, environment: "openvino"},
	{args: []string{"coreml_models.py"}, environment: "coreml"}, {args: []string{"flax_models.py"}, environment: "jax"},
	{args: []string{"mxnet_models.py"}, environment: "mxnet"},
	{args: []string{"networks.py"}, environment: "tensorflow"}, {args: []string{"hub.py"}, environment: "hub"},
	{args: []string{"tensorflow_models.py", "saved"}, environment: "tensorflow"}, {args: []string{"tensorflow_models.py", "graphs"}, environment: "tensorflow"},
	{args: []string{"tensorflow_models.py", "checkpoints"}, environment: "tensorflow"}, {args: []string{"tensorflow_models.py", "lite"}, environment: "tensorflow"},
	{args: []string{"tensorflowjs.py"}, environment: "tensorflow"},
	{args: []string{"stores.py"}}, {args: []string{"scientific.py"}}, {args: []string{"scientific.py"}, environment: "tensorflow"},
	{args: []string{"packages.py", "torchserve"}, environment: "bundle"}, {args: []string{"packages.py", "7z"}, environment: "bundle"},
	{args: []string{"packages.py", "oci"}, environment: "bundle"}, {args: []string{"packages.py", "triton"}, environment: "bundle"},
	{args: []string{"torch_packages.py"}}, {args: []string{"mlflow_models.py"}, environment: "mlflow"}, {args: []string{"pipelines.py"}, environment: "spacy"},
}

// script writes files with one library.
type script struct {
	args        []string
	environment string
}

// pythons are the interpreters that run a script.
func (s script) pythons(venv string) []string {
	if s.environment != "" {
		return []string{filepath.Join(venv, s.environment, "bin", "python")}
	}
	return []string{systemPython, filepath.Join(venv, "bin", "python")}
}

// modules hold files that their authors wrote with the reference writers.
var modules = []struct{ module, writer, extension, loader string }{
	{"github.com/nlpodyssey/gopickle@v0.2.0", "gopickle-0.2.0", ".pt", "torch"},
	{"github.com/sbinet/npyio@v0.6.0", "npyio-0.6.0", ".npy", "numpy"},
	{"github.com/sbinet/npyio@v0.6.0", "npyio-0.6.0", ".npz", "numpy"},
	{"github.com/yalue/onnxruntime_go@v1.27.0", "onnxruntime_go-1.27.0", ".onnx", "onnx"},
	{"github.com/gomlx/onnx-gomlx@v0.3.4", "onnx-gomlx-0.3.4", ".onnx", "onnx"},
}

// writeHostile writes every hostile sample into a folder for its group.
func writeHostile(out string) ([]entry, error) {
	var entries []entry
	for _, s := range hostile.Samples() {
		content, err := s.Build()
		if err != nil {
			return nil, fmt.Errorf("build %s: %w", s.Name, err)
		}
		folder := path.Join("hostile", s.Group)
		if len(s.Beside) > 0 { // several samples have files of the same name beside them
			folder = path.Join(folder, strings.TrimSuffix(s.Name, path.Ext(s.Name)))
		}
		name := path.Join(folder, s.Name)
		if err := write(out, name, content); err != nil {
			return nil, err
		}
		for file, content := range s.Beside {
			if err := write(out, path.Join(folder, file), content); err != nil {
				return nil, err
			}
		}
		entries = append(entries, entry{Path: name, Kind: "hostile", Group: s.Group, Technique: s.Technique,
			Executes: s.Executes,
			Loader:   s.Loader, Writer: "picket", SHA256: sum(content)})
	}
	return entries, nil
}

// write makes a file and the folders above it.
func write(out, name string, content []byte) error {
	target := filepath.Join(out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := os.WriteFile(target, content, 0o600); err != nil {
		return fmt.Errorf("write sample: %w", err)
	}
	return nil
}

// sum is the SHA-256 of content in hexadecimal digits.
func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}

// writeBenign runs the writers that are there, and names those that are not. Two run at the same time; the order of what they
// wrote does not depend on that.
func writeBenign(ctx context.Context, out, venv string) (entries []entry, skipped []string, err error) {
	var jobs []*job
	for _, script := range scripts {
		for _, python := range script.pythons(venv) {
			jobs = append(jobs, &job{python: python, args: script.args})
		}
	}
	var done sync.WaitGroup
	slots := make(chan struct{}, 2)
	for _, j := range jobs {
		done.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			j.run(ctx, out)
		})
	}
	done.Wait()
	for _, j := range jobs {
		if j.err != nil {
			return nil, nil, j.err
		}
		if j.skipped != "" {
			skipped = append(skipped, strings.Join(j.args, " ")+": "+j.skipped)
		}
		entries = append(entries, j.entries...)
	}
	more, missing := moduleFiles(ctx, out)
	entries, skipped = append(entries, more...), append(skipped, missing...)
	seen := map[string]bool{}
	return slices.DeleteFunc(entries, func(e entry) bool {
		again := seen[e.Path]
		seen[e.Path] = true
		return again
	}), skipped, nil
}

// job is one script with one interpreter, and what came of it.
type job struct {
	python  string
	args    []string
	entries []entry
	skipped string // why nothing was written
	err     error
}

// run runs the script if its interpreter is there.
func (j *job) run(ctx context.Context, out string) {
	if _, err := os.Stat(j.python); err != nil {
		j.skipped = j.python + " does not exist (make setup installs it)"
		return
	}
	j.entries, j.skipped, j.err = runScript(ctx, out, j.python, j.args)
}

// runScript runs one script and returns what it wrote, or why it was skipped.
func runScript(ctx context.Context, out, python string, line []string) ([]entry, string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	folder := filepath.Join(out, "benign")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, "", fmt.Errorf("make folder: %w", err)
	}
	args := append([]string{"-W", "ignore", filepath.Join("bench", "corpus", "benign", line[0]), folder}, line[1:]...)
	cmd := exec.CommandContext(ctx, python,
		args...)
	cmd.Env = append(os.Environ(), "PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", "OMP_NUM_THREADS=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	entries, readErr := written(out, stdout.Bytes())
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == skipStatus {
		return entries, lastLine(stderr.String()), readErr
	}
	if err != nil {
		return nil, "", fmt.Errorf("run %s %s: %w: %s", python, strings.Join(line, " "), err, lastLine(stderr.String()))
	}
	return entries, "", readErr
}

// written reads the lines of a script. A line without a file is dropped: the library refused to write that one.
func written(out string, lines []byte) ([]entry, error) {
	var entries []entry
	for line := range bytes.Lines(lines) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("read what a script wrote: %q: %w", line, err)
		}
		e.Path, e.Kind = path.Join("benign", e.Path), "benign"
		content, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(e.Path)))
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(content) == 0 {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read what a script wrote: %w", err)
		}
		e.SHA256 = sum(content)
		entries = append(entries, e)
	}
	return entries, nil
}

// lastLine is the last line of a text that holds anything.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// moduleFiles copies the test data of Go modules. A module that cannot be fetched is named and left out.
func moduleFiles(ctx context.Context, out string) (entries []entry, skipped []string) {
	for _, m := range modules {
		folder, err := fetch(ctx, m.module)
		if err != nil {
			skipped = append(skipped, fmt.Sprintf("%s: %v", m.module, err))
			continue
		}
		err = filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(file) != m.extension {
				return err
			}
			content, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("read module file: %w", err)
			}
			name := path.Join("benign", m.writer, filepath.Base(file))
			entries = append(entries, entry{Path: name, Kind: "benign", Group: strings.Split(m.writer, "-")[0],
				Loader:    m.loader,
				Technique: "test data of " + m.module, Writer: m.writer, SHA256: sum(content)})
			return write(out, name, content)
		})
		if err != nil {
			skipped = append(skipped, fmt.Sprintf("%s: %v", m.module, err))
		}
	}
	return entries, skipped
}

// fetch downloads a module into the module cache and returns its folder. The sums are checked by the go command.
func fetch(ctx context.Context, module string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // outside of this module, whose go.mod must not change
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	output, err := cmd.Output()
	var result struct {
		Dir   string `json:"Dir"`
		Error string `json:"Error"`
	}
	if jsonErr := json.Unmarshal(output, &result); jsonErr != nil || result.Error != "" || err != nil {
		return "", fmt.Errorf("download: %s %w", result.Error, errors.Join(err, jsonErr))
	}
	return result.Dir, nil
}
