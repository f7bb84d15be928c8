package fetch_test

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/source/fetch"
)

func TestSitesWithoutEncryption(t *testing.T) {
	for address, want := range map[string]bool{
		"http://127.0.0.1:1": true, "http://localhost": true, "http://[::1]:5": true, "https://example.com": true,
		"http://example.com": false, "http://10.0.0.1": false, "http://localhost.example.com": false, "ftp://example.com": false,
		"file:///etc/passwd": false, "//x": false, "": false, "http://0.0.0.0": false, "http://127.0.0.1.nip.io": false, "https://me:pw@example.com": false,
	} {
		_, err := fetch.New(fetch.Options{}, fetch.Site{URL: address})
		if (err == nil) != want {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, c := range []struct {
		o fetch.Options
		s fetch.Site
	}{{fetch.Options{InsecureHTTP: true}, fetch.Site{URL: "http://a.example"}}, {fetch.Options{}, fetch.Site{URL: "http://a.example", Plain: true}}} {
		if _, err := fetch.New(c.o, c.s); err != nil {
			t.Error(err)
		}
	}
}

func TestCredentialsStayAtTheSite(t *testing.T) {
	seen := map[string]string{}
	record := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			seen[name] = r.Header.Get("Authorization") + r.Header.Get("X-Secret") + r.Header.Get("Cookie")
			w.Header().Set("ETag", `"x"`)
			w.Header().Set("Content-Range", "bytes 0-1/2")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write([]byte("ok"))
		}
	}
	other := httptest.NewTLSServer(record("other"))
	defer other.Close()
	var site *httptest.Server
	site = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen["site"+r.URL.Path] = r.Header.Get("Authorization")
		to := map[string]string{"/other": other.URL, "/down": strings.Replace(site.URL, "https", "http", 1), "/loop": "/loop",
			"/meta": "https://169.254.169.254/latest", "/file": "file:///etc/passwd", "/local": "https://127.0.0.1:1/", "/name": "https://localhost:1/",
			"/user": "https://user:hunter2@" + strings.TrimPrefix(other.URL, "https://")}[r.URL.Path]
		if r.URL.Path == "/here" {
			record("here")(w, r)
			return
		}
		if r.URL.Path == "/same" {
			to = "/here"
		}
		http.Redirect(w, r, to, http.StatusFound)
	}))
	defer site.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	get := func(p string, hosts ...string) error {
		c, _ := client(t, site.URL, func(o *fetch.Options, s *fetch.Site) {
			o.CAFile, s.Hosts = ca, hosts
			s.Sign = func(r *http.Request) error { r.Header.Set("Authorization", "Bearer hunter2"); return nil }
		})
		_, _, err := whole(t, fetch.File{Client: c, URL: site.URL + p, Size: -1, Header: http.Header{"X-Secret": {"hunter3"}, "Cookie": {"c"}}})
		return err
	}
	if err := get("/same"); err != nil || seen["here"] != "Bearer hunter2hunter3c" {
		t.Errorf("same site: %v, %q", err, seen["here"])
	}
	// The other server has the same host and another port, so it is not the address that was named, and not public.
	err := get("/other", "*")
	if !errors.Is(err, fetch.ErrRefused) || !strings.Contains(err.Error(), "not a public address") || seen["other"] != "" {
		t.Errorf("other port of this machine: %v", err)
	}
	listed, _ := client(t, site.URL, func(o *fetch.Options, _ *fetch.Site) {
		o.CAFile, o.Hosts = ca, []string{strings.TrimPrefix(other.URL, "https://")}
	})
	secret := fetch.File{Client: listed, URL: site.URL + "/other", Size: -1, Header: http.Header{"X-Secret": {"hunter3"}, "Cookie": {"c"}}}
	if got, _, err := whole(t, secret); err != nil || string(got) != "ok" || seen["other"] != "" {
		t.Errorf("a host that the operator listed: %q, %v, got %q", got, err, seen["other"])
	}
	for p, want := range map[string]string{"/down": "not encrypted", "/loop": "without an end", "/meta": "not a public address",
		"/file": "not an address of the web", "/local": "not a public address", "/name": "not a public address", "/user": "carries credentials"} {
		err := get(p, "*")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", p, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s tells a secret: %v", p, err)
		}
	}
	if err := get("/meta", "*.hf.co"); err == nil || !strings.Contains(err.Error(), "another host") {
		t.Errorf("a host that no protocol names: %v", err)
	}
	if c, _ := client(t, site.URL, nil); c != nil {
		if _, err := c.Get(context.Background(), site.URL, nil, 10); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("an unknown certificate: %v", err)
		}
	}
}

func TestNamesThatLeadInside(t *testing.T) {
	s := server(t, []byte("inside"), nil)
	// The proxy is named by the operator and may be inside; what it is asked for may not be spelled as inside.
	proxied := func(r *http.Request) (*url.URL, error) { return url.Parse(s.URL) }
	c, _ := client(t, "http://models.example", func(o *fetch.Options, site *fetch.Site) { o.Proxy, site.Plain = proxied, true })
	got, _, err := whole(t, fetch.File{Client: c, URL: "http://models.example/f", Size: -1})
	if err != nil || string(got) != "inside" {
		t.Errorf("through a proxy: %q, %v", got, err)
	}
	c, _ = client(t, "https://example.com", nil)
	for _, address := range []string{s.URL, "https://10.0.0.1", "https://[::ffff:127.0.0.1]/"} {
		if _, err := c.Get(context.Background(), address, nil, 10); !errors.Is(err, fetch.ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestRedact(t *testing.T) {
	u, err := url.Parse("https://user:secret@h.example/p/f?X-Amz-Signature=secret#secret")
	if err != nil {
		t.Fatal(err)
	}
	if got := fetch.Redact(u); got != "https://h.example/p/f?…" {
		t.Errorf("got %q", got)
	}
}
