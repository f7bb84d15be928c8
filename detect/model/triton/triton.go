// Package triton judges model configurations of NVIDIA's Triton server: the backend that runs the model, which is native code or
// Python; libraries that it loads; and files that lie outside of the model. Whoever can write a model repository can so run
// code on the server. It is for the engine.
package triton

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format/pbtxt"
	"github.com/picketsec/picket/artifact/format/triton"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/detect/model/python"
)

// Detector inspects model configurations.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "triton-config", Title: "Backends, libraries and paths of a Triton model", Formats: []string{triton.Name, "text"},
		Rules: slices.Concat(rules(), freetext.Rules())}
}

// scan is the inspection of one configuration.
type scan struct {
	in   detect.Input
	out  *detect.Output
	list *findings.List
	root *pbtxt.Field
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if in.Format != triton.Name && (in.Name != "config.pbtxt" || detect.Recognised(in.Blob, triton.Format{})) {
		return nil
	}
	root, err := triton.Read(in.Blob, in.Budget)
	s := &scan{in: in, out: out, list: findings.New(out), root: root}
	defer s.list.Close()
	s.files()
	s.libraries()
	s.parameters()
	if codeErr := s.backend(ctx); codeErr != nil {
		return codeErr
	}
	if err == nil {
		out.Parsed(max(0, in.Blob.Size()))
	}
	return err
}

// path judges a path.
func (s *scan) path(f *pbtxt.Field) {
	if why := findings.Leaves(f.String()); why != "" {
		s.list.Add(rulePath(), f.Offset, f.String(), fmt.Sprintf("the path in %s %s", f.Name, why))
	}
}

// plain judges a name that the server makes a path of.
func (s *scan) plain(f *pbtxt.Field) {
	if name := f.String(); strings.ContainsAny(name, "/\\\x00") || name == ".." {
		s.list.Named(rulePath(), f.Offset, name, f.Name+" is a path and not a name", "CVE-2023-31036")
	}
}

// files judges the names of models and of files.
func (s *scan) files() {
	for _, name := range []string{"name", "backend", "platform"} {
		if f := s.root.Get(name); f != nil {
			s.plain(f)
		}
	}
	for _, f := range s.root.All("default_model_filename") {
		s.path(f)
	}
	for _, entry := range s.root.All("cc_model_filenames") {
		if f := entry.Get("value"); f != nil {
			s.path(f)
		}
	}
	for _, step := range s.root.Get("ensemble_scheduling").All("step") {
		if f := step.Get("model_name"); f != nil {
			s.plain(f)
		}
	}
	for _, warmup := range s.root.All("model_warmup") {
		for _, input := range warmup.All("inputs") {
			if f := input.Get("value").Get("input_data_file"); f != nil {
				s.path(f)
			}
		}
	}
}

// libraries judges native code that the configuration has the server load.
func (s *scan) libraries() {
	for _, operations := range s.root.All("model_operations") {
		for _, f := range operations.All("op_library_filename") {
			s.path(f)
			s.list.Add(ruleLibrary(), f.Offset, f.String(), "the server loads a library with operations: "+f.String())
		}
	}
	if f := s.root.Get("runtime"); f.String() != "" {
		s.path(f)
		s.list.Add(ruleLibrary(), f.Offset, f.String(), "the model names the library that runs it: "+f.String())
	}
	for _, agents := range s.root.All("model_repository_agents") {
		for _, agent := range agents.All("agents") {
			if f := agent.Get("name"); f.String() != "" && f.String() != "checksum" {
				s.list.Add(ruleAgent(), f.Offset, f.String(), "the server loads the agent "+f.String()+" before the model")
			}
		}
	}
}

// parameters judges the parameters of the backend.
func (s *scan) parameters() {
	for _, entry := range s.root.All("parameters") {
		value := entry.Get("value").Get("string_value")
		if value == nil {
			continue
		}
		if entry.Get("key").String() == "EXECUTION_ENV_PATH" {
			inside := strings.TrimLeft(strings.TrimPrefix(value.String(), "$$TRITON_MODEL_DIRECTORY"), "/")
			if !strings.HasPrefix(value.String(), "$$TRITON_MODEL_DIRECTORY") {
				inside = value.String()
			}
			if why := findings.Leaves(inside); why != "" {
				s.list.Add(rulePath(), value.Offset, value.String(), "the environment that runs the model's Python "+why)
			}
			s.list.Add(ruleEnvironment(), value.Offset, value.String(), "the model's Python runs in an environment that the model names")
			continue
		}
		for _, sign := range freetext.Look(value.String()) {
			s.list.Add(sign.Rule, value.Offset, sign.Match, "a parameter "+sign.What)
		}
	}
}

// backend judges what runs the model, and has the source of a model in Python inspected.
func (s *scan) backend(ctx context.Context) error {
	backend, platform := s.root.Get("backend"), s.root.Get("platform")
	switch name := backend.String(); {
	case name == "python":
		s.list.Add(ruleCode(), backend.Offset, name, "the model is Python source that the server runs")
		return s.source(ctx)
	case name != "" && !knownBackend(name) && !strings.ContainsAny(name, `/\`):
		s.list.Add(ruleBackend(), backend.Offset, name, "the server loads the library libtriton_"+name+".so to run the model")
	}
	if name := platform.String(); name != "" && !knownPlatform(name) {
		s.list.Add(ruleBackend(), platform.Offset, name, "the model is of a platform that Triton does not have: "+name)
	}
	return nil
}

// source follows the source of the first versions, and what the configuration calls it.
func (s *scan) source(ctx context.Context) error {
	name := "model.py"
	if f := s.root.Get("default_model_filename"); f.String() != "" && findings.Leaves(f.String()) == "" {
		name = f.String()
	}
	var files []string
	for version := range 9 {
		files = append(files, fmt.Sprintf("%d/%s", version+1, name))
	}
	_, err := python.Follow(ctx, s.in, s.out, files) // a version that is missing is one that the model does not have
	return err
}

// knownBackend reports whether a backend is one that Triton or its projects publish.
func knownBackend(name string) bool {
	switch name {
	case "tensorflow", "onnxruntime", "pytorch", "openvino", "tensorrt", "dali", "python", "fil", "fastertransformer", "tensorrtllm", "vllm",
		"identity", "repeat", "square", "hugectr", "hps", "nvtabular", "paddle", "armnn_tflite", "ensemble", "implicit_state", "dyna_sequence",
		"distributed_addsub", "sequence", "mlflow":
		return true
	}
	return false
}

// knownPlatform reports whether a platform is one of Triton's.
func knownPlatform(name string) bool {
	switch name {
	case "tensorrt_plan", "tensorflow_graphdef", "tensorflow_savedmodel", "caffe2_netdef", "onnxruntime_onnx", "pytorch_libtorch", "ensemble", "fil":
		return true
	}
	return false
}
