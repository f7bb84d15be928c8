// Package gguf reads the header of GGUF files: the key-value pairs and where the tensors lie. It is for detectors. It reads
// forward, in constant memory whatever counts the header claims, never reads tensor data, and judges nothing: what breaks the
// specification is handed on as a Problem.
package gguf

import (
	"encoding/binary"
	"strconv"

	"github.com/picketsec/picket/artifact/format"
)

// Name is the name of the format.
const Name = "gguf"

// Format recognises GGUF files.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "GGUF", MediaType: "application/x-gguf", Extensions: []string{".gguf"},
		// The chat template inside is a program, which inference servers run in a template engine.
		Risk: format.Active, Forward: true, Parsed: true,
		Spec: "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md",
	}
}

// Match implements format.Format. The version is not checked: a file with an unknown one is still a GGUF file.
func (Format) Match(p format.Probe) bool {
	return len(p.Head) >= 4 && string(p.Head[:4]) == "GGUF"
}

// order finds the byte order from the version, which is small: the specification has no other mark.
func order(version []byte) (binary.ByteOrder, uint32) {
	little, big := binary.LittleEndian.Uint32(version), binary.BigEndian.Uint32(version)
	if little&0xffff == 0 && big&0xffff != 0 {
		return binary.BigEndian, big
	}
	return binary.LittleEndian, little
}

// block is how a tensor type packs its elements.
type block struct{ elements, bytes int64 }

// blockOf returns the packing of a tensor type of ggml.h; false for a number that no type has, or that was withdrawn before
// any file used it.
func blockOf(t uint32) (block, bool) {
	if int64(t) >= int64(len(blocks)) || blocks[t].elements == 0 {
		return block{}, false
	}
	return blocks[t], true
}

// blocks is indexed by ggml_type. Types whose files are still around stay although current readers have withdrawn them.
var blocks = [...]block{
	{1, 4}, {1, 2}, {32, 18}, {32, 20}, {}, {}, // F32 F16 Q4_0 Q4_1, two withdrawn
	{32, 22}, {32, 24}, {32, 34}, {32, 36}, // Q5_0 Q5_1 Q8_0 Q8_1
	{256, 84}, {256, 110}, {256, 144}, {256, 176}, {256, 210}, {256, 292}, // Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K
	{256, 66}, {256, 74}, {256, 98}, {256, 50}, {32, 18}, // IQ2_XXS IQ2_XS IQ3_XXS IQ1_S IQ4_NL
	{256, 110}, {256, 82}, {256, 136}, // IQ3_S IQ2_S IQ4_XS
	{1, 1}, {1, 2}, {1, 4}, {1, 8}, {1, 8}, // I8 I16 I32 I64 F64
	{256, 56}, {1, 2}, // IQ1_M BF16
	{32, 18}, {32, 18}, {32, 18}, // Q4_0_4_4 Q4_0_4_8 Q4_0_8_8
	{256, 54}, {256, 66}, // TQ1_0 TQ2_0
	{32, 18}, {32, 18}, {32, 18}, // IQ4_NL_4_4 IQ4_NL_4_8 IQ4_NL_8_8
	{32, 17}, {64, 36}, {128, 18}, // MXFP4 NVFP4 Q1_0
}

// TypeName is the name of a tensor type in ggml.h; a number for one that is not known.
func TypeName(t uint32) string {
	names := [...]string{"F32", "F16", "Q4_0", "Q4_1", "", "", "Q5_0", "Q5_1", "Q8_0", "Q8_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K",
		"Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS", "I8", "I16", "I32", "I64", "F64", "IQ1_M",
		"BF16", "Q4_0_4_4", "Q4_0_4_8", "Q4_0_8_8", "TQ1_0", "TQ2_0", "IQ4_NL_4_4", "IQ4_NL_4_8", "IQ4_NL_8_8", "MXFP4", "NVFP4", "Q1_0"}
	if int64(t) >= int64(len(names)) || names[t] == "" {
		return strconv.FormatUint(uint64(t), 10)
	}
	return names[t]
}
