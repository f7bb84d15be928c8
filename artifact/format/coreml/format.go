// Package coreml reads models of Apple's Core ML: the protocol buffer of an .mlmodel with every kind of model inside, the
// manifest of an .mlpackage folder, and the file of weights of an ML Program. It is for detectors: it hands on what a model
// asks of the app that runs it (classes, other models, files of weights, operations) and skips numbers. It never reads
// weights, and judges nothing. Specification: https://apple.github.io/coremltools/mlmodel/
package coreml

import (
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
)

// The names of the formats.
const (
	Name         = "coreml"
	PackageName  = "coreml-package"
	WeightsName  = "coreml-weights"
	spec         = "https://apple.github.io/coremltools/mlmodel/"
	newestFormat = 32 // specification versions are small numbers; 10 is the newest of 2026
)

// Format recognises models.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "Core ML model", MediaType: "application/x-coreml", Extensions: []string{".mlmodel"},
		// Custom layers and models are classes of the app, which the model names.
		Risk: format.Active, Parsed: true, Spec: spec,
	}
}

// Match implements format.Format: a version, a description, and a model of one of the kinds, which have numbers of 200 and
// more. Writers put the fields into the order of their numbers.
func (Format) Match(p format.Probe) bool {
	h := p.Head
	if len(h) < 4 || h[0] != 0x08 || h[1] == 0 || h[1] > newestFormat || h[2] != 0x12 {
		return false
	}
	n, w := binary.Uvarint(h[3:])
	if w <= 0 || p.Size >= 0 && n > uint64(p.Size) {
		return false
	}
	at := uint64(3+w) + n
	for range 2 {
		tag, value, ok := uvarints(p, at)
		switch {
		case !ok:
			return false
		case tag == 10<<3 && value <= 1: // whether the model can be trained further
			at += 2
			continue
		}
		return tag&7 == 2 && tag>>3 >= 200 && tag>>3 <= 3000
	}
	return false
}

// uvarints reads two numbers of variable length at an offset of the content.
func uvarints(p format.Probe, at uint64) (first, second uint64, ok bool) {
	const most = 2 * binary.MaxVarintLen64
	var b []byte
	switch {
	case at < uint64(len(p.Head)):
		b = p.Head[at:min(uint64(len(p.Head)), at+most)]
	case p.Blob != nil && p.Blob.At() != nil && at < uint64(p.Blob.Size()):
		var err error
		if b, err = p.Blob.ReadRange(int64(at), min(most, p.Blob.Size()-int64(at))); err != nil {
			return 0, 0, false
		}
	}
	first, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, 0, false
	}
	second, m := binary.Uvarint(b[n:])
	return first, second, m > 0
}

// Package recognises the manifest of an .mlpackage folder.
type Package struct{}

// Info implements format.Format.
func (Package) Info() format.Info {
	return format.Info{
		Name: PackageName, Title: "Core ML package manifest", MediaType: "application/json", Refines: json.Name,
		Risk: format.Data, Forward: true, Parsed: true, Spec: spec,
	}
}

// Match implements format.Format.
func (Package) Match(p format.Probe) bool {
	items, root := false, false
	for _, name := range json.Members(p) {
		items = items || name == "itemInfoEntries"
		root = root || name == "rootModelIdentifier" || name == "fileFormatVersion"
	}
	return items && root
}

// Weights recognises the file of weights of an ML Program.
type Weights struct{}

// Info implements format.Format.
func (Weights) Info() format.Info {
	return format.Info{
		Name: WeightsName, Title: "Core ML weights", MediaType: "application/x-coreml-weights", Extensions: []string{".bin"},
		Risk: format.Data, Parsed: true, Spec: spec,
	}
}

// Match implements format.Format.
func (Weights) Match(p format.Probe) bool {
	h := p.Head
	if len(h) < 2*recordSize {
		return false
	}
	version := binary.LittleEndian.Uint32(h[4:])
	return version >= 1 && version <= 2 && binary.LittleEndian.Uint32(h[recordSize:]) == sentinel
}
