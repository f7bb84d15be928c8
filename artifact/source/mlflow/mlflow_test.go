package mlflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/artifact/source/mlflow"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// server starts a real tracking server on loopback, and returns its host and port.
func server(t *testing.T) string {
	t.Helper()
	python := testkit.Venv(t, filepath.Join("..", "mlflow", "bin", "python"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	dir := t.TempDir()
	cmd := exec.Command(python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", "1",
		"--backend-store-uri", "sqlite:///"+dir+"/db", "--artifacts-destination", dir+"/artifacts", "--serve-artifacts")
	cmd.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true", "HOME="+dir)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the group that this test made
		_ = cmd.Wait()
	})
	for range 3000 {
		if resp, err := http.Get("http://" + address + "/health"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return address
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("mlflow does not start: %s", said.String())
	return ""
}

// send sends a request to prepare the server.
func send(t *testing.T, method, address, body string) []byte {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // a test
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %s %v", method, address, resp.Status, b, err)
	}
	return b
}

// list lists a place.
func list(t *testing.T, o mlflow.Options, uri string) (*source.Listing, error) {
	t.Helper()
	n, err := mlflow.ParseName(uri)
	if err != nil {
		t.Fatal(err)
	}
	o.Fetch.Backoff = time.Millisecond
	v, err := mlflow.New(o, n)
	if err != nil {
		return nil, err
	}
	l, err := v.List(context.Background())
	if err == nil {
		t.Cleanup(func() { _ = l.Close() })
	}
	return l, err
}

// logModel registers a model as its users do.
const logModel = `
import sys, mlflow, mlflow.sklearn
from sklearn.linear_model import LinearRegression
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run():
    mlflow.sklearn.log_model(LinearRegression().fit([[0], [1]], [0, 1]), name="m", registered_model_name="honest")
`

func TestARealServer(t *testing.T) {
	host := server(t)
	api := "http://" + host + "/api/2.0/mlflow"
	var run struct{ Run struct{ Info map[string]any } }
	if err := json.Unmarshal(send(t, http.MethodPost, api+"/runs/create", `{"experiment_id":"0"}`), &run); err != nil {
		t.Fatal(err)
	}
	id, at := fmt.Sprint(run.Run.Info["run_id"]), fmt.Sprint(run.Run.Info["artifact_uri"])
	files := "http://" + host + "/api/2.0/mlflow-artifacts/artifacts/" + strings.TrimPrefix(at, "mlflow-artifacts:/") + "/up/"
	send(t, http.MethodPut, files+"MLmodel", "flavors: {}\n")
	send(t, http.MethodPut, files+"data/sub%20dir/model.pkl", "cos\nsystem\n(S'echo picket-hostile-sample'\ntR.")
	send(t, http.MethodPut, files+"data/big.bin", strings.Repeat("big", 12<<20))
	send(t, http.MethodPost, api+"/registered-models/create", `{"name":"my model"}`)
	send(t, http.MethodPost, api+"/model-versions/create", `{"name":"my model","source":"`+at+`/up","run_id":"`+id+`"}`)
	send(t, http.MethodPost, api+"/registered-models/alias", `{"name":"my model","alias":"champion","version":"1"}`)
	send(t, http.MethodPost, api+"/model-versions/create", `{"name":"my model","source":"s3://bucket/m"}`)
	for uri, want := range map[string]string{"my%20model/1": "", "my%20model@champion": "source.unpinned"} {
		l, err := list(t, mlflow.Options{}, "mlflow+http://"+host+"/models/"+uri)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, i := range l.Items {
			names = append(names, strings.TrimPrefix(i.Name, l.Base))
		}
		if got := strings.Join(names, " "); got != "MLmodel data/big.bin data/sub dir/model.pkl" || l.Target != "mlflow+http://"+host+"/models/my%20model/1/" {
			t.Errorf("%s: %q, target %s", uri, got, l.Target)
		}
		if rules := fmt.Sprint(len(l.Findings)); rules != map[bool]string{true: "0", false: "1"}[want == ""] {
			t.Errorf("%s: findings %v", uri, l.Findings)
		}
		verdicts := scan(t, l)
		if verdicts["data/sub dir/model.pkl"] != picket.Malicious {
			t.Errorf("%s: %v", uri, verdicts)
		}
	}
	if l, err := list(t, mlflow.Options{}, "mlflow+http://"+host+"/models/my%20model/1/data/sub%20dir"); err != nil || len(l.Items) != 1 {
		t.Errorf("a folder of the model: %v", err)
	}
	handed := ""
	elsewhere := func(uri string) (source.Place, error) { handed = uri; return empty{}, nil }
	if _, err := list(t, mlflow.Options{Elsewhere: elsewhere}, "mlflow+http://"+host+"/models/my%20model/2"); err != nil || handed != "s3://bucket/m" {
		t.Errorf("a model in a bucket: %q, %v", handed, err)
	}
	for uri, want := range map[string]string{"my%20model/9": "no such model", "none/1": "no such model", "my%20model@none": "no such model", "my%20model/Production": "no version has the stage"} {
		if _, err := list(t, mlflow.Options{}, "mlflow+http://"+host+"/models/"+uri); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", uri, err)
		}
	}
	python := testkit.Venv(t, filepath.Join("..", "mlflow", "bin", "python"))
	cmd := exec.Command(python, "-W", "ignore", "-c", logModel, "http://"+host)
	cmd.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true", "HOME="+t.TempDir(), "MLFLOW_ENABLE_ASYNC_LOGGING=false")
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("log a model: %v\n%s", err, out)
	}
	l, err := list(t, mlflow.Options{}, "mlflow+http://"+host+"/models/honest/latest")
	if err != nil {
		t.Fatal(err)
	}
	verdicts := scan(t, l)
	if _, ok := verdicts["MLmodel"]; !ok || len(verdicts) < 4 {
		t.Errorf("an honest model: %v", verdicts)
	}
	for name, v := range verdicts {
		if v.Worse(picket.Incomplete) {
			t.Errorf("an honest model: %s is %s", name, v)
		}
	}
}

