package hf_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/artifact/source/hf"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

const sha = "0123456789abcdef0123456789abcdef01234567"

// file is a file of the recorded Hub: a head, then zeros.
type file struct {
	head []byte
	size int64
	lfs  bool
	off  int64
}

func (f *file) Read(p []byte) (int, error) {
	if f.off >= f.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), f.size-f.off)]
	clear(p)
	if f.off < int64(len(f.head)) {
		copy(p, f.head[f.off:])
	}
	f.off += int64(len(p))
	return len(p), nil
}

func (f *file) Seek(off int64, whence int) (int64, error) {
	f.off = off + []int64{0, f.off, f.size}[whence]
	return f.off, nil
}

// hub speaks the API of the Hub, as its servers answer it.
type hub struct {
	files map[string]file
	pages int // entries of one page
	cdn   string
	moves bool // files are served by the name of the branch too, and the commit in their headers
	mu    sync.Mutex
	seen  []string // requests: host, path and whether a token came
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.seen = append(h.seen, r.Host+r.URL.Path+" "+r.Header.Get("Authorization"))
	h.mu.Unlock()
	p := r.URL.Path
	if h.moves {
		p = strings.Replace(p, "/resolve/main/", "/resolve/"+sha+"/", 1)
		r.URL.Path = strings.Replace(p, "/tree/main", "/tree/"+sha, 1)
	}
	switch {
	case strings.HasPrefix(p, "/api/models/org/gone"):
		w.Header().Set("X-Error-Code", "RepoNotFound")
		http.Error(w, `{"error":"Repository not found"}`, http.StatusUnauthorized)
	case strings.HasPrefix(p, "/api/models/old/name"):
		w.Header().Set("Location", strings.Replace(r.URL.RequestURI(), "old/name", "org/name", 1))
		w.WriteHeader(http.StatusTemporaryRedirect)
	case strings.HasPrefix(p, "/api/models/org/gated"), strings.HasPrefix(p, "/api/models/org/name"), strings.HasPrefix(p, "/api/datasets/org/name"):
		h.api(w, r)
	case strings.HasPrefix(p, "/org/gated/resolve/"):
		w.Header().Set("X-Error-Code", "GatedRepo")
		http.Error(w, "gated", map[bool]int{true: 403, false: 401}[r.Header.Get("Authorization") != ""])
	case strings.Contains(p, "/resolve/"+sha+"/"):
		h.resolve(w, r)
	case strings.HasPrefix(p, "/cdn/"):
		h.content(w, r, strings.TrimPrefix(p, "/cdn/"))
	default:
		http.NotFound(w, r)
	}
}

func (h *hub) api(w http.ResponseWriter, r *http.Request) {
	_, rest, _ := strings.Cut(r.URL.EscapedPath(), "/org/")
	repo, rest, _ := strings.Cut(rest, "/")
	switch {
	case rest == "", rest == "revision/main", rest == "revision/"+sha, rest == "revision/refs%2Fpr%2F1":
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "org/" + repo, "sha": sha, "gated": false})
	case rest == "tree/"+sha && strings.EqualFold(r.URL.Query().Get("recursive"), "true"):
		h.tree(w, r)
	default:
		w.Header().Set("X-Error-Code", "RevisionNotFound")
		http.Error(w, "{}", http.StatusNotFound)
	}
}

