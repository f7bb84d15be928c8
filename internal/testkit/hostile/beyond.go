package hostile

import (
	"bytes"
	"encoding/binary"
	"strings"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// beyondSamples hide the attack behind more content than a scanner looks at to recognise a format.
func beyondSamples() []Sample {
	const prose = "A model card tells what a model is for and what it is not for. "
	attack := asm.New(0).Put(payload()).Bytes()
	long := strings.Repeat(prose, 1<<17/len(prose))
	hidden := func(id, ext, technique, before string) Sample {
		return Sample{Name: "beyond-" + id + ext, Group: "beyond-head", Executes: true, Loader: "pickle",
			Technique: technique + ", then the attack; every scanner that recognises formats by the first kilobytes sees something else",
			Build:     build(append([]byte(before), attack...))}
	}
	sized := func(op, body string) string {
		return op + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body + "0"
	}
	return []Sample{
		hidden("unicode-line", ".txt", "UNICODE: one line of text of 128 KiB", "V"+long+"\n0"),
		hidden("string-line", ".md", "STRING: one quoted line of 128 KiB", "S'"+long+"'\n0"),
		hidden("some-lines", ".txt", "seven lines of text of 10 KB each", strings.Repeat("V"+long[:10<<10]+"\n0", 7)),
		hidden("import-line", ".txt", "an import that is dropped, and a line of 128 KiB", "cos\nsystem\n0V"+long+"\n0"),
		hidden("digits", ".csv", "INT with 128 Ki zeros in front", "I"+strings.Repeat("0", 1<<17)+"1\n0"),
		hidden("gif", ".gif", "a FLOAT that is the magic of GIF, and a string of 128 KiB", "GIF89a\x01\x00\x010"+sized("X", long)),
		hidden("binary", ".bin", "BINBYTES of 128 KiB", sized("B", long)),
	}
}

// allowedSamples use only names of the allow-lists, one of which calls another.
func allowedSamples() []Sample {
	inner := append([]byte("N0"), asm.New(0).Put(payload()).Bytes()...) // unlike any pickle that a scanner looks for in a string
	var samples []Sample
	for _, name := range []string{"__generator_ctor", "__randomstate_ctor"} {
		sample := pickleSample("allowed", strings.Trim(name, "_"), "numpy's "+name+" calls the function that it is given",
			asm.Encode(4, call(g("numpy.random._pickle", name), asm.Bytes(inner), g("torch.storage", "_load_from_bytes"))))
		sample.Needs = "numpy, torch"
		samples = append(samples, sample)
	}
	state := asm.Dict(s("restore_model_spec"), asm.Bool(true), s("formula"), s(`y ~ __import__("os").system("echo `+Marker+`")`),
		s("frame"), asm.Dict())
	formula := pickleSample("allowed", "formula", "statsmodels evaluates the formula in the state of its data when it is restored",
		asm.Encode(4, asm.Built(asm.NewObject(g("statsmodels.base.data", "PandasData")), state)))
	formula.Needs = "statsmodels"
	return append(samples, formula)
}

// codeBytes imports and calls without PROTO, memo or frame, as part of something else.
func codeBytes() []byte { return asm.New(4).Put(payload()).Bytes()[2:] }

// joblibSizeSamples make a scanner and joblib disagree about where an inline array ends.
func joblibSizeSamples() []Sample {
	joblib := func(id, technique string, content []byte) Sample {
		return Sample{Name: "joblib-size-" + id + ".joblib", Group: "joblib-size", Technique: technique, Executes: true, Loader: "joblib",
			Needs: "joblib", Build: build(content)}
	}
	sized := func(code string, size int64) asm.Value {
		return asm.Built(call(g("numpy", "dtype"), s(code), asm.Bool(false), asm.Bool(true)),
			asm.Tuple(asm.Num(3), s("|"), asm.None, asm.None, asm.None, asm.Num(size), asm.Num(1), asm.Num(0)))
	}
	one := func(code string, size int) []byte {
		a := asm.New(4).Put(arrayWrapper(sized(code, int64(size)), 1, asm.None))
		body := append(append(bytes.Repeat([]byte("a"), size), '0'), codeBytes()...)
		return append(a.Open(), append(append(body, bytes.Repeat([]byte("z"), 1000-len(body))...), '.')...)
	}
	// For a scanner that sees no padding four bytes are the array, and the attack stands in a string after it.
	aligned := func(alignment asm.Value) []byte {
		a := asm.New(4).Put(arrayWrapper(sized("S1", 1), 4, alignment))
		attack := append([]byte{'0'}, codeBytes()...)
		a.Raw(10, 'q', 'q', 'q', 'B').U32(uint32(6 + len(attack))).Text("zzzzzz").Raw(attack...)
		return a.Raw('0').Bytes()
	}
	long := append(append([]byte("B\x88\x13\x00\x00"), bytes.Repeat([]byte("a"), 5000)...), append([]byte{'0'}, codeBytes()...)...)
	plain := joblib("plain-view", "opcodes in the bytes of an array, behind more of them than a scanner looks at, for pickle.load",
		append(asm.New(4).Put(arrayWrapper(sized("S1", 1), 8000, asm.None)).Open(),
			append(append(long, bytes.Repeat([]byte("z"), 8000-len(long))...), '.')...))
	plain.Loader = "pickle"
	return []Sample{
		joblib("state", "the state of a record dtype gives another size than its name", one("V1000", 1)),
		joblib("state-text", "the state of a text dtype gives another size than its name", one("U250", 4)),
		joblib("alignment-text", "an alignment that is no number still makes joblib skip padding", aligned(s("16"))),
		joblib("alignment-true", "an alignment of True still makes joblib skip padding", aligned(asm.Bool(true))),
		plain,
	}
}