// empty is a place without files.
type empty struct{}

func (empty) List(context.Context) (*source.Listing, error) { return &source.Listing{}, nil }

// scan returns the verdicts by path.
func scan(t *testing.T, l *source.Listing) map[string]picket.Verdict {
	t.Helper()
	set, err := builtin.Set(builtin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	results, err := detect.Batch{Engine: detect.NewEngine(set, limits.Default()), Workers: 2, Digest: true}.Scan(context.Background(), l.Items)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]picket.Verdict{}
	for _, r := range results {
		verdicts[strings.TrimPrefix(r.Artifact.Name, l.Base)] = r.Verdict
		if r.Failure != "" {
			t.Errorf("%s: %s", r.Artifact.Name, r.Failure)
		}
	}
	return verdicts
}

func TestServersThatMisbehave(t *testing.T) {
	uri, files := "", `{"files":[{"path":"../../etc/passwd","is_dir":false,"file_size":"3"},{"path":"../up","is_dir":true},{"path":"a","is_dir":false,"file_size":1}]}`
	login := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		login = r.Header.Get("Authorization")
		switch {
		case login == "Bearer wrong":
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/model-versions/get"):
			fmt.Fprint(w, `{"model_version":{"version":"1","status":"READY"}}`)
		case strings.HasSuffix(r.URL.Path, "get-download-uri"):
			fmt.Fprintf(w, `{"artifact_uri":%q}`, uri)
		case strings.Contains(r.URL.Path, "/logged-models/"):
			fmt.Fprint(w, `{"model":{"info":{"artifact_uri":"mlflow-artifacts:/logged"}}}`)
		default:
			if strings.Count(r.URL.Query().Get("path"), "deep") > 0 {
				fmt.Fprint(w, `{"files":[{"path":"deep","is_dir":true}]}`)
				return
			}
			if strings.HasSuffix(r.URL.Path, "/a") {
				fmt.Fprint(w, "a")
				return
			}
			fmt.Fprint(w, files)
		}
	}))
	defer s.Close()
	at := "mlflow+http://" + strings.TrimPrefix(s.URL, "http://") + "/models/m/1"
	for given, want := range map[string]string{
		"mlflow-artifacts://evil.example/x": "another server", "mlflow-artifacts:/../../x": "leaves its folder", "file:///etc": "disk of the tracking server",
		"/etc": "disk of the tracking server", "ftp://x/y": "not supported", "models:/other/1": "another model", "s3://b/x": "not supported", "mlflow-artifacts:/deep": "deeper than",
		"": "disk of the tracking server", s.URL + "/elsewhere": "not supported",
	} {
		uri = given
		if _, err := list(t, mlflow.Options{}, at); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", given, err)
		}
	}
	for _, given := range []string{"mlflow-artifacts:/ok", "models:/m-0123456789abcdef", s.URL + "/api/2.0/mlflow-artifacts/artifacts/x"} {
		uri = given
		l, err := list(t, mlflow.Options{Username: "u", Password: "hunter2"}, at)
		if err != nil || len(l.Items) != 3 || !strings.HasPrefix(login, "Basic ") {
			t.Errorf("%s: %v", given, err)
			continue
		}
		for _, i := range l.Items {
			if _, err := i.Open(); (err == nil) != strings.HasSuffix(i.Name, "/1/a") || err != nil && !strings.Contains(err.Error(), "leaves its folder") {
				t.Errorf("%s: %v", i.Name, err)
			}
		}
	}
	if _, err := list(t, mlflow.Options{Token: "wrong"}, at); err == nil || !strings.Contains(err.Error(), "MLFLOW_TRACKING_TOKEN") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong token: %v", err)
	}
}

func TestParseName(t *testing.T) {
	for uri, want := range map[string]string{
		"mlflow://h/models/m/3": "https://h m 3   ", "mlflow+http://h:5000/models/a%20b/3/x/y": "http://h:5000 a b 3   x/y", "mlflow://h/ml/models/m@best": "https://h/ml m  best  ",
		"mlflow://h/models/m/Production": "https://h m   Production ", "mlflow://h/models/m@best/x": "https://h m  best  x",
		"mlflow://h/models/m": "error", "mlflow://h/m/3": "error", "mlflow://u:p@h/models/m/3": "error", "mlflow:///models/m/3": "error", "http://h/models/m/3": "error", "mlflow://h/models/m@": "error",
	} {
		n, err := mlflow.ParseName(uri)
		got := "error"
		if err == nil {
			scheme := map[bool]string{true: "http://", false: "https://"}[n.Plain]
			got = strings.Join([]string{scheme + n.Host + n.Root, n.Model, n.Version, n.Alias, n.Stage, n.Path}, " ")
		}
		if got != want {
			t.Errorf("%s: %q, want %q, %v", uri, got, want, err)
		}
	}
	if _, err := mlflow.New(mlflow.Options{Fetch: fetch.Options{}}, mlflow.Name{Host: "example.com", Plain: true}); err != nil {
		t.Errorf("plain http by name: %v", err)
	}
}
