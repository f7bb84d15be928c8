// Package keras recognises the files of Keras: its zip archives, its models in HDF5, and the JSON documents that describe the
// layers of a model. It is for detectors. The containers are parsed by packages zip, hdf5 and json; this package says which
// of their parts are Keras's, and judges nothing.
package keras

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/hdf5"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// The names of the formats.
const (
	NameArchive = "keras"
	NameHDF5    = "keras-h5"
	NameConfig  = "keras-config"
)

// The members of an archive, as keras.src.saving.saving_lib names them.
const (
	ConfigMember   = "config.json"
	MetadataMember = "metadata.json"
	WeightsMember  = "model.weights.h5"
	AssetsFolder   = "assets/"
)

const spec = "https://keras.io/guides/serialization_and_saving/"

// Member reports whether a name is one that Keras gives to a member of an archive.
func Member(name string) bool {
	return name == ConfigMember || name == MetadataMember || strings.HasPrefix(name, "model.weights.") || strings.HasPrefix(name, "model.weights_") ||
		name == "model.weights" || strings.HasPrefix(name, AssetsFolder) || name == "LICENSE" || name == "README.md"
}

// Archive recognises the zip archives that Keras 3 writes.
type Archive struct{}

// Info implements format.Format.
func (Archive) Info() format.Info {
	return format.Info{Name: NameArchive, Title: "Keras model", MediaType: "application/x-keras", Extensions: []string{".keras"},
		Refines: zip.Name, Risk: format.Active, Parsed: true, Spec: spec}
}

// Match implements format.Format: an archive with the configuration, and the metadata or the weights or nothing else.
func (Archive) Match(p format.Probe) bool {
	names := zip.Names(p)
	return slices.Contains(names, ConfigMember) && (len(names) == 1 || slices.ContainsFunc(names, func(name string) bool {
		return name == MetadataMember || strings.HasPrefix(name, "model.weights")
	}))
}

// H5 recognises models and weights that Keras writes as HDF5.
type H5 struct{}

// Info implements format.Format.
func (H5) Info() format.Info {
	return format.Info{Name: NameHDF5, Title: "Keras model in HDF5", MediaType: "application/x-keras-hdf5", Extensions: []string{".h5", ".hdf5", ".keras"},
		Refines: hdf5.Name, Risk: format.Active, Parsed: true, Spec: spec}
}

// Match implements format.Format: the root has an attribute that only Keras writes.
func (H5) Match(p format.Probe) bool {
	if p.Blob == nil || p.Blob.At() == nil || !(hdf5.Format{}).Match(p) {
		return false
	}
	f, err := hdf5.Open(p.Blob, limits.NewBudget(limits.Default()))
	if err != nil {
		return false
	}
	defer f.Close()
	err = f.RootAttributes(func(a hdf5.Attribute) error {
		if a.Name == "keras_version" || a.Name == "layer_names" || Configuration(a.Name) {
			return errFound
		}
		return nil
	})
	return errors.Is(err, errFound)
}

// errFound ends the search for an attribute.
var errFound = errors.New("found")

// Configuration reports whether an attribute of the root holds a configuration.
func Configuration(attribute string) bool {
	return attribute == "model_config" || attribute == "training_config" || attribute == "optimizer_config"
}

// Config recognises the configuration of a model as a document of its own: config.json of an archive, or what to_json writes.
type Config struct{}

// Info implements format.Format.
func (Config) Info() format.Info {
	return format.Info{Name: NameConfig, Title: "Keras configuration", MediaType: "application/x-keras-config+json", Refines: json.Name,
		Risk: format.Active, Parsed: true, Forward: true, Spec: spec}
}

// Match implements format.Format: an object with a class and its configuration, in any order and behind anything else. It may be
// in UTF-16 or UTF-32, which Python reads.
func (Config) Match(p format.Probe) bool {
	if Wide(p.Head) {
		head := UTF8(p.Head)
		p = format.Probe{Head: head, Size: p.Size} // cut, because the sizes differ
		return json.Members(p) != nil && (bytes.Contains(head, []byte("class_name")) || bytes.Contains(head, []byte(`\u00`)))
	}
	if int64(len(p.Head)) == p.Size && !bytes.Contains(p.Head, []byte(`\u`)) && !bytes.Contains(p.Head, []byte(`config"`)) && !bytes.Contains(p.Head, []byte(`\u`)) {
		return false // as nearly always
	}
	names := json.Members(p)
	const far, most = 32 << 20, 1 << 12 // as far as Members looks
	return configuration(names) || (len(names) >= most || len(names) > 0 && (p.Size < 0 || p.Size > far)) && configuration(members(p.Blob))
}

// configuration reports whether an object with members of these names is one of Keras.
func configuration(names []string) bool {
	return slices.Contains(names, "class_name") && (slices.Contains(names, "config") || slices.Contains(names, "model_config"))
}

// members lists the names of the members of a long document that matter, wherever they stand.
func members(b *format.Blob) (names []string) {
	if b == nil {
		return nil
	}
	r, err := b.Open()
	if err != nil {
		return nil
	}
	defer func() { _ = r.Close() }() // what cannot be read is told by those who read it
	tokens := jsonstream.New(r, jsonstream.Options{Depth: json.MaxDepth, Text: 64, Python: true})
	for !configuration(names) {
		t, err := tokens.Next()
		if err != nil || t.Kind == jsonstream.End {
			break
		}
		if name := string(t.Text); t.Kind == jsonstream.Key && tokens.Depth() == 1 && (name == "class_name" || name == "config" || name == "model_config") {
			names = append(names, name)
		}
	}
	return names
}
