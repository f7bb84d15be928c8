// Package mlmodel judges how MLflow loads a model folder: the Python module that it imports for it, the source that the folder
// brings, the packages that it has installed, and files outside of the folder. The files of the folder are judged when the scan
// comes to them. It is for the engine.
package mlmodel

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/mlmodel"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/detect/model/python"
	"github.com/picketsec/picket/detect/model/requirements"
	"github.com/picketsec/picket/internal/jsonstream"
)

// Detector inspects MLmodel files.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "mlmodel", Title: "Loader, code, packages and paths of an MLflow model", Formats: []string{mlmodel.Name, "text"},
		Rules: slices.Concat([]picket.Rule{ruleLoader(), rulePath(), ruleCode()}, requirements.Rules(), freetext.Rules())}
}

// scan is the inspection of one model.
type scan struct {
	in   detect.Input
	out  *detect.Output
	list *findings.List
	m    mlmodel.Model
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if in.Format != mlmodel.Name && (in.Name != "MLmodel" || detect.Recognised(in.Blob, mlmodel.Format{})) {
		return nil
	}
	m, err := mlmodel.Read(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	s := &scan{in: in, out: out, list: findings.New(out), m: m}
	defer s.list.Close()
	for _, p := range m.Paths {
		if why := findings.Leaves(p.Value); why != "" {
			s.list.Add(rulePath(), p.Offset, p.Value, fmt.Sprintf("the path in %s %s", p.Field, why))
		}
	}
	s.metadata()
	for _, e := range m.Environments {
		s.environment(e)
	}
	s.file("requirements.txt", func(text []byte) { s.requirements("requirements.txt", requirements.Inspect(string(text))) })
	return s.code(ctx)
}

// metadata judges the texts that people give to a model.
func (s *scan) metadata() {
	// What Walk returns is what visit returned, which is nil.
	_ = s.m.Root.Get("metadata").Walk(func(_ []string, n *jsonstream.Node) error {
		for _, sign := range freetext.Look(n.Text) {
			s.list.Add(sign.Rule, n.Offset, sign.Match, "the metadata "+sign.What)
		}
		return nil
	})
}

// code judges the module that loads the model, and has the source inspected that the folder brings.
func (s *scan) code(ctx context.Context) error {
	var files []string
	if s.m.Code.Value != "" {
		s.list.Add(ruleCode(), s.m.Code.Offset, s.m.Code.Value, "MLflow puts the folder "+s.m.Code.Value+" on Python's path before it loads the model")
	}
	if s.m.Source.Value != "" && findings.Leaves(s.m.Source.Value) == "" {
		s.list.Add(ruleCode(), s.m.Source.Offset, s.m.Source.Value, "the model is the source "+s.m.Source.Value+", which MLflow runs")
		files = append(files, s.m.Source.Value)
	}
	if module := s.m.Loader.Value; module != "" && !known(module) {
		s.list.Add(ruleLoader(), s.m.Loader.Offset, module, "MLflow imports the module "+module+" to load the model")
		if s.m.Code.Value != "" && findings.Leaves(s.m.Code.Value) == "" {
			at := path.Join(s.m.Code.Value, strings.ReplaceAll(module, ".", "/"))
			files = append(files, at+".py", at+"/__init__.py")
		}
	}
	_, err := python.Follow(ctx, s.in, s.out, files) // the loader may as well be installed
	return err
}

// known reports whether a module is one of MLflow's own loaders, by its exact name.
func known(module string) bool {
	name, ok := strings.CutPrefix(module, "mlflow.")
	if !ok {
		return false
	}
	switch name {
	case "sklearn", "pytorch", "tensorflow", "keras", "xgboost", "lightgbm", "catboost", "statsmodels", "prophet", "pmdarima", "spacy", "fastai",
		"onnx", "h2o", "mleap", "spark", "paddle", "gluon", "diviner", "shap", "transformers", "sentence_transformers", "diffusers", "openai",
		"langchain", "llama_index", "dspy", "johnsnowlabs", "promptflow", "recommenders", "pyfunc.model", "pyfunc.loaders.code_model",
		"pyfunc.loaders.chat_agent", "pyfunc.loaders.chat_model", "pyfunc.loaders.responses_agent", "prompt.promptlab_model", "crate",
		"rfunc", "pyspark.ml", "_promptlab", "haystack", "autogluon":
		return true
	}
	return false
}

// maxText bounds the files beside the model that are read, in bytes.
const maxText = 1 << 20

// file gives the content of a file beside the model to judge, when it is there and not larger than maxText.
func (s *scan) file(name string, judge func(text []byte)) {
	if s.in.Sibling == nil || findings.Leaves(name) != "" {
		return
	}
	blob, err := s.in.Sibling(name)
	if err != nil {
		return // a model without such a file has its environment elsewhere
	}
	text, err := blob.ReadRange(0, min(max(blob.Size(), 0), maxText))
	if err == nil {
		err = s.in.Budget.Ops(int64(len(text)))
	}
	if err != nil || blob.Size() > maxText {
		s.out.Gap(0, blob.Size(), picket.Printable(name, 120)+": the list of packages was not read to its end")
	}
	judge(text)
}

// requirements reports findings about a file beside the model.
func (s *scan) requirements(name string, found []picket.Finding) {
	for _, f := range found {
		f.Location.Member = name
		s.list.Report(f)
	}
}

// environment judges a list of packages of conda or of virtualenv.
func (s *scan) environment(e mlmodel.Path) {
	s.file(e.Value, func(text []byte) {
		root, err := yaml.Tree(format.BytesBlob(text), s.in.Budget)
		if err != nil {
			s.out.Gap(0, int64(len(text)), picket.Printable(e.Value, 120)+": "+err.Error())
			return
		}
		if channels := root.Get("channels"); channels != nil {
			for _, n := range channels.Children {
				s.requirements(e.Value, requirements.Conda(n.String()))
			}
		}
		for _, key := range []string{"dependencies", "build_dependencies"} {
			// What Walk returns is what visit returned, which is nil.
			_ = root.Get(key).Walk(func(_ []string, n *jsonstream.Node) error {
				if n.Kind == jsonstream.String && n.Text != "-r requirements.txt" { // as MLflow itself writes
					s.requirements(e.Value, requirements.Line(n.Text))
				}
				return nil
			})
		}
	})
}

// references are weaknesses and the documentation.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "MLflow models", URL: "https://mlflow.org/docs/latest/ml/model/"}}, picket.Refs(ids...)...)
}

