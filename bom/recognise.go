package bom

import (
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/catboost"
	"github.com/picketsec/picket/artifact/format/compress"
	"github.com/picketsec/picket/artifact/format/coreml"
	"github.com/picketsec/picket/artifact/format/executable"
	"github.com/picketsec/picket/artifact/format/executorch"
	"github.com/picketsec/picket/artifact/format/ggml"
	"github.com/picketsec/picket/artifact/format/gguf"
	"github.com/picketsec/picket/artifact/format/h2omojo"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/artifact/format/joblib"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/artifact/format/lightgbm"
	"github.com/picketsec/picket/artifact/format/llamafile"
	"github.com/picketsec/picket/artifact/format/msgpack"
	"github.com/picketsec/picket/artifact/format/mxnet"
	"github.com/picketsec/picket/artifact/format/nemo"
	"github.com/picketsec/picket/artifact/format/npy"
	"github.com/picketsec/picket/artifact/format/npz"
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/artifact/format/openvino"
	"github.com/picketsec/picket/artifact/format/ort"
	"github.com/picketsec/picket/artifact/format/paddle"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/pmml"
	"github.com/picketsec/picket/artifact/format/rdata"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/artifact/format/skops"
	"github.com/picketsec/picket/artifact/format/tar"
	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/artifact/format/tensorflowcheckpoint"
	"github.com/picketsec/picket/artifact/format/tensorrt"
	"github.com/picketsec/picket/artifact/format/tflite"
	"github.com/picketsec/picket/artifact/format/torchlegacy"
	"github.com/picketsec/picket/artifact/format/torchtar"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/artifact/format/xgboost"
	"github.com/picketsec/picket/artifact/format/zip"
)

// Roles of files.
const (
	RoleWeights       = "weights"
	RoleConfiguration = "configuration"
	RoleTokenizer     = "tokenizer"
	RoleCard          = "card"
	RoleCode          = "code"
	RoleLicence       = "licence"
	RoleData          = "data"
	RoleOther         = "other"
)

// formatText is the format of text that is nothing more special.
const formatText = "text"

// models are the formats of weights, the special before the general. Their order decides which tensors count when a model is
// there in more than one format.
func models() []format.Format {
	return []format.Format{
		safetensors.Format{}, gguf.Format{}, nemo.Format{}, torchzip.New(), torchlegacy.Format{}, torchtar.New(),
		keras.Archive{}, keras.H5{}, hdf5.Format{}, tensorflow.SavedModel{}, tensorflow.MetaGraph{}, tensorflow.Graph{},
		tensorflowcheckpoint.Index{}, tflite.Format{}, onnx.Format{}, ort.Format{}, skops.Format{}, h2omojo.Format{},
		xgboost.JSON{}, xgboost.UBJSON{}, xgboost.Binary{}, lightgbm.Format{}, catboost.Format{}, catboost.JSON{},
		coreml.Format{}, coreml.Weights{}, openvino.Format{}, executorch.Format{}, executorch.Data{},
		paddle.Format{}, paddle.Pir{}, paddle.Params{}, mxnet.Format{}, mxnet.Symbol{}, tensorrt.Format{}, pmml.Format{},
		joblib.Format{}, pickle.Format{}, rdata.Format{}, ggml.Format{}, llamafile.Format{}, msgpack.Format{},
	}
}

// others are formats that hold no model.
func others() []format.Format {
	var list []format.Format
	for _, f := range known.Formats() {
		if f.Info().Name != formatText { // which is read to its end
			list = append(list, f)
		}
	}
	return slices.Concat(executable.New(), compress.New(), []format.Format{npz.New(), npy.Format{}, zip.New(), tar.New()}, list)
}

// tables are the formats of data by their names; the value is what people call them.
var tables = map[string]string{"parquet": "Parquet", "arrow": "Arrow", "avro": "Avro", "orc": "ORC", "tfrecord": "TFRecord", "netcdf": "NetCDF",
	"matlab": "MATLAB", "npy": "NumPy", "npz": "NumPy", "csv": "CSV", "tsv": "TSV", "jsonl": "JSON Lines"}

// recognise names the format of a file by its content. Text is told apart by its name, because its content does not show it.
func (b *builder) recognise(name string) string {
	f, err := b.open(name)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // opened for reading only
	p, err := probe(f.blob)
	if err != nil {
		_ = b.changed(name, err)
		return ""
	}
	p.Memo = &format.Memo{}
	if len(p.Head) == 0 {
		return "empty"
	}
	plain := isText(p.Head)
	if plain {
		p.Blob = nil // formats that are text show in the head
	}
	for _, f := range b.formats {
		if f.Match(p) {
			return f.Info().Name
		}
	}
	if plain {
		return textFormat(name)
	}
	return "unknown"
}

