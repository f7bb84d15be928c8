package hostile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// npy writes a .npy file of version 1.0 with any header and any data.
func npy(header string, data []byte) []byte {
	pad := 64 - (10+len(header)+1)%64
	header += strings.Repeat(" ", pad) + "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(out, header...), data...)
}

// objectArray is an .npy file of one object.
func objectArray(object asm.Value) []byte {
	return npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", asm.Encode(3, object))
}

// numpySamples are .npy and .npz files.
func numpySamples() []Sample {
	numpy := func(id, extension, technique string, content []byte) Sample {
		return Sample{Name: "npy-" + id + extension, Group: "npy", Technique: technique, Executes: true, Loader: "numpy",
			Needs: "numpy", Build: build(content)}
	}
	attack := asm.Encode(3, payload())
	header := func(descr, shape string) string {
		return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }"
	}
	floats := bytes.Repeat([]byte{0, 0, 128, 63}, 16)
	npz := func(id, technique string, entries ...rawzip.Entry) Sample {
		sample := numpy(id, ".npz", technique, nil)
		sample.Group, sample.Build = "npz", rawzip.Archive{Entries: entries}.Bytes
		return sample
	}
	long := npy(header("'|O'", "(1,)"), attack)
	version2 := append([]byte("\x93NUMPY\x02\x00"), binary.LittleEndian.AppendUint32(nil, uint32(len(long)-10-len(attack)))...)
	samples := []Sample{
		numpy("object", ".npy", "CVE-2019-6446: an object array is a pickle", objectArray(payload())),
		numpy("object-version-2", ".npy", "an object array with a header of version 2", append(version2, long[10:]...)),
		numpy("object-structured", ".npy", "a structured dtype with one object field",
			npy(header("[('a', '<f4'), ('b', '|O')]", "(1,)"), attack)),
		numpy("object-protocol-0", ".npy", "an object array pickled in protocol 0",
			npy(header("'|O'", "(1,)"), asm.Encode(0, payload()))),
		numpy("object-8", ".npy", "the object dtype written as O8", npy(header("'|O8'", "(1,)"), attack)),
		npz("object-member", "an .npz with an object array among honest ones",
			rawzip.Entry{Name: "weights.npy", Data: npy(header("'<f4'", "(16,)"), floats)}, rawzip.Entry{Name: "labels.npy",
				Data: objectArray(payload())}),
		npz("bare-pickle-member", "an .npz member that is a pickle and no array", rawzip.Entry{Name: "a.npy", Data: attack}),
		numpy("bare-pickle", ".npy", "a bare pickle under the name of an array: numpy.load falls back to pickle", attack),
		numpy("lying-dtype", ".npy", "the header says float32, the data are a pickle: a reader that trusts the header skips it",
			npy(header("'<f4'", "("+fmt.Sprint(len(attack)/4)+",)"), attack)),
		numpy("trailing-pickle", ".npy", "a pickle after the end of an honest array",
			append(npy(header("'<f4'", "(16,)"), floats), attack...)),
		numpy("shape-bomb", ".npy", "keras #23016: the header claims 2^60 items",
			npy(header("'<f4'", "(1073741824, 1073741824)"), floats)),
		numpy("shape-negative", ".npy", "a negative dimension", npy(header("'<f4'", "(-1, 16)"), floats)),
		numpy("shape-overflow", ".npy", "dimensions whose product overflows 64 bits to 16",
			npy(header("'<f4'", "(4294967296, 4294967296, 16)"), floats)),
		numpy("header-code", ".npy", "a header that is an expression and no literal",
			npy("__import__('os').system('echo "+Marker+"')", floats)),
		numpy("header-deep", ".npy", "a header of 20,000 brackets", npy(strings.Repeat("(", 20000), nil)),
		numpy("header-length-lie", ".npy", "the header claims 64 KiB in a file of 80 bytes",
			append([]byte("\x93NUMPY\x01\x00\xff\xff"), floats...)),
		numpy("header-length-2-lie", ".npy", "the header of version 2 claims 4 GiB",
			append([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"), floats...)),
		numpy("version-9", ".npy", "a version that does not exist", append([]byte("\x93NUMPY\x09\x00\x10\x00"), floats...)),
		numpy("duplicate-descr", ".npy", "two descr keys: the last one wins in Python",
			npy("{'descr': '<f4', 'descr': '|O', 'fortran_order': False, 'shape': (1,), }", attack)),
		numpy("escaped-descr", ".npy", "the object dtype behind an escape", npy(header(`'\x7cO'`, "(1,)"), attack)),
		numpy("implicit-concatenation", ".npy", "the object dtype as two adjacent literals",
			npy(header(`'|' 'O'`, "(1,)"), attack)),
		npz("shape-bomb-member", "keras #23016: an .npz member that claims 2^60 items",
			rawzip.Entry{Name: "a.npy", Data: npy(header("'<f4'", "(1073741824, 1073741824)"), floats)}),
		npz("zip-slip-member", "an .npz member with a path that leaves the folder",
			rawzip.Entry{Name: "../../a.npy", Data: objectArray(payload())}),
	}
	samples[6].Executes = false // numpy hands out the bytes of such a member
	passive(samples[8:18]...)
	samples[21].Executes = false
	return samples
}

// arrayWrapper is joblib's NumpyArrayWrapper for n float32 items. The caller appends the raw data after the BUILD opcode.
func arrayWrapper(dtype asm.Value, n int64, alignment asm.Value) asm.Value {
	return asm.Built(asm.NewObject(g("joblib.numpy_pickle", "NumpyArrayWrapper")), asm.Dict(
		s("subclass"), g("numpy", "ndarray"), s("shape"), asm.Tuple(asm.Num(n)), s("order"), s("C"), s("dtype"), dtype,
		s("allow_mmap"), asm.Bool(true), s("numpy_array_alignment_bytes"), alignment))
}

// dtype is numpy.dtype(code) with the state that numpy's pickling writes.
func dtype(code string, object bool) asm.Value {
	flags := int64(0)
	if object {
		flags = 63
	}
	order := s("<")
	if object {
		order = s("|")
	}
	return asm.Built(call(g("numpy", "dtype"), s(code), asm.Bool(false), asm.Bool(true)),
		asm.Tuple(asm.Num(3), order, asm.None, asm.None, asm.None, asm.Num(-1), asm.Num(-1), asm.Num(flags)))
}

// wrapped is an array of four floats with its raw bytes inside of the stream.
func wrapped(a *asm.Asm) {
	a.Put(arrayWrapper(dtype("f4", false), 4, asm.None)).Raw(bytes.Repeat([]byte{0, 0, 128, 63}, 4)...)
}

// wrappedAligned pads the data to a multiple of 16, as joblib from 1.2 on does.
func wrappedAligned(a *asm.Asm) {
	a.Put(arrayWrapper(dtype("f4", false), 4, asm.Num(16)))
	padding := 16 - (a.Len()+3)%16
	a.Raw(byte(padding)).Raw(bytes.Repeat([]byte{0xff}, padding)...).Raw(bytes.Repeat([]byte{0, 0, 128, 63}, 4)...)
}

// wrappedLookAlike is an array whose bytes are the opcodes of a harmless end.
func wrappedLookAlike(a *asm.Asm) {
	a.Put(arrayWrapper(dtype("f4", false), 4, asm.None)).Text("N.N.N.N.N.N.N.N.")
}

// wrappedObject is an array of one object, which joblib stores as a pickle of its own.
func wrappedObject(a *asm.Asm) {
	a.Put(arrayWrapper(dtype("O8", true), 1, asm.None)).Raw(asm.Encode(3, payload())...)
}

// joblibSamples are joblib files, raw and in every compression.
func joblibSamples() []Sample {
	joblib := func(id, extension, technique string, content []byte) Sample {
		return Sample{Name: "joblib-" + id + extension, Group: "joblib", Technique: technique, Executes: true, Loader: "joblib",
			Needs: "joblib", Build: build(content)}
	}
	stream := func(values ...asm.Value) []byte { return asm.New(3).Put(asm.List(values...)).Bytes() }
	after := stream(wrapped, payload())
	samples := []Sample{
		joblib("plain", ".joblib", "a plain pickle under joblib's name", asm.Encode(3, payload())),
		joblib("after-array", ".joblib", "the attack after an inline array, where pickletools stops", after),
		joblib("after-aligned-array", ".joblib", "the attack after an inline array with alignment padding",
			stream(wrappedAligned, payload())),
		joblib("before-array", ".joblib", "the attack before an inline array", stream(payload(), wrapped)),
		joblib("after-look-alike", ".joblib", "the bytes of the array look like the end of a pickle, the attack follows",
			stream(wrappedLookAlike, payload())),
		joblib("after-three-arrays", ".joblib", "the attack after three inline arrays",
			stream(wrapped, wrappedAligned, wrapped, payload())),
		joblib("object-array", ".joblib", "an object array is a pickle inside of the pickle", stream(wrappedObject)),
		joblib("legacy-zfile", ".joblib", "joblib's own ZF container from before 0.10", zfile(asm.Encode(2, payload()))),
		joblib("shape-lie", ".joblib", "an inline array that claims 2^60 items swallows the rest for a reader that believes it",
			asm.New(3).Put(asm.List(asm.Value(wrappedHuge), payload())).Bytes()),
		joblib("ndarraywrapper", ".joblib", "joblib's old NDArrayWrapper loads another file by name, with pickles allowed",
			asm.Encode(2, asm.Built(asm.NewObject(g("joblib.numpy_pickle_compat", "NDArrayWrapper")),
				asm.Dict(s("filename"), s("../../x.npy"), s("subclass"), g("numpy", "ndarray"))))),
		joblib("memmap-wrapper", ".joblib", "CVE-2024-34997: NumpyArrayWrapper with an object dtype and allow_mmap",
			stream(wrappedObject, wrapped)),
	}
	passive(samples[8:10]...)
	for _, c := range compressions {
		for id, content := range map[string][]byte{"plain": asm.Encode(3, payload()), "after-array": after} {
			sample := joblib(c.name+"-"+id, ".joblib"+c.extension, "the attack in a joblib file under "+c.name, nil)
			sample.Build = then(content, c.compress)
			if c.name == "zstd" {
				sample.Needs = "a joblib with zstd registered"
			}
			samples = append(samples, sample)
		}
	}
	return sorted(samples)
}

// wrappedHuge claims more items than there are.
func wrappedHuge(a *asm.Asm) {
	a.Put(arrayWrapper(dtype("f4", false), 1<<60, asm.None)).Raw(bytes.Repeat([]byte{0, 0, 128, 63}, 4)...)
}

// zfile is joblib's container from before 0.10: a prefix, the length in 19 characters, and a zlib stream.
func zfile(content []byte) []byte {
	packed, err := deflated(content)
	if err != nil {
		return nil
	}
	return append([]byte(fmt.Sprintf("ZF%-19s", fmt.Sprintf("0x%x", len(content)))), packed...)
}
