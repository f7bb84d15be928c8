// Package image writes the container image of a release: one binary per platform, nothing else, for a user without rights. It
// is for the release tool.
//
// The result is an OCI image layout in a folder, with the same bytes for the same binaries. The image holds no shell, no
// package, no certificate authorities: who lets Picket read https addresses from a container mounts the certificates of the
// host and names them with SSL_CERT_FILE or --ca-file. Nothing here reaches a registry.
package image

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/picketsec/picket/internal/pack"
)

// User runs the entry point: nobody that exists, in a group that does not exist.
const User = "65532:65532"

// About is what the image says about itself.
type About struct {
	Version string
	Commit  string // may be empty
	Time    time.Time
}

// Platform is the image of one architecture of Linux.
type Platform struct {
	Arch   string
	Binary []byte
}

// labels are the standard annotations of the image.
func (a About) labels() map[string]string {
	l := map[string]string{
		"org.opencontainers.image.title":       "picket",
		"org.opencontainers.image.description": "Guards machine learning from the data that trains a model to the answers it gives",
		"org.opencontainers.image.source":      "https://github.com/picketsec/picket",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     a.Version,
		"org.opencontainers.image.created":     a.Time.UTC().Format(time.RFC3339),
	}
	if a.Commit != "" {
		l["org.opencontainers.image.revision"] = a.Commit
	}
	return l
}

// Write makes the image of all platforms in a folder that does not exist yet and returns the digest of its index.
func Write(dir string, platforms []Platform, about About) (v1.Hash, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range platforms {
		img, err := build(p, about)
		if err != nil {
			return v1.Hash{}, fmt.Errorf("make image for linux/%s: %w", p.Arch, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: p.Arch}}})
	}
	annotated, ok := mutate.Annotations(index, about.labels()).(v1.ImageIndex)
	if !ok {
		return v1.Hash{}, fmt.Errorf("make image index: annotations changed its kind")
	}
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("write image layout: %w", err)
	}
	name := map[string]string{"org.opencontainers.image.ref.name": about.Version}
	if err := path.AppendIndex(annotated, layout.WithAnnotations(name)); err != nil {
		return v1.Hash{}, fmt.Errorf("write image layout: %w", err)
	}
	return annotated.Digest()
}

// build makes the image of one platform.
func build(p Platform, about About) (v1.Image, error) {
	layer, err := newLayer(p.Binary, about.Time)
	if err != nil {
		return nil, err
	}
	img, err := mutate.Append(mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1),
		mutate.Addendum{Layer: layer, MediaType: types.OCILayer,
			History: v1.History{Created: v1.Time{Time: about.Time.UTC()}, CreatedBy: "make release", Comment: "picket " + about.Version}})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", p.Arch, v1.Time{Time: about.Time.UTC()}
	config.Config = v1.Config{User: User, Entrypoint: []string{"/picket"}, Cmd: []string{"--help"}, WorkingDir: "/", Labels: about.labels()}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, err
	}
	annotated, ok := mutate.Annotations(img, about.labels()).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("annotations changed the kind of the image")
	}
	return annotated, nil
}

// newLayer is the file system of the image: the binary, which its user cannot change, and a place for temporary files.
func newLayer(binary []byte, at time.Time) (v1.Layer, error) {
	var b bytes.Buffer
	files := []pack.File{{Name: "picket", Mode: 0o755, Data: binary}, {Name: "tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777}}
	if err := pack.Tar(&b, files, at); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
}
