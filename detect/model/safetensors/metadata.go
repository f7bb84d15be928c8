package safetensors

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/detect"
)

// The patterns look for what real metadata of trainers and model hubs does not hold. They are written so that words in
// prose ("model.eval()", "system prompt") do not match.
var (
	targetKey = regexp.MustCompile(`["']?_target_["']?\s*[:=]\s*["']?([A-Za-z_][\w.]*)`)
	codeCall  = regexp.MustCompile(`\b(?:__import__|builtins\.\w+|os\.(?:system|popen|exec[lv]\w*|spawn\w*)|` +
		`subprocess\.\w+|pty\.spawn|runpy\.\w+|importlib\.\w+|pickle\.loads?|marshal\.loads|shutil\.rmtree|socket\.socket|` +
		`ctypes\.\w+)\s*\(|(?:^|[^.\w])(?:eval|exec|compile)\s*\(|__(?:subclasses|globals|builtins|reduce|mro)__|` +
		`(?:^|[\s;|&])(?:curl|wget)\s+[^\n]{0,200}\|\s*(?:ba|z)?sh\b|\bpowershell(?:\.exe)?\s+-`)
	markup   = regexp.MustCompile(`(?i)<\s*(?:script|iframe|object|embed)\b|javascript:[^\s"']|<[a-z][^>]*\son(?:error|load|click|mouseover|focus)\s*=`)
	escape   = regexp.MustCompile(`\x1b[\[\]PX^_c]|\x{9b}`)
	paths    = regexp.MustCompile(`(?:\.\.[/\\]){3,}|(?:^|[^\w/])/(?:etc/(?:passwd|shadow|hosts)|proc/self|root/\.)|[/\\]\.ssh[/\\]|(?i:c:[/\\]windows[/\\])`)
	base64ed = regexp.MustCompile(`^(?:data:[\w/+.-]*;base64,)?([A-Za-z0-9+/_-]{24,}={0,2})$`)
	digits   = regexp.MustCompile(`^[0-9a-fA-F]+$`)
	secret   = regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bhf_[A-Za-z0-9]{30,}\b|\bgh[pousr]_[A-Za-z0-9]{36,}\b|` +
		`\bglpat-[\w-]{20,}|\bxox[abpr]-[\w-]{10,}|\bsk-[A-Za-z0-9_-]{32,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|` +
		`(?i:\b(?:password|passwd|api[_-]?key|secret|access[_-]?token)["']?\s*[:=]\s*["']?)[^\s"',;]{8,}`)
	link = regexp.MustCompile(`\b(?:https?|ftp|file)://[^\s"'<>\\]+`)
)

// dangerous lists modules and callables that a configuration never has a reason to instantiate.
var dangerous = []string{
	"builtins", "os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "pty", "runpy", "importlib", "ctypes", "code",
	"codeop", "pickle", "cPickle", "_pickle", "marshal", "multiprocessing", "webbrowser", "pip", "commands", "timeit", "bdb",
	"pdb", "trace", "profile", "cProfile", "tempfile", "urllib", "http", "ftplib", "smtplib", "operator", "functools", "types",
	"dill", "cloudpickle", "joblib.load", "torch.load", "torch.hub", "numpy.load", "yaml.load", "hydra.utils.instantiate",
	"hydra.utils.get_method", "hydra.utils.get_object", "hydra.utils.get_class", "eval", "exec", "compile", "__import__", "open",
}

// metadata looks at one entry of the free text.
func (s *scan) metadata(ctx context.Context, m safetensors.Metadata) {
	if m.Cut {
		s.out.Gap(m.Offset+safetensors.MaxText, -1, "a metadata value is longer than what is inspected")
	}
	where := picket.At("", m.Offset)
	found := func(rule picket.Rule, what, match string) {
		s.report(picket.Finding{Rule: rule, Location: where, Subject: picket.Printable(m.Key, 80), Confidence: picket.Likely,
			Evidence: picket.NewEvidence(fmt.Sprintf("metadata %q %s", m.Key, what), match)})
	}
	for _, text := range []string{m.Key, m.Value} {
		s.targets(m, text)
		if hit := codeCall.FindString(text); hit != "" {
			found(ruleCode(), "holds code", hit)
		}
		if hit := markup.FindString(text); hit != "" {
			found(ruleMarkup(), "holds markup that a page would act on", hit)
		}
		if hit := escape.FindString(text); hit != "" {
			found(ruleEscape(), "holds sequences that control a terminal", hit)
		}
		if hit := paths.FindString(text); hit != "" {
			found(rulePath(), "holds a path that leads out of the model", text)
		}
		if hit := secret.FindString(text); hit != "" {
			found(ruleSecret(), "looks like a credential", hit[:min(4, len(hit))]+"… (redacted)")
		}
	}
	s.decode(ctx, m)
	if hit := link.FindString(m.Value); hit != "" && s.count[ruleLink().ID] == 0 {
		found(ruleLink(), "holds an address", hit)
	}
}

// maxHidden bounds how many metadata values of one file are decoded.
const maxHidden = 32

// decode gives what a value encodes in base64 to the engine. What nothing recognises is a hash, an image's pixels or the like.
func (s *scan) decode(ctx context.Context, m safetensors.Metadata) {
	match := base64ed.FindStringSubmatch(strings.TrimSpace(m.Value))
	if match == nil || digits.MatchString(match[1]) || s.err != nil {
		return
	}
	if s.hidden++; s.hidden > maxHidden {
		if s.hidden == maxHidden+1 {
			s.out.Gap(m.Offset, -1, "more encoded metadata values than are inspected")
		}
		return
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(match[1], "-_") {
		encoding = base64.RawURLEncoding
	}
	content, err := encoding.DecodeString(strings.TrimRight(match[1], "="))
	if err != nil {
		return // letters that only look like it
	}
	s.err = s.out.Inspect(ctx, detect.Part{Name: fmt.Sprintf("metadata at %d", m.Offset), Blob: format.BytesBlob(content),
		Expect: detect.TensorData})
}

// targets reports what a Hydra-style configuration in the metadata would instantiate.
func (s *scan) targets(m safetensors.Metadata, text string) {
	if m.Key == "_target_" && text == m.Value {
		text = "_target_: " + text
	}
	for _, hit := range targetKey.FindAllStringSubmatch(text, maxEach) {
		rule, what := ruleTarget(), "names a class for a configuration library to instantiate"
		if callsOut(hit[1]) {
			rule, what = ruleTargetCode(), "makes a configuration library call "+hit[1]
		}
		s.report(picket.Finding{Rule: rule, Location: picket.At("", m.Offset), Subject: hit[1],
			Evidence: picket.NewEvidence(fmt.Sprintf("metadata %q %s", m.Key, what), hit[0])})
	}
}

// callsOut reports whether a dotted name is, or lies in, a dangerous one, at any hop: libraries re-export modules.
func callsOut(name string) bool {
	for _, d := range dangerous {
		if name == d || strings.HasPrefix(name, d+".") {
			return true
		}
		if !strings.Contains(d, ".") && strings.Contains(name, "."+d+".") {
			return true
		}
	}
	return false
}
