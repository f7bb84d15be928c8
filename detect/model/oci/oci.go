// Package oci judges the manifests by which registries, OCI layouts and Ollama put models together: digests that are paths,
// names that leave the folder a model is unpacked to, content that is not what its digest says, and texts that Ollama puts
// before every prompt. It looks at the content beside a manifest through the tree that is scanned; what that content does is
// judged when the scan comes to it. It is for the engine.
package oci

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/oci"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
	"github.com/picketsec/picket/detect/model/template"
	"github.com/picketsec/picket/internal/jsonstream"
)

// Detector inspects manifests and indexes.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "oci-manifest", Title: "Digests, names and texts of a manifest of OCI registries or Ollama",
		Formats: []string{oci.Name}, Rules: slices.Concat(rules(), template.Rules())}
}

// scan is the inspection of one manifest.
type scan struct {
	in   detect.Input
	out  *detect.Output
	list *findings.List
}

// Detect implements detect.Detector.
func (Detector) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	doc, err := oci.Read(in.Blob, in.Budget)
	s := &scan{in: in, out: out, list: findings.New(out)}
	defer s.list.Close()
	if doc.Repeated != "" {
		s.list.Add(ruleRepeated(), 0, doc.Repeated, "a member of the document stands twice")
	}
	s.annotations(doc.Annotations)
	for _, d := range doc.Descriptors {
		if err := s.descriptor(ctx, d); err != nil {
			return err
		}
	}
	if err == nil {
		out.Parsed(max(0, in.Blob.Size()))
	}
	return err
}

