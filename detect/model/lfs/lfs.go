// Package lfs reports Git LFS pointers: small texts that stand where a model should be. It is one of the detectors of models;
// it fetches nothing.
package lfs

import (
	"context"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect"
)

// Detector reports Git LFS pointers.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "lfs", Title: "Git LFS pointers in place of content", Formats: []string{"git-lfs-pointer"},
		Rules: []picket.Rule{rulePointer()}}
}

// rulePointer fires for every pointer.
func rulePointer() picket.Rule {
	return picket.Rule{
		ID: "artifact.content.lfs-pointer", Title: "A Git LFS pointer stands in place of the content",
		Severity: picket.Low, Class: picket.Structure,
		What:   "The file only names a larger file that Git LFS keeps elsewhere. What will be loaded is not here.",
		Why:    "A scan of the pointer says nothing about the model that takes its place.",
		Remedy: "Fetch the content with git lfs pull, and scan again.",
		References: []picket.Reference{
			{Kind: "URL", ID: "Git LFS specification", URL: "https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"},
		},
	}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	text, err := in.Blob.ReadRange(0, in.Blob.Size())
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(text), "\noid ")
	oid, _, _ := strings.Cut(rest, "\n")
	out.Report(picket.Finding{Rule: rulePointer(), Location: picket.Whole(""),
		Evidence: picket.NewEvidence("the content is elsewhere, under "+oid, "")})
	out.Gap(0, -1, "the file is a Git LFS pointer; run git lfs pull and scan again")
	return nil
}
