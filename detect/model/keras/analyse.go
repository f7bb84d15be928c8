package keras

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// analysis is the judgement of one configuration. It looks at every value: nested models, wrappers and the arguments of layers
// need no rules of their own, because Keras builds what they hold in the same way.
type analysis struct {
	ctx    context.Context
	out    *detect.Output
	list   *findings.List
	budget *limits.Budget
	names  *names
	inside string // where the configuration is inside of the content
	base   int64  // added to the offsets of the configuration
	// legacy is true for the format of Keras 2 in an HDF5 file, whose loaders pay no heed to safe mode.
	legacy bool
}

// tree judges a value and everything in it. Key is the nearest name of a member.
func (a *analysis) tree(n *jsonstream.Node, key string) error {
	switch n.Kind {
	case jsonstream.String:
		return a.text(n, key)
	case jsonstream.Number:
		a.number(n, key)
	case jsonstream.ObjectStart:
		a.repeated(n)
		if module := n.Get("fn_module").String(); module != "" {
			a.refer(n, module, cmp.Or(n.Get("fn_name").String(), n.Get("fn").String(), n.Get("function").String(), "*"), true)
		}
		if n.Get("class_name").String() != "" || n.Get("spec_name").String() != "" {
			if err := a.object(n); err != nil {
				return err
			}
		}
	}
	for _, c := range n.Children {
		at := key
		if n.Kind == jsonstream.ObjectStart && !(byOutput(key) && n.Get("class_name") == nil) {
			at = c.Key
		}
		if err := a.tree(c, at); err != nil {
			return err
		}
	}
	return nil
}

// byOutput reports whether the value of a key may be a map from the names of outputs.
func byOutput(key string) bool {
	return key == "loss" || key == "metrics" || key == "weighted_metrics"
}

// report reports a finding at a value.
func (a *analysis) report(rule picket.Rule, n *jsonstream.Node, subject, technique, summary string, args ...any) {
	a.list.Report(picket.Finding{Rule: rule, Subject: picket.Printable(subject, 120), Technique: technique,
		Location: picket.Location{Member: a.inside, Offset: a.base + n.Offset},
		Evidence: picket.NewEvidence(fmt.Sprintf(summary, args...), excerpt(n))})
}

// excerpt shows a value.
func excerpt(n *jsonstream.Node) string {
	var b strings.Builder
	write(&b, n)
	return b.String()
}

// write appends a value as JSON, as much of it as an excerpt holds.
func write(b *strings.Builder, n *jsonstream.Node) {
	if n == nil || b.Len() > picket.MaxExcerpt {
		return
	}
	if n.Key != "" {
		fmt.Fprintf(b, "%q: ", n.Key)
	}
	brackets := map[jsonstream.Kind]string{jsonstream.ObjectStart: "{}", jsonstream.ArrayStart: "[]"}[n.Kind]
	switch {
	case n.Kind == jsonstream.String:
		fmt.Fprintf(b, "%q", n.Text[:min(len(n.Text), picket.MaxExcerpt)])
		return
	case brackets == "":
		b.WriteString(n.Text)
		return
	}
	b.WriteByte(brackets[0])
	for i, c := range n.Children {
		if i > 0 {
			b.WriteString(", ")
		}
		write(b, c)
	}
	b.WriteByte(brackets[1])
}

// repeated reports keys that stand twice where that hides an object: parsers keep one or the other.
func (a *analysis) repeated(n *jsonstream.Node) {
	seen := map[string]bool{}
	for _, c := range n.Children {
		switch c.Key {
		case "class_name", "module", "registered_name", "config", "function", "code", "fn_module", "spec_name":
			if seen[c.Key] {
				a.report(ruleConflict(), c, c.Key, "", "the key %q stands twice in one object", c.Key)
			}
			seen[c.Key] = true
		}
	}
}

