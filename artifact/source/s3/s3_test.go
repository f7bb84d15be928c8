package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/artifact/source/s3"
	"github.com/picketsec/picket/internal/testkit"
)

// moto starts a real implementation of S3 on loopback, and returns its address.
func moto(t *testing.T) string {
	t.Helper()
	program := testkit.Venv(t, filepath.Join("..", "services", "bin", "moto_server"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(program, "-H", "127.0.0.1", "-p", port)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 3000 {
		if resp, err := http.Get("http://" + address + "/moto-api/"); err == nil {
			_ = resp.Body.Close()
			return "http://" + address
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("moto does not start: %s", said.String())
	return ""
}

// put sends a request to prepare the service, and returns the headers of the answer.
func put(t *testing.T, address string, body []byte, headers ...string) http.Header {
	t.Helper()
	r, err := http.NewRequest(http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	// Moto takes requests that are signed with anything.
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // a test
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("PUT %s: %s %s", address, resp.Status, b)
	}
	return resp.Header
}

// list lists a place.
func list(t *testing.T, o s3.Options, uri string) (*source.Listing, error) {
	t.Helper()
	n, err := s3.ParseName(uri)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s3.New(o, n)
	if err != nil {
		return nil, err
	}
	l, err := b.List(context.Background())
	if err == nil {
		t.Cleanup(func() { _ = l.Close() })
	}
	return l, err
}

// contents reads all items of a place, by their paths.
func contents(t *testing.T, l *source.Listing) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, i := range l.Items {
		o, err := i.Open()
		if err != nil {
			t.Errorf("%s: %v", i.Name, err)
			continue
		}
		b, err := o.Blob.ReadRange(0, o.Blob.Size())
		if err != nil {
			t.Errorf("%s: %v", i.Name, err)
		}
		all[strings.TrimPrefix(i.Name, l.Base)] = string(b)
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}
	return all
}

func TestARealService(t *testing.T) {
	endpoint := moto(t)
	bucket := endpoint + "/models"
	put(t, bucket, nil)
	put(t, bucket+"?versioning", []byte(`<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`))
	old := put(t, bucket+"/m/weights.bin", []byte("old weights")).Get("X-Amz-Version-Id")
	sum := sha256.Sum256([]byte("new weights"))
	put(t, bucket+"/m/weights.bin", []byte("new weights"), "X-Amz-Checksum-Algorithm", "SHA256", "X-Amz-Sdk-Checksum-Algorithm", "SHA256",
		"X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(sum[:]))
	odd := "m/odd +&%=ü$@,:;?!*'().txt"
	put(t, bucket+"/"+(&url.URL{Path: odd}).EscapedPath(), []byte("odd"))
	put(t, bucket+"/m/", nil)
	put(t, bucket+"/m2/other", []byte("other"))
	for i := range 1005 {
		put(t, fmt.Sprintf("%s/many/%04d", bucket, i), []byte("x"))
	}
	o := s3.Options{Endpoint: endpoint, Credentials: s3.Credentials{AccessKey: "AKIA", SecretKey: "secret"}, Fetch: fetch.Options{Backoff: time.Millisecond}}
	l, err := list(t, o, "s3://models/m")
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(t, l); len(got) != 2 || got["m/weights.bin"] != "new weights" || got[odd] != "odd" {
		t.Errorf("contents %q", got)
	}
	for _, i := range l.Items {
		if strings.HasSuffix(i.Name, "weights.bin") && i.Declared != picket.SHA256(sum) {
			t.Errorf("%s declares %q", i.Name, i.Declared)
		}
	}
	l, err = list(t, o, "s3://models/m/weights.bin?versionId="+old)
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(t, l); len(got) != 1 || got["m/weights.bin"] != "old weights" {
		t.Errorf("the old version: %q", got)
	}
	l, err = list(t, o, "s3://models/many/")
	if err != nil || len(l.Items) != 1005 {
		t.Errorf("a list of two pages: %v", err)
	}
	l, err = list(t, o, "s3://models/m/weights.bin")
	if err != nil || len(l.Items) != 1 {
		t.Fatalf("one object: %v", err)
	}
	put(t, bucket+"/m/weights.bin", []byte("NEW weights"))
	if _, err := l.Items[0].Open(); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("an object that changed after the list: %v", err)
	}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("web token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"AWS_ENDPOINT_URL": endpoint, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/scan", "AWS_WEB_IDENTITY_TOKEN_FILE": token}
	role, err := s3.FromEnvironment(func(n string) string { return env[n] }, "")
	if err != nil {
		t.Fatal(err)
	}
	if l, err := list(t, role, "s3://models/m2"); err != nil || contents(t, l)["m2/other"] != "other" {
		t.Errorf("with a role: %v", err)
	}
	role.Identity.TokenFile += "-none"
	if _, err := list(t, role, "s3://models/m2"); err == nil || !strings.Contains(err.Error(), "read its token") {
		t.Errorf("with a role without its token: %v", err)
	}
	for uri, want := range map[string]string{"s3://models/none": "no object of this key", "s3://nothing-here/": "no such bucket",
		"s3://models/m/weights.bin?versionId=00000000-0000-0000-0000-000000000000": ""} {
		if _, err := list(t, o, uri); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

func TestServicesThatMisbehave(t *testing.T) {
	answers := map[string]string{}
	codes := map[string]string{"denied": "AccessDenied", "expired": "ExpiredToken", "archived": "InvalidObjectState"}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := codes[strings.Trim(r.URL.Path, "/")]; code != "" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>x</Message></Error>", code)
			return
		}
		_, _ = io.WriteString(w, answers[strings.Trim(r.URL.Path, "/")])
	}))
	defer s.Close()
	answers["html"] = "<html>"
	answers["loop"] = `<R><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken><Contents><Key>a</Key></Contents></R>`
	answers["paths"] = `<R><Contents><Key>../../etc/passwd</Key><Size>4</Size></Contents><Contents><Key>a//b</Key><Size>4</Size></Contents></R>`
	for name, want := range map[string]string{"html": "something else than a list", "loop": "does not end", "denied": "is not public",
		"expired": "does not accept the keys", "archived": "restore it"} {
		if _, err := list(t, s3.Options{Endpoint: s.URL}, "s3://"+name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	l, err := list(t, s3.Options{Endpoint: s.URL}, "s3://paths")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range l.Items {
		if _, err := i.Open(); err == nil || !strings.Contains(err.Error(), "leaves its folder") {
			t.Errorf("%s: %v", i.Name, err)
		}
	}
}

func TestParseName(t *testing.T) {
	for uri, want := range map[string]string{
		"s3://bucket": "bucket||", "s3://my.bucket/a/b?versionId=v%2F1": "my.bucket|a/b|v/1", "gs://bucket/a/": "bucket|a/|",
		"s3://": "error", "s3://UPPER": "error", "s3://127.0.0.1/a": "error", "s3://a..b": "error", "s3://user@host": "error", "s3://bucket?versionId=x": "error", "bucket": "error",
	} {
		n, err := s3.ParseName(uri)
		got := n.Bucket + "|" + n.Prefix + "|" + n.Version
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %q", uri, got)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"credentials": "[default]\naws_access_key_id = one\naws_secret_access_key=s1\n; [x]\n[work]\naws_access_key_id=two\naws_secret_access_key=s2\naws_session_token=t2\n",
		"config":      "[default]\nregion = eu-west-1\n[profile work]\nregion=ap-south-1\nendpoint_url = https://minio.example\n",
	} {
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ env, home, want string }{
		{"", "", "{   }  "},
		{"", home, "{one s1  }  eu-west-1"},
		{"AWS_PROFILE=work", home, "{two s2 t2 } https://minio.example ap-south-1"},
		{"AWS_ACCESS_KEY_ID=three AWS_SECRET_ACCESS_KEY=s3 AWS_ENDPOINT_URL=https://a AWS_REGION=r", home, "{three s3  } https://a r"},
		{"AWS_ENDPOINT_URL=https://a AWS_ENDPOINT_URL_S3=https://b", "", "{   } https://b "},
	} {
		env := map[string]string{}
		for _, pair := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		o, err := s3.FromEnvironment(func(n string) string { return env[n] }, c.home)
		if got := fmt.Sprint(o.Credentials, " ", o.Endpoint, " ", o.Region); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.env, got, err)
		}
	}
}
