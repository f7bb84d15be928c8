// Package torchpackage judges archives of torch.package: the Python source that importing the package runs, and the modules
// that it takes from the importing program. It is for the engine. The pickles and the container are judged by the detectors of
// their formats.
package torchpackage

import (
	"context"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/torchpackage"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// maxExterns bounds the list of external modules, in bytes.
const maxExterns = 1 << 20

// Detector inspects archives of torch.package.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "torch-package", Title: "Source and external modules of a PyTorch package",
		Formats: []string{torchpackage.Name}, Rules: []picket.Rule{ruleExtern(), ruleCode()}}
}

// Detect implements detect.Detector. What is wrong with the container is reported by the detector of zip.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	a, err := zip.Read(in.Blob, in.Budget)
	defer a.Close()
	if err != nil {
		return err
	}
	list := findings.New(out)
	defer list.Close()
	names := make([]string, 0, len(a.Entries))
	for i := range a.Entries {
		names = append(names, a.Entries[i].Name())
	}
	for _, root := range torchpackage.Roots(names) {
		for _, c := range a.Named(torchpackage.Externs(root)) {
			if err := externs(c, torchpackage.Externs(root), list); err != nil {
				return err
			}
		}
		if err := sources(ctx, a, root, names, out); err != nil {
			return err
		}
	}
	return nil
}

// externs judges the list of external modules.
func externs(c *zip.Content, member string, list *findings.List) error {
	text, release, err := c.Text(maxExterns)
	if err != nil {
		return err
	}
	defer release()
	at := int64(0)
	for line := range strings.Lines(string(text)) {
		module := strings.TrimSpace(line)
		if root, _, _ := strings.Cut(module, "."); powerful(root) {
			list.Report(picket.Finding{Rule: ruleExtern(), Location: picket.At(member, at), Subject: picket.Printable(module, 120),
				Evidence: picket.NewEvidence("the package uses the module "+module+" of the program that imports it", "")})
		}
		at += int64(len(line))
	}
	return nil
}

// powerful reports whether a module starts programs, loads code or reaches the network, which models have no need of.
func powerful(module string) bool {
	switch module {
	case "subprocess", "ctypes", "pty", "socket", "runpy", "marshal", "code", "codeop", "multiprocessing", "urllib", "http", "ftplib", "smtplib",
		"telnetlib", "requests", "httpx", "webbrowser", "pickle", "_pickle", "dill", "cloudpickle", "shutil", "posix", "nt":
		return true
	}
	return false
}

// sources reports the source of a root in one finding, and has it inspected as Python whatever it looks like.
func sources(ctx context.Context, a *zip.Archive, root string, names []string, out *detect.Output) error {
	n, first := 0, ""
	for _, name := range names {
		if !torchpackage.Source(root, name) {
			continue
		}
		if n++; n == 1 {
			first = name
		}
		for _, c := range a.Named(name) {
			// The same part as the one that the detector of zip makes: findings that both have are counted once.
			if err := out.Inspect(ctx, detect.Part{Name: name, Blob: c.Blob(), As: "python"}); err != nil {
				return err
			}
		}
	}
	if n > 0 {
		out.Report(picket.Finding{Rule: ruleCode(), Location: picket.Whole(first),
			Evidence: picket.NewEvidence(fmt.Sprintf("the package holds %d Python modules, this one first", n), "")})
	}
	return nil
}

// references are a weakness and the documentation.
func references(id string) []picket.Reference {
	return []picket.Reference{picket.Ref(id), {Kind: "URL", ID: "torch.package", URL: "https://docs.pytorch.org/docs/stable/package.html"}}
}

func ruleExtern() picket.Rule {
	return picket.Rule{
		ID: "model.torch-package.extern", Title: "A package uses a module that models do not need",
		Severity: picket.Medium, Class: picket.Execution,
		What:       "The list of external modules names one that starts programs, loads code, or reaches files and the network.",
		Why:        "The package's code runs when a model of it is loaded, with whatever the module can do.",
		Remedy:     "Review the package's source, or take the weights alone.",
		References: references("CWE-829"),
	}
}

func ruleCode() picket.Rule {
	return picket.Rule{
		ID: "model.torch-package.code", Title: "A package brings code that loading it runs",
		Severity: picket.Low, Class: picket.Execution,
		What:       "The archive is made by torch.package and holds Python modules.",
		Why:        "Loading a model of the package imports them. It is what packages are for, and they are not isolated.",
		Remedy:     "Review the source, or take the weights alone.",
		References: references("CWE-829"),
	}
}
