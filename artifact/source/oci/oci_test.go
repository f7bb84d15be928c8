package oci_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/artifact/source/oci"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
)

// registryServer is the in-process registry of go-containerregistry behind a check of each request.
func registryServer(t *testing.T, check func(http.ResponseWriter, *http.Request) bool) *httptest.Server {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if check == nil || r.Header.Get("X-Setup") != "" || check(w, r) {
			handler.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// descriptor describes a blob or a manifest.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      picket.Digest     `json:"digest"`
	Size        int               `json:"size"`
	URLs        []string          `json:"urls,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Platform    map[string]string `json:"platform,omitempty"`
}

// send sends a request to prepare the registry.
func send(t *testing.T, method, address, media string, body []byte) {
	t.Helper()
	r, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", media)
	r.Header.Set("X-Setup", "yes")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // a test
	if resp.StatusCode/100 != 2 {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s %s: %s %s", method, address, resp.Status, b)
	}
}

// blob pushes content and returns its description.
func blob(t *testing.T, s *httptest.Server, repo, media, title string, content []byte) descriptor {
	t.Helper()
	d := descriptor{MediaType: media, Digest: picket.SHA256(sha256.Sum256(content)), Size: len(content)}
	if title != "" {
		key, name, ok := strings.Cut(title, "=")
		if !ok {
			key, name = "org.opencontainers.image.title", title
		}
		d.Annotations = map[string]string{key: name}
	}
	send(t, http.MethodPost, s.URL+"/v2/"+repo+"/blobs/uploads/?digest="+string(d.Digest), "application/octet-stream", content)
	return d
}

// manifest pushes a manifest, or an index, under a tag.
func manifest(t *testing.T, s *httptest.Server, repo, tag, media string, fields map[string]any) descriptor {
	t.Helper()
	fields["schemaVersion"], fields["mediaType"] = 2, media
	b, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	d := descriptor{MediaType: media, Digest: picket.SHA256(sha256.Sum256(b)), Size: len(b)}
	if tag == "" {
		tag = string(d.Digest)
	}
	send(t, http.MethodPut, s.URL+"/v2/"+repo+"/manifests/"+tag, media, b)
	return d
}

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
)

// list lists a place.
func list(t *testing.T, login oci.Login, uri string) (*source.Listing, error) {
	t.Helper()
	ref, err := oci.ParseName(uri)
	if err != nil {
		t.Fatal(err)
	}
	i, err := oci.New(oci.Options{Login: login, Fetch: fetch.Options{Backoff: time.Millisecond}}, ref)
	if err != nil {
		return nil, err
	}
	l, err := i.List(context.Background())
	if err == nil {
		t.Cleanup(func() { _ = l.Close() })
	}
	return l, err
}

// archive is a tar with gzip of one file.
func archive(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// evil is a pickle that would call os.system.
const evil = "cos\nsystem\n(S'echo picket-hostile-sample'\ntR."

func TestModelsOfEveryTool(t *testing.T) {
	s := registryServer(t, nil)
	host := strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct {
		repo, config string
		layers       []descriptor
		want         string
	}{
		{"modelpack", "application/vnd.cncf.model.config.v1+json", []descriptor{
			blob(t, s, "modelpack", "application/vnd.cncf.model.weight.v1.raw", "org.cncf.model.filepath=weights/model.pkl", []byte(evil)),
			blob(t, s, "modelpack", "application/vnd.cncf.model.doc.v1.raw", "org.cncf.model.filepath=README.md", []byte("# model")),
		}, "README.md config.json weights/model.pkl"},
		{"kitops", "application/vnd.kitops.modelkit.config.v1+json", []descriptor{
			blob(t, s, "kitops", "application/vnd.kitops.modelkit.model.v1.tar+gzip", "", archive(t, "model.pkl", evil)),
		}, "config.json model-.tar.gz"},
		{"docker", "application/vnd.docker.ai.model.config.v0.1+json", []descriptor{
			blob(t, s, "docker", "application/vnd.docker.ai.gguf.v3", "", []byte("GGUF....")),
			blob(t, s, "docker", "application/vnd.docker.ai.license", "", []byte("MIT")),
		}, "config.json layer-.gguf license-"},
		{"ollama", "application/vnd.docker.container.image.v1+json", []descriptor{
			blob(t, s, "ollama", "application/vnd.ollama.image.model", "", []byte("GGUF")),
			blob(t, s, "ollama", "application/vnd.ollama.image.template", "", []byte("{{ .Prompt }}")),
			blob(t, s, "ollama", "application/vnd.ollama.image.params", "", []byte("{}")),
		}, "config.json model- params- template-"},
	} {
		config := blob(t, s, c.repo, c.config, "", []byte("{}"))
		d := manifest(t, s, c.repo, "v1", manifestType, map[string]any{"config": config, "layers": c.layers})
		l, err := list(t, oci.Login{}, "oci://"+host+"/"+c.repo+":v1")
		if err != nil {
			t.Errorf("%s: %v", c.repo, err)
			continue
		}
		var names []string
		for _, i := range l.Items {
			p := strings.TrimPrefix(i.Name, l.Base)
			if before, after, ok := strings.Cut(p, "-"); ok {
				p = before + "-" + after[12:]
			}
			names = append(names, p)
			o, err := i.Open()
			if err != nil {
				t.Errorf("%s: %v", i.Name, err)
				continue
			}
			if sum, err := o.Sum(); sum != i.Declared || err != nil {
				t.Errorf("%s: %s, declared %s, %v", i.Name, sum, i.Declared, err)
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %q", c.repo, got)
		}
		if l.Target != "oci://"+host+"/"+c.repo+"@"+string(d.Digest) || len(l.Findings) != 1 || l.Findings[0].Rule.ID != "source.unpinned" {
			t.Errorf("%s: target %s, findings %v", c.repo, l.Target, l.Findings)
		}
		if pinned, err := list(t, oci.Login{}, l.Target); err != nil || len(pinned.Findings) != 0 || len(pinned.Items) != len(l.Items) {
			t.Errorf("%s pinned: %v", c.repo, err)
		}
		if c.repo == "modelpack" || c.repo == "kitops" {
			malicious(t, l)
		}
	}
}

// malicious checks that a scan of a place finds its hostile model.
func malicious(t *testing.T, l *source.Listing) {
	t.Helper()
	set, err := builtin.Set(builtin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	results, err := detect.Batch{Engine: detect.NewEngine(set, limits.Default()), Digest: true}.Scan(context.Background(), l.Items)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Verdict == picket.Malicious {
			return
		}
	}
	t.Errorf("%s: nothing malicious was found", l.Target)
}

func TestIndexesForeignLayersAndHostilePaths(t *testing.T) {
	gone := picket.SHA256(sha256.Sum256(nil))
	s := registryServer(t, func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, string(gone)) {
			w.WriteHeader(http.StatusNotFound)
			return false
		}
		return true
	})
	host := strings.TrimPrefix(s.URL, "http://")
	config := blob(t, s, "x", "application/vnd.oci.empty.v1+json", "", []byte("{}"))
	foreign := descriptor{MediaType: "application/vnd.oci.image.layer.v1.tar", Digest: config.Digest, Size: 2, URLs: []string{"http://169.254.169.254/"}, Annotations: map[string]string{"org.opencontainers.image.title": "foreign"}}
	climbs := blob(t, s, "x", "application/octet-stream", "../../.ssh/authorized_keys", []byte("key"))
	one := manifest(t, s, "x", "", manifestType, map[string]any{"config": config, "layers": []descriptor{foreign, climbs}})
	one.Platform = map[string]string{"os": "linux", "architecture": "amd64"}
	missing := manifest(t, s, "x", "", manifestType, map[string]any{"config": config, "layers": []descriptor{}})
	gone = missing.Digest
	manifest(t, s, "x", "i", indexType, map[string]any{"manifests": []descriptor{one, missing}})
	l, err := list(t, oci.Login{}, "oci://"+host+"/x:i")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range l.Items {
		p := strings.TrimPrefix(i.Name, l.Base)
		if _, err := i.Open(); err != nil {
			p += "!"
		}
		got = append(got, p)
	}
	short := one.Digest.Hex()[:12]
	want := fmt.Sprintf("%s! linux-amd64-%s/config.json linux-amd64-%s/foreign! linux-amd64-%s/layer-%s", missing.Digest.Hex()[:12], short, short, short, climbs.Digest.Hex()[:12])
	slices.Sort(got)
	parts := strings.Fields(want)
	slices.Sort(parts)
	if !slices.Equal(got, parts) {
		t.Errorf("got  %s\nwant %s", got, parts)
	}
	if len(l.Findings) != 2 || l.Findings[0].Rule.ID != "source.unsafe-path" {
		t.Errorf("findings %v", l.Findings)
	}
	manifest(t, s, "x", "both", manifestType, map[string]any{"config": config, "layers": []descriptor{}, "manifests": []descriptor{}})
	if _, err := list(t, oci.Login{}, "oci://"+host+"/x:both"); err == nil || !strings.Contains(err.Error(), "at once") {
		t.Errorf("a manifest of two kinds: %v", err)
	}
	many := []descriptor{}
	for range 70 {
		many = append(many, one)
	}
	manifest(t, s, "x", "many", indexType, map[string]any{"manifests": many})
	if l, err := list(t, oci.Login{}, "oci://"+host+"/x:many"); err == nil {
		fails := 0
		for _, i := range l.Items {
			if _, err := i.Open(); err != nil {
				fails++
			}
		}
		if fails == 0 {
			t.Error("an index without bounds was read")
		}
	}
}

func TestAManifestThatIsNotTheOneThatWasNamed(t *testing.T) {
	named := picket.SHA256(sha256.Sum256([]byte("{}")))
	s := registryServer(t, func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, string(named)) {
			fmt.Fprint(w, `{"schemaVersion":2,"layers":[]}`)
			return false
		}
		return true
	})
	if _, err := list(t, oci.Login{}, "oci://"+strings.TrimPrefix(s.URL, "http://")+"/x@"+string(named)); err == nil || !strings.Contains(err.Error(), "gives another manifest") {
		t.Errorf("got %v", err)
	}
}

func TestLogins(t *testing.T) {
	token := func(w http.ResponseWriter, r *http.Request) bool {
		user, password, ok := r.BasicAuth()
		identity := r.FormValue("refresh_token") == "identity" && r.Method == http.MethodPost
		if r.URL.Path != "/token" {
			return false
		}
		if ok && user == "me" && password == "pass:word" || identity {
			if r.FormValue("scope") != "repository:private/x:pull" || r.FormValue("service") != "reg" {
				http.Error(w, "scope", http.StatusBadRequest)
				return true
			}
			fmt.Fprint(w, `{"access_token":"tok","expires_in":300}`)
			return true
		}
		fmt.Fprint(w, `{"token":"anonymous"}`)
		return true
	}
	for _, scheme := range []string{"Bearer", "Basic"} {
		s := registryServer(t, func(w http.ResponseWriter, r *http.Request) bool {
			if scheme == "Bearer" && token(w, r) {
				return false
			}
			user, password, _ := r.BasicAuth()
			if r.Header.Get("Authorization") == "Bearer tok" || scheme == "Basic" && user == "me" && password == "pass:word" {
				return true
			}
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`%s realm="http://%s/token",service="reg"`, scheme, r.Host))
			w.WriteHeader(http.StatusUnauthorized)
			return false
		})
		host := strings.TrimPrefix(s.URL, "http://")
		config := blob(t, s, "private/x", "application/vnd.oci.empty.v1+json", "", []byte("{}"))
		manifest(t, s, "private/x", "v1", manifestType, map[string]any{"config": config, "layers": []descriptor{}})
		basic := base64.StdEncoding.EncodeToString([]byte("me:pass:word"))
		for name, c := range map[string]struct {
			auth oci.Auth
			want string
		}{"basic": {oci.Auth{Auth: basic}, ""}, "none": {oci.Auth{}, "docker login"}, "wrong": {oci.Auth{Username: "me", Password: "no"}, "no access"},
			"identity": {oci.Auth{Identity: "identity"}, ""}} {
			if scheme == "Basic" && name == "identity" {
				continue
			}
			login := oci.Login{Auths: map[string]oci.Auth{"http://" + host + "/v2/": c.auth}}
			if name == "none" {
				login = oci.Login{Store: "desktop"}
			}
			l, err := list(t, login, "oci://"+host+"/private/x:v1")
			if c.want == "" {
				if err != nil || len(l.Items) != 1 {
					t.Errorf("%s %s: %v", scheme, name, err)
					continue
				}
				if _, err := l.Items[0].Open(); err != nil {
					t.Errorf("%s %s: %v", scheme, name, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "word") || name == "none" && !strings.Contains(err.Error(), `"desktop"`) {
				t.Errorf("%s %s: %v", scheme, name, err)
			}
		}
	}
}

func TestARealmMayNotBeInside(t *testing.T) {
	for _, realm := range []string{"https://169.254.169.254/token", "https://10.0.0.1/t", "file:///etc/passwd", "", "https://127.0.0.1:1/t"} {
		s := registryServer(t, func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`"`)
			w.WriteHeader(http.StatusUnauthorized)
			return false
		})
		_, err := list(t, oci.Login{}, "oci://"+strings.TrimPrefix(s.URL, "http://")+"/x:v1")
		if err == nil || !strings.Contains(err.Error(), "not a public address") && !strings.Contains(err.Error(), "no address for tokens") && !strings.Contains(err.Error(), "not an address") {
			t.Errorf("%q: %v", realm, err)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".docker"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".docker", "config.json"), []byte(`{"auths":{"r.example":{"username":"home"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]string{"": "home", `{"auths":{"r.example":{"username":"env"}}}`: "env", "{": "error"} {
		l, err := oci.FromEnvironment(func(n string) string { return map[string]string{"DOCKER_AUTH_CONFIG": env}[n] }, home)
		got := l.Auths["r.example"].Username
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %q, %v", env, got, err)
		}
	}
}

func TestParseName(t *testing.T) {
	for uri, want := range map[string]string{
		"oci://ghcr.io/org/model:v1": "ghcr.io/org/model:v1", "oci://localhost:5000/m": "localhost:5000/m:latest", "oci://ai/smollm2": "index.docker.io/ai/smollm2:latest",
		"oci://": "error", "oci://ghcr.io/UPPER": "error", "oci://ghcr.io/x@sha256:12": "error", "oci://ghcr.io/x?y": "error", "docker://x": "error", "oci://user:pw@host/x": "error",
	} {
		ref, err := oci.ParseName(uri)
		got := "error"
		if err == nil {
			got = ref.Name()
		}
		if got != want {
			t.Errorf("%s: %q, %v", uri, got, err)
		}
	}
}

// TestEveryBlobIsListed gives titles that would hide other blobs, and a manifest that says it is elsewhere.
func TestEveryBlobIsListed(t *testing.T) {
	s := registryServer(t, nil)
	host := strings.TrimPrefix(s.URL, "http://")
	config := blob(t, s, "x", "application/vnd.oci.empty.v1+json", "", []byte("{}"))
	hidden := blob(t, s, "x", "application/octet-stream", "", []byte("hidden"))
	posing := blob(t, s, "x", "application/octet-stream", "layer-"+hidden.Digest.Hex()[:12], []byte("posing"))
	whole := blob(t, s, "x", "application/octet-stream", "layer-"+hidden.Digest.Hex(), []byte("also posing"))
	manifest(t, s, "x", "m", manifestType, map[string]any{"config": config, "layers": []descriptor{posing, hidden, hidden}})
	manifest(t, s, "x", "n", manifestType, map[string]any{"config": config, "layers": []descriptor{whole, posing, hidden}})
	child := manifest(t, s, "x", "", manifestType, map[string]any{"config": config, "layers": []descriptor{hidden}})
	child.URLs = []string{"https://elsewhere.example/"}
	manifest(t, s, "x", "i", indexType, map[string]any{"manifests": []descriptor{child}})
	for tag, want := range map[string]int{"m": 3, "n": 3, "i": 2} {
		l, err := list(t, oci.Login{}, "oci://"+host+"/x:"+tag)
		if err != nil {
			t.Fatal(err)
		}
		found, refused := false, false
		for _, i := range l.Items {
			o, err := i.Open()
			if err != nil {
				refused = true
				continue
			}
			found = found || i.Declared == hidden.Digest
			_ = o.Close()
		}
		if len(l.Items) != want || !found && !refused {
			t.Errorf("%s: %d files, the blob that was to be hidden is there: %t", tag, len(l.Items), found)
		}
	}
}
