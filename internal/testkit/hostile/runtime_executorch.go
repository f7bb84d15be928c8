package hostile

import (
	"bytes"
	"encoding/binary"

	"github.com/picketsec/picket/internal/testkit/rawflat"
)

// executorchPlan is what a sample changes of a harmless program.
type executorchPlan struct {
	operator     string
	instructions []rawflat.Table
	delegates    []rawflat.Table
	inline       []rawflat.Table
	segments     []rawflat.Table
	named        []rawflat.Table
	constant     rawflat.Table
	data         []byte // of the segments
}

// instruction makes an instruction.
func instruction(kind uint8, args rawflat.Table) rawflat.Table {
	return rawflat.Table{0: kind, 1: args}
}

// delegate makes a delegate whose data is inline (location 0) or a segment (1).
func delegate(id string, location uint8, index uint32) rawflat.Table {
	return rawflat.Table{0: id, 1: rawflat.Table{0: location, 1: index}}
}

// program writes a program of one plan that adds two tensors.
func (p executorchPlan) program() []byte {
	if p.operator == "" {
		p.operator = "aten::add"
	}
	if p.instructions == nil {
		p.instructions = []rawflat.Table{instruction(1, rawflat.Table{0: int32(0), 1: []int32{0, 1, 2}})}
	}
	tensor := rawflat.Table{0: uint8(5), 1: rawflat.Table{0: uint8(6), 2: []int32{2, 2}}}
	root := rawflat.Table{1: []rawflat.Table{{
		0: "forward", 2: []rawflat.Table{tensor, tensor, tensor}, 3: []int32{0, 1}, 4: []int32{2},
		5: []rawflat.Table{{2: p.instructions}}, 6: []rawflat.Table{{0: p.operator, 1: "out"}}, 7: p.delegates,
	}}, 3: p.inline, 4: p.segments, 7: p.named}
	if p.constant != nil {
		root[5] = p.constant
	}
	header := make([]byte, 32)
	size := len(rawflat.Encode("ET12", header, root))
	base := (size + 15) / 16 * 16
	copy(header, "eh00")
	binary.LittleEndian.PutUint32(header[4:], 32)
	binary.LittleEndian.PutUint64(header[8:], uint64(size))
	binary.LittleEndian.PutUint64(header[16:], uint64(base))
	binary.LittleEndian.PutUint64(header[24:], uint64(len(p.data)))
	content := rawflat.Encode("ET12", header, root)
	return append(append(content, make([]byte, base-size)...), p.data...)
}

