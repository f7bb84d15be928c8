// Package torchzip recognises the zip archives that PyTorch writes, torch.save's and TorchScript's, by the names of their
// members. It is for detectors, which learn from it which members are tensor storage, pickles and TorchScript code. It does not
// read the content of members; package zip does.
package torchzip

import (
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/zip"
)

// Name is the name of the format.
const Name = "torch-zip"

// Format recognises PyTorch's zip archives.
type Format struct{}

// New returns the format.
func New() format.Format { return Format{} }

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "PyTorch archive", MediaType: "application/vnd.pytorch",
		Extensions: []string{".pt", ".pth", ".bin", ".ckpt", ".ptl", ".pkl", ".pickle", ".t7", ".model"}, Risk: format.Active, Refines: zip.Name,
		Parsed: true, Spec: "https://github.com/pytorch/pytorch/blob/main/caffe2/serialize/inline_container.h"}
}

// Match implements format.Format: a zip archive with a root folder that holds data.pkl and another member that only PyTorch
// writes.
func (Format) Match(p format.Probe) bool { return len(FindRoots(zip.Names(p))) > 0 }

// Roots are the folders of an archive that PyTorch would load from. PyTorch takes the first element of the name of the first
// member; an archive with several roots is not from PyTorch, but each may be loaded after a repair.
type Roots map[string]bool

// FindRoots finds the roots among the names of all members.
func FindRoots(names []string) Roots {
	evidence := map[string]int{} // bit 0: data.pkl, bit 1: another member of PyTorch
	for _, name := range names {
		root, member, ok := strings.Cut(name, "/")
		switch {
		case !ok:
		case member == "data.pkl":
			evidence[root] |= 1
		case member == ".data/extern_modules": // of torch.package, which names its pickles as the author likes
			evidence[root] |= 3
		case member == "version" || member == "byteorder" || member == "constants.pkl" || member == ".format_version" || member == ".data/version":
			evidence[root] |= 2
		}
	}
	roots := Roots{}
	for root, bits := range evidence {
		if bits == 3 {
			roots[root] = true
		}
	}
	return roots
}

// Storage reports whether a member is raw tensor storage by its name: <root>/data/<number> or <root>/constants/<number>, or
// <root>/.data/<number>.storage of torch.package.
func (r Roots) Storage(name string) bool {
	root, member, ok := strings.Cut(name, "/")
	if !ok || !r[root] {
		return false
	}
	folder, key, ok := strings.Cut(member, "/")
	if folder == ".data" {
		var packaged bool
		key, packaged = strings.CutSuffix(key, ".storage")
		ok = ok && packaged
	}
	return ok && (folder == "data" || folder == "constants" || folder == ".data") && key != "" && strings.Trim(key, "0123456789") == ""
}

// Code reports whether a member is TorchScript source: <root>/code/**.py.
func (r Roots) Code(name string) bool {
	root, member, ok := strings.Cut(name, "/")
	return ok && r[root] && strings.HasPrefix(member, "code/") && strings.HasSuffix(member, ".py")
}
