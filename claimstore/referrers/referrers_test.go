package referrers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/picketsec/picket/evidence"
)

// bundles signs some texts.
func bundles(t testing.TB, texts ...string) []*evidence.Bundle {
	t.Helper()
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		t.Fatal(err)
	}
	var list []*evidence.Bundle
	for _, text := range texts {
		b, err := evidence.Sign(context.Background(), []byte(text), key)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}

// serve runs a registry with one image, behind a handler that may interfere.
func serve(t testing.TB, api bool, around func(http.Handler) http.Handler) name.Reference {
	t.Helper()
	h := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(api))
	if around != nil {
		h = around(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	ref, err := ParseName("oci://"+strings.TrimPrefix(s.URL, "http://")+"/team/model:v1", false)
	if err != nil {
		t.Fatal(err)
	}
	image, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image, remote.WithAuth(&authn.Basic{Username: "u", Password: "p"})); err != nil {
		t.Fatal(err)
	}
	return ref
}

func payloads(p *Pulled) map[string]bool {
	m := map[string]bool{}
	for _, b := range p.Bundles {
		m[string(b.Payload())] = true
	}
	return m
}

// TestRoundTrip: what is pushed is pulled, by the API and by the tag, and pushing again adds nothing.
func TestRoundTrip(t *testing.T) {
	for _, api := range []bool{true, false} {
		ref := serve(t, api, nil)
		if p, err := Pull(t.Context(), ref, Options{}); err != nil || len(p.Bundles)+len(p.Broken) != 0 {
			t.Fatalf("api %v, nothing yet: %+v, %v", api, p, err)
		}
		claims := bundles(t, "one", "two", "three")
		subject, err := Push(t.Context(), ref, claims, Options{})
		if err != nil {
			t.Fatalf("api %v: %v", api, err)
		}
		if _, err := Push(t.Context(), ref, claims[:2], Options{}); err != nil {
			t.Fatal(err)
		}
		p, err := Pull(t.Context(), ref, Options{})
		if err != nil || len(p.Bundles) != 3 || len(p.Broken) != 0 || p.Subject != subject {
			t.Fatalf("api %v: %+v, %v", api, p, err)
		}
		for _, want := range []string{"one", "two", "three"} {
			if !payloads(p)[want] {
				t.Errorf("api %v: %q is missing", api, want)
			}
		}
		again, err := Pull(t.Context(), ref.Context().Digest(string(subject)), Options{})
		if err != nil || len(again.Bundles) != 3 {
			t.Errorf("api %v: by digest: %+v, %v", api, again, err)
		}
		// Another image of the same repository has none of them.
		other, err := random.Image(10, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(ref.Context().Tag("v2"), other); err != nil {
			t.Fatal(err)
		}
		if p, err := Pull(t.Context(), ref.Context().Tag("v2"), Options{}); err != nil || len(p.Bundles) != 0 {
			t.Errorf("api %v: another image: %+v, %v", api, p, err)
		}
	}
}

func TestLogin(t *testing.T) {
	ref := serve(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "u" || password != "p" {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	if _, err := Push(t.Context(), ref, bundles(t, "x"), Options{}); err == nil {
		t.Error("pushed without a login")
	}
	login := Options{Auth: &authn.Basic{Username: "u", Password: "p"}}
	if _, err := Push(t.Context(), ref, bundles(t, "x"), login); err != nil {
		t.Error(err)
	}
	if p, err := Pull(t.Context(), ref, login); err != nil || len(p.Bundles) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// replace answers some addresses with something else.
func replace(part string, answer func(w http.ResponseWriter, r *http.Request)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, part) {
				answer(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

const indexType = "application/vnd.oci.image.index.v1+json"

// TestHostileLists: a list that is no list, too long, endless, or of things that are not there.
func TestHostileLists(t *testing.T) {
	one := `{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha256:%064d","artifactType":"` + ArtifactType + `"},`
	some, many := strings.Builder{}, strings.Builder{}
	for i := range 500 {
		fmt.Fprintf(&some, one, i)
	}
	for i := range 10_001 {
		fmt.Fprintf(&many, one, i)
	}
	for name, tt := range map[string]struct {
		body   string
		broken int // referrers that cannot be read; -1 for an error
	}{
		"no JSON":         {"<html>", -1},
		"nothing":         {"", -1},
		"too many":        {`{"schemaVersion":2,"manifests":[` + strings.TrimSuffix(many.String(), ",") + `]}`, -1},
		"endless":         {`{"schemaVersion":2,"manifests":[` + strings.Repeat(" ", 30<<20), -1},
		"most not there":  {`{"schemaVersion":2,"manifests":[` + strings.TrimSuffix(some.String(), ",") + `]}`, -1},
		"not there":       {`{"schemaVersion":2,"manifests":[` + strings.TrimSuffix(fmt.Sprintf(one, 1), ",") + `]}`, 1},
		"no digest":       {`{"schemaVersion":2,"manifests":[{"artifactType":"` + ArtifactType + `"}]}`, 1},
		"of another type": {`{"schemaVersion":2,"manifests":[{"artifactType":"application/spdx+json"}]}`, 0},
	} {
		ref := serve(t, true, replace("/referrers/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", indexType)
			_, _ = io.WriteString(w, tt.body)
		}))
		p, err := Pull(t.Context(), ref, Options{})
		switch {
		case tt.broken < 0 && err == nil:
			t.Errorf("%s: accepted, %+v", name, p)
		case tt.broken >= 0 && (err != nil || len(p.Broken) != tt.broken || len(p.Bundles) != 0):
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if err != nil && len(err.Error()) > 1500 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// TestHostileBlobs: a bundle with other bytes, one that never ends, and one that is no bundle.
func TestHostileBlobs(t *testing.T) {
	for name, body := range map[string]string{"other bytes": "{}", "too long": strings.Repeat("x", 20<<20), "nothing": ""} {
		pulling := false
		ref := serve(t, true, func(next http.Handler) http.Handler {
			swap := replace("/blobs/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })(next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if pulling {
					swap.ServeHTTP(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		})
		if _, err := Push(t.Context(), ref, bundles(t, "x"), Options{}); err != nil {
			t.Fatal(err)
		}
		pulling = true
		if p, err := Pull(t.Context(), ref, Options{}); err != nil || len(p.Bundles) != 0 || len(p.Broken) != 1 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

// TestReferrerOfSomethingElse: a list may name what is attached to another image; that is no claim about this one.
func TestReferrerOfSomethingElse(t *testing.T) {
	list := ""
	ref := serve(t, true, func(next http.Handler) http.Handler {
		lie := replace("/referrers/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", indexType)
			_, _ = io.WriteString(w, list)
		})(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if list == "" {
				next.ServeHTTP(w, r)
				return
			}
			lie.ServeHTTP(w, r)
		})
	})
	other, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref.Context().Tag("v2"), other); err != nil {
		t.Fatal(err)
	}
	subject, err := Push(t.Context(), ref.Context().Tag("v2"), bundles(t, "x"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Referrers(ref.Context().Digest(string(subject)))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := index.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	list = string(raw)
	p, err := Pull(t.Context(), ref, Options{})
	if err != nil || len(p.Bundles) != 0 || len(p.Broken) != 1 || !errors.Is(p.Broken[0], ErrRegistry) {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := Pull(t.Context(), ref.Context().Tag("v2"), Options{}); err != nil || len(p.Bundles) != 1 {
		t.Errorf("where it belongs: %+v, %v", p, err)
	}
}

func TestErrors(t *testing.T) {
	if _, err := ParseName("oci://UPPER CASE", false); err == nil {
		t.Error("read a name that is none")
	}
	ref := serve(t, true, nil)
	if _, err := Pull(t.Context(), ref.Context().Tag("none"), Options{}); err == nil {
		t.Error("pulled what is not there")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Pull(ctx, ref, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
