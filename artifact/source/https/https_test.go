package https_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/artifact/source/https"
)

func TestAFileOfAServer(t *testing.T) {
	content := map[string]string{"/m/model.bin": "model", "/m/sub/data": "data", "/secret": "outside"}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		c, ok := content[r.URL.Path]
		if !ok || user != "me" || password != "hunter2" {
			http.Error(w, "no", http.StatusNotFound)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte(c)))
	}))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	sum := sha256.Sum256([]byte("model"))
	f, err := https.New(fetch.Options{}, "http://me:hunter2@"+host+"/m/model.bin#sha256="+hex.EncodeToString(sum[:]))
	if err != nil {
		t.Fatal(err)
	}
	l, err := f.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // read only
	item := l.Items[0]
	if item.Name != s.URL+"/m/model.bin" || item.Size != 5 || len(l.Findings) != 0 || strings.TrimPrefix(item.Name, l.Base) != "model.bin" {
		t.Errorf("item %v, base %q, findings %v", item, l.Base, l.Findings)
	}
	o, err := item.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close() //nolint:errcheck // read only
	if got, err := o.Sum(); got != item.Declared || err != nil {
		t.Errorf("digest %s, declared %s, %v", got, item.Declared, err)
	}
	b, err := o.Sibling("sub/data")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.ReadRange(0, 4); string(got) != "data" || err != nil {
		t.Errorf("sibling %q, %v", got, err)
	}
	for _, name := range []string{"../secret", "/secret", "none", "", "."} {
		if _, err := o.Sibling(name); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("sibling %q: %v", name, err)
		}
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	for address, want := range map[string]string{
		"http://example.com/f": "not encrypted", "https://": "not a URL", "http://127.0.0.1/f#sha256=xyz": "digest",
		s.URL + "/f?sig=hunter2": "404 Not Found", "https://me:hunter2@/x": "not a URL", "https://example.com": "names no file", "https://example.com/m/": "names no file",
	} {
		f, err := https.New(fetch.Options{}, address)
		if err == nil {
			_, err = f.List(context.Background())
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
