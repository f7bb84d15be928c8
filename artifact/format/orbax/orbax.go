// Package orbax recognises the files of checkpoint folders that Orbax writes for JAX: its metadata, the descriptions of arrays
// in Zarr, and the tables of TensorStore's key-value store OCDBT, whose header it reads. It is for detectors. It reads no
// arrays, and judges nothing.
// Specification: https://orbax.readthedocs.io/en/latest/guides/checkpoint/checkpoint_format.html,
// https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html and https://google.github.io/tensorstore/kvstore/ocdbt/
package orbax

import (
	"encoding/binary"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
)

// The names of the formats.
const (
	Name      = "orbax"
	ZarrName  = "zarr"
	OcdbtName = "ocdbt"
)

// Format recognises metadata of checkpoints.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "Orbax checkpoint metadata", MediaType: "application/json", Refines: json.Name,
		Risk: format.Active, Forward: true, Parsed: true, // it names the handlers that restore the checkpoint
		Spec: "https://orbax.readthedocs.io/en/latest/guides/checkpoint/checkpoint_format.html",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	return has(p, "tree_metadata") || has(p, "item_handlers")
}

// has reports whether the document is an object with a member.
func has(p format.Probe, member string) bool {
	for _, name := range json.Members(p) {
		if name == member {
			return true
		}
	}
	return false
}

// Zarr recognises the description of an array or group.
type Zarr struct{}

// Info implements format.Format.
func (Zarr) Info() format.Info {
	return format.Info{
		Name: ZarrName, Title: "Zarr array description", MediaType: "application/json", Refines: json.Name,
		Risk: format.Active, Forward: true, Parsed: true, // it names the codecs that decode the data
		Spec: "https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html",
	}
}

// Match implements format.Format.
func (Zarr) Match(p format.Probe) bool { return has(p, "zarr_format") }

// Ocdbt recognises the tables of OCDBT: manifests, nodes of its tree, and nodes of its versions.
type Ocdbt struct{}

// Info implements format.Format.
func (Ocdbt) Info() format.Info {
	return format.Info{
		Name: OcdbtName, Title: "OCDBT table of TensorStore", MediaType: "application/x-ocdbt", Extensions: []string{".ocdbt"},
		Risk: format.Data, Parsed: true, Spec: "https://google.github.io/tensorstore/kvstore/ocdbt/",
	}
}

// The magic numbers, big-endian.
const (
	manifestMagic = 0x0cdb3a2a
	nodeMagic     = 0x0cdb20de
	versionMagic  = 0x0cdb1234
)

// Match implements format.Format.
func (Ocdbt) Match(p format.Probe) bool {
	if len(p.Head) < 14 {
		return false
	}
	magic := binary.BigEndian.Uint32(p.Head)
	return (magic == manifestMagic || magic == nodeMagic || magic == versionMagic) && p.Head[12] <= 1
}

// Table is the header of one table.
type Table struct {
	Manifest   bool
	Size       int64 // bytes, with the header and the checksum
	Compressed bool  // by Zstandard
}

// ReadTable reads the header of the table at the start of a content. The error wraps format.ErrMalformed.
func ReadTable(b *format.Blob) (Table, error) {
	head, err := b.ReadRange(0, 14)
	if err != nil {
		return Table{}, err
	}
	size := binary.LittleEndian.Uint64(head[4:])
	if size < 18 || size > uint64(b.Size()) {
		return Table{}, format.Malformed(4, "a table of %d bytes in a content of %d", size, b.Size())
	}
	return Table{Manifest: binary.BigEndian.Uint32(head) == manifestMagic, Size: int64(size), Compressed: head[13] == 1}, nil
}
