// Package modelfile judges the Modelfiles of Ollama: where the model and its adapters come from, and the texts that stand before
// every prompt. It is for the engine.
package modelfile

import (
	"context"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/modelfile"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/template"
)

// Detector inspects Modelfiles.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "ollama-modelfile", Title: "Sources and texts of an Ollama Modelfile", Formats: []string{modelfile.Name, "text"},
		Rules: slices.Concat([]picket.Rule{rulePath(), ruleAddress(), ruleAdapter()}, template.Rules())}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	if in.Format != modelfile.Name && (in.Name != "Modelfile" || detect.Recognised(in.Blob, modelfile.Format{})) {
		return nil
	}
	instructions, err := modelfile.Read(in.Blob, in.Budget)
	list := findings.New(out)
	defer list.Close()
	for _, i := range instructions {
		switch i.Name {
		case "FROM":
			source(list, i)
		case "ADAPTER":
			list.Add(ruleAdapter(), i.Offset, i.Argument, "the model is changed by an adapter: "+i.Argument)
			source(list, i)
		case "TEMPLATE", "SYSTEM", "MESSAGE":
			for _, f := range template.Prose(i.Argument) {
				f.Location = picket.At("", i.Offset)
				list.Report(f)
			}
		}
	}
	if err == nil {
		out.Parsed(max(0, in.Blob.Size()))
	}
	return err
}

// source judges where a model or an adapter comes from. Ollama itself writes the absolute paths of its store.
func source(list *findings.List, i modelfile.Instruction) {
	switch why := findings.Leaves(i.Argument); {
	case why == "":
	case strings.Contains(i.Argument, "://"):
		list.Add(ruleAddress(), i.Offset, i.Argument, i.Name+" is an address")
	case strings.Contains(i.Argument, "/blobs/sha256-") && !strings.Contains(i.Argument, ".."):
	default:
		list.Add(rulePath(), i.Offset, i.Argument, "the path in "+i.Name+" "+why)
	}
}

// references are a weakness and the specification.
func references(id string) []picket.Reference {
	return []picket.Reference{picket.Ref(id), {Kind: "URL", ID: "Modelfile reference", URL: "https://github.com/ollama/ollama/blob/main/docs/modelfile.md"}}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.modelfile.path-escape", Title: "A Modelfile takes a file from outside of its folder",
		Severity: picket.Medium, Class: picket.Structure,
		What:       "FROM or ADAPTER names a file by an absolute path or one that climbs.",
		Why:        "The model that is made holds a file of the machine where it is made, which was not part of what was reviewed.",
		Remedy:     "Put the file beside the Modelfile and name it by a relative path.",
		References: references("CWE-22"),
	}
}

func ruleAddress() picket.Rule {
	return picket.Rule{
		ID: "model.modelfile.address", Title: "A Modelfile takes the model from an address",
		Severity: picket.Medium, Class: picket.Content,
		What:       "FROM or ADAPTER names an address instead of a model of the registry or a file.",
		Why:        "What lies there can change after the review.",
		Remedy:     "Fetch the file, scan it, and name it by a relative path.",
		References: references("CWE-494"),
	}
}

func ruleAdapter() picket.Rule {
	return picket.Rule{
		ID: "model.modelfile.adapter", Title: "A Modelfile changes the model by an adapter",
		Severity: picket.Low, Class: picket.Content,
		What:       "ADAPTER adds the weights of a fine-tuned adapter to the model.",
		Why:        "An adapter can give a well-known model another behaviour under its old name.",
		Remedy:     "Review where the adapter comes from.",
		References: references("CWE-829"),
	}
}
