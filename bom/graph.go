package bom

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/keras"
	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/artifact/format/weights"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/internal/jsonstream"
)

// graph reads an ONNX model for a bill.
type graph struct {
	b      *builder
	file   string
	tally  *tally
	filled map[onnx.ID]bool // inputs that have a value of their own
	texts  int
	model  string // the producer, while its version is not known
}

// onnx reads what an ONNX model says about itself, and its inputs, outputs and constants.
func (b *builder) onnx(name string, f *opened, t *tally) error {
	return onnx.Read(f.blob, budget(), &graph{b: b, file: name, tally: t, filled: map[onnx.ID]bool{}})
}

// Model implements onnx.Visitor.
func (g *graph) Model(m *onnx.Model) error {
	for i, im := range m.Imports {
		if i == maxComponents {
			break
		}
		domain := im.Domain
		if domain == "" {
			domain = "ai.onnx"
		}
		g.b.property("opset", Field{clean(domain, 80) + " " + strconv.FormatInt(im.Version, 10), Declared, g.file + "#opset_import"})
	}
	g.b.property("onnx.ir_version", Field{strconv.FormatInt(m.Version, 10), Declared, g.file + "#ir_version"})
	if g.model != "" { // a producer without a version
		g.b.needs(g.model, g.file+"#producer_name", useBuild)
	}
	return nil
}

// Graph implements onnx.Visitor.
func (g *graph) Graph(*onnx.Graph) error { return nil }

// EndGraph implements onnx.Visitor: the ports are known now, and so are the inputs with a value.
func (g *graph) EndGraph(gr *onnx.Graph) error {
	if gr.Kind != onnx.Main {
		return nil
	}
	m := &g.b.bill.Model
	for i, p := range gr.Inputs {
		if !g.filled[p.ID] && i < maxList {
			g.port(&m.Inputs, p, "input")
		}
	}
	for i, p := range gr.Outputs {
		if i < maxList {
			g.port(&m.Outputs, p, "output")
		}
	}
	return nil
}

// port states an input or an output.
func (g *graph) port(list *[]Field, p onnx.Port, place string) {
	value := p.Name
	if elements, sizes, ok, err := p.Tensor(); err == nil && ok {
		value += " " + elements
		if sizes != nil {
			value += " [" + strings.Join(sizes, ", ") + "]"
		}
	}
	g.b.add(list, Field{clean(value, 300), Inferred, g.file + "#" + place})
}

// Node implements onnx.Visitor.
func (g *graph) Node(*onnx.Graph, *onnx.Node) error { return nil }

// Attribute implements onnx.Visitor.
func (g *graph) Attribute(*onnx.Graph, *onnx.Node, *onnx.Attribute) error { return nil }

// Tensor implements onnx.Visitor.
func (g *graph) Tensor(gr *onnx.Graph, t *onnx.Tensor) error {
	if t.Place != onnx.Initializer || t.DimCount > int64(len(t.Dims)) {
		return nil
	}
	if gr.Kind == onnx.Main && len(g.filled) < 1<<16 {
		g.filled[t.ID] = true
	}
	if n, ok := weights.Elements(t.Dims); ok {
		g.tally.add(onnxType(t.Type), t.Name, n)
	}
	return nil
}

// onnxType writes a type of ONNX as safetensors does.
func onnxType(t int64) string {
	names := map[int64]string{1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 9: "BOOL", 10: "F16", 11: "F64", 12: "U32", 13: "U64", 16: "BF16"}
	if name := names[t]; name != "" {
		return name
	}
	return "type " + strconv.FormatInt(t, 10)
}

// Text implements onnx.Visitor.
func (g *graph) Text(t onnx.Text) error {
	if g.texts++; t.Where != onnx.ModelText || g.texts > maxList {
		return nil
	}
	value, err := t.Body.Text(maxText)
	if err != nil {
		return err
	}
	b, m := g.b, &g.b.bill.Model
	if value == t.Key { // a pair of the metadata is shown as two texts
		return nil
	}
	f := Field{clean(value, maxText), Declared, g.file + "#" + clean(t.Key, 80)}
	switch strings.ToLower(t.Key) {
	case "producer_name":
		g.model = f.Value
	case "producer_version":
		if g.model != "" && packageName.MatchString(g.model) && f.Value != "" {
			b.software(Software{Name: Field{g.model, Declared, g.file + "#producer_name"}, Version: f, PURL: onnxProducer(g.model, f.Value), Use: useBuild})
			g.model = ""
		}
	case "doc_string", "description":
		b.fill(&m.Description, f)
	case "author", "company":
		b.fill(&m.Producer, f)
	case "license":
		f.Value = spdxOf(f.Value)
		b.add(&m.Licences, f)
	default:
		b.property("onnx."+t.Key, f)
	}
	return nil
}

// Problem implements onnx.Visitor: what breaks the schema is for scans.
func (g *graph) Problem(onnx.Problem) error { return nil }

// onnxProducer is the package URL of a producer that is a Python package.
func onnxProducer(name, version string) string {
	packages := map[string]string{"pytorch": "torch", "skl2onnx": "skl2onnx", "tf2onnx": "tf2onnx", "keras2onnx": "keras2onnx", "onnx.quantize": "onnxruntime",
		"onnxmltools": "onnxmltools", "paddle2onnx": "paddle2onnx"}
	if p := packages[strings.ToLower(name)]; p != "" {
		return pypi(p, version)
	}
	return ""
}

