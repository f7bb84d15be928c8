// Package llamafile judges what a llamafile starts with: the arguments beside the model in its zip archive, which say which
// files the program reads and writes, where it listens, and whether it gives up its sandbox. It is for the engine. The program
// itself is reported and not judged; the model and the archive are judged by the detectors of their formats.
package llamafile

import (
	"context"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/llamafile"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/detect/model/template"
)

// maxArgs bounds the arguments, in bytes.
const maxArgs = 1 << 20

// Detector inspects llamafiles.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "llamafile", Title: "What a llamafile is started with", Formats: []string{llamafile.Name},
		Rules: slices.Concat(rules(), freetext.Rules(), template.Rules())}
}

// scan is the inspection of one file.
type scan struct {
	in   detect.Input
	list *findings.List
}

// Detect implements detect.Detector. What is wrong with the container is reported by the detector of zip.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	s := &scan{in: in, list: findings.New(out)}
	defer s.list.Close()
	s.list.Report(picket.Finding{Rule: ruleProgram(), Location: picket.Whole(""),
		Evidence: picket.NewEvidence("the model is shipped inside of a program that runs on several systems", "")})
	a, err := zip.Read(in.Blob, in.Budget)
	defer a.Close()
	if err != nil {
		return err
	}
	for _, c := range a.Named(llamafile.ArgsName) {
		text, release, err := c.Text(maxArgs)
		if err != nil {
			return err
		}
		for _, arg := range llamafile.Args(string(text)) {
			s.arg(arg)
		}
		release()
	}
	return nil
}

// report records a finding about an argument.
func (s *scan) report(rule picket.Rule, arg llamafile.Arg, summary string) {
	s.list.Report(picket.Finding{Rule: rule, Location: picket.At(llamafile.ArgsName, arg.Offset), Subject: picket.Printable(arg.Flag, 120),
		Evidence: picket.NewEvidence(summary, arg.Flag+" "+arg.Value)})
}

// arg judges one argument.
func (s *scan) arg(arg llamafile.Arg) {
	switch arg.Flag {
	case "--unsecure":
		s.report(ruleSandbox(), arg, "the program gives up the sandbox that it would run in")
	case "--host", "--listen", "-l":
		if host, _, _ := strings.Cut(arg.Value, ":"); host == "0.0.0.0" || strings.HasPrefix(strings.Trim(arg.Value, "[]"), "::") && arg.Value != "::1" {
			s.report(ruleHost(), arg, "the server listens on every network of the machine: "+arg.Value)
		}
	case "--rpc", "-mu", "--model-url", "-hf", "-hfr", "--hf-repo", "-hff", "--hf-file", "-dr", "--docker-repo":
		s.report(ruleRemote(), arg, "the program takes a model or computes on other machines: "+arg.Value)
	case "--chat-template":
		s.template(arg)
		return
	}
	if takesPath(arg.Flag) {
		if why := findings.Leaves(strings.TrimPrefix(arg.Value, "/zip/")); why != "" {
			s.report(rulePath(), arg, "a file that the program is given "+why+": "+arg.Value)
		}
		return
	}
	for _, sign := range freetext.Look(arg.Value) {
		s.report(sign.Rule, arg, "an argument "+sign.What)
	}
}

// takesPath reports whether a flag is one whose value is a file or folder that the program reads or writes.
func takesPath(flag string) bool {
	switch flag {
	case "-m", "--model", "-md", "--model-draft", "-mm", "--mmproj", "--lora", "--lora-base", "--lora-scaled", "--control-vector", "-f", "--file", "-bf",
		"--binary-file", "-spf", "--system-prompt-file", "--grammar-file", "-jf", "--json-schema-file", "--chat-template-file", "--prompt-cache",
		"--log-file", "--logdir", "--slot-save-path", "--path", "--www-root", "--api-key-file", "--ssl-key-file", "--ssl-cert-file", "--image",
		"--media-path", "-o", "--output", "--models-dir":
		return true
	}
	return false
}

// template judges a chat template that is given as an argument.
func (s *scan) template(arg llamafile.Arg) {
	found, err := template.Inspect(arg.Value, s.in.Budget)
	for _, f := range found {
		f.Location.Member, f.Location.Offset = llamafile.ArgsName, arg.Offset
		s.list.Report(f)
	}
	if err != nil {
		s.report(ruleTemplate(), arg, "the chat template cannot be read: "+err.Error())
	}
}
