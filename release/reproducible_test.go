package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/picketsec/picket/release/build"
	"github.com/picketsec/picket/release/image"
)

// stamp is what the test's binaries say about themselves.
var stamp = build.Source{Version: "v9.8.7", Commit: strings.Repeat("0123456789", 4), Time: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}

// TestPicketIsReproducible builds Picket twice, from two copies of the source in folders of different names and depths with
// different file times: the bytes are the same. It then runs the binary out of the container image.
func TestPicketIsReproducible(t *testing.T) {
	target := build.Target{OS: runtime.GOOS, Arch: runtime.GOARCH}
	first, second := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "another", "much longer", "path")
	copySource(t, filepath.Join(".."), first)
	copySource(t, first, second)
	var binaries [2][]byte
	var out string
	for i, dir := range []string{first, second} {
		source := stamp
		out = filepath.Join(t.TempDir(), target.Program())
		source.Dir = dir
		if err := source.Compile(t.Context(), target, out); err != nil {
			t.Fatal(err)
		}
		var err error
		if binaries[i], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(binaries[0], binaries[1]) {
		t.Error("two folders give two binaries")
	}
	user, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{first, second, filepath.Join(user, "go") + "/", runtime.GOROOT() + "/src/"} {
		if bytes.Contains(binaries[0], []byte(place)) {
			t.Errorf("the binary names the folder %s", place)
		}
	}
	checkBill(t, target, filepath.Dir(out))
	if target.OS == "linux" {
		runFromImage(t, binaries[0])
	}
}

// copySource copies the module without what is generated, and gives every file a time of now.
func copySource(t *testing.T, from, into string) {
	t.Helper()
	root, err := filepath.Abs(from)
	if err != nil {
		t.Fatal(err)
	}
	skipped := []string{".git", ".venv", ".cache", "bin", "corpus", "dist", "bench", "test", "examples"}
	err = filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for _, s := range skipped {
			if rel == s && d.IsDir() {
				return filepath.SkipDir
			}
		}
		switch {
		case d.IsDir() && d.Name() == "testdata", d.IsDir() && rel != "." && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(into, rel), 0o755)
		case !d.Type().IsRegular(), strings.HasSuffix(rel, "_test.go"):
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(into, rel), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// runFromImage puts the binary into an image, takes it out of the layer again as a container runtime does, and runs it as the
// user of the image with nothing around it.
func runFromImage(t *testing.T, binary []byte) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "image")
	about := image.About{Version: stamp.Version, Commit: stamp.Commit, Time: stamp.Time}
	if _, err := image.Write(dir, []image.Platform{{Arch: runtime.GOARCH, Binary: binary}}, about); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "picket")
	if err := os.WriteFile(program, fromLayer(t, dir), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "version")
	cmd.Env = []string{} // a container of this image has no environment
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("run the binary of the image: %v\n%s", err, out)
	}
	for _, want := range []string{"picket v9.8.7\n", "commit    " + stamp.Commit, "source    2026-03-04T05:06:07Z", "digest    sha256:"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("picket version does not say %q:\n%s", want, out)
		}
	}
}

// fromLayer takes the entry point out of an image layout.
func fromLayer(t *testing.T, dir string) []byte {
	t.Helper()
	path, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	top, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	list, err := top.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	index, err := top.ImageIndex(list.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if list, err = index.IndexManifest(); err != nil {
		t.Fatal(err)
	}
	img, err := index.Image(list.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	archive := tar.NewReader(r)
	if h, err := archive.Next(); err != nil || h.Name != "picket" {
		t.Fatalf("the layer begins with %v (%v)", h, err)
	}
	binary, err := io.ReadAll(archive)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}
