// Package hostile generates model files that attack whoever loads or scans them. Every sample shows one technique, published
// where a reference is given, with a payload that does nothing but print a marker. It is for tests and for the corpus
// generator; it writes no files, and it is no source of working attacks: nothing in it reaches beyond the process and the
// loopback interface.
package hostile

import (
	"fmt"
	"slices"
	"strings"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
)

// Marker is what the payload of every sample that executes prints.
const Marker = "picket-hostile-sample"

// Sample is one hostile file.
type Sample struct {
	// Name is unique, and ends in the extension that an attacker would use.
	Name string
	// Group names the technique in a word or two. Samples of one group differ in the gadget, protocol or container only, so
	// the number of groups says how many techniques there are.
	Group string
	// Technique says in one line what the sample shows, with the GHSA, CVE or paper that describes it where there is one.
	Technique string
	// Executes is true when the file runs code in the loader that Loader names.
	Executes bool
	// Loader is what the file is made for: "pickle", "pickle-stream" (load until the end), "pickle-python" (the pure Python
	// unpickler), "torch", "joblib", "numpy", "pandas", or the name of another reader that nothing here runs.
	Loader string
	// Needs says what the payload needs beside CPython 3.8 to 3.12 and the loader; empty for nothing. A sample that executes and
	// needs nothing is proven to execute by running it.
	Needs string
	// Build makes the content, the same bytes every time.
	Build func() ([]byte, error)
	// Beside are files that stand beside the sample, by their slash-separated path relative to it; nil for none.
	Beside map[string][]byte
}

// Samples lists every sample in a fixed order.
func Samples() []Sample {
	var all []Sample
	for _, group := range [][]Sample{
		gadgetSamples(), protocolSamples(), opcodeSamples(), effectSamples(), nameSamples(), memoSamples(), divergenceSamples(),
		nestedSamples(), codeSamples(), computedSamples(), endingSamples(), contextSamples(), exhaustionSamples(), joblibSamples(), numpySamples(),
		torchSamples(), torchLegacySamples(), scriptSamples(), zipSamples(), archiveSamples(), safetensorsSamples(),
		ggufSamples(), nameAndPolyglotSamples(),
		beyondSamples(), allowedSamples(), joblibSizeSamples(),
		networkSamples(), graphSamples(), tensorflowSamples(), runtimeSamples(), classicSamples(), repositorySamples(), folderSamples(),
		bundleSamples(), legacySamples(),
	} {
		all = append(all, group...)
	}
	return all
}

// gadget is a value whose construction does harm.
type gadget struct {
	family string // the group, after "gadget-"
	id     string
	note   string // the reference, and what is special
	value  asm.Value
	needs  string
	inert  bool // reads, writes or connects, and runs no code
	min    int  // the lowest protocol that can express it
}

// g and call keep the tables readable.
func g(module, name string) asm.Value                { return asm.Global(module, name) }
func call(fn asm.Value, args ...asm.Value) asm.Value { return asm.Call(fn, args...) }
func s(text string) asm.Value                        { return asm.Str(text) }
func method(name string, args ...asm.Value) asm.Value {
	return call(g("operator", "methodcaller"), prepend(s(name), args)...)
}
func on(object asm.Value, how asm.Value) asm.Value { return call(how, object) }
func attr(object asm.Value, name string) asm.Value {
	return call(g("builtins", "getattr"), object, s(name))
}
func prepend(v asm.Value, rest []asm.Value) []asm.Value { return append([]asm.Value{v}, rest...) }
func self() asm.Value                                   { return call(g("argparse", "Namespace")) }
func bytesIO(data []byte) asm.Value                     { return call(g("_io", "BytesIO"), asm.Bytes(data)) }
func partial(fn asm.Value, args ...asm.Value) asm.Value {
	return call(g("functools", "partial"), prepend(fn, args)...)
}

// The payloads: a shell command, an argument list, and Python source.
var (
	shell  = s("echo " + Marker)
	argv   = asm.List(s("echo"), s(Marker))
	python = s(`print("` + Marker + `")`)
)

// payload is the plain attack, for samples whose point is elsewhere.
func payload() asm.Value { return call(g("posix", "system"), shell) }

// build makes a Build function of content that cannot fail.
func build(content []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return content, nil }
}

// gadgetSamples writes each gadget of the tables as a pickle of its own. The protocol goes round, so that the tables as a
// whole cover all of them.
func gadgetSamples() []Sample {
	var all []Sample
	protocols := []int{4, 2, 0, 3, 5, 1}
	extensions := []string{".pkl", ".pickle", ".bin", ".pt", ".dat", ".joblib"}
	n := 0
	for _, table := range [][]gadget{processGadgets, interpreterGadgets, debuggerGadgets, packagingGadgets, indirectGadgets,
		fileGadgets, libraryGadgets, torchGadgets} {
		for _, entry := range table {
			protocol := protocols[n%len(protocols)]
			if protocol < entry.min {
				protocol = 4
			}
			all = append(all, Sample{
				Name: fmt.Sprintf("gadget-%s-p%d%s", entry.id, protocol,
					extensions[n%len(extensions)]), Group: "gadget-" + entry.family,
				Technique: entry.note, Executes: !entry.inert, Loader: "pickle", Needs: entry.needs,
				Build: build(asm.Encode(protocol, entry.value)),
			})
			n++
		}
	}
	return all
}

// sorted orders samples by name, for tables that range over a map.
func sorted(samples []Sample) []Sample {
	slices.SortFunc(samples, func(a, b Sample) int { return strings.Compare(a.Name, b.Name) })
	return samples
}