// text judges a string.
func (a *analysis) text(n *jsonstream.Node, key string) error {
	if n.Cut {
		a.out.Gap(a.base+n.Offset, -1, "a text in the configuration is longer than what is inspected")
	}
	a.named(n, key)
	const short = 24 // no payload is shorter
	if len(n.Text) < short {
		return nil
	}
	if code, ok := bytecode(n.Text); ok {
		a.lambda(n, code)
		return nil
	}
	if content, ok := freetext.Hidden(n.Text); ok {
		blob, release, err := a.hold(content)
		if err != nil {
			return nil // the budget is used up, and says so itself
		}
		defer release()
		return a.out.Inspect(a.ctx, detect.Part{Name: a.part(n), Blob: blob, Expect: detect.TensorData})
	}
	return nil
}

// named judges a string where Keras expects the name of a function or class.
func (a *analysis) named(n *jsonstream.Node, key string) {
	expects := byOutput(key) || key == "activation" || strings.HasSuffix(key, "_activation") || strings.HasSuffix(key, "_initializer") ||
		strings.HasSuffix(key, "_regularizer") || strings.HasSuffix(key, "_constraint")
	if !expects || n.Text == "" || a.names.plain[n.Text] || a.names.short[n.Text] {
		return
	}
	if strings.Trim(n.Text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.>") != "" {
		return // a sentence, or the name of an output
	}
	a.custom(n, n.Text)
}

// number judges a size.
func (a *analysis) number(n *jsonstream.Node, key string) {
	switch key {
	case "units", "filters", "input_dim", "output_dim", "num_heads", "key_dim", "n", "target_shape", "batch_input_shape", "batch_shape", "input_shape":
	default:
		return
	}
	digits := strings.TrimLeft(n.Text, "-0")
	if whole, _, _ := strings.Cut(digits, "."); len(whole) > 10 || strings.ContainsAny(digits, "eE") && len(digits) > 1 && !strings.Contains(digits, "-") {
		a.report(ruleShape(), n, key, "", "%s is %s", key, picket.Printable(n.Text, 60))
	}
}

// object judges one object that Keras builds.
func (a *analysis) object(n *jsonstream.Node) error {
	class, module, registered := n.Get("class_name").String(), n.Get("module").String(), n.Get("registered_name").String()
	config := n.Get("config")
	switch class {
	case "__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__":
		return nil
	case "__lambda__":
		a.function(n, config)
		return nil
	case "function":
		a.refer(n, module, config.String(), true)
		return nil
	}
	if spec := n.Get("spec_name").String(); spec != "" {
		class = spec
	}
	last := class[strings.LastIndexAny(class, ".>:")+1:]
	if strings.ContainsAny(class, ".:/") {
		a.report(ruleImpostor(), n, class, "", "the class %q has the name of a module in it", picket.Printable(class, 120))
	}
	if registered != "" && module != "" {
		a.registered(n, class, module, registered)
	}
	if err := a.special(n, last, config); err != nil {
		return err
	}
	a.refer(n, module, class, false)
	return nil
}

// registered judges the registered name of an object that is Keras's own by its class.
func (a *analysis) registered(n *jsonstream.Node, class, module, registered string) {
	rest, own := below(module)
	if own && registered != class && (a.names.classes[rest][class] || a.names.short[class]) {
		a.report(ruleConflict(), n, class, "", "the class is %s.%s of Keras, and the registered name is %q",
			picket.Printable(module, 60), picket.Printable(class, 60), picket.Printable(registered, 80))
	}
}

