// Package torchpackage recognises the zip archives of torch.package, which hold Python source beside pickled objects, and sorts
// their members. It is for detectors. It reads no member and judges nothing.
package torchpackage

import (
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/zip"
)

// Name is the name of the format.
const Name = "torch-package"

// Format recognises archives of torch.package.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "PyTorch package", MediaType: "application/vnd.pytorch.package", Extensions: []string{".pt", ".pth"},
		Risk: format.Active, Refines: zip.Name, Parsed: true, Spec: "https://docs.pytorch.org/docs/stable/package.html"}
}

// Match implements format.Format: a zip archive with the list of external modules that every package has.
func (Format) Match(p format.Probe) bool { return len(Roots(zip.Names(p))) > 0 }

// externs is the member that lists the modules that a package takes from the importing program.
const externs = "/.data/extern_modules"

// Roots lists the folders at the root of an archive that are packages, in order, by the names of all members.
func Roots(names []string) []string {
	var roots []string
	for _, name := range names {
		if root, ok := strings.CutSuffix(name, externs); ok && root != "" && !strings.Contains(root, "/") && !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	return roots
}

// Externs is the name of the member that lists the external modules of a root, one a line.
func Externs(root string) string { return root + externs }

// Source reports whether a member of a root is Python that importing the package runs.
func Source(root, name string) bool {
	return strings.HasPrefix(name, root+"/") && strings.HasSuffix(name, ".py") && !strings.HasPrefix(name, root+"/.data/")
}
