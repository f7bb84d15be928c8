package onnx

import (
	"strconv"
	"strings"
	"testing"
)

func TestOperatorLists(t *testing.T) {
	total := 0
	for list, least := range map[string]int{"onnx": 200, "onnxruntime": 150, "extensions": 40, "curated": 20} {
		text, err := operatorFiles.ReadFile("operators/" + list + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if strings.HasPrefix(line, "# ") {
				continue
			}
			words := strings.Fields(line)
			if len(words) != 3 {
				t.Errorf("%s, line %d: %q is no domain, operator and versions", list, i+1, line)
				continue
			}
			for version := range strings.SplitSeq(words[2], ",") {
				if v, err := strconv.Atoi(version); err != nil || v == 0 {
					t.Errorf("%s, line %d: %q is no version", list, i+1, version)
				}
			}
			n++
		}
		if n < least {
			t.Errorf("%s: %d operators, want at least %d", list, n, least)
		}
		total += n
	}
	if known := newOperators(); len(known.since) != total {
		t.Errorf("%d operators are known of %d that are listed: some are listed twice", len(known.since), total)
	}
}

func TestOperatorsOfEachLibrary(t *testing.T) {
	known := newOperators()
	for name, want := range map[operator]bool{
		{"ai.onnx", "Conv"}: true, {"ai.onnx.ml", "TreeEnsembleClassifier"}: true, {"com.microsoft", "MatMulNBits"}: true, {"ai.onnx", "Upsample"}: true,
		{"com.ms.internal.nhwc", "Conv"}: true, {"ai.onnx.preview.training", "Adam"}: true, {"ai.onnx.contrib", "GPT2Tokenizer"}: true,
		{"ai.onnx", "TreeEnsembleClassifier"}: false, {"ai.onnx", "conv"}: false, {"com.microsoft", "Conv"}: false, {"", "Conv"}: false,
		{"com.microsoft", "PythonOp"}: false, {"ai.onnx.contrib", "PyOp"}: false,
	} {
		if _, ok := known.since[name]; ok != want {
			t.Errorf("%v: known %v", name, ok)
		}
	}
}

func TestEffects(t *testing.T) {
	for op, want := range map[string]effect{"PyOp": runsPython, "PythonOp": runsPython, "AzureTextToText": callsNet, "OpenAIEmbeddings": callsNet,
		"ImageReader": readsFile, "EPContext": runsBinary, "Conv": arithmetic, "ImageDecoder": arithmetic} {
		if got := effectOf(op); got != want {
			t.Errorf("%s: %d, want %d", op, got, want)
		}
	}
}
