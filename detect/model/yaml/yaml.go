// Package yaml judges YAML documents beside models by what their loaders would make of them: objects of Python and of other
// languages, callables of Hydra and HyperPyYAML, aliases that multiply, chat templates. It loads nothing.
package yaml

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/yaml"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/hydra"
	"github.com/picketsec/picket/detect/model/python"
	"github.com/picketsec/picket/detect/model/template"
	"github.com/picketsec/picket/internal/limits"
)

const (
	maxEach = 20         // findings of one rule that are listed one by one
	tooMany = 10_000_000 // values of a document with its aliases replaced
)

// Detector inspects YAML documents.
type Detector struct{}

// Info implements detect.Detector. It also looks at text whose name says YAML and whose first lines do not.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "yaml", Title: "YAML documents: objects of Python, Hydra and HyperPyYAML callables, alias bombs", Formats: []string{yaml.Name, "text"},
		Rules: slices.Concat(ownRules(), hydra.Rules(), template.Rules()),
	}
}

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	switch ext := strings.ToLower(path.Ext(in.Name)); {
	case in.Format == yaml.Name && (ext == ".md" || ext == ".rst" || ext == ".py" || ext == ".txt" || ext == ".markdown"):
		return nil // prose that begins like YAML
	case in.Format != yaml.Name:
		if ext != ".yaml" && ext != ".yml" || detect.Recognised(in.Blob, yaml.Format{}) {
			return nil
		}
	}
	content, release, err := yaml.Load(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	defer release()
	s := &scan{out: out, budget: in.Budget, count: map[string]int{}}
	if weight := yaml.Scan(content, s.event); weight > tooMany {
		s.report(ruleBomb(), yaml.Event{}, "", fmt.Sprintf("with its aliases replaced, the document has %d values or more", weight), "")
	}
	if s.eval != nil {
		s.evaluated(yaml.Event{})
	}
	if in.Format == yaml.Name && s.err == nil {
		out.Parsed(int64(len(content)))
	}
	return s.err
}

// scan is one run over one document.
type scan struct {
	out    *detect.Output
	budget *limits.Budget
	count  map[string]int
	err    error
	eval   *yaml.Event // a tag that evaluates the value which follows
}

// event judges one thing of the document.
func (s *scan) event(e yaml.Event) {
	if s.eval != nil && (e.Kind == yaml.Value || e.Kind == yaml.Key || e.Kind == yaml.Tag) {
		s.evaluated(e)
	}
	switch e.Kind {
	case yaml.Tag:
		s.tag(e)
	case yaml.Value:
		s.value(e)
	}
}

// evaluated judges what a tag evaluates: some projects write lists of numbers as a small formula.
func (s *scan) evaluated(e yaml.Event) {
	tag := *s.eval
	s.eval = nil
	if e.Kind == yaml.Value && python.Arithmetic(e.Text, s.budget) {
		s.report(ruleName(), tag, "eval", "the document makes the loader evaluate a formula", e.Text)
		return
	}
	s.report(ruleExecutes(), tag, "eval", "the document makes the loader evaluate code", e.Text)
}

// value judges a value by its key.
func (s *scan) value(e yaml.Event) {
	switch {
	case e.Key == hydra.Key:
		s.target(e, e.Text)
	case e.Key == "trust_remote_code":
		if v := strings.ToLower(e.Text); v == "true" || v == "yes" || v == "on" || v == "1" {
			s.report(ruleTrust(), e, e.Key, "the configuration sets trust_remote_code", "")
		}
	case strings.Contains(e.Key, "chat_template") && strings.Contains(e.Text, "{") && len(e.Text) <= template.MaxSize:
		findings, err := template.Inspect(e.Text, s.budget)
		for _, f := range findings {
			s.report(f.Rule, e, f.Subject, f.Evidence.Summary, f.Evidence.Excerpt)
		}
		if err != nil && !errors.Is(err, format.ErrMalformed) {
			s.err = err
		}
	}
}

// target judges a callable of Hydra.
func (s *scan) target(e yaml.Event, name string) {
	if rule, summary, ok := hydra.Judge(name); ok {
		s.report(rule, e, name, summary, name)
	}
}