func (h *hub) tree(w http.ResponseWriter, r *http.Request) {
	list := []map[string]any{{"type": "directory", "path": "sub", "oid": "x", "size": 0}}
	for name, f := range h.files {
		e := map[string]any{"type": "file", "path": name, "size": f.size, "oid": "x"}
		if f.lfs {
			e["lfs"] = map[string]any{"oid": strings.Repeat("ab", 32), "size": f.size, "pointerSize": 134}
		}
		list = append(list, e)
	}
	from := 0
	_, _ = fmt.Sscan(r.URL.Query().Get("cursor"), &from)
	// Maps have no order, so pages of a map would lose entries: sort by path.
	for i := range list {
		for j := i; j > 0 && list[j]["path"].(string) < list[j-1]["path"].(string); j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	end := min(from+h.pages, len(list))
	if end < len(list) {
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?recursive=true&cursor=%d>; rel="next"`, r.Host, r.URL.Path, end))
	}
	_ = json.NewEncoder(w).Encode(list[from:end])
}

func (h *hub) resolve(w http.ResponseWriter, r *http.Request) {
	_, name, _ := strings.Cut(r.URL.Path, "/resolve/"+sha+"/")
	f, ok := h.files[name]
	w.Header().Set("X-Repo-Commit", sha)
	if !ok {
		w.Header().Set("X-Error-Code", "EntryNotFound")
		http.Error(w, "", http.StatusNotFound)
		return
	}
	if !f.lfs {
		h.content(w, r, name)
		return
	}
	w.Header().Set("X-Linked-Size", fmt.Sprint(f.size))
	w.Header().Set("X-Linked-Etag", `"`+strings.Repeat("ab", 32)+`"`)
	http.Redirect(w, r, h.cdn+"/cdn/"+(&url.URL{Path: name}).EscapedPath()+"?Signature=s3cret", http.StatusFound)
}

func (h *hub) content(w http.ResponseWriter, r *http.Request, name string) {
	f, ok := h.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", `"`+name+`"`)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, &f)
}

// text is a file with the given content.
func text(s string) file { return file{head: []byte(s), size: int64(len(s))} }

// shard is a safetensors file of one tensor.
func shard(tensor string, size int64) file {
	header := func(n int64) []byte {
		return fmt.Appendf(nil, `{"__metadata__":{"format":"pt"},"%s":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, tensor, n, n)
	}
	n := size - 8 - int64(len(header(size)))
	b := header(n)
	for int64(len(b))+8+n < size {
		b = append(b, ' ')
	}
	return file{head: append(binary.LittleEndian.AppendUint64(nil, uint64(len(b))), b...), size: size, lfs: true}
}

// list lists a repository of the recorded Hub.
func list(t *testing.T, o hf.Options, uri string) (*source.Listing, error) {
	t.Helper()
	o.Fetch.Backoff = time.Millisecond
	n, err := hf.ParseName(uri)
	if err != nil {
		t.Fatal(err)
	}
	place, err := hf.New(o, n)
	if err != nil {
		t.Fatal(err)
	}
	l, err := place.List(context.Background())
	if err == nil {
		t.Cleanup(func() { _ = l.Close() })
	}
	return l, err
}

func TestAHundredGigabytesCostKilobytes(t *testing.T) {
	const shards, each = 20, int64(5) << 30
	h := &hub{pages: 7, files: map[string]file{"config.json": text(`{"model_type":"llama"}`), ".gitattributes": text("*.safetensors filter=lfs\n")}}
	weights := map[string]string{}
	for i := range shards {
		name := fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, shards)
		h.files[name] = shard(fmt.Sprintf("layer.%d", i), each)
		weights[fmt.Sprintf("layer.%d", i)] = name
	}
	index, err := json.Marshal(map[string]any{"metadata": map[string]any{"total_size": 1}, "weight_map": weights})
	if err != nil {
		t.Fatal(err)
	}
	h.files["model.safetensors.index.json"] = text(string(index))
	s := httptest.NewServer(h)
	defer s.Close()
	meter := &fetch.Meter{}
	l, err := list(t, hf.Options{Endpoint: s.URL, Fetch: fetch.Options{Meter: meter}}, "hf://org/name@"+sha)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Items) != shards+3 || len(l.Findings) != 0 || l.Target != "hf://org/name@"+sha {
		t.Fatalf("%d items, findings %v, target %s", len(l.Items), l.Findings, l.Target)
	}
	set, err := builtin.Set(builtin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	batch := detect.Batch{Engine: detect.NewEngine(set, limits.Default()), Workers: 4, Digest: true}
	results, err := batch.Scan(context.Background(), l.Items)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Failure != "" || r.Verdict.Worse(picket.Incomplete) {
			t.Errorf("%s: %s %s %v", r.Artifact.Name, r.Verdict, r.Failure, r.Findings)
		}
		if strings.HasSuffix(r.Artifact.Name, ".safetensors") && (r.Verdict != picket.Clean || r.Artifact.Declared == "") {
			t.Errorf("%s: %s %v", r.Artifact.Name, r.Verdict, r.Coverage)
		}
	}
	t.Logf("%d bytes in %d requests for %d GiB", meter.Bytes(), meter.Requests(), shards*each>>30)
	if meter.Bytes() > 64*1024*(4*shards+10) {
		t.Errorf("transferred %d bytes", meter.Bytes())
	}
}