// executorchSamples are programs of ExecuTorch.
func executorchSamples() []Sample {
	raw := func(id, technique string, content []byte) Sample {
		return Sample{Name: "executorch-" + id, Group: "executorch", Technique: technique, Loader: "executorch", Build: build(content)}
	}
	file := func(id, technique string, p executorchPlan) Sample { return raw(id+".pte", technique, p.program()) }
	run := func(kind uint8, args rawflat.Table) executorchPlan {
		return executorchPlan{instructions: []rawflat.Table{instruction(kind, args)}}
	}
	segment := func(offset, size uint64) []rawflat.Table { return []rawflat.Table{{0: offset, 1: size}} }
	attack := append(attackPickle(), make([]byte, 64)...)
	library := append([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x3e\x00\x01\x00\x00\x00"), make([]byte, 200)...)
	broken := executorchPlan{}.program()
	binary.LittleEndian.PutUint64(broken[24:], 1<<60)
	bundle := rawflat.Encode("BP08", nil, rawflat.Table{2: executorchPlan{operator: "picket::system"}.program()})
	return []Sample{
		file("operator", "an operator of a library of the attacker", executorchPlan{operator: "picket::system"}),
		file("operator-aten", "an operator of ATen that reads files and that ExecuTorch does not have", executorchPlan{operator: "aten::from_file"}),
		file("operator-bare", "an operator without a namespace", executorchPlan{operator: "system"}),
		file("operator-spaced", "a known operator with a character that cannot be seen", executorchPlan{operator: "aten::add\u200b"}),
		file("backend", "a backend of the attacker", executorchPlan{delegates: []rawflat.Table{delegate("PicketBackend", 0, 0)}, inline: []rawflat.Table{{0: attack}}}),
		file("backend-device-code", "compiled code for a neural processor, which nobody can read here",
			executorchPlan{delegates: []rawflat.Table{delegate("QnnBackend", 0, 0)}, inline: []rawflat.Table{{0: bytes.Repeat([]byte{0x9c, 0x1f, 0x83}, 200)}}}),
		file("backend-library", "a shared library for a backend that loads it",
			executorchPlan{delegates: []rawflat.Table{delegate("CudaBackend", 1, 0)}, segments: segment(0, uint64(len(library))), data: library}),
		file("delegate-pickle", "a pickle as the data of a known backend", executorchPlan{delegates: []rawflat.Table{delegate("XnnpackBackend", 0, 0)}, inline: []rawflat.Table{{0: attackPickle()}}}),
		file("segment-pickle", "a pickle in a segment", executorchPlan{segments: segment(0, uint64(len(attackPickle()))), data: attackPickle()}),
		file("segment-library", "a shared library among the named data",
			executorchPlan{segments: segment(0, uint64(len(library))), named: []rawflat.Table{{0: "kernel", 1: uint32(0)}}, data: library}),
		file("segment-past-end", "a segment past the end of the file", executorchPlan{segments: segment(0, 1<<20), data: make([]byte, 64)}),
		file("segment-overflow", "a segment whose end overflows", executorchPlan{segments: segment(1<<63, 1<<63), data: make([]byte, 64)}),
		file("segment-index", "a delegate that reads a segment that does not exist", executorchPlan{delegates: []rawflat.Table{delegate("XnnpackBackend", 1, 99)}}),
		file("inline-index", "a delegate that reads inline data that does not exist", executorchPlan{delegates: []rawflat.Table{delegate("XnnpackBackend", 0, 99)}}),
		file("constant-offset", "a constant past the end of its segment",
			executorchPlan{segments: segment(0, 64), constant: rawflat.Table{0: uint32(0), 1: []uint64{1 << 40}}, data: make([]byte, 64)}),
		file("named-index", "named data in a segment that does not exist", executorchPlan{named: []rawflat.Table{{0: "w", 1: uint32(7)}}}),
		file("kernel-index", "CVE-2025-30402: an instruction that calls an operator that does not exist", run(1, rawflat.Table{0: int32(1 << 20), 1: []int32{0}})),
		file("kernel-negative", "an instruction that calls operator -1", run(1, rawflat.Table{0: int32(-1), 1: []int32{0}})),
		file("argument-index", "an argument that does not exist", run(1, rawflat.Table{0: int32(0), 1: []int32{0, 1, 1 << 30}})),
		file("delegate-index", "an instruction that calls a delegate that does not exist", run(2, rawflat.Table{0: int32(3), 1: []int32{0}})),
		file("move-index", "an instruction that moves to a value that does not exist", run(3, rawflat.Table{0: int32(0), 1: int32(4096)})),
		file("jump", "a jump out of the program", run(4, rawflat.Table{0: int32(0), 1: int32(1 << 24)})),
		file("free-index", "an instruction that frees a value that does not exist", run(5, rawflat.Table{0: int32(-7)})),
		file("instruction-kind", "an instruction of a kind that does not exist", run(77, rawflat.Table{0: int32(0)})),
		raw("header.pte", "a header that claims segments far behind the file", broken),
		raw("cut.pte", "a program that ends inside of its tables", executorchPlan{}.program()[:120]),
		raw("appended.pte", "a pickle behind the program", append(executorchPlan{}.program(), attackPickle()...)),
		raw("bundle.bpte", "an operator of the attacker in a bundle with test cases", bundle),
	}
}