// tag judges a tag.
func (s *scan) tag(e yaml.Event) {
	if rest, ok := strings.CutPrefix(e.Text, "tag:yaml.org,2002:"); ok {
		if kind, ok := strings.CutPrefix(rest, "python/"); ok {
			s.python(e, kind)
		} else if strings.Contains(rest, ".") && !strings.ContainsAny(rest, " {}") {
			s.report(ruleForeign(), e, rest, "the document makes an object of the class "+rest, e.Text)
		}
		return
	}
	for _, prefix := range []string{"!new:", "!apply:", "!applyref:", "!name:", "!module:"} { // of HyperPyYAML
		if name, ok := strings.CutPrefix(e.Text, prefix); ok {
			if rule, _, bad := hydra.Judge(name); bad && rule.Severity == picket.Critical && (prefix == "!name:" || prefix == "!module:") {
				s.report(ruleObject(), e, name, "the document makes HyperPyYAML take "+name, e.Text)
			} else if bad && rule.Severity == picket.Critical {
				s.report(ruleExecutes(), e, name, "the document makes HyperPyYAML call "+name, e.Text)
			} else if prefix == "!module:" {
				continue
			} else if bad {
				s.report(ruleName(), e, name, "the document makes HyperPyYAML call "+name, e.Text)
			}
		}
	}
	if strings.HasPrefix(e.Text, "!ruby/") || strings.HasPrefix(e.Text, "!php/object") || strings.HasPrefix(e.Text, "!java") {
		s.report(ruleForeign(), e, e.Text, "the document makes an object: "+e.Text, e.Text)
	}
}

// python judges a tag of PyYAML.
func (s *scan) python(e yaml.Event, kind string) {
	kind, name, found := strings.Cut(kind, ":")
	if !found {
		return // tuple, str, complex and the like
	}
	rule, _, bad := hydra.Judge(name)
	critical := bad && rule.Severity == picket.Critical
	summary := fmt.Sprintf("the tag python/%s names %s", kind, name)
	switch {
	case kind == "name" || kind == "module":
		if critical {
			s.report(ruleObject(), e, name, summary, e.Text)
		} else {
			s.report(ruleName(), e, name, summary, e.Text)
		}
	case strings.TrimPrefix(name, "builtins.") == "eval" && kind != "object":
		s.eval = &e
	case critical && !inert(name):
		s.report(ruleExecutes(), e, name, summary+", which the loader calls", e.Text)
	case bad && !inert(name) && kind != "object":
		s.report(ruleObject(), e, name, summary+", which the loader calls", e.Text)
	default:
		s.report(ruleName(), e, name, summary, e.Text)
	}
}

// inert lists what writers of YAML put into honest documents.
func inert(name string) bool {
	switch name {
	case "collections.OrderedDict", "collections.defaultdict", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath", "numpy.dtype",
		"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", "numpy.ndarray",
		"torch.device", "argparse.Namespace", "datetime.timedelta", "datetime.datetime", "datetime.date", "uuid.UUID", "fractions.Fraction", "decimal.Decimal",
		"builtins.set", "builtins.frozenset", "builtins.slice", "builtins.range", "types.SimpleNamespace", "easydict.EasyDict", "omegaconf.dictconfig.DictConfig",
		"torch.Size", "torch._utils._rebuild_tensor_v2", "copyreg._reconstructor", "copy_reg._reconstructor", "enum.Enum":
		return true
	}
	return false
}

// report keeps at most maxEach findings of a rule.
func (s *scan) report(rule picket.Rule, e yaml.Event, subject, summary, excerpt string) {
	if s.count[rule.ID]++; s.count[rule.ID] > maxEach {
		return
	}
	s.out.Report(picket.Finding{Rule: rule, Location: picket.Location{Offset: int64(e.Offset), Line: e.Line}, Subject: picket.Printable(subject, 120),
		Confidence: picket.Certain, Technique: hydra.Technique(rule), Evidence: picket.NewEvidence(summary, excerpt)})
}
