package hydra_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/detect/model/hydra"
)

func TestJudge(t *testing.T) {
	for name, want := range map[string]string{
		"os.system": "executes", "posix.system": "executes", "subprocess.run": "executes", "subprocess.Popen": "executes", "builtins.exec": "executes",
		"builtins.eval": "executes", "eval": "executes", "exec": "executes", "mylib.utils.subprocess.run": "executes", "transformers.utils.os.system": "executes",
		"torch.load": "executes", "numpy.load": "executes", "torch.hub.load": "executes", "pickle.loads": "executes", "joblib.load": "executes",
		"hydra.utils.instantiate": "executes", "hydra.utils.get_method": "executes", "importlib.import_module": "executes", "shutil.rmtree": "executes",
		"requests.get": "executes", "os.path.join": "executes", "builtins.open": "executes", "socket.socket": "executes",
		"torch.utils.cpp_extension.load": "executes", "runpy.run_path": "executes", "webbrowser.open": "executes", "pydoc.locate": "executes",
		"keras.utils.get_file": "executes", "code.InteractiveInterpreter": "executes",

		"mylib.setup.run": "function", "src.utils.build": "function", "torch._dynamo.Thing": "function", "mylib._private.Class": "function", "a b": "function",
		"main": "function", "functools.partial": "function", "x;y": "function",

		"mylib.models.Net": "class", "src.model.LitModule": "class", "torch.utils.bundle.make": "class",

		"torch.nn.Linear": "", "torch.optim.AdamW": "", "transformers.LlamaConfig": "", "nemo.collections.asr.models.EncDecCTCModel": "",
		"pytorch_lightning.Trainer": "", "torchvision.models.resnet50": "", "timm.create_model": "", "${model.target}": "function", "": "", "omegaconf.DictConfig": "",
		"builtins.dict": "", "torch.nn.functional.relu": "",
	} {
		rule, summary, ok := hydra.Judge(name)
		got := strings.TrimPrefix(rule.ID, "model.hydra.target-")
		if got != want || ok != (want != "") || ok != strings.Contains(summary, "configuration") {
			t.Errorf("%s: %q (%s), want %q", name, got, summary, want)
		}
	}
	for _, r := range hydra.Rules() {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
	}
}
