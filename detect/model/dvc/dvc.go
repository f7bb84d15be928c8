// Package dvc judges the files of Data Version Control: commands that making a model again runs, and paths that fetching it
// writes to. It is for the engine.
package dvc

import (
	"context"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/dvc"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
)

// Detector inspects files of DVC.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "dvc", Title: "Commands and paths of a DVC file", Formats: []string{dvc.Name},
		Rules: slices.Concat([]picket.Rule{rulePath(), ruleInput(), ruleCommand()}, freetext.Rules())}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	entries, err := dvc.Read(in.Blob, in.Budget)
	list := findings.New(out)
	defer list.Close()
	for _, e := range entries {
		why := findings.Leaves(e.Value)
		switch {
		case e.Kind == "cmd":
			list.Add(ruleCommand(), e.Offset, e.Value, "making the model again runs "+e.Value)
			for _, sign := range freetext.Look(e.Value) {
				list.Add(sign.Rule, e.Offset, sign.Match, "the command "+sign.What)
			}
		case why == "" || strings.Contains(e.Value, "${"):
		case e.Kind == "outs" && !strings.Contains(e.Value, "://"):
			list.Add(rulePath(), e.Offset, e.Value, "an output "+why)
		case e.Kind == "deps" || e.Kind == "wdir" || e.Kind == "outs":
			list.Add(ruleInput(), e.Offset, e.Value, e.Kind+" "+why)
		}
	}
	return err
}

// references are a weakness and the documentation.
func references(id string) []picket.Reference {
	return []picket.Reference{picket.Ref(id), {Kind: "URL", ID: "DVC project structure", URL: "https://dvc.org/doc/user-guide/project-structure"}}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.dvc.path-escape", Title: "An output lies outside of the project",
		Severity: picket.High, Class: picket.Structure,
		What:       "A file of DVC names an output by an absolute path or one that climbs.",
		Why:        "Fetching the data writes there, and may replace a program or a start-up file.",
		Remedy:     "Do not check the data out. Name outputs by paths in the project.",
		References: references("CWE-22"),
	}
}

func ruleInput() picket.Rule {
	return picket.Rule{
		ID: "model.dvc.foreign-input", Title: "A stage takes data from outside of the project",
		Severity: picket.Low, Class: picket.Content,
		What:       "A dependency, a working folder or an external output is an address or lies outside of the project.",
		Why:        "What the model is made from was not scanned with it.",
		Remedy:     "Scan that data too.",
		References: references("CWE-829"),
	}
}

func ruleCommand() picket.Rule {
	return picket.Rule{
		ID: "model.dvc.command", Title: "Making the model again runs commands",
		Severity: picket.Info, Class: picket.Execution,
		What:       "dvc.yaml names the command of each stage.",
		Why:        "dvc repro hands it to a shell. It is what the file is for.",
		Remedy:     "Read the commands before you run dvc repro.",
		References: references("CWE-78"),
	}
}
