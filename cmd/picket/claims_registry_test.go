package main

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestClaimsTravelWithAnImage: what is pushed beside an image is pulled elsewhere, once.
func TestClaimsTravelWithAnImage(t *testing.T) {
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	defer s.Close()
	image := strings.TrimPrefix(s.URL, "http://") + "/team/model:v1"
	ref, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, layers); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	picket := func(code int, want string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Getenv: func(string) string { return "" }, Home: dir}
		if got := Execute(t.Context(), env, args); got != code || !strings.Contains(out.String(), want) {
			t.Fatalf("picket %v: exit code %d, want %d: %s", args, got, code, out.String())
		}
	}
	here, there := filepath.Join(dir, "here"), filepath.Join(dir, "there")
	for _, d := range []string{here, there} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d, "m.txt"), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	key := filepath.Join(dir, "ci")
	picket(0, "", "keygen", "--out", key)
	picket(2, "there are no claims", "claims", "push", here, image)
	picket(0, "attested", "attest", "manifest", here, "--private-key", key+".pem")
	picket(0, "", "sign", here, "--private-key", key+".pem")
	picket(0, "pushed 2 claims about", "claims", "push", here, image)
	picket(0, "2 of them new", "claims", "pull", there, "oci://"+image)
	picket(0, "0 of them new", "claims", "pull", there, image)
	picket(0, "counts          claims.jsonl line 2", "claims", there, "--trust", dir)
	picket(2, "write registry/repository", "claims", "pull", there, "UPPER CASE")
	picket(1, "", "claims", "pull", there, strings.TrimSuffix(image, "v1")+"v2")
}