func TestRevisionsAndNames(t *testing.T) {
	h := &hub{pages: 100, files: map[string]file{"a.txt": text("a"), "sub/b c#?.txt": text("b"), "sub/c.txt": text("c"), "subs": text("")}}
	s := httptest.NewServer(h)
	defer s.Close()
	for _, c := range []struct{ uri, target, rules, items string }{
		{"hf://org/name@" + sha, "hf://org/name@" + sha, "", "a.txt sub/b c#?.txt sub/c.txt subs"},
		{"hf://org/name:" + sha + "/sub", "hf://org/name@" + sha + "/sub", "", "sub/b c#?.txt sub/c.txt"},
		{"hf://org/name", "hf://org/name@" + sha, "source.unpinned", "a.txt sub/b c#?.txt sub/c.txt subs"},
		{"hf://org/name@refs/pr/1/subs", "hf://org/name@" + sha + "/subs", "source.unpinned", "subs"},
		{"hf://org/name@refs%2Fpr%2F1/subs", "hf://org/name@" + sha + "/subs", "source.unpinned", "subs"},
		{"hf://datasets/org/name@main/a.txt", "hf://datasets/org/name@" + sha + "/a.txt", "source.unpinned", "a.txt"},
		{"hf://old/name/a.txt", "hf://org/name@" + sha + "/a.txt", "source.unpinned source.moved", "a.txt"},
	} {
		l, err := list(t, hf.Options{Endpoint: s.URL}, c.uri)
		if err != nil {
			t.Errorf("%s: %v", c.uri, err)
			continue
		}
		var rules, items []string
		for _, f := range l.Findings {
			rules = append(rules, f.Rule.ID)
		}
		for _, i := range l.Items {
			items = append(items, strings.TrimPrefix(i.Name, l.Base))
			o, err := i.Open()
			if err != nil {
				t.Errorf("%s: %v", i.Name, err)
				continue
			}
			if b, err := o.Blob.ReadRange(0, o.Blob.Size()); err != nil || string(b) != string(h.files[items[len(items)-1]].head) {
				t.Errorf("%s: %q, %v", i.Name, b, err)
			}
		}
		if l.Target != c.target || strings.Join(rules, " ") != c.rules || strings.Join(items, " ") != c.items {
			t.Errorf("%s: target %s, rules %q, items %q", c.uri, l.Target, rules, items)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	s := httptest.NewServer(&hub{pages: 9, files: map[string]file{"a": text("a")}})
	defer s.Close()
	for _, c := range []struct{ uri, token, want string }{
		{"hf://org/gone", "", "set HF_TOKEN"},
		{"hf://org/gone", "hf_x", "does not accept the token"},
		{"hf://org/name@nope", "", "no such revision"},
		{"hf://org/name@main/nope", "", "no such file or folder"},
		{"hf://nobody/name", "", "no such repository"},
		{"hf://org/gated", "", "accept its terms at " + s.URL + "/org/gated, and set HF_TOKEN"},
		{"hf://org/gated", "hf_x", "this token has no access"},
	} {
		l, err := list(t, hf.Options{Endpoint: s.URL, Token: c.token}, c.uri)
		if err == nil {
			_, err = l.Items[0].Open()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hf_x") {
			t.Errorf("%s: %v", c.uri, err)
		}
	}
}

func TestParseName(t *testing.T) {
	for uri, want := range map[string]string{
		"hf://gpt2": "models gpt2  ", "hf://a/b/": "models a/b  ", "hf://a/b/c/d": "models a/b  c/d", "hf://spaces/a/b@v1/app.py": "spaces a/b v1 app.py",
		"hf://a/b@refs/convert/parquet/x/y": "models a/b refs/convert/parquet x/y", "hf://a/b@feature%2Fx/y": "models a/b feature/x y",
		"hf://a/b/c@d": "models a/b  c@d", "hf://a/b@": "error", "hf://": "error", "hf:///b": "error", "hf://../b": "error", "hf://a/..": "error",
		"hf://a/b@../x": "error", "hf://a b/c": "error", "hf://a/b@%zz": "error", "https://a/b": "error", "hf://a/b\n": "error",
	} {
		n, err := hf.ParseName(uri)
		got := fmt.Sprintf("%s %s %s %s", n.Kind, n.Repo, n.Revision, n.Path)
		if err != nil {
			got = "error"
		} else if again, err := hf.ParseName(n.String()); err != nil || again != n {
			t.Errorf("%s: written %s, read %v, %v", uri, n, again, err)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", uri, got, want)
		}
	}
}

func TestParseLink(t *testing.T) {
	for link, want := range map[string]string{
		"/a/b": "hf://a/b", "/a/b/tree/main": "hf://a/b@main", "/a/b/tree/main/x/y": "hf://a/b@main/x/y", "/datasets/a/b/blob/v1/x%20y": "hf://datasets/a/b@v1/x y",
		"/spaces/a/b/resolve/refs%2Fpr%2F1/f": "hf://spaces/a/b@refs%2Fpr%2F1/f", "/gpt2/resolve/main/m.bin": "hf://gpt2@main/m.bin", "/docs": "", "/": "", "/a/b/c": "", "/a/b/tree": "",
	} {
		u, err := url.Parse("https://huggingface.co" + link)
		if err != nil {
			t.Fatal(err)
		}
		n, ok := hf.ParseLink(u)
		if got := map[bool]string{true: n.String()}[ok]; got != want {
			t.Errorf("%s: %q, want %q", link, got, want)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	home, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "tok")
	for name, token := range map[string]string{filepath.Join(home, ".cache", "huggingface", "token"): "hf_home\n", elsewhere: "hf_path"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		env  map[string]string
		home string
		want string
	}{
		{nil, "", ""}, {nil, t.TempDir(), ""}, {nil, home, "hf_home"}, {map[string]string{"HF_TOKEN_PATH": elsewhere}, home, "hf_path"},
		{map[string]string{"HUGGING_FACE_HUB_TOKEN": "hf_old"}, home, "hf_old"}, {map[string]string{"HUGGING_FACE_HUB_TOKEN": "hf_old", "HF_TOKEN": "hf_new "}, home, "hf_new"},
	} {
		o, err := hf.FromEnvironment(func(n string) string { return c.env[n] }, c.home)
		if err != nil || o.Token != c.want {
			t.Errorf("%v: %q, %v", c.env, o.Token, err)
		}
	}
}

// download is the Hub's own client. It tells the commit and what it downloads.
const download = `
import sys, huggingface_hub as h
api = h.HfApi(endpoint=sys.argv[1], token="hf_secret")
print(api.model_info("org/name").sha)
for f in sorted(api.list_repo_tree("org/name", recursive=True), key=lambda f: f.path):
    if type(f).__name__ == "RepoFile":
        p = api.hf_hub_download("org/name", f.path, local_dir=sys.argv[2])
        print(f.path, f.size, f.lfs.sha256 if f.lfs else "-", open(p, "rb").read()[:4].hex())
`

// TestTheRecordedHubIsUnderstoodByItsOwnClient keeps the server of these tests honest: what the Hub's own client reads from it
// is what is read here.
func TestTheRecordedHubIsUnderstoodByItsOwnClient(t *testing.T) {
	python := testkit.Venv(t, filepath.Join("..", "hub", "bin", "python"))
	h := &hub{pages: 2, moves: true, files: map[string]file{"config.json": text(`{"a":1}`), "sub/model.safetensors": shard("x", 300_000), "z.txt": text("zzzz")}}
	s := httptest.NewServer(h)
	defer s.Close()
	h.cdn = s.URL
	cmd := exec.Command(python, "-W", "ignore", "-c", download, s.URL, t.TempDir())
	cmd.Env = append(os.Environ(), "HF_HUB_DISABLE_XET=1", "HF_HUB_DISABLE_TELEMETRY=1", "HF_HUB_DISABLE_PROGRESS_BARS=1", "HF_HOME="+t.TempDir(), "HF_ENDPOINT="+s.URL)
	var said bytes.Buffer
	cmd.Stderr = &said
	theirs, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	l, err := list(t, hf.Options{Endpoint: s.URL}, "hf://org/name")
	if err != nil {
		t.Fatal(err)
	}
	var ours strings.Builder
	fmt.Fprintln(&ours, strings.TrimPrefix(l.Target, "hf://org/name@"))
	for _, i := range l.Items {
		o, err := i.Open()
		if err != nil {
			t.Fatal(err)
		}
		head, err := o.Blob.ReadRange(0, 4)
		if err != nil {
			t.Fatal(err)
		}
		declared := i.Declared.Hex()
		if declared == "" {
			declared = "-"
		}
		fmt.Fprintf(&ours, "%s %d %s %x\n", strings.TrimPrefix(i.Name, l.Base), i.Size, declared, head)
	}
	if ours.String() != string(theirs) {
		t.Errorf("here:\n%s\nthe Hub's client:\n%s", ours.String(), theirs)
	}
}

// TestTheTokenStaysWithTheHub runs the Hub and its network of caches under their real names, behind a proxy.
func TestTheTokenStaysWithTheHub(t *testing.T) {
	ca, cert := certificate(t, "huggingface.co", "cas-bridge.xethub.hf.co", "evil.example")
	h := &hub{pages: 9, files: map[string]file{"big.safetensors": shard("x", 9<<20), "config.json": text("{}")}, cdn: "https://cas-bridge.xethub.hf.co"}
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.StartTLS()
	defer s.Close()
	proxy := tunnel(t, s.Listener.Addr().String())
	o := hf.Options{Token: "hf_secret", Fetch: fetch.Options{CAFile: ca, Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }}}
	l, err := list(t, o, "hf://org/name@"+sha+"/big.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := l.Items[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened.Blob.ReadRange(5<<20, 10); err != nil {
		t.Fatal(err)
	}
	cdn := 0
	for _, seen := range h.seen {
		at, token, _ := strings.Cut(seen, " ")
		if strings.HasPrefix(at, "huggingface.co/") != (token == "Bearer hf_secret") {
			t.Errorf("%s got %q", at, token)
		}
		if strings.HasPrefix(at, "cas-bridge") {
			cdn++
		}
	}
	if cdn != 2 || len(h.seen) != 5 { // the second range goes to where the first was found
		t.Errorf("requests %q", h.seen)
	}
	h.cdn = "https://evil.example"
	if _, err := l.Items[0].Open(); err == nil || !strings.Contains(err.Error(), "another host, evil.example") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a host that is not the Hub's: %v", err)
	}
}

// certificate makes a certificate for names and a file with it.
func certificate(t *testing.T, names ...string) (string, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: names, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// tunnel is a proxy that leads every connection to one server.
func tunnel(t *testing.T, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close() //nolint:errcheck // a test
				r := bufio.NewReader(in)
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				out, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer out.Close() //nolint:errcheck // a test
				_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
				go func() { _, _ = io.Copy(out, r) }()
				_, _ = io.Copy(in, out)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}