// probe reads what formats are recognised by.
func probe(blob *format.Blob) (format.Probe, error) {
	size := blob.Size()
	p := format.Probe{Size: size, Blob: blob}
	if blob.At() == nil {
		return streamed(p)
	}
	var err error
	if p.Head, err = blob.ReadRange(0, min(size, format.HeadSize)); err != nil {
		return p, err
	}
	tail := min(size, format.TailSize)
	if tail == int64(len(p.Head)) {
		p.Tail = p.Head
		return p, nil
	}
	p.Tail, err = blob.ReadRange(size-tail, tail)
	return p, err
}

// streamed is a probe of content that can only be read forward.
func streamed(p format.Probe) (format.Probe, error) {
	in, err := p.Blob.Open()
	if err != nil {
		return p, err
	}
	p.Head, err = io.ReadAll(io.LimitReader(in, format.HeadSize))
	if int64(len(p.Head)) == p.Size {
		p.Tail = p.Head
	}
	return p, errors.Join(err, in.Close())
}

// isText reports whether a head is text: UTF-8, perhaps cut in a character, without control characters of binary formats.
func isText(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 {
			return len(head) < utf8.UTFMax
		}
		if r < ' ' && !strings.ContainsRune("\t\n\r\f\b\x1b", r) {
			return false
		}
		head = head[n:]
	}
	return true
}

// textFormat names text by the extension of its file.
func textFormat(name string) string {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".json", ".csv", ".tsv", ".jsonl", ".yaml", ".toml", ".py", ".ipynb", ".xml", ".html":
		return ext[1:]
	case ".yml":
		return "yaml"
	case ".ndjson":
		return "jsonl"
	case ".md":
		return "markdown"
	}
	return formatText
}

// isProgram reports whether a format is that of native programs.
func isProgram(format string) bool { return format == "elf" || format == "pe" || format == "mach-o" }

// trainingState are files of weights' formats that a trainer keeps for itself.
var trainingState = []string{"training_args", "optimizer", "scheduler", "scaler", "rng_state", "random_states"}

// isStream reports whether a format is that of one compressed file.
func isStream(name string) bool {
	return slices.ContainsFunc(compress.New(), func(f format.Format) bool { return f.Info().Name == name })
}

// isPickleName reports whether a name is that of a pickle, perhaps compressed.
func isPickleName(base string) bool {
	return strings.Contains(base, ".pkl") || strings.Contains(base, ".joblib") || strings.Contains(base, ".pickle")
}

// weightsName reports whether a name is one that only weights have.
func weightsName(name string) bool {
	return slices.Contains([]string{".safetensors", ".gguf", ".onnx", ".keras", ".tflite"}, strings.ToLower(path.Ext(name)))
}

// tokenizerFiles are files that a tokenizer is loaded from.
var tokenizerFiles = []string{"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
	"vocab.txt", "merges.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "chat_template.jinja", "chat_template.json"}

// roleOf says what a file is for, by its format first: a name does not make weights of text.
func (b *builder) roleOf(name, format string) string {
	base := strings.ToLower(path.Base(name))
	stem, _, _ := strings.Cut(base, ".")
	isState := slices.ContainsFunc(trainingState, func(s string) bool { return strings.HasPrefix(base, s) })
	switch {
	case slices.Contains(tokenizerFiles, base):
		return RoleTokenizer
	case (b.weights[format] || isStream(format) && isPickleName(base)) && !isState:
		return RoleWeights
	case tables[format] != "":
		return RoleData
	case base == "model_card.md" || strings.HasPrefix(base, "readme"):
		return RoleCard
	case slices.Contains([]string{"license", "licence", "copying", "notice", "use_policy"}, stem) || strings.HasPrefix(base, "license"):
		return RoleLicence
	case isProgram(format) || slices.Contains([]string{"py", "ipynb", "wasm", "java-class"}, format):
		return RoleCode
	case slices.Contains([]string{".sh", ".js", ".cpp", ".cc", ".c", ".h", ".cu", ".go", ".rs", ".java", ".r", ".lua"}, path.Ext(base)):
		return RoleCode
	case format == "json" && isSplit(stem):
		return RoleData
	case format == "json" || format == "yaml" || format == "toml" || base == "mlmodel" || base == "modelfile" || base == "requirements.txt":
		return RoleConfiguration
	}
	return RoleOther
}

// isSplit reports whether a name is that of a part of a dataset.
func isSplit(stem string) bool {
	for _, part := range []string{"train", "test", "validation", "valid", "dev"} {
		rest, ok := strings.CutPrefix(stem, part)
		if ok && (rest == "" || strings.ContainsAny(rest[:1], "-_0123456789")) {
			return stem != "training" && !strings.HasSuffix(stem, "results") && !strings.HasSuffix(stem, "state")
		}
	}
	return false
}
