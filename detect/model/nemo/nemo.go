// Package nemo judges what the configuration of a NeMo archive has the loader make and read: a class of another library in place
// of NeMo's own models, and files that are not in the archive. What the configuration says deeper down, the weights and the
// archive itself are judged by the detectors of their formats. It is for the engine.
package nemo

import (
	"context"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/nemo"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/hydra"
)

// Detector inspects archives of NeMo.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "nemo", Title: "Class and files of a NeMo model", Formats: []string{nemo.Name},
		Rules: slices.Concat([]picket.Rule{ruleTarget(), rulePath(), ruleMissing()}, hydra.Rules())}
}

// Detect implements detect.Detector. What is wrong with the container is reported by the detector of tar.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	m, err := nemo.Read(in.Blob, in.Budget)
	list := findings.New(out)
	defer list.Close()
	report := func(rule picket.Rule, at int64, subject, technique, summary string) {
		list.Report(picket.Finding{Rule: rule, Location: picket.At(m.Config, at), Subject: picket.Printable(subject, 120), Technique: technique,
			Evidence: picket.NewEvidence(summary, subject)})
	}
	if m.Target != "" && !strings.HasPrefix(m.Target, "nemo.") {
		rule, summary, unsafe := hydra.Judge(m.Target)
		if !unsafe || rule.Severity < picket.High {
			rule, summary = ruleTarget(), "NeMo imports "+m.Target+" and makes the model of it"
		}
		report(rule, m.TargetAt, m.Target, "CVE-2025-23304", summary)
	}
	for _, r := range m.References {
		switch why := findings.Leaves(r.Name); {
		case why != "":
			report(rulePath(), r.Offset, r.Name, "", "a file of the model "+why)
		case r.Name != "" && !m.Members[strings.TrimPrefix(r.Name, "./")] && err == nil:
			report(ruleMissing(), r.Offset, r.Name, "", "the configuration refers to a member that is not there")
		}
	}
	return err
}

// references are weaknesses and the documentation.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "NeMo models",
		URL: "https://docs.nvidia.com/nemo-framework/user-guide/latest/nemotoolkit/core/core.html"}}, picket.Refs(ids...)...)
}

func ruleTarget() picket.Rule {
	return picket.Rule{
		ID: "model.nemo.target-class", Title: "The model is made of a class outside of NeMo",
		Severity: picket.High, Class: picket.Execution,
		What:       "The target of the configuration is an import path that does not begin with nemo.",
		Why:        "NeMo imports whatever is named and calls it with the configuration; versions before 2.3.2 did so without any check.",
		Remedy:     "Do not restore the model. Take one that is made of NeMo's own classes, and update NeMo.",
		References: references("CVE-2025-23304", "CWE-94"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.nemo.path-escape", Title: "The configuration refers to a file outside of the archive",
		Severity: picket.High, Class: picket.Structure,
		What:       "A reference to a member is absolute or climbs.",
		Why:        "NeMo reads that file of the machine in place of the model's own.",
		Remedy:     "Do not restore the model.",
		References: references("CWE-22", "CVE-2024-0129"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.nemo.member-missing", Title: "The configuration refers to a member that is not there",
		Severity: picket.Low, Class: picket.Structure,
		What:       "A file that the configuration names as nemo:NAME is not in the archive.",
		Why:        "The model cannot be restored as it was saved.",
		Remedy:     "Fetch the archive again and compare its digest with the publisher's.",
		References: references("CWE-353"),
	}
}
