package bom

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format/gguf"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/artifact/format/safetensors"
	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/artifact/format/weights"
)

// maxWeightFiles is how many files of weights are looked into.
const maxWeightFiles = 4096

// tally counts elements of tensors by their type.
type tally struct {
	types  map[string]int64
	packed map[string]int64 // of integers that hold several smaller ones each: quantised weights
}

// add counts the elements of a tensor.
func (t *tally) add(kind, name string, elements int64) {
	if t.types == nil {
		t.types, t.packed = map[string]int64{}, map[string]int64{}
	}
	if elements < 0 || t.total()+elements < 0 {
		return // a shape that no file can have: the header says so itself
	}
	t.types[clean(kind, 32)] += elements
	if kind == "I32" && strings.HasSuffix(name, ".qweight") || kind == "U8" && strings.HasSuffix(name, ".weight") {
		t.packed[kind] += elements
	}
}

// total is the number of elements.
func (t *tally) total() int64 {
	sum := int64(0)
	for _, n := range t.types {
		sum += n
	}
	return sum
}

// merge adds what another tally counted.
func (t *tally) merge(o tally) {
	for kind, n := range o.types {
		t.add(kind, "", n)
		t.packed[kind] += o.packed[kind]
	}
}

// shard is the end of the name of one of several files that hold a model together.
var shard = regexp.MustCompile(`[-.]\d{5}-of-\d{5}|\.\d{2}$`)

// group is one model in one or several files.
type group struct {
	dir, stem string
	files     []string
	tally     tally
}

// readWeights reads the headers of the weights: which tensors there are, and what else the headers say. Tensors are not read.
func (b *builder) readWeights() {
	byFormat := map[string][]string{}
	read := 0
	for _, f := range b.bill.Files {
		if f.Role != RoleWeights {
			continue
		}
		if len(byFormat[f.Format]) == 0 {
			b.add(&b.bill.Model.Formats, Field{f.Format, Inferred, f.Name})
		}
		if read++; read > maxWeightFiles {
			b.leftOut["files of weights"]++
			continue
		}
		byFormat[f.Format] = append(byFormat[f.Format], f.Name)
	}
	for _, f := range b.formats {
		name := f.Info().Name
		if groups := b.readGroups(name, grouped(byFormat[name])); len(groups) > 0 && b.computed.Value == "" {
			b.count(groups)
		}
		if b.fatal != nil || b.ctx.Err() != nil {
			return
		}
	}
}

// grouped puts the files together that hold one model.
func grouped(files []string) []*group {
	var list []*group
	index := map[string]*group{}
	for _, name := range files {
		dir, base := path.Split(name)
		stem := shard.ReplaceAllString(strings.TrimSuffix(base, path.Ext(base)), "")
		key := dir + "\x00" + stem
		if index[key] == nil {
			index[key] = &group{dir: dir, stem: stem}
			list = append(list, index[key])
		}
		index[key].files = append(index[key].files, name)
	}
	return list
}

// readGroups reads the headers of all files of one format.
func (b *builder) readGroups(kind string, groups []*group) []*group {
	readers := map[string]func(string, *opened, *tally) error{
		safetensors.Name: b.safetensors, gguf.Name: b.gguf, torchzip.Name: b.torch, onnx.Name: b.onnx,
		keras.NameArchive: b.kerasArchive, keras.NameHDF5: b.kerasHDF5, tensorflow.NameSavedModel: b.savedModel,
	}
	read := readers[kind]
	if read == nil {
		return nil
	}
	for _, g := range groups {
		for _, name := range g.files {
			if b.ctx.Err() != nil {
				return nil
			}
			f, err := b.open(name)
			if err != nil {
				return nil
			}
			b.note(name, errors.Join(read(name, f, &g.tally), f.Close()))
		}
	}
	return groups
}

// count takes the number and the types of the parameters. A folder may hold one model in several variants, of which the largest
// counts, and a pipeline has one model in each of several folders.
func (b *builder) count(groups []*group) {
	largest := map[string]*group{}
	for _, g := range groups {
		if strings.HasPrefix(path.Base(g.dir), "checkpoint-") && g.dir != b.home || strings.Contains(g.stem, "mmproj") {
			continue
		}
		if l := largest[g.dir]; l == nil || g.tally.total() > l.tally.total() {
			largest[g.dir] = g
		}
	}
	if home := largest[b.home]; home != nil && !b.has("model_index.json") && !b.has("modules.json") {
		largest = map[string]*group{b.home: home}
	}
	var all tally
	files, source := 0, ""
	for _, dir := range slices.Sorted(maps.Keys(largest)) {
		all.merge(largest[dir].tally)
		if files += len(largest[dir].files); source == "" {
			source = largest[dir].files[0]
		}
	}
	if all.total() == 0 {
		return
	}
	if files > 1 {
		source += fmt.Sprintf(" and %d more", files-1)
	}
	b.counted(all, source)
}

