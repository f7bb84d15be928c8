package onnx

import (
	"embed"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format/onnx"
)

//go:embed operators/*.txt
var operatorFiles embed.FS

// operator is the name of an operator in its domain; the domain of the standard is "ai.onnx".
type operator struct{ domain, name string }

// operators lists what is known, with the first version of the domain that has it.
type operators struct {
	since   map[operator]int64
	domains map[string]bool
}

// standard is the domain that models leave empty.
const standard = "ai.onnx"

// newOperators reads the lists; derive.py beside them says how a line is written.
func newOperators() operators {
	known := operators{since: map[operator]int64{}, domains: map[string]bool{}}
	for _, list := range []string{"onnx", "onnxruntime", "extensions", "curated"} {
		text, err := operatorFiles.ReadFile("operators/" + list + ".txt")
		if err != nil {
			continue // embedded, and counted in a test
		}
		for line := range strings.Lines(string(text)) {
			if words := strings.Fields(line); len(words) == 3 && words[0] != "#" {
				first, _, _ := strings.Cut(words[2], ",")
				since, _ := strconv.ParseInt(first, 10, 64)
				known.since[operator{words[0], words[1]}] = since
				known.domains[words[0]] = true
			}
		}
	}
	return known
}

// named is what a node calls.
func named(domain, op string) operator {
	if domain == "" {
		domain = standard
	}
	return operator{domain, op}
}

// effect is what an operator does beyond arithmetic.
type effect int

// The effects.
const (
	arithmetic effect = iota
	runsPython        // imports a module that the model names and calls it
	callsNet          // sends its input to an address
	readsFile         // opens a file whose name the graph computes
	runsBinary        // hands a compiled program to an accelerator
)

// effectOf is what an operator does, by its name: the libraries register the dangerous ones in domains of any name.
func effectOf(op string) effect {
	switch op {
	case "PyOp", "PythonOp", "PythonOpGrad", "PyFunc", "PyCustomOp":
		return runsPython
	case "ImageReader":
		return readsFile
	case "EPContext", "Snpe", "TRTEngineOp", "TRTKernel":
		return runsBinary
	case "CurlInvoker":
		return callsNet
	}
	if strings.HasPrefix(op, "Azure") || strings.HasPrefix(op, "OpenAI") {
		return callsNet
	}
	return arithmetic
}

// mayBePython reports whether operators of a domain are Python functions of the program that runs the model.
func mayBePython(domain string) bool { return domain == "ai.onnx.contrib" }

// importedVersion is the version of a domain that a list imports, or -1; the empty name and ai.onnx are one domain.
func importedVersion(list []onnx.Import, domain string) int64 {
	version := int64(-1)
	for _, i := range list {
		if named(i.Domain, "").domain == domain {
			version = i.Version
		}
	}
	return version
}
