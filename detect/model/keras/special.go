package keras

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/internal/jsonstream"
)

// special judges the classes that do more than compute.
func (a *analysis) special(n *jsonstream.Node, class string, config *jsonstream.Node) error {
	switch class {
	case "Lambda":
		a.lambdaLayer(n, config)
	case "TFSMLayer":
		path := config.Get("filepath").String()
		a.report(ruleModel(), n, class, "CVE-2026-1462", "loads the SavedModel at %q", picket.Printable(path, 160))
		a.out.Trace(fmt.Sprintf("tensorflow.saved_model.load(%q)", picket.Printable(path, 160)))
	case "TorchModuleWrapper":
		return a.torch(n, config)
	case "TFOpLambda", "TensorFlowOpLayer":
		a.operation(n, config)
	default:
		a.vocabulary(n, class, config)
	}
	return nil
}

// torch has the module of a TorchModuleWrapper inspected, which is a file of torch.save in base64.
func (a *analysis) torch(n, config *jsonstream.Node) error {
	a.report(ruleModel(), n, "TorchModuleWrapper", "CVE-2025-49655", "unpickles a PyTorch module that is in the configuration")
	a.out.Trace("torch.load(…, weights_only=False)")
	module := config.Get("module")
	if inner := module.Get("config").Get("value"); inner != nil {
		module = inner
	}
	if module.String() == "" {
		return nil
	}
	content, err := base64.StdEncoding.DecodeString(module.Text)
	if err != nil || module.Cut {
		a.out.Gap(a.base+module.Offset, -1, "the PyTorch module in the configuration cannot be decoded, or is too long")
	}
	blob, release, err := a.hold(content)
	if err != nil {
		a.out.Gap(a.base+module.Offset, -1, "the PyTorch module in the configuration: "+err.Error())
		return nil
	}
	defer release()
	return a.out.Inspect(a.ctx, detect.Part{Name: a.part(module), Blob: blob})
}

// operation judges a layer that stands for an operation of TensorFlow.
func (a *analysis) operation(n, config *jsonstream.Node) {
	for _, key := range []string{"function", "node_def"} {
		c := config.Get(key)
		if name := c.String(); name != "" {
			for _, bad := range []string{"py_func", "PyFunc", "numpy_function", "ReadFile", "WriteFile", "read_file", "write_file", "io.", "raw_ops.",
				"load_library", "load_op_library", "saved_model", "MatchingFiles", "MergeV2Checkpoints", "SaveV2", "RestoreV2", "RemoteCall", "DebugIdentity",
				"data.", "train.", "distribute.", "compat.v1.", "nest.map_structure", "map_fn", "vectorized_map", "while_loop", "custom_gradient"} {
				if strings.HasPrefix(name, bad) || !strings.HasSuffix(bad, ".") && strings.Contains(name, bad) {
					a.report(ruleOperation(), n, picket.Printable(name, 60), "", "stands for the TensorFlow operation %s", picket.Printable(name, 120))
					return
				}
			}
		}
	}
}

// vocabulary judges where a preprocessing layer takes its words from.
func (a *analysis) vocabulary(n *jsonstream.Node, class string, config *jsonstream.Node) {
	for _, key := range []string{"vocabulary", "vocabulary_file", "vocab_file", "idf_weights"} {
		v := config.Get(key)
		name := v.String()
		if name == "" || key == "idf_weights" && !strings.ContainsAny(name, "/\\:.") {
			continue
		}
		if why := findings.Leaves(name); why != "" {
			a.report(ruleFile(), v, class, "CVE-2025-12058", "the %s of a layer %s %s", key, picket.Printable(class, 60), why)
		} else {
			a.report(ruleFile(), v, class, "CVE-2025-12058", "the %s of a layer %s is a file and not a list of words", key, picket.Printable(class, 60))
		}
		a.out.Trace(fmt.Sprintf("open(%q).read()", picket.Printable(name, 160)))
	}
}

// hold makes a blob of content whose memory is on the budget.
func (a *analysis) hold(content []byte) (*format.Blob, func(), error) {
	release, err := a.budget.Hold(int64(len(content)))
	if err != nil {
		return nil, nil, err
	}
	return format.BytesBlob(content), release, nil
}

// part names content that a value holds.
func (a *analysis) part(n *jsonstream.Node) string {
	name := fmt.Sprintf("value at %d", a.base+n.Offset)
	if a.inside != "" {
		name = a.inside + "!/" + name
	}
	return name
}
