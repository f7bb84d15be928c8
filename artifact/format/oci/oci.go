// Package oci recognises and reads the manifests and indexes with which OCI registries and layouts, Docker and Ollama say what
// a model is made of: descriptors of content by media type, digest and size. It is for detectors. It opens no content, computes
// no digest, and judges nothing.
package oci

import (
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "oci-manifest"

// Format recognises manifests and indexes.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{Name: Name, Title: "OCI manifest or index", MediaType: "application/vnd.oci.image.manifest.v1+json", Risk: format.Data,
		Refines: json.Name, Forward: true, Parsed: true, Spec: "https://github.com/opencontainers/image-spec/blob/main/manifest.md"}
}

// Match implements format.Format: the version of the schema, and a list of layers or of manifests.
func (Format) Match(p format.Probe) bool {
	names := json.Members(p)
	has := func(name string) bool { return slices.Contains(names, name) }
	return has("schemaVersion") && (has("layers") || has("manifests") || has("blobs"))
}

// Descriptor says what a content is and where.
type Descriptor struct {
	Role        string // "config", "layers", "manifests", "subject" or "blobs"
	MediaType   string
	Digest      string // as it stands; Hex gives the digits of a good one
	Size        int64  // bytes; -1 when it is not stated as a whole number
	Data        string // the content itself in base64; usually empty
	URLs        []string
	Annotations []Annotation
	Offset      int64 // in the document, bytes
}

// Annotation is a name with a text.
type Annotation struct {
	Key, Value string
	Offset     int64
}

// Document is a manifest or an index.
type Document struct {
	MediaType, ArtifactType string
	Descriptors             []Descriptor
	Annotations             []Annotation
	Repeated                string // the first member of an object that stands twice
}

var digest = regexp.MustCompile(`^sha(?:256:([a-f0-9]{64})|512:([a-f0-9]{128}))$`)

// Hex gives the algorithm and the digits of the digest; false for one that is not of the form that the specification allows
// for sha256 and sha512.
func (d Descriptor) Hex() (algorithm, digits string, ok bool) {
	m := digest.FindStringSubmatch(d.Digest)
	switch {
	case m == nil:
		return "", "", false
	case m[1] != "":
		return "sha256", m[1], true
	}
	return "sha512", m[2], true
}

// maxDescriptors bounds how many descriptors are read.
const maxDescriptors = 1 << 14

// Read reads a manifest or index. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(blob *format.Blob, budget *limits.Budget) (Document, error) {
	var d Document
	root, err := json.Tree(blob, budget)
	if err != nil {
		return d, err
	}
	if root.Kind != jsonstream.ObjectStart {
		return d, format.Malformed(0, "the document is no object")
	}
	d.MediaType, d.ArtifactType = root.Get("mediaType").String(), root.Get("artifactType").String()
	d.Annotations = annotations(root.Get("annotations"))
	for _, n := range root.Children {
		switch n.Key {
		case "config", "subject":
			d.Descriptors = append(d.Descriptors, descriptor(n.Key, n))
		case "layers", "manifests", "blobs":
			for _, c := range n.Children {
				d.Descriptors = append(d.Descriptors, descriptor(n.Key, c))
			}
		}
	}
	if len(d.Descriptors) > maxDescriptors {
		return d, format.Malformed(0, "more than %d descriptors", maxDescriptors)
	}
	err = root.Walk(func(_ []string, n *jsonstream.Node) error {
		seen := map[string]bool{}
		for _, c := range n.Children {
			if n.Kind == jsonstream.ObjectStart && seen[c.Key] {
				d.Repeated = c.Key
				return errEnough
			}
			seen[c.Key] = true
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return d, err
}

// errEnough ends a walk.
var errEnough = errors.New("seen enough")

// descriptor reads one descriptor.
func descriptor(role string, n *jsonstream.Node) Descriptor {
	d := Descriptor{Role: role, MediaType: n.Get("mediaType").String(), Digest: n.Get("digest").String(), Size: -1,
		Data: n.Get("data").String(), Annotations: annotations(n.Get("annotations")), Offset: n.Offset}
	if size := n.Get("size"); size != nil && size.Kind == jsonstream.Number {
		if v, err := strconv.ParseInt(size.Text, 10, 64); err == nil && v >= 0 {
			d.Size = v
		}
	}
	if urls := n.Get("urls"); urls != nil {
		for _, u := range urls.Children {
			d.URLs = append(d.URLs, u.String())
		}
	}
	return d
}

// annotations reads a map of texts.
func annotations(n *jsonstream.Node) []Annotation {
	if n == nil {
		return nil
	}
	var list []Annotation
	for _, c := range n.Children {
		list = append(list, Annotation{c.Key, c.String(), c.Offset})
	}
	return list
}
