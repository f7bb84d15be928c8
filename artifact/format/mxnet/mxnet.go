// Package mxnet reads models of Apache MXNet: graphs of symbols in JSON, and files of parameters. It is for detectors. It
// checks where arrays lie without reading them, and judges nothing.
// Specification: https://github.com/apache/mxnet/blob/v1.9.x/src/nnvm/legacy_json_util.cc and
// https://github.com/apache/mxnet/blob/v1.9.x/src/ndarray/ndarray.cc
package mxnet

import (
	_ "embed"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
)

// The names of the formats.
const (
	Name       = "mxnet"
	SymbolName = "mxnet-symbol"
)

// operatorList has one name of an operator per line, as MXNet 1.9.1 registers them, without those that call code of others.
//
//go:embed operators.txt
var operatorList string

// Operators is the set of operators that only compute.
func Operators() map[string]bool {
	set := map[string]bool{}
	for name := range strings.Lines(operatorList) {
		set[strings.TrimSpace(name)] = true
	}
	return set
}

// Symbol recognises graphs.
type Symbol struct{}

// Info implements format.Format.
func (Symbol) Info() format.Info {
	return format.Info{Name: SymbolName, Title: "MXNet symbol", MediaType: "application/json", Refines: json.Name,
		Risk: format.Active, Forward: true, Parsed: true, Spec: "https://github.com/apache/mxnet/blob/v1.9.x/src/nnvm/legacy_json_util.cc"}
}

// Match implements format.Format: a list of nodes comes first, then the numbers of those that are arguments; in a long graph
// the head ends inside of the nodes, which have inputs by number.
func (Symbol) Match(p format.Probe) bool {
	names := json.Members(p)
	if !slices.Contains(names, "nodes") {
		return false
	}
	for _, name := range names {
		if name == "arg_nodes" || name == "heads" {
			return true
		}
	}
	return len(names) == 1 && strings.Contains(string(p.Head[:min(len(p.Head), 400)]), `"op":`)
}

// Format recognises files of parameters.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "MXNet parameters", MediaType: "application/x-mxnet", Extensions: []string{".params"},
		Risk: format.Data, Parsed: true, Spec: "https://github.com/apache/mxnet/blob/v1.9.x/src/ndarray/ndarray.cc"}
}

// The magic numbers: of a list, and of an array in its versions.
const (
	listMagic    = 0x112
	arrayV1      = 0xf993fac8
	arrayV2      = 0xf993fac9
	arrayV3      = 0xf993faca
	headerSize   = 24
	maxDims      = 32
	maxName      = 4 << 10
	sparseRows   = 1
	sparseMatrix = 2
)

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	if len(p.Head) < 28 || binary.LittleEndian.Uint64(p.Head) != listMagic || binary.LittleEndian.Uint64(p.Head[8:]) != 0 {
		return false
	}
	magic := binary.LittleEndian.Uint32(p.Head[headerSize:])
	return magic == arrayV1 || magic == arrayV2 || magic == arrayV3 || magic <= maxDims
}