func ruleLoader() picket.Rule {
	return picket.Rule{
		ID: "model.mlflow.loader-module", Title: "The model is loaded by a module that MLflow does not bring",
		Severity: picket.High, Class: picket.Execution,
		What:       "The flavour python_function names a module for loading that is none of MLflow's own.",
		Why:        "MLflow imports the module and calls it: any code in the folder, or installed on the machine, runs when the model is loaded.",
		Remedy:     "Review the module. Load the model by one of MLflow's own flavours if you can.",
		References: references("CWE-470", "AML.T0011"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.mlflow.path-escape", Title: "The model names a file outside of its folder",
		Severity: picket.High, Class: picket.Structure,
		What:       "A file or folder that loading reads is named by an absolute path, an address, or a path that climbs.",
		Why:        "MLflow loads, or runs, what lies there in place of the model's own file; nobody scanned it.",
		Remedy:     "Do not load the model. Log it anew.",
		References: references("CWE-22", "CVE-2023-6831"),
	}
}

func ruleCode() picket.Rule {
	return picket.Rule{
		ID: "model.mlflow.code", Title: "The model brings code that MLflow runs",
		Severity: picket.Low, Class: picket.Execution,
		What:       "The folder holds Python source that is imported, or is the model itself.",
		Why:        "It runs with the rights of whoever loads the model.",
		Remedy:     "Review the source before you load the model.",
		References: references("CWE-829"),
	}
}
