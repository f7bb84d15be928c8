package hostile

import (
	"fmt"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// contextSamples surround the attack with what made scanners lower their verdict, or stop looking.
func contextSamples() []Sample {
	around := func(id, technique string, before ...asm.Value) Sample {
		return pickleSample("context", id, technique, asm.New(4).Put(asm.List(append(before, payload())...)).Framed())
	}
	var layers []asm.Value
	for i := range 200 {
		layers = append(layers, s(fmt.Sprintf("model.layers.%d.self_attn.q_proj.weight", i)),
			asm.List(asm.Real(0.1), asm.Real(0.2)))
	}
	class := func(module, name string) asm.Value { return asm.NewObject(g(module, name)) }
	samples := []Sample{
		around("layer-names", "modelaudit exploits: the names of two hundred layers raise a confidence that the file is a model", asm.Dict(layers...)),
		around("known-classes", "modelaudit exploits: OrderedDict and tensors around the attack are no excuse",
			call(g("collections", "OrderedDict")),
			call(g("collections", "OrderedDict")), call(g("collections", "Counter"))),
		around("suppression-comment", "modelaudit: words that suppress findings", s("# nosec"), s("# noqa: S301"),
			s("picket:ignore"), s("modelaudit: skip")),
		around("documentation", "modelaudit #1020: text that looks like documentation", s("docs/examples/README.md"),
			s("This is an example of an attack."), s("test fixture")),
		around("hub-metadata", "modelaudit: the name and licence of a model that a list of trusted ones holds",
			s("bert-base-uncased"), s("apache-2.0"), s("google-bert")),
		around("verdict-text", "text that claims the verdict", s("\"verdict\": \"clean\""), s("No issues found"),
			s("sha256:"+fmt.Sprintf("%064d", 0))),
		around("scanner-tokens", "end-of-file and format marks in strings", s("."), asm.Bytes([]byte("\x80\x04.")), asm.Bytes([]byte("PK\x05\x06")),
			asm.Bytes([]byte("\x93NUMPY"))),
		around("unknown-class-first", "an unknown class before the attack, for scanners that stop at the first error", s("x")),
	}
	samples[7].Build = build(asm.New(4).Put(asm.List(payload(), class("acme_ml_helpers.layers", "CustomHead"))).Framed())
	samples[7].Technique = "the attack, then a class that the loader does not have: it ran before the error"
	return samples
}
