// Package torchzip inspects what only PyTorch makes of a zip archive: the TorchScript source, which torch.load runs even when it
// was asked to load weights only, and the tensor storages, whose size must be the one that the pickle states. It is for the
// engine. The container and the pickles themselves are judged by the detectors of zip and pickle.
package torchzip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/torch"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/detect"
)

// Detector inspects PyTorch's zip archives.
type Detector struct{}

// New returns the detector.
func New() detect.Detector { return Detector{} }

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "torch-zip", Title: "TorchScript code and tensor storages of PyTorch archives",
		Formats: []string{torchzip.Name}, Rules: rules()}
}

// maxSource bounds the size of one TorchScript source in bytes.
const maxSource = 8 << 20

// scan is the inspection of one archive.
type scan struct {
	a       *zip.Archive
	in      detect.Input
	out     *detect.Output
	members map[string][]*zip.Entry // by name; several for a name that is used twice
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	a, err := zip.Read(in.Blob, in.Budget)
	defer a.Close()
	s := &scan{a: a, in: in, out: out, members: map[string][]*zip.Entry{}}
	var names []string
	for i := range a.Entries {
		e := &a.Entries[i]
		names = append(names, e.Name())
		s.members[e.Name()] = append(s.members[e.Name()], e)
		if e.Central.Present && e.Local.Present && e.Local.Name != e.Central.Name {
			s.members[e.Local.Name] = append(s.members[e.Local.Name], e)
		}
	}
	roots := torchzip.FindRoots(names)
	for _, name := range sorted(s.members) {
		if !roots.Code(name) {
			continue
		}
		for _, e := range s.members[name] {
			if codeErr := s.code(ctx, name, e); codeErr != nil {
				return codeErr
			}
		}
	}
	for _, root := range sorted(roots) {
		for _, name := range []string{"data", "constants"} {
			if storageErr := s.storages(ctx, root+"/"+name+".pkl", root+"/"+name+"/"); storageErr != nil {
				return storageErr
			}
		}
	}
	return err
}

// sorted lists the keys of a map in order.
func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// code reads every view of one TorchScript source.
func (s *scan) code(ctx context.Context, name string, e *zip.Entry) error {
	for _, v := range s.a.Views(e) {
		if err := ctx.Err(); err != nil {
			return err
		}
		source, err := s.read(v)
		if err != nil {
			s.out.Gap(v.Offset, v.Compressed, fmt.Sprintf("TorchScript source %s: %v", picket.Printable(name, 120), err))
		}
		for _, h := range inspect(source) {
			rule, technique := judge(h.what)
			s.out.Report(picket.Finding{Rule: rule, Subject: picket.Printable(h.name, 120), Technique: technique,
				Location: picket.Location{Member: name, Offset: h.offset, Length: int64(len(h.name)), Line: h.line},
				Evidence: picket.NewEvidence("the model's code "+h.summary(), h.excerpt)})
		}
	}
	return nil
}

// read reads a source into memory that the budget holds while it is read.
func (s *scan) read(v zip.View) ([]byte, error) {
	release, err := s.in.Budget.Hold(min(v.Compressed*8, maxSource))
	if err != nil {
		return nil, err
	}
	defer release()
	r, err := s.a.Content(v).Blob().Open()
	if err != nil {
		return nil, err
	}
	source, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err == nil && len(source) > maxSource {
		err = fmt.Errorf("longer than %d bytes", maxSource)
	}
	if err == nil {
		err = s.in.Budget.Ops(int64(len(source)))
	}
	return source, errors.Join(err, r.Close())
}

// storages compares the storages that a pickle refers to with the members that hold them.
func (s *scan) storages(ctx context.Context, pickle, folder string) error {
	wanted := map[string]int64{} // bytes by key, the most that any reference needs
	for _, e := range s.members[pickle] {
		for _, v := range s.a.Views(e) {
			blob, err := s.memory(v)
			if err != nil {
				continue // reported where the pickle itself is inspected
			}
			found, err := torch.Storages(ctx, blob, s.in.Budget)
			if err != nil && !errors.Is(err, format.ErrMalformed) {
				return err
			}
			for _, f := range found {
				size := f.ItemSize()
				if size == 0 || f.Elements > 1<<58 {
					continue
				}
				wanted[f.Key] = max(wanted[f.Key], f.Elements*size)
			}
		}
	}
	for _, key := range sorted(wanted) {
		name := folder + key
		if len(s.members[name]) == 0 && strings.HasSuffix(folder, "/constants/") { // some versions share the folder
			name = strings.TrimSuffix(folder, "constants/") + "data/" + key
		}
		s.storage(pickle, name, wanted[key])
	}
	return nil
}

// memory gives a pickle to read; compressed ones are read forward.
func (s *scan) memory(v zip.View) (*format.Blob, error) {
	if !zip.Supported(v.Method) {
		return nil, fmt.Errorf("%s is not read", zip.Method(v.Method))
	}
	return s.a.Content(v).Blob(), nil
}

// storage compares one storage with its member.
func (s *scan) storage(pickle, name string, wanted int64) {
	entries := s.members[name]
	if len(entries) == 0 {
		s.report(ruleMissing(), pickle, name, "", fmt.Sprintf("the pickle refers to %d bytes in %q, which is not there", wanted, name))
		return
	}
	for _, e := range entries {
		size := e.Central.Size
		if !e.Central.Present {
			size = e.Local.Size
		}
		switch {
		case size < wanted:
			s.report(ruleStorage(), name, name, "CVE-2026-24747", fmt.Sprintf("the pickle states %d bytes and the storage has %d", wanted, size))
		case size > wanted:
			s.report(ruleSlack(), name, name, "", fmt.Sprintf("the storage has %d bytes and the pickle refers to the first %d", size, wanted))
		}
	}
}

// report records a finding about a whole member.
func (s *scan) report(rule picket.Rule, member, subject, technique, summary string) {
	s.out.Report(picket.Finding{Rule: rule, Location: picket.Whole(member), Subject: picket.Printable(subject, 120), Technique: technique,
		Evidence: picket.NewEvidence(summary, "")})
}

// summary says in words what a hit does.
func (h hit) summary() string {
	verbs := map[what]string{fileAccess: "reads or writes files with ", pythonCall: "calls back into Python with ", remoteCall: "calls other machines with ",
		alias: "hides which operator it calls: it uses as a value ", unknownOp: "uses an operator that PyTorch does not ship: ",
		customClass: "uses a class from a native library: ", notScript: "is not TorchScript: it uses ", typeComment: "has a type comment that evaluates "}
	return verbs[h.what] + strings.TrimSpace(picket.Printable(h.name, 120))
}
