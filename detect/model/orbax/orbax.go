// Package orbax judges checkpoint folders of Orbax: handlers that are not Orbax's own, codecs of arrays that unpickle or are
// unknown, and names that lead out of the folder. It reads no arrays.
package orbax

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/orbax"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/freetext"
	"github.com/picketsec/picket/internal/jsonstream"
)

// Detector inspects the files of checkpoint folders.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "orbax", Title: "Orbax and Zarr: custom handlers, codecs that unpickle, paths",
		Formats: []string{orbax.Name, orbax.ZarrName, orbax.OcdbtName}, Rules: slices.Concat(rules(), freetext.Rules())}
}

// scan is one run over one document.
type scan struct {
	ctx   context.Context
	list  *findings.List
	judge *freetext.Judge
	zarr  bool
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	if in.Format == orbax.OcdbtName {
		out.Vouch("d/") // where its manifest has the data of arrays
		return table(ctx, in, out)
	}
	root, err := json.Tree(in.Blob, in.Budget)
	if err != nil {
		return err
	}
	list := findings.New(out)
	defer list.Close()
	s := &scan{ctx: ctx, list: list, judge: freetext.New(out, list), zarr: in.Format == orbax.ZarrName}
	if err := root.Walk(s.node); err != nil {
		return err
	}
	if s.zarr && !list.Fired(rulePickle()) && !list.Fired(ruleCodec()) {
		chunks(root, out)
	}
	out.Parsed(in.Blob.Size())
	return nil
}

// chunks vouches for the files of an array of version 2, which are named by their place in its grid: "0.0", "0.1".
func chunks(root *jsonstream.Node, out *detect.Output) {
	const most = 1 << 14
	shape, sizes := root.Get("shape"), root.Get("chunks")
	if shape == nil || sizes == nil || len(shape.Children) != len(sizes.Children) {
		return
	}
	separator := "."
	if root.Get("dimension_separator").String() == "/" {
		separator = "/"
	}
	names := []string{""}
	for i, n := range shape.Children {
		length, err := strconv.ParseInt(n.Text, 10, 64)
		size, sizeErr := strconv.ParseInt(sizes.Children[i].Text, 10, 64)
		if err != nil || sizeErr != nil || size <= 0 || length < 0 || (length+size-1)/size > most/int64(max(1, len(names))) {
			return
		}
		var next []string
		for _, name := range names {
			for at := range (length + size - 1) / size {
				next = append(next, strings.TrimPrefix(name+separator+strconv.FormatInt(at, 10), separator))
			}
		}
		names = next
	}
	if len(shape.Children) == 0 {
		names = []string{"0"} // a single number
	}
	for _, name := range names {
		out.Vouch(name)
	}
}

// table accounts for a table of OCDBT and what follows it: nodes and the data of arrays, one behind the other.
func table(ctx context.Context, in detect.Input, out *detect.Output) error {
	t, err := orbax.ReadTable(in.Blob)
	if err != nil {
		return err
	}
	out.Opaque(t.Size)
	rest, err := in.Blob.Section(t.Size, in.Blob.Size()-t.Size)
	if err != nil || rest.Size() == 0 {
		return err
	}
	return out.Inspect(ctx, detect.Part{Name: fmt.Sprintf("data at %d", t.Size), Blob: rest, Expect: detect.TensorData})
}

// node judges one value of a document.
func (s *scan) node(path []string, n *jsonstream.Node) error {
	if n.Key != "" {
		if err := s.judge.Text(s.ctx, picket.At("", n.Offset), "a name", n.Key); err != nil {
			return err
		}
	}
	if n.Kind != jsonstream.String {
		return nil
	}
	name := ""
	for i := len(path) - 1; i >= 0 && (name == "" || name == "[]"); i-- {
		name = path[i]
	}
	switch {
	case s.zarr && (name == "id" || name == "name") && len(path) > 1:
		s.codec(path, n)
	case s.zarr && name == "compressor": // a name in place of a description
		s.codec(path, n)
	case slices.Contains(path, "item_handlers") || strings.HasSuffix(name, "handler") || strings.HasSuffix(name, "_fn") || name == "_target_" || name == "restore_type":
		s.handler(n)
	case name == "value_type":
		s.valueType(n)
	case name == "key" || strings.HasSuffix(name, "path") || strings.HasSuffix(name, "_dir"):
		if why := findings.Leaves(n.Text); why != "" {
			s.list.Add(rulePath(), n.Offset, n.Text, "a name "+why)
		}
	}
	return s.judge.Text(s.ctx, picket.At("", n.Offset), "the text of "+name, n.Text)
}

// codec judges the name of a compressor, filter or codec.
func (s *scan) codec(path []string, n *jsonstream.Node) {
	inCodec := slices.ContainsFunc(path[:len(path)-1], func(p string) bool {
		return p == "compressor" || p == "filters" || p == "codecs" || p == "index_codecs"
	}) || path[len(path)-1] == "compressor"
	switch {
	case !inCodec:
	case strings.Contains(strings.ToLower(n.Text), "pickle"):
		s.list.Named(rulePickle(), n.Offset, n.Text, "the data of the array is unpickled", "numcodecs.Pickle")
	case !codecs[strings.TrimPrefix(strings.ToLower(n.Text), "numcodecs.")]:
		s.list.Add(ruleCodec(), n.Offset, n.Text, "the codec "+n.Text+" is not one of Zarr's")
	}
}

// handler judges the name of what restores the checkpoint.
func (s *scan) handler(n *jsonstream.Node) {
	own := false
	for _, prefix := range []string{"orbax.checkpoint.", "orbax.experimental.", "flax.training.", "grain."} {
		own = own || strings.HasPrefix(n.Text, prefix)
	}
	if n.Text != "" && !own {
		s.list.Add(ruleHandler(), n.Offset, n.Text, "the handler "+n.Text+" is not Orbax's")
	}
}

// valueType judges how a leaf of the tree is restored.
func (s *scan) valueType(n *jsonstream.Node) {
	switch n.Text {
	case "jax.Array", "np.ndarray", "numpy.ndarray", "scalar", "string", "None", "Dict", "List", "NamedTuple", "Tuple", "EmptyNode", "jax.sharding.Sharding",
		"jax.random.key", "JaxRandomKey", "int", "float", "bool", "":
		return
	}
	s.list.Add(ruleHandler(), n.Offset, n.Text, "a leaf of the tree is restored by the handler of "+n.Text)
}

// codecs are those of Zarr and numcodecs that decode to numbers and texts.
var codecs = map[string]bool{
	"zstd": true, "blosc": true, "gzip": true, "zlib": true, "bz2": true, "lzma": true, "lz4": true, "delta": true, "fixedscaleoffset": true, "quantize": true,
	"bitround": true, "packbits": true, "categorize": true, "shuffle": true, "crc32": true, "crc32c": true, "adler32": true, "fletcher32": true, "json2": true,
	"vlen-utf8": true, "vlen-bytes": true, "vlen-array": true, "astype": true, "bytes": true, "endian": true, "transpose": true, "sharding_indexed": true,
	"pcodec": true, "zfpy": true, "jenkins_lookup3": true, "msgpack2": true,
}