// refer judges a class or function by its module and name.
func (a *analysis) refer(n *jsonstream.Node, module, name string, function bool) {
	if name == "" {
		return
	}
	rest, own := below(module)
	root, _, _ := strings.Cut(module, ".")
	switch {
	case own:
		a.own(n, module, rest, name, function)
	case module == "" || module == "__main__":
		a.unqualified(n, name)
	case module == "builtins":
		if !a.gadget(n, "builtins."+name) {
			a.unqualified(n, name)
		}
	case root == "keras_hub" || root == "keras_nlp" || root == "keras_cv" || root == "keras_rs" || root == "keras_tuner":
		if function {
			a.report(ruleForeign(), n, module+"."+name, "CVE-2025-1550", "names the function %s.%s for Keras to call", picket.Printable(module, 100), picket.Printable(name, 100))
			return
		}
		a.report(ruleExtension(), n, root, "", "a layer comes from the package %s", root)
	default:
		a.foreign(n, module, name, function)
	}
}

// own judges a name below keras.
func (a *analysis) own(n *jsonstream.Node, module, rest, name string, function bool) {
	full := picket.Printable(module+"."+name, 160)
	if does, technique, ok := harmful(name); ok && !a.names.functions[rest][name] && !a.names.classes[rest][name] {
		rule := ruleExecution()
		if technique == "" {
			rule = ruleCallable()
		}
		a.report(rule, n, full, technique, "names %s, which %s", full, does)
		a.out.Trace(full + "(…)")
		return
	}
	switch {
	case !a.names.known(rest):
		a.report(ruleImpostor(), n, full, "", "Keras has no module %s", picket.Printable(module, 120))
	case a.names.short[name] || !function && a.names.classes[rest][name] || a.names.plain[name]:
	case function || name[0] >= 'a' && name[0] <= 'z' || name[0] == '_':
		a.report(ruleCallable(), n, full, "", "names %s, which is no part of models", full)
	default:
		a.custom(n, module+"."+name)
	}
}

// unqualified judges a name without a module, which is Keras's own or one that the loading program has registered.
func (a *analysis) unqualified(n *jsonstream.Node, name string) {
	if a.names.short[name] || a.names.plain[name] {
		return
	}
	if optimizer, ok := strings.CutPrefix(name, "Custom>"); ok && a.names.classes["optimizers"][optimizer] {
		return // Keras 2.11 to 2.21 writes its own optimizers so
	}
	a.custom(n, name)
}

// custom reports an object that needs code of the loading program.
func (a *analysis) custom(n *jsonstream.Node, name string) {
	a.report(ruleCustom(), n, name, "", "needs the object %s, which is not Keras's own", picket.Printable(name, 120))
}

// gadget reports a name that is known for what its call does.
func (a *analysis) gadget(n *jsonstream.Node, full string) bool {
	does, executes, technique, ok := a.names.gadgets.Find(full)
	if !ok {
		return false
	}
	rule := ruleForeign()
	if executes {
		rule = ruleExecution()
	}
	a.report(rule, n, full, "CVE-2025-1550, "+technique, "names %s, which %s, for Keras to call", picket.Printable(full, 120), does)
	a.out.Trace(picket.Printable(full, 160) + "(…)")
	return true
}

// foreign judges a name of a module that is not Keras's.
func (a *analysis) foreign(n *jsonstream.Node, module, name string, function bool) {
	full := module + "." + name
	if a.gadget(n, full) {
		return
	}
	root, _, _ := strings.Cut(module, ".")
	if function || a.names.standard[root] || library(root) {
		a.report(ruleForeign(), n, full, "CVE-2025-1550", "takes %s, which is no part of Keras", picket.Printable(full, 160))
		return
	}
	a.custom(n, full)
}

// library reports whether a module belongs to a library that is installed in many places and defines no layers of Keras.
func library(root string) bool {
	switch root {
	case "numpy", "scipy", "pandas", "sklearn", "torch", "torchvision", "tensorflow", "jax", "jaxlib", "flax", "joblib", "dill", "cloudpickle",
		"requests", "urllib3", "yaml", "h5py", "pip", "setuptools", "pkg_resources", "wheel", "six", "absl", "google", "IPython", "matplotlib", "PIL",
		"cv2", "transformers", "huggingface_hub", "mlflow", "boto3", "fsspec", "psutil", "cffi":
		return true
	}
	return false
}