// counted compares what was counted with what is declared, and states it.
func (b *builder) counted(t tally, source string) {
	m := &b.bill.Model
	n := t.total()
	if bits := b.packedBits(); bits > 0 && t.packed["I32"]+t.packed["U8"] > 0 {
		n = t.packed["I32"]*32/bits + t.packed["U8"]*8/bits
		for kind, other := range t.types { // what is not packed and no help for unpacking
			if kind != "I32" && kind != "U8" && kind != "F32" {
				n += other
			}
		}
		b.property("stored elements", Field{strconv.FormatInt(t.total(), 10), Inferred, source})
	}
	b.computed = Field{strconv.FormatInt(n, 10), Inferred, source}
	if declared, err := strconv.ParseFloat(m.Parameters.Value, 64); err == nil && m.Parameters.Confidence == Declared {
		if ratio := declared / float64(max(n, 1)); ratio < 0.85 || ratio > 1.15 {
			b.conflict("parameters", m.Parameters, b.computed)
		}
	}
	m.Parameters = b.computed
	b.indexTotal()
	shares := t.shares()
	found := Field{strings.Join(shares, ", "), Inferred, source}
	first, _, _ := strings.Cut(shares[0], " ")
	if m.Precision.Value != "" && m.Precision.Value != first && m.Quantisation.Value == "" {
		b.conflict("precision", m.Precision, found)
	}
	m.Precision = found
}

// shares lists the types of the elements, the largest share first.
func (t *tally) shares() []string {
	kinds := slices.SortedFunc(maps.Keys(t.types), func(x, y string) int {
		return cmp.Or(cmp.Compare(t.types[y], t.types[x]), strings.Compare(x, y))
	})
	var list []string
	for _, k := range kinds[:min(len(kinds), 16)] {
		if len(kinds) > 1 {
			k = fmt.Sprintf("%s (%.1f %%)", k, 100*float64(t.types[k])/float64(t.total()))
		}
		list = append(list, k)
	}
	return list
}

// packedBits is how many bits a quantised weight has, by the configuration; 0 when that says nothing.
func (b *builder) packedBits() int64 {
	for _, f := range b.bill.Model.Properties {
		if f.Name == "quantization_config" {
			for _, bits := range []int64{4, 8, 3, 2} {
				if strings.Contains(f.Value, fmt.Sprintf("bits %d", bits)) || strings.Contains(f.Value, fmt.Sprintf("load_in_%dbit true", bits)) {
					return bits
				}
			}
		}
	}
	return 0
}

// indexTotal compares the count with what the index of a model in several files claims.
func (b *builder) indexTotal() {
	d := b.json(b.home + "model.safetensors.index.json")
	if f := d.field("metadata", "total_parameters"); f.Value != "" && f.Value != b.computed.Value {
		b.conflict("parameters", f, b.computed)
	}
}

// torch lists the tensors of a PyTorch file, of which the ones that share their elements count once.
func (b *builder) torch(_ string, f *opened, t *tally) (err error) {
	p, err := probe(f.blob)
	if err != nil {
		return err
	}
	set, err := weights.List(b.ctx, f.blob, p, budget())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	seen := map[string]bool{}
	for _, tensor := range set.Tensors {
		key := fmt.Sprint(tensor.Storage, " ", tensor.Start)
		if n, ok := weights.Elements(tensor.Shape); ok && !seen[key] && !strings.HasPrefix(tensor.Name, "optimizer") {
			seen[key] = true
			t.add(tensor.Type, tensor.Name, n)
		}
	}
	return nil
}

// safetensors reads the header of a safetensors file.
func (b *builder) safetensors(name string, f *opened, t *tally) error {
	entries := 0
	_, err := safetensors.Read(f, f.blob.Size(), budget(), safetensors.Visitor{
		Tensor: func(tensor safetensors.Tensor) {
			if n, ok := weights.Elements(tensor.Shape); ok {
				t.add(tensor.Type, tensor.Name, n)
			}
		},
		Metadata: func(m safetensors.Metadata) {
			if entries++; entries <= 4*maxComponents {
				b.headerText(name, m.Key, m.Value)
			}
		},
	})
	return err
}

// headerText files a text of the header of a safetensors file: the names are those of ModelSpec and of common trainers.
func (b *builder) headerText(file, key, value string) {
	m := &b.bill.Model
	f := Field{clean(value, maxText), Declared, file + "#__metadata__." + clean(key, 80)}
	switch strings.TrimPrefix(key, "modelspec.") {
	case "author":
		b.fill(&m.Producer, f)
	case "license":
		f.Value = spdxOf(f.Value)
		b.add(&m.Licences, f)
	case "architecture":
		b.fill(&m.Architecture, f)
	case "description":
		b.fill(&m.Description, f)
	case "date":
		b.fill(&m.Timestamp, f)
	case "ss_sd_model_name", "ss_base_model_name":
		b.ancestor(f, Field{}, Adapter)
	case "ss_learning_rate", "ss_num_epochs", "ss_optimizer", "ss_num_train_images", "ss_seed":
		f.Value = strings.TrimPrefix(key, "ss_") + " " + f.Value
		b.add(&m.Training, f)
	default:
		b.property("safetensors."+key, f)
	}
}
