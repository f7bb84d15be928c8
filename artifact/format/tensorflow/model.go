package tensorflow

import (
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// maxList is how many entries of a list beside the graph are kept.
const maxList = 1 << 14

// MetaGraphDef is a graph with what a loader needs to know about it.
type MetaGraphDef struct {
	Tags    []string
	Version string // of the TensorFlow that wrote it
	Graph   *GraphDef
	// Saver names the tensor that takes the path of a checkpoint: whoever saves or restores feeds it.
	Saver  string
	Assets []Asset
	// Objects are the objects that a Keras loader builds anew.
	Objects []Object
	// Fed are the tensors that the signatures take.
	Fed []string
	At  int64
	// Twice says which field appears more often than once; empty for none.
	Twice string
}

// Asset is a file that belongs to the model.
type Asset struct {
	Tensor string // which the path of the file is fed to
	File   string // in the folder "assets"
	At     int64
}

// Object is one object of the graph of objects that has a kind of its own.
type Object struct {
	Identifier string // "_tf_keras_layer"
	Metadata   protomsg.Message
	At         int64
}

// ReadSavedModel reads the graphs of a SavedModel.
func ReadSavedModel(m protomsg.Message) ([]*MetaGraphDef, error) {
	const most = 64 // writers make one or two
	var list []*MetaGraphDef
	err := m.Fields(func(f protomsg.Field) error {
		if f.Number != 2 || f.Wire != protomsg.Bytes {
			return nil
		}
		if len(list) >= most {
			return fmt.Errorf("more than %d graphs in a SavedModel: %w", most, limits.ErrExceeded)
		}
		meta, err := ReadMetaGraph(f.Body)
		list = append(list, meta)
		return err
	})
	return list, err
}

// ReadMetaGraph reads a graph and what stands beside it.
func ReadMetaGraph(m protomsg.Message) (*MetaGraphDef, error) {
	g := &MetaGraphDef{At: m.Offset}
	var graphs []protomsg.Message
	count := map[int]int{}
	err := m.Fields(func(f protomsg.Field) error {
		if f.Wire != protomsg.Bytes {
			return nil
		}
		count[f.Number]++
		switch f.Number {
		case 1:
			return g.info(f.Body)
		case 2:
			graphs = append(graphs, f.Body)
		case 3:
			return g.saver(f.Body)
		case 4:
			return g.collection(f.Body)
		case 5:
			return g.signature(f.Body)
		case 6:
			return g.asset(f.Body)
		case 7:
			return g.objects(f.Body)
		}
		return nil
	})
	if err != nil {
		return g, err
	}
	for number, name := range map[int]string{1: "meta_info_def", 2: "graph_def", 3: "saver_def", 7: "object_graph_def"} {
		if count[number] > 1 {
			g.Twice = max(g.Twice, name)
		}
	}
	g.Graph, err = ReadGraph(graphs...)
	return g, err
}

// info reads the description.
func (g *MetaGraphDef) info(m protomsg.Message) error {
	return m.Fields(func(f protomsg.Field) (err error) {
		switch f.Number {
		case 4:
			var tag string
			if tag, err = text(f); len(g.Tags) < maxTexts {
				g.Tags = append(g.Tags, tag)
			}
		case 5:
			g.Version, err = text(f)
		}
		return err
	})
}

// saver reads how the graph is saved and restored.
func (g *MetaGraphDef) saver(m protomsg.Message) error {
	return m.Fields(func(f protomsg.Field) (err error) {
		if f.Number == 1 {
			g.Saver, err = text(f)
		}
		return err
	})
}

// pair reads an entry of a map whose key is a text.
func pair(m protomsg.Message) (key string, value protomsg.Message, err error) {
	err = m.Fields(func(f protomsg.Field) (err error) {
		switch {
		case f.Number == 1:
			key, err = text(f)
		case f.Number == 2 && f.Wire == protomsg.Bytes:
			value = f.Body
		}
		return err
	})
	return key, value, err
}

// collection reads a named list; the only one that matters holds assets, as version 1 wrote them.
func (g *MetaGraphDef) collection(m protomsg.Message) error {
	key, list, err := pair(m)
	if err != nil || key != "saved_model_assets" {
		return err
	}
	return list.Fields(func(f protomsg.Field) error {
		if f.Number != 5 || f.Wire != protomsg.Bytes { // of messages of any kind
			return nil
		}
		return f.Body.Fields(func(f protomsg.Field) error {
			if f.Number != 1 || f.Wire != protomsg.Bytes {
				return nil
			}
			_, asset, err := pair(f.Body) // the address of its type, and the message
			if err != nil {
				return err
			}
			return g.asset(asset)
		})
	})
}

// signature reads which tensors a signature takes.
func (g *MetaGraphDef) signature(m protomsg.Message) error {
	_, signature, err := pair(m)
	if err != nil {
		return err
	}
	return signature.Fields(func(f protomsg.Field) error {
		if f.Number != 1 || f.Wire != protomsg.Bytes {
			return nil
		}
		_, tensor, err := pair(f.Body)
		if err != nil {
			return err
		}
		name, err := tensorName(tensor)
		if len(g.Fed) < maxList {
			g.Fed = append(g.Fed, name)
		}
		return err
	})
}

// tensorName reads the name of a tensor that a signature or an asset describes.
func tensorName(m protomsg.Message) (name string, err error) {
	err = m.Fields(func(f protomsg.Field) (err error) {
		if f.Number == 1 {
			name, err = text(f)
		}
		return err
	})
	return name, err
}

// asset reads one asset.
func (g *MetaGraphDef) asset(m protomsg.Message) error {
	a := Asset{At: m.Offset}
	err := m.Fields(func(f protomsg.Field) (err error) {
		switch {
		case f.Number == 1 && f.Wire == protomsg.Bytes:
			a.Tensor, err = tensorName(f.Body)
		case f.Number == 2:
			a.File, err = text(f)
		}
		return err
	})
	if len(g.Assets) >= maxList {
		return format.Malformed(m.Offset, "more than %d assets", maxList)
	}
	g.Assets = append(g.Assets, a)
	return err
}

// objects reads the objects that have a kind of their own.
func (g *MetaGraphDef) objects(m protomsg.Message) error {
	return m.Fields(func(f protomsg.Field) error {
		if f.Number != 1 || f.Wire != protomsg.Bytes {
			return nil
		}
		return f.Body.Fields(func(f protomsg.Field) error {
			if f.Number != 4 || f.Wire != protomsg.Bytes {
				return nil
			}
			o, err := readObject(f.Body, 1, 3)
			if len(g.Objects) < maxList && o.Metadata.Size > 0 {
				g.Objects = append(g.Objects, o)
			}
			return err
		})
	})
}

// readObject reads the kind and the metadata of an object from the fields that have them.
func readObject(m protomsg.Message, identifier, metadata int) (Object, error) {
	o := Object{At: m.Offset}
	err := m.Fields(func(f protomsg.Field) (err error) {
		switch {
		case f.Number == identifier:
			o.Identifier, err = text(f)
		case f.Number == metadata && f.Wire == protomsg.Bytes:
			o.Metadata = f.Body
		}
		return err
	})
	return o, err
}
