package main

import "path"

// reason says why Picket raises no alarm about samples about which another scanner does.
type reason struct {
	sample string // a pattern of path.Match for the name of the file
	why    string
}

// What holds for many samples.
const (
	malformed = "malformed: its loader refuses it"
	deep      = "nested deeper than Picket reads"
	limit     = "would take more than the limits of a scan"
	sealed    = "nobody can open it without the password"
	codec     = "a compression that Picket does not read"
	zeros     = "no loader runs a pickle behind zeros"
	archive   = "an archive of a kind that no loader of models reads; its name is a finding of medium severity"
	native    = "native code where the format has a place for it: Picket says that it is there and does not judge it"
)

// reasons are the exceptions from the rule that Picket finds what any other scanner finds. The first that matches counts. A sample
// belongs here only when an alarm would be wrong, or when it says no more than that the file could not be read.
func reasons() []reason {
	return []reason{
		{"7z-bomb.7z", zeros}, {"nested-bomb-*", zeros}, {"archive-zip-bomb.pt", zeros},
		{"archive-encrypted-zip.zip", sealed}, {"zip-header-encrypted-aes.pt", sealed}, {"zip-header-method-unknown.pt", codec},
		{"7z-encrypted*.7z", sealed}, {"7z-method.7z", codec}, {"7z-ppmd.7z", codec}, {"7z-program.7z", native},
		{"7z-slack-lzma2.7z", "no member owns these bytes, which is a finding of medium severity: nothing unpacks them"},
		{"archive-seven-zip.pt", archive}, {"unread-*", archive},
		{"archive-zip-too-deep.zip", deep}, {"coreml-deep.mlmodel", deep}, {"keras-too-deep.keras", deep}, {"lightgbm-text-category-deep.txt", deep},
		{"gguf-array-nested.gguf", deep}, {"gguf-template-deep.gguf", deep}, {"npy-header-deep.npy", deep}, {"hdf5-deep.h5", deep},
		{"skops-cut.skops", malformed}, {"skops-deep.skops", deep}, {"safetensors-header-deep.safetensors", deep}, {"rdata-deep.rds", deep},
		{"exhaustion-hash-deep.pkl", limit}, {"hdf5-shared-index.h5", limit},
		{"exhaustion-*.pkl", malformed}, {"catboost-cut.cbm", malformed}, {"flax-*.msgpack", malformed}, {"ggml-adapter.bin", "an adapter, which Picket does not read"},
		{"ggml-*.bin", malformed}, {"gguf-*.gguf", malformed}, {"hdf5-user-block-large.h5", "the model begins behind a mebibyte of text, where Picket does not look for one"},
		{"hdf5-*.h5", malformed}, {"keras-archive-config-text.keras", malformed}, {"mojo-cut.zip", malformed}, {"npy-*.npy", malformed},
		{"onnx-encoding-trailing-*.onnx", "malformed: its loader refuses it; the data after the graph is a finding of medium severity"},
		{"onnx-encoding-*.onnx", malformed}, {"paddle-params-trailing.pdiparams", malformed}, {"rdata-*.rds", malformed},
		{"safetensors-*.safetensors", malformed}, {"torchserve-broken-manifest.mar", malformed}, {"joblib-shape-lie.joblib", malformed},
		{"onnx-ep-context-*.onnx", native}, {"executorch-*-library.pte", native},
		{"repository-code-broken-config.json", "the source that the configuration names is cut off; that it names one is a finding of medium severity"},
	}
}

// because is the reason for one sample; empty when there is none.
func because(name string) string {
	for _, r := range reasons() {
		if ok, err := path.Match(r.sample, name); ok && err == nil {
			return r.why
		}
	}
	return ""
}
