// Package rdata judges serialized R objects: promises and active bindings, which run code when a variable is looked at, and
// code that is stored in models, by what it calls. Ordinary models are full of formulas, calls and closures; those are harmless
// until someone calls them, and judged by the functions that they name. The package is for the engine; it evaluates nothing.
package rdata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/rdata"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// Detector inspects serialized R objects.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "r-data", Title: "R objects: promises, active bindings and stored code", Formats: []string{rdata.Name}, Rules: rules()}
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	s := &scan{out: out, list: findings.New(out)}
	defer s.list.Close()
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open object: %w", err)
	}
	object, err := rdata.Read(r, in.Budget, s.event)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	out.Parsed(object.End)
	return s.rest(ctx, in.Blob, object)
}

// scan is the inspection of one file.
type scan struct {
	out  *detect.Output
	list *findings.List
}

// event judges one thing in the object.
func (s *scan) event(e rdata.Event) error {
	if e.Code != nil && e.Code.Cut {
		s.out.Gap(e.Offset, -1, "a piece of code is larger than what is inspected")
	}
	switch e.Kind {
	case rdata.Promise:
		s.promise(e)
	case rdata.ActiveBinding:
		s.code(e, ruleBinding(), ruleBindingCode(), "an active binding runs it when the variable is looked at")
	case rdata.Closure, rdata.Call, rdata.Bytecode:
		if e.Kind == rdata.Bytecode {
			s.add(ruleBytecode(), e, "compiled code stands where no function is")
		}
		if worst, name := danger(e.Code); worst > 0 {
			s.add(stored(worst), e, "stored code calls "+name+": "+e.Code.Text)
		}
	case rdata.Builtin:
		if level, ok := dangerous()[e.Name]; ok && level == process {
			s.add(ruleStoredProcess(), e, "the object holds the interpreter's function "+e.Name)
		}
	case rdata.Altrep:
		s.altrep(e)
	case rdata.Package:
		s.add(rulePackage(), e, "loading attaches the package "+e.Name)
	case rdata.Persistent:
		s.add(rulePersistent(), e, "the reader's hook must provide "+e.Name)
	case rdata.Variable:
		if slices.Contains(hooks(), e.Name) {
			s.add(ruleHook(), e, "R calls a function of this name by itself")
		}
	}
	return nil
}

// add reports a finding.
func (s *scan) add(rule picket.Rule, e rdata.Event, summary string) {
	f := picket.Finding{Rule: rule, Location: picket.At("", e.Offset), Subject: picket.Printable(e.Name, 120), Evidence: picket.NewEvidence(summary, "")}
	if e.Code != nil {
		f.Evidence = picket.NewEvidence(summary, e.Code.Text)
	}
	if e.Kind == rdata.Promise && rule.Severity == picket.Critical {
		f.Technique = "CVE-2024-27322"
		s.out.Trace(e.Code.Text)
	}
	s.list.Report(f)
}

// promise judges a promise. The arguments of functions are promises, and stay in an environment that a formula or closure keeps;
// anywhere else R puts none.
func (s *scan) promise(e rdata.Event) {
	switch {
	case !e.InFrame && !e.Forced:
		s.add(rulePromise(), e, "R runs it when the object is looked at: "+e.Code.Text)
	case !e.InFrame:
		s.add(rulePlace(), e, "a promise that has its value stands where R puts none: "+e.Code.Text)
	case e.Forced:
		if worst, name := danger(e.Code); worst == process {
			s.add(stored(worst), e, "the code of a promise that has its value calls "+name)
		}
	default:
		s.code(e, ruleLate(), rulePromise(), "R runs it when the variable is looked at")
	}
}

// code judges code that runs when a variable is looked at: by a low rule, and by a critical one when it calls out.
func (s *scan) code(e rdata.Event, low, critical picket.Rule, why string) {
	if len(e.Code.Symbols[:e.Code.Calls]) == 0 && e.Kind == rdata.Promise {
		return // a name or a constant
	}
	if worst, name := danger(e.Code); worst > 0 {
		s.add(critical, e, fmt.Sprintf("%s, and it calls %s: %s", why, name, e.Code.Text))
		return
	}
	s.add(low, e, why+": "+e.Code.Text)
}

// altrep judges the class of a vector.
func (s *scan) altrep(e rdata.Event) {
	name := strings.TrimPrefix(e.Name, "base::")
	switch {
	case name == "mmap_integer" || name == "mmap_real" || strings.Contains(name, "mmap"):
		s.add(ruleMapped(), e, "the vector "+e.Name+" opens the file that it names when it is loaded")
	case name == e.Name:
		s.add(ruleClass(), e, "the code of the package decides what the vector "+e.Name+" does when it is loaded")
	}
}

// rest inspects what follows the object. Text ends with line ends.
func (s *scan) rest(ctx context.Context, blob *format.Blob, object rdata.Object) error {
	size := blob.Size()
	if size < 0 {
		return s.unsized(blob, object)
	}
	left := size - object.End
	if left <= 0 {
		return nil
	}
	if object.ASCII && left <= 2 {
		s.out.Parsed(left)
		return nil
	}
	s.list.Report(picket.Finding{Rule: ruleTrailing(), Location: picket.Location{Offset: object.End, Length: left},
		Evidence: picket.NewEvidence(fmt.Sprintf("%d bytes follow the object", left), "")})
	part, err := blob.Section(object.End, left)
	if err != nil {
		return fmt.Errorf("reach what follows the object: %w", err)
	}
	return s.out.Inspect(ctx, detect.Part{Name: "data after the object", Blob: part})
}

// unsized looks for more in content of unknown size, such as a compressed file.
func (s *scan) unsized(blob *format.Blob, object rdata.Object) error {
	r, err := blob.Open()
	if err != nil {
		return fmt.Errorf("open object: %w", err)
	}
	n, err := io.Copy(io.Discard, r)
	if err = errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("read to the end: %w", err)
	}
	if n > object.End+2 {
		s.out.Gap(object.End, n-object.End, "what follows the object was not read, because the content is compressed")
	}
	return nil
}
