package safetensors_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/safetensors"
	"github.com/picketsec/picket/internal/limits"
)

func formats() []format.Format { return []format.Format{layout.Format{}} }

// file makes a safetensors file.
func file(header, data string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

// meta makes a file with one metadata entry whose value needs no escapes.
func meta(key, value string) []byte { return file(`{"__metadata__":{"`+key+`":"`+value+`"}}`, "") }

// ids lists the rules that fired, without repetition.
func ids(r picket.Result) []string {
	var list []string
	for _, f := range r.Findings {
		if !slices.Contains(list, f.Rule.ID) {
			list = append(list, f.Rule.ID)
		}
	}
	slices.Sort(list)
	return list
}

const tensor = `{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}`

// hostile are files that must not pass as clean, with the rules that must fire.
func hostile() map[string]struct {
	content []byte
	rules   []string
	verdict picket.Verdict
} {
	type sample = struct {
		content []byte
		rules   []string
		verdict picket.Verdict
	}
	return map[string]sample{
		"overlap":      {file(tensor+`,"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}`, "123456"), []string{"model.safetensors.layout"}, picket.Suspicious},
		"hole":         {file(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`, "evil1234"), []string{"model.safetensors.layout"}, picket.Suspicious},
		"duplicate":    {file(tensor+`,"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`, "12345678"), []string{"model.safetensors.duplicate-key"}, picket.Suspicious},
		"trailing":     {file(tensor+`}`, "1234payload"), []string{"model.safetensors.trailing-data"}, picket.Suspicious},
		"nested":       {append(file(tensor+`}`, "1234"), meta("_target_", "os.system")...), []string{"model.safetensors.metadata-code-execution", "model.safetensors.trailing-data"}, picket.Malicious},
		"in the hole":  {file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[72,72]}}`, string(pad(meta("x", "os.system('echo picket')"), 72))), []string{"model.safetensors.layout", "model.safetensors.metadata-code"}, picket.Suspicious},
		"header size":  {append(binary.LittleEndian.AppendUint64(nil, 1<<39), `{"a"`...), []string{"model.safetensors.header-size"}, picket.Suspicious},
		"truncated":    {file(tensor+`}`, "12"), nil, picket.Incomplete},
		"bad JSON":     {file(tensor+`}}`, "1234"), nil, picket.Incomplete},
		"hydra":        {meta("config", `{\"_target_\": \"builtins.exec\", \"_args_\": [\"echo\"]}`), []string{"model.safetensors.metadata-code-execution"}, picket.Malicious},
		"hydra hop":    {meta("config", `{\"_target_\": \"mylib.utils.subprocess.run\"}`), []string{"model.safetensors.metadata-code-execution"}, picket.Malicious},
		"hydra key":    {meta("_target_", `os.system`), []string{"model.safetensors.metadata-code-execution"}, picket.Malicious},
		"hydra yaml":   {meta("cfg", `net:\n  _target_: posix.system\n`), []string{"model.safetensors.metadata-code-execution"}, picket.Malicious},
		"code":         {meta("x", `__import__('os').system('echo picket')`), []string{"model.safetensors.metadata-code"}, picket.Suspicious},
		"code in key":  {meta("os.system('echo picket')", "1"), []string{"model.safetensors.metadata-code"}, picket.Suspicious},
		"pipe to sh":   {meta("x", `curl http://127.0.0.1/x | sh`), []string{"model.safetensors.metadata-code", "model.safetensors.metadata-link"}, picket.Suspicious},
		"jinja escape": {meta("x", `{{ ''.__class__.__mro__[1].__subclasses__() }}`), []string{"model.safetensors.metadata-code"}, picket.Suspicious},
		"terminal":     {meta("x", `\u001b[2Jname`), []string{"model.safetensors.metadata-escape"}, picket.Suspicious},
		"path":         {meta("tokenizer_path", `../../../../etc/passwd`), []string{"model.safetensors.metadata-path"}, picket.Suspicious},
		"encoded":      {meta("state", base64.StdEncoding.EncodeToString(meta("_target_", "os.system"))), []string{"model.safetensors.metadata-code-execution"}, picket.Malicious},
		"encoded URL":  {meta("x", "data:image/png;base64,"+base64.RawURLEncoding.EncodeToString(meta("_target_", "os.system"))), []string{"model.safetensors.metadata-code-execution"}, picket.Malicious},
		// These are worth a look and no reason to refuse the model.
		"hydra class": {meta("cfg", `{\"_target_\": \"flextok.model.FlexTok\"}`), []string{"model.safetensors.metadata-target"}, picket.Clean},
		"script":      {meta("x", `<script>alert(1)</script>`), []string{"model.safetensors.metadata-markup"}, picket.Suspicious},
		"handler":     {meta("x", `<img src=x onerror=alert(1)>`), []string{"model.safetensors.metadata-markup"}, picket.Suspicious},
		"token":       {meta("x", `hf_`+strings.Repeat("a1", 17)), []string{"model.safetensors.metadata-secret"}, picket.Clean},
		"dtype":       {file(`{"a":{"dtype":"Q4","shape":[4],"data_offsets":[0,4]}}`, "1234"), []string{"model.safetensors.unknown-dtype"}, picket.Incomplete},
		"field":       {file(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1}}`, "1234"), []string{"model.safetensors.undeclared-fields"}, picket.Clean},
	}
}

// pad appends a tail so that the content has n bytes.
func pad(b []byte, n int) []byte { return append(b, strings.Repeat(" ", max(0, n-len(b)))...) }

func TestHostile(t *testing.T) {
	for name, c := range hostile() {
		r := detecttest.Run(t, c.content, formats(), safetensors.Detector{})
		for _, want := range c.rules {
			if !slices.Contains(ids(r), want) {
				t.Errorf("%s: %s did not fire, got %v", name, want, ids(r))
			}
		}
		if r.Verdict != c.verdict {
			t.Errorf("%s: verdict %v, want %v; findings %v, gaps %v", name, r.Verdict, c.verdict, ids(r), r.Coverage.Gaps)
		}
	}
}

func TestSecretIsNotRepeated(t *testing.T) {
	key := "hf_" + strings.Repeat("a1", 17)
	for _, f := range detecttest.Run(t, meta("x", key), formats(), safetensors.Detector{}).Findings {
		if strings.Contains(f.Evidence.Summary+f.Evidence.Excerpt, key[:8]) {
			t.Errorf("the evidence repeats the credential: %v", f.Evidence)
		}
	}
}

// TestBenign runs over files of the reference library and over metadata as trainers, hubs and image tools write it.
func TestBenign(t *testing.T) {
	samples := map[string][]byte{
		"trainer":  meta("ss_training_comment", "call model.eval() before use; torch.compile(model) works, so does re.compile(x)"),
		"tags":     meta("ss_tag_frequency", `{\"10_cat\": {\"1girl, <lora:x:1>\": 12, \"on load\": 3}}`),
		"workflow": meta("workflow", `{\"nodes\": [{\"type\": \"CLIPTextEncode\", \"widgets_values\": [\"a secret garden, password\"]}]}`),
		"class":    meta("config", `{\"_class_name\": \"UNet2DConditionModel\", \"act_fn\": \"silu\"}`),
		"hash":     meta("sshs_model_hash", strings.Repeat("0a1b2c3d", 8)),
		"token":    meta("name", "abcdefghijklmnopqrstuvwxyz"),
		"paths":    meta("ss_sd_model_name", "../models/base.safetensors or /etc/fonts"),
		"html":     meta("modelspec.description", "<p>By <a href='x'>us</a> <img src='y'> on load = fine</p>"),
		"thumb":    meta("modelspec.thumbnail", "data:image/jpeg;base64,"+strings.Repeat("QUJD", 5000)),
	}
	names, err := filepath.Glob("../../../artifact/format/safetensors/testdata/*.safetensors")
	if err != nil || len(names) == 0 {
		t.Fatalf("samples: %v %v", names, err)
	}
	for _, name := range names {
		if samples[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range samples {
		r := detecttest.Run(t, content, formats(), safetensors.Detector{})
		if r.Verdict != picket.Clean || len(r.Findings) > 0 {
			t.Errorf("%s: verdict %v, findings %v, gaps %v", name, r.Verdict, ids(r), r.Coverage.Gaps)
		}
		if name != "thumb" && name != "token" && r.Coverage.Parsed+r.Coverage.Opaque != int64(len(content)) {
			t.Errorf("%s: %d parsed and %d opaque of %d bytes", name, r.Coverage.Parsed, r.Coverage.Opaque, len(content))
		}
	}
}

func TestForwardOnlyContentOfUnknownSize(t *testing.T) {
	content := append(file(tensor+`}`, "1234"), meta("_target_", "os.system")...)
	set, err := detect.NewSet(formats(), []detect.Detector{safetensors.Detector{}})
	if err != nil {
		t.Fatal(err)
	}
	blob := format.StreamBlob(-1, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	r, err := detect.NewEngine(set, limits.Default()).Scan(context.Background(), detect.Entry{Name: "x", Blob: blob})
	if err != nil || r.Verdict != picket.Malicious {
		t.Errorf("verdict %v, error %v, findings %v, gaps %v", r.Verdict, err, ids(r), r.Coverage.Gaps)
	}
}

func TestManyFindingsAreSummedUp(t *testing.T) {
	var b strings.Builder
	for i := range 500 {
		b.WriteString(`,"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`)
		_ = i
	}
	r := detecttest.Run(t, file("{"+b.String()[1:]+"}", ""), formats(), safetensors.Detector{})
	if n := len(r.Findings); n != 21 {
		t.Errorf("%d findings, want 20 and their sum", n)
	}
}

func TestAccept(t *testing.T) {
	samples := map[string][]byte{}
	for name, c := range hostile() {
		samples[name] = c.content
	}
	detecttest.Accept(t, safetensors.Detector{}, formats(), samples)
}
