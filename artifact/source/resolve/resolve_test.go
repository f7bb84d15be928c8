package resolve_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/source/resolve"
)

func TestPlace(t *testing.T) {
	env := map[string]string{"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000/ml/"}
	o := resolve.Options{Getenv: func(n string) string { return env[n] }}
	for uri, want := range map[string]string{
		"hf://a/b": "*hf.Repository", "HF://a/b": "*hf.Repository", "https://huggingface.co/a/b": "*hf.Repository", "https://hf.co/a/b/tree/main/x": "*hf.Repository",
		"https://huggingface.co/a/b/resolve/main/m.bin": "*hf.Repository", "https://huggingface.co/docs/a/b": "*https.File", "https://evil.example/a/b/tree/main": "*https.File",
		"https://h.example/m.onnx": "*https.File", "http://127.0.0.1/m": "*https.File", "s3://bucket/m": "*s3.Bucket", "gs://bucket/m": "*s3.Bucket",
		"oci://ghcr.io/a/b:v1": "*oci.Image", "oci+http://reg.example/a:v1": "*oci.Image", "mlflow://h/models/m/1": "*mlflow.Version", "mlflow+http://h/models/m/1": "*mlflow.Version",
		"models:/m/1": "*mlflow.Version", "git+https://h/r@v1": "*git.Repository",
		"http://h.example/m": "not encrypted", "hf://": "not a repository", "pvc://claim/m": "mount it", "file:///x": "name the path itself", "hdfs://x/y": "hf://org/name[@revision]",
		"abfs://x": "no kind of address", "git+ssh://h/r": "no kind of address", "s3://": "write s3://", "oci://X": "write oci://", "mlflow://h": "names no model", "git+https://h": "names no repository",
		"plain": "no kind of address", "oci://reg.example/a?x": "write oci://",
	} {
		place, err := resolve.Place(o, uri)
		got := fmt.Sprintf("%T", place)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s", uri, got)
		}
	}
	if _, err := resolve.Place(resolve.Options{}, "models:/m/1"); err == nil || !strings.Contains(err.Error(), "MLFLOW_TRACKING_URI") {
		t.Errorf("models without a server: %v", err)
	}
}

func TestRemote(t *testing.T) {
	for arg, want := range map[string]bool{"hf://a/b": true, "git+https://h/r": true, "nonsense://x": true, "models:/m/1": true, "models/m": false, "./a://b": false, "a/b": false, "-": false, "://x": false, "/x://y": false} {
		if got := resolve.Remote(arg); got != want {
			t.Errorf("%s: %v", arg, got)
		}
	}
}

// TestCredentialsGoWhereTheyBelong lists places of the same kind at another server than the one that the credentials are for.
func TestCredentialsGoWhereTheyBelong(t *testing.T) {
	seen := map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen[r.Header.Get("Authorization")] = true
		w.WriteHeader(http.StatusNotFound)
	}))
	defer s.Close()
	env := map[string]string{"HF_TOKEN": "hf_secret", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret", "MLFLOW_TRACKING_TOKEN": "ml_secret"}
	o := resolve.Options{Getenv: func(n string) string { return env[n] }}
	list := func(uri string) {
		t.Helper()
		clear(seen)
		place, err := resolve.Place(o, uri)
		if err == nil {
			_, err = place.List(context.Background())
		}
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", uri, err)
		}
	}
	list(s.URL + "/a/b/tree/main")
	if len(seen) != 1 || !seen[""] {
		t.Errorf("a file of a server got %v", seen)
	}
	o.HubEndpoint = s.URL
	list(s.URL + "/a/b/tree/main")
	if !seen["Bearer hf_secret"] {
		t.Errorf("the Hub got %v", seen)
	}
	list("hf://a/b")
	if !seen["Bearer hf_secret"] {
		t.Errorf("the Hub got %v", seen)
	}
	o.S3Endpoint = s.URL
	list("s3://bucket/m")
	for header := range seen {
		if !strings.HasPrefix(header, "AWS4-HMAC-SHA256 Credential=AKIA/") {
			t.Errorf("the bucket got %q", header)
		}
	}
	list("mlflow+http://" + strings.TrimPrefix(s.URL, "http://") + "/models/m/1")
	if !seen["Bearer ml_secret"] {
		t.Errorf("the tracking server got %v", seen)
	}
}

func TestKinds(t *testing.T) {
	for _, k := range resolve.Kinds() {
		if k.Form == "" || k.Holds == "" {
			t.Errorf("%+v is not described", k)
		}
	}
}
