// Package kitfile judges the paths of Kitfiles: KitOps packs what they name, and unpacks a ModelKit to them. It is for the engine.
package kitfile

import (
	"context"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/kitfile"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// Detector inspects Kitfiles.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "kitfile", Title: "Paths of a Kitfile", Formats: []string{kitfile.Name}, Rules: []picket.Rule{rulePath()}}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	paths, err := kitfile.Read(in.Blob, in.Budget)
	list := findings.New(out)
	defer list.Close()
	for _, p := range paths {
		if why := findings.Leaves(p.Value); why != "" {
			list.Add(rulePath(), p.Offset, p.Value, "the path of the "+p.Part+" "+why)
		}
	}
	return err
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.kitfile.path-escape", Title: "A Kitfile names a file outside of its folder",
		Severity: picket.High, Class: picket.Structure,
		What:       "A path of a model, of code or of data is absolute, an address, or climbs.",
		Why:        "Packing takes files of the machine into the kit, and unpacking writes there.",
		Remedy:     "Do not pack or unpack the kit. Name files by paths in its own folder.",
		References: []picket.Reference{picket.Ref("CWE-22"), {Kind: "URL", ID: "Kitfile format", URL: "https://kitops.org/docs/kitfile/format/"}},
	}
}