// descriptor judges one descriptor and the content that it is for.
func (s *scan) descriptor(ctx context.Context, d oci.Descriptor) error {
	s.annotations(d.Annotations)
	for _, u := range d.URLs {
		s.list.Add(ruleURL(), d.Offset, u, "the content is fetched from an address of its own")
	}
	algorithm, digits, ok := d.Hex()
	if !ok {
		technique := ""
		if strings.ContainsAny(d.Digest, `/\`) || strings.Contains(d.Digest, "..") {
			technique = "CVE-2024-37032 (Probllama)"
		}
		s.list.Named(ruleDigest(), d.Offset, d.Digest, "the digest of a content is not one", technique)
		return nil
	}
	if d.Data != "" {
		if err := s.embedded(ctx, d, algorithm, digits); err != nil {
			return err
		}
	}
	blob := s.beside(algorithm, digits)
	if blob == nil {
		return nil
	}
	if err := s.compare(blob, d, algorithm, digits); err != nil {
		return err
	}
	s.meaning(blob, d)
	return nil
}

// annotations judges the names that unpackers give to files.
func (s *scan) annotations(list []oci.Annotation) {
	for _, a := range list {
		path := a.Value
		switch a.Key {
		case "org.opencontainers.image.title", "org.cncf.model.filepath", "org.cnai.model.filepath", "org.cncf.model.file.path":
		case "org.cncf.model.file.metadata+json":
			root, err := json.Tree(format.BytesBlob([]byte(a.Value)), s.in.Budget)
			if err != nil {
				continue // not what an unpacker reads either
			}
			path = root.Get("name").String()
		default:
			continue
		}
		if why := findings.Leaves(path); why != "" {
			s.list.Add(rulePath(), a.Offset, path, fmt.Sprintf("the name that unpackers give to the content %s (%s)", why, a.Key))
		}
	}
}

// sum starts a digest.
func sum(algorithm string) hash.Hash {
	if algorithm == "sha512" {
		return sha512.New()
	}
	return sha256.New()
}

// embedded compares content that stands in the descriptor with its digest, and has it inspected.
func (s *scan) embedded(ctx context.Context, d oci.Descriptor, algorithm, digits string) error {
	content, err := base64.StdEncoding.DecodeString(d.Data)
	if err != nil {
		s.list.Add(ruleContent(), d.Offset, d.Digest, "the embedded content is not base64")
		return nil
	}
	h := sum(algorithm)
	h.Write(content)
	if int64(len(content)) != d.Size || hex.EncodeToString(h.Sum(nil)) != digits {
		s.list.Add(ruleContent(), d.Offset, d.Digest, "the embedded content is not what its digest and size say")
	}
	return s.out.Inspect(ctx, detect.Part{Name: fmt.Sprintf("data at %d", d.Offset), Blob: format.BytesBlob(content)})
}

// beside finds the content of a digest in the places where OCI layouts and Ollama put it; nil when it is not there.
func (s *scan) beside(algorithm, digits string) *format.Blob {
	if s.in.Sibling == nil {
		return nil
	}
	for _, name := range []string{"blobs/" + algorithm + "/" + digits, "../" + algorithm + "/" + digits, digits,
		"../../../../blobs/" + algorithm + "-" + digits} {
		if blob, err := s.in.Sibling(name); err == nil {
			return blob
		}
	}
	return nil
}

// maxHash bounds how large a content is read only to be compared with its digest, in bytes. The file of a larger one is
// compared by its size alone.
const maxHash = 16 << 20

// compare compares content with its descriptor.
func (s *scan) compare(blob *format.Blob, d oci.Descriptor, algorithm, digits string) error {
	if d.Size >= 0 && blob.Size() >= 0 && blob.Size() != d.Size {
		s.list.Add(ruleContent(), d.Offset, d.Digest, fmt.Sprintf("the content has %d bytes and the descriptor states %d", blob.Size(), d.Size))
		return nil
	}
	if blob.Size() < 0 || blob.Size() > maxHash {
		return nil
	}
	if err := s.in.Budget.Ops(blob.Size()/64 + 1); err != nil {
		return err
	}
	in, err := blob.Open()
	if err != nil {
		return nil // reported where the file itself is scanned
	}
	h := sum(algorithm)
	_, err = io.Copy(h, in)
	if errors.Join(err, in.Close()) == nil && hex.EncodeToString(h.Sum(nil)) != digits {
		s.list.Add(ruleContent(), d.Offset, d.Digest, "the content is not the one that its digest names")
	}
	return nil
}

// maxText bounds the texts that are judged, in bytes.
const maxText = 1 << 20

// meaning judges content by what its media type says that it is for.
func (s *scan) meaning(blob *format.Blob, d oci.Descriptor) {
	switch d.MediaType {
	case "application/vnd.ollama.image.model":
		head, err := blob.ReadRange(0, min(4, blob.Size()))
		if err == nil && string(head) != "GGUF" {
			s.list.Add(ruleKind(), d.Offset, d.Digest, "Ollama takes the content for GGUF, and it is something else")
		}
	case "application/vnd.ollama.image.template", "application/vnd.ollama.image.system", "application/vnd.ollama.image.prompt",
		"application/vnd.ollama.image.messages":
		s.text(blob, d)
	case "application/vnd.kitops.modelkit.config.v1+json":
		s.kit(blob, d)
	}
}

// text judges a text that Ollama gives to the model.
func (s *scan) text(blob *format.Blob, d oci.Descriptor) {
	text, err := blob.ReadRange(0, min(maxText, blob.Size()))
	if err != nil {
		return // reported where the file itself is scanned
	}
	for _, f := range template.Prose(string(text)) {
		f.Location = picket.At("", d.Offset)
		f.Evidence.Summary = d.MediaType[strings.LastIndexByte(d.MediaType, '.')+1:] + ": " + f.Evidence.Summary
		s.list.Report(f)
	}
}

// kit judges the paths in the configuration of a ModelKit.
func (s *scan) kit(blob *format.Blob, d oci.Descriptor) {
	root, err := json.Tree(blob, s.in.Budget)
	if err != nil {
		return // reported where the file itself is scanned
	}
	// What Walk returns is what visit returned, which is nil.
	_ = root.Walk(func(_ []string, n *jsonstream.Node) error {
		if n.Key == "path" {
			if why := findings.Leaves(n.String()); why != "" {
				s.list.Add(rulePath(), d.Offset, n.String(), "a path in the configuration of the ModelKit "+why)
			}
		}
		return nil
	})
}
