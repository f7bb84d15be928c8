package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var about = About{Version: "v1.2.3", Commit: strings.Repeat("ab", 20), Time: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}

// platforms are two small fake binaries.
func platforms() []Platform {
	return []Platform{{Arch: "amd64", Binary: []byte("\x7fELF one")}, {Arch: "arm64", Binary: []byte("\x7fELF two")}}
}

// write makes an image in a fresh folder.
func write(t *testing.T, a About) (dir string, digest v1.Hash) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "image")
	digest, err := Write(dir, platforms(), a)
	if err != nil {
		t.Fatal(err)
	}
	return dir, digest
}

// contents reads a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSameBinariesGiveTheSameImage(t *testing.T) {
	first, digest := write(t, about)
	second, again := write(t, about)
	if digest != again {
		t.Errorf("two indexes: %s and %s", digest, again)
	}
	if diff := cmp.Diff(contents(t, first), contents(t, second)); diff != "" {
		t.Errorf("two layouts differ:\n%s", diff)
	}
	other := about
	other.Version = "v1.2.4"
	if _, changed := write(t, other); changed == digest {
		t.Error("the version is not in the image")
	}
}

// open reads the layout with the library of registries and returns the index of platforms.
func open(t *testing.T, dir string) v1.ImageIndex {
	t.Helper()
	path, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	top, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(top); err != nil {
		t.Fatalf("the layout is not valid: %v", err)
	}
	list, err := top.IndexManifest()
	if err != nil || len(list.Manifests) != 1 {
		t.Fatalf("index.json lists %d (%v), want the one index", len(list.Manifests), err)
	}
	if name := list.Manifests[0].Annotations["org.opencontainers.image.ref.name"]; name != about.Version {
		t.Errorf("the index is named %q", name)
	}
	index, err := top.ImageIndex(list.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func TestImageHasNoRights(t *testing.T) {
	dir, digest := write(t, about)
	index := open(t, dir)
	if got, err := index.Digest(); err != nil || got != digest {
		t.Errorf("the index is %s (%v), not %s", got, err, digest)
	}
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if list.MediaType != types.OCIImageIndex || len(list.Manifests) != 2 || list.Annotations["org.opencontainers.image.version"] != "v1.2.3" {
		t.Fatalf("the index is %+v", list)
	}
	for i, m := range list.Manifests {
		want := platforms()[i]
		if m.Platform.OS != "linux" || m.Platform.Architecture != want.Arch || m.MediaType != types.OCIManifestSchema1 {
			t.Errorf("manifest %d is %+v of %+v", i, m, m.Platform)
		}
		img, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkConfig(t, img, want.Arch)
		checkLayer(t, img, string(want.Binary))
	}
}

// checkConfig looks at how the image runs.
func checkConfig(t *testing.T, img v1.Image, arch string) {
	t.Helper()
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c.Config.User != "65532:65532" || !slices.Equal(c.Config.Entrypoint, []string{"/picket"}) {
		t.Errorf("it runs %q as %q", c.Config.Entrypoint, c.Config.User)
	}
	if c.OS != "linux" || c.Architecture != arch || !c.Created.Time.Equal(about.Time) || len(c.Config.Env) != 0 {
		t.Errorf("the configuration is %+v", c)
	}
	for label, want := range map[string]string{"version": "v1.2.3", "revision": about.Commit, "licenses": "Apache-2.0", "created": "2026-03-04T05:06:07Z"} {
		if got := c.Config.Labels["org.opencontainers.image."+label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
}

// checkLayer looks at what is in the image.
func checkLayer(t *testing.T, img v1.Image, binary string) {
	t.Helper()
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers (%v), want 1", len(layers), err)
	}
	if kind, err := layers[0].MediaType(); err != nil || kind != types.OCILayer {
		t.Errorf("the layer is %s (%v)", kind, err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got []string
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %o %d:%d %q", h.Name, h.Mode, h.Uid, h.Gid, data))
	}
	// Root owns the binary, so the user of the image cannot change it.
	if want := []string{fmt.Sprintf("picket 755 0:0 %q", binary), `tmp/ 1777 0:0 ""`}; !slices.Equal(got, want) {
		t.Errorf("the layer holds %q, want %q", got, want)
	}
}

func TestUnknownCommitIsNotALabel(t *testing.T) {
	if _, ok := (About{Version: "v1.0.0"}).labels()["org.opencontainers.image.revision"]; ok {
		t.Error("an empty revision is a label")
	}
}
