package main

import (
	"bytes"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/detect"
)

// command runs one command line.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }, OutColumns: 100}
	code = Execute(t.Context(), env, args)
	return code, out.String(), errs.String()
}

// TestScanOfAddresses scans and pulls files of a web server with a certificate of its own.
func TestScanOfAddresses(t *testing.T) {
	models := filepath.Join("..", "..", "examples", "models")
	server := httptest.NewTLSServer(http.FileServer(http.Dir(models)))
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, "scan", server.URL+"/benign/digits.pt")
	if code != exitError || !strings.Contains(errs, "certificate") {
		t.Errorf("a server of an unknown authority: exit code %d\n%s", code, errs)
	}
	code, out, errs = command(t, "scan", "--ca-file", ca, server.URL+"/benign/digits.pt")
	if code != exitOK || !strings.Contains(out, "read from") || !strings.Contains(out, "transferred") {
		t.Errorf("a clean model: exit code %d\n%s%s", code, out, errs)
	}
	code, out, _ = command(t, "scan", "--ca-file", ca, "--format", "json", server.URL+"/hostile/bert-tiny.pt", filepath.Join(models, "benign"))
	if code != exitFinding || !strings.Contains(out, `"malicious"`) || !strings.Contains(out, `"origin"`) {
		t.Errorf("a hostile model beside a folder: exit code %d\n%s", code, out)
	}
	code, _, errs = command(t, "scan", "--ca-file", ca, server.URL+"/nowhere.pt")
	if code != exitError || !strings.Contains(errs, "404") {
		t.Errorf("a model that is not there: exit code %d\n%s", code, errs)
	}
	code, _, errs = command(t, "scan", "ftp://127.0.0.1/x")
	if code != exitUsage || !strings.Contains(errs, "hf://org/name") {
		t.Errorf("a kind of address that does not exist: exit code %d\n%s", code, errs)
	}
	code, _, errs = command(t, "scan", "--attest", "--private-key", ca, server.URL+"/benign/digits.pt")
	if code != exitUsage || !strings.Contains(errs, "picket pull --attest") {
		t.Errorf("--attest of an address: exit code %d\n%s", code, errs)
	}
}

// TestSecretsOfAddressesAreNotShown gives every verb an address that carries a password and a signature.
func TestSecretsOfAddressesAreNotShown(t *testing.T) {
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join("..", "..", "examples", "models"))))
	defer server.Close()
	secret := strings.Replace(server.URL, "http://", "http://user:SECRET1@", 1)
	good, bad := secret+"/benign/digits.pt?sig=SECRET2", secret+"/hostile/bert-tiny.pt?sig=SECRET2"
	to := filepath.Join(t.TempDir(), "out")
	for _, args := range [][]string{
		{"scan", "--format", "json", good}, {"scan", good}, {"scan", "--format", "sarif", bad, good}, {"diff", "--format", "json", good, bad}, {"diff", good, bad},
		{"pull", "--to", to, good}, {"pull", "--to", to + "2", bad}, {"convert", bad, to + "3"}, {"convert", "--key", "no", good, to + "3"},
		{"scan", secret + "/nowhere?sig=SECRET2"}, {"scan", "git+" + secret + "/nowhere"},
	} {
		code, out, errs := command(t, args...)
		if strings.Contains(out+errs, "SECRET") || out+errs == "" {
			t.Errorf("%q: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}

// TestPullOfFilesOfGit stands for places that may hold any path, such as buckets: git runs what a repository's configuration says.
func TestPullOfFilesOfGit(t *testing.T) {
	to := filepath.Join(t.TempDir(), "model")
	p := pull{from: "s3://b", staged: to + source.Partial, pullFlags: pullFlags{to: to}}
	for _, name := range []string{".git/config", "a/.GIT/hooks/post-checkout", ".git"} {
		l := &source.Listing{Base: "s3://b/", Items: []detect.Item{{Name: "s3://b/" + name}}}
		if _, err := p.copy(t.Context(), l); err == nil || !strings.Contains(err.Error(), "git runs programs") {
			t.Errorf("%s: %v", name, err)
		}
	}
	scan := picket.Scan{Results: []picket.Result{{Artifact: picket.Artifact{Name: "m/a", Digest: "sha256:1"}}}}
	for name, copied := range map[string]map[string]picket.Digest{
		"another digest": {"a": "sha256:2"}, "not scanned": {"a": "sha256:1", "b": "sha256:1"}, "not copied": {},
	} {
		if err := same(&source.Listing{Root: "m"}, scan, copied); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if err := same(&source.Listing{Root: "m"}, scan, map[string]picket.Digest{"a": "sha256:1"}); err != nil {
		t.Error(err)
	}
}

func TestPullOfAddresses(t *testing.T) {
	models := filepath.Join("..", "..", "examples", "models")
	server := httptest.NewServer(http.FileServer(http.Dir(models)))
	defer server.Close()
	to := filepath.Join(t.TempDir(), "model")
	code, out, errs := command(t, "pull", "--to", to, server.URL+"/benign/digits.pt")
	if code != exitOK {
		t.Fatalf("a clean model: exit code %d\n%s%s", code, out, errs)
	}
	have, err := os.ReadFile(filepath.Join(to, "digits.pt"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(models, "benign", "digits.pt"))
	if err != nil || !bytes.Equal(have, want) {
		t.Errorf("other bytes arrived (%v)", err)
	}
	to += "-hostile"
	code, _, errs = command(t, "pull", "--to", to, server.URL+"/hostile/bert-tiny.pt")
	if code != exitFinding || !strings.Contains(errs, "nothing was copied") {
		t.Errorf("a hostile model: exit code %d\n%s", code, errs)
	}
	if _, err := os.Stat(to); err == nil {
		t.Error("the hostile model is there")
	}
}