// kerasArchive reads the description that a .keras archive has of itself.
func (b *builder) kerasArchive(name string, f *opened, _ *tally) error {
	if f.blob.At() == nil {
		return errors.New("it can only be read forward")
	}
	var problems error
	for _, member := range []string{keras.MetadataMember, keras.ConfigMember} {
		in, done, err := zip.OpenMember(f.blob, budget(), member)
		if err != nil {
			done()
			problems = errors.Join(problems, err)
			continue
		}
		text, err := io.ReadAll(io.LimitReader(in, maxJSON))
		done()
		if err == nil {
			err = b.kerasDocument(name+"/"+member, text)
		}
		problems = errors.Join(problems, err)
	}
	return problems
}

// kerasDocument takes what one of Keras's documents says.
func (b *builder) kerasDocument(place string, content []byte) error {
	root, err := json.Tree(format.BytesBlob(keras.UTF8(content)), budget())
	if err != nil {
		return err
	}
	d, m := &doc{place, root}, &b.bill.Model
	b.library("keras", d.field("keras_version"), useInference)
	b.fill(&m.Timestamp, d.field("date_saved"))
	b.fill(&m.Architecture, d.field("class_name"))
	b.fill(&m.Family, Field{"keras", Inferred, place})
	b.property("keras.name", d.field("config", "name"))
	if n := d.get("build_config", "input_shape"); len(children(n, jsonstream.ArrayStart)) > 0 {
		b.add(&m.Inputs, Field{dimensions(n), Declared, d.source("build_config", "input_shape")})
	}
	if layers := d.get("config", "layers"); layers != nil {
		b.property("layers", Field{strconv.Itoa(len(layers.Children)), Inferred, d.source("config", "layers")})
		for i, c := range children(layers, jsonstream.ArrayStart) {
			shape := get(c, "config", "batch_shape")
			if shape == nil {
				shape = get(c, "config", "batch_input_shape")
			}
			if shape != nil && i < maxList {
				b.add(&m.Inputs, Field{clean(text(get(c, "config", "name"))+" "+dimensions(shape), maxText), Declared,
					fmt.Sprintf("%s[%d]", d.source("config", "layers"), i)})
			}
		}
	}
	for _, key := range []string{"optimizer", "loss"} {
		if n := d.get("compile_config", key); n != nil {
			b.add(&m.Training, Field{clean(key+" "+summary(n), 300), Declared, d.source("compile_config", key)})
		}
	}
	return nil
}

// dimensions writes a shape. A size that is only known later is a question mark.
func dimensions(shape *jsonstream.Node) string {
	var list []string
	for i, c := range children(shape, jsonstream.ArrayStart) {
		size := text(c)
		if size == "" {
			size = "?"
		}
		if i < maxColumns {
			list = append(list, size)
		}
	}
	return clean("["+strings.Join(list, ", ")+"]", 300)
}

// kerasHDF5 reads the attributes of the root and the sizes of the datasets of a Keras model in HDF5.
func (b *builder) kerasHDF5(name string, f *opened, t *tally) error {
	if f.blob.At() == nil {
		return errors.New("it can only be read forward")
	}
	h, err := hdf5.Open(f.blob, budget())
	if err != nil {
		return err
	}
	defer h.Close()
	err = h.RootAttributes(func(a hdf5.Attribute) error {
		v, ok := a.Text(h)
		if !ok || a.Name != "keras_version" && a.Name != "model_config" || v.Blob.Size() > maxJSON {
			return nil
		}
		in, err := v.Blob.Open()
		if err != nil {
			return err
		}
		content, err := io.ReadAll(io.LimitReader(in, maxJSON))
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
		if a.Name == "keras_version" {
			b.library("keras", Field{clean(strings.TrimRight(string(content), "\x00"), 64), Declared, name + "#keras_version"}, useInference)
			return nil
		}
		return b.kerasDocument(name+"#model_config", []byte(strings.TrimRight(string(content), "\x00")))
	})
	return errors.Join(err, h.Walk(b.ctx, hdf5.Visitor{Dataset: func(d *hdf5.Dataset) error {
		if n, ok := d.Space.Elements(); ok && !strings.HasPrefix(d.Path, "/optimizer_weights") && d.Type != nil && d.Type.Class == hdf5.Float {
			t.add("F"+strconv.FormatInt(d.Type.Size*8, 10), d.Path, n)
		}
		return nil
	}}))
}

// savedModel reads what a SavedModel says about itself.
func (b *builder) savedModel(name string, f *opened, _ *tally) error {
	m := &b.bill.Model
	message, err := tensorflow.Open(f.blob, budget())
	if err != nil {
		return err
	}
	graphs, err := tensorflow.ReadSavedModel(message)
	if err != nil {
		return err
	}
	b.fill(&m.Family, Field{"tensorflow", Inferred, name})
	for i, g := range graphs {
		if i == maxComponents {
			break
		}
		b.library("tensorflow", Field{clean(g.Version, 64), Declared, name + "#tensorflow_version"}, useInference)
		b.property("saved model tags", Field{clean(strings.Join(g.Tags, ", "), 200), Declared, name + "#tags"})
		for _, fed := range g.Fed {
			b.add(&m.Inputs, Field{clean(fed, 200), Inferred, name + "#signature_def"})
		}
	}
	return nil
}
