package git_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/artifact/source/git"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit"
)

// repository is a real repository behind git's own server program.
type repository struct {
	t   *testing.T
	dir string
	url string
}

// newRepository makes an empty one and serves it on loopback.
func newRepository(t *testing.T) repository {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		testkit.Missing(t, "git is not installed")
	}
	where, err := exec.Command(program, "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := filepath.Join(strings.TrimSpace(string(where)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		testkit.Missing(t, "git http-backend is not installed")
	}
	base := t.TempDir()
	h := &cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + base, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + base}, Stderr: io.Discard}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/private/") {
			if user, password, _ := r.BasicAuth(); user != "me" || password != "hunter2" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			r.URL.Path = strings.TrimPrefix(r.URL.Path, "/private")
		}
		if rest, ok := strings.CutPrefix(r.URL.Path, "/old/"); ok {
			http.Redirect(w, r, "/"+rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/named/") { // as the large hosts answer
			if r.URL.Path = strings.TrimPrefix(r.URL.Path, "/named"); r.Method == http.MethodGet {
				_, _ = io.WriteString(w, "001e# service=git-upload-pack\n0000")
			}
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	r := repository{t: t, dir: filepath.Join(base, "m.git"), url: s.URL}
	r.git("", "init", "-q", "-b", "main", r.dir)
	return r
}

// git runs git in the repository.
func (r repository) git(input string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	if args[0] != "init" {
		cmd.Dir = r.dir
	}
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "HOME="+r.t.TempDir(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// write writes a file of the working tree.
func (r repository) write(name string, content []byte) {
	r.t.Helper()
	full := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(full, content, 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// list lists a place.
func list(t *testing.T, o fetch.Options, uri string) (*source.Listing, error) {
	t.Helper()
	n, err := git.ParseName(uri)
	if err != nil {
		t.Fatal(err)
	}
	o.Backoff = time.Millisecond
	r, err := git.New(o, n)
	if err != nil {
		return nil, err
	}
	l, err := r.List(context.Background())
	if err == nil {
		t.Cleanup(func() { _ = l.Close() })
	}
	return l, err
}

// contents reads all items, an error as "!".
func contents(t *testing.T, l *source.Listing) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, i := range l.Items {
		p := strings.TrimPrefix(i.Name, l.Base)
		o, err := i.Open()
		if err != nil {
			all[p] = "!" + err.Error()
			continue
		}
		r, err := o.Blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || i.Size != int64(len(b)) {
			t.Errorf("%s: %d bytes, size %d, %v", p, len(b), i.Size, err)
		}
		all[p] = string(b)
	}
	return all
}

func TestARealServer(t *testing.T) {
	r := newRepository(t)
	random := rand.NewChaCha8([32]byte{2})
	big := make([]byte, 300<<10)
	_, _ = random.Read(big)
	want := map[string]string{"README.md": "# model", "deep/er/model.pkl": "cos\nsystem\n(S'echo picket-hostile-sample'\ntR.", "empty": "", "zeros.bin": string(make([]byte, 33<<20))}
	for i := range 6 { // alike, so that git makes deltas
		b := bytes.Clone(big)
		copy(b[i*1000:], "changed here")
		want[fmt.Sprintf("alike/%d.bin", i)] = string(append(b, fmt.Sprint(i)...))
	}
	for name, content := range want {
		r.write(name, []byte(content))
	}
	for name, target := range map[string]string{"link": "deep/er/model.pkl", "out": "../../etc/passwd", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	r.git("", "add", "-A")
	r.git("", "update-index", "--add", "--cacheinfo", "160000,0123456789012345678901234567890123456789,sub")
	r.git("", "commit", "-q", "-m", "one")
	commit := r.git("", "rev-parse", "HEAD")
	r.git("", "tag", "-a", "-m", "t", "v1")
	r.git("", "branch", "feature/x")
	r.git("", "repack", "-adfq", "--depth=50")
	r.write("README.md", []byte("# later"))
	r.git("", "commit", "-qam", "two")
	want["link"] = want["deep/er/model.pkl"]
	at := "git+" + r.url + "/m.git"
	for uri, unpinned := range map[string]bool{at + "@" + commit: false, at + "@v1": true, at + "@feature/x": true} {
		l, err := list(t, fetch.Options{}, uri)
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		got := contents(t, l)
		for _, p := range []string{"out", "loop", "sub"} {
			if !strings.HasPrefix(got[p], "!") {
				t.Errorf("%s: %s was read", uri, p)
			}
			delete(got, p)
		}
		for p := range want {
			if got[p] != want[p] {
				t.Errorf("%s: %s has %d bytes, want %d", uri, p, len(got[p]), len(want[p]))
			}
		}
		if len(got) != len(want) || l.Target != at+"@"+commit || (len(l.Findings) == 1) != unpinned {
			t.Errorf("%s: %d files, target %s, findings %v", uri, len(got), l.Target, l.Findings)
		}
	}
	l, err := list(t, fetch.Options{}, at)
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(t, l); got["README.md"] != "# later" || l.Target == at+"@"+commit {
		t.Errorf("the default branch: %q, %s", got["README.md"], l.Target)
	}
	verdicts(t, l)
	errors(t, r, commit)
}

// verdicts checks that a scan finds the hostile file, the link to it too.
func verdicts(t *testing.T, l *source.Listing) {
	t.Helper()
	set, err := builtin.Set(builtin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	results, err := detect.Batch{Engine: detect.NewEngine(set, limits.Default()), Workers: 2, Digest: true}.Scan(context.Background(), l.Items)
	if err != nil {
		t.Fatal(err)
	}
	bad := 0
	for _, r := range results {
		if r.Verdict == picket.Malicious {
			bad++
		}
	}
	if bad != 2 {
		t.Errorf("%d files are malicious", bad)
	}
}

// errors checks what is refused, and what else names a repository.
func errors(t *testing.T, r repository, commit string) {
	t.Helper()
	for uri, want := range map[string]string{
		"/m.git@none": "no branch or tag", "/m.git@" + strings.Repeat("0", 40): "says", "/none.git": "no such repository", "/private/m.git": "no such repository",
		"/m.git#subdirectory=none": "no file or folder",
	} {
		if _, err := list(t, fetch.Options{}, "git+"+r.url+uri); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", uri, err)
		}
	}
	private := "git+" + strings.Replace(r.url, "//", "//me:hunter2@", 1) + "/private/m.git@" + commit + "#subdirectory=deep"
	if l, err := list(t, fetch.Options{}, private); err != nil || len(l.Items) != 1 || strings.Contains(l.Target+l.Base+l.Items[0].Name, "hunter2") {
		t.Errorf("a private repository: %v", err)
	}
	l, err := list(t, fetch.Options{}, "git+"+r.url+"/old/m.git@"+commit)
	if err != nil || len(l.Findings) != 1 || l.Findings[0].Rule.ID != "source.moved" {
		t.Errorf("a repository that moved: %v", err)
	}
}

func TestLargeCommitsNeedATemporaryFile(t *testing.T) {
	r := newRepository(t)
	big := make([]byte, 65<<20)
	random := rand.NewChaCha8([32]byte{3})
	_, _ = random.Read(big)
	r.write("big", big)
	r.git("", "add", "-A")
	r.git("", "-c", "core.compression=0", "commit", "-qm", "x")
	if _, err := list(t, fetch.Options{}, "git+"+r.url+"/m.git"); err == nil || !strings.Contains(err.Error(), "--scratch") {
		t.Errorf("without a folder for temporary files: %v", err)
	}
	dir := t.TempDir()
	l, err := list(t, fetch.Options{Scratch: dir}, "git+"+r.url+"/m.git")
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(t, l); got["big"] != string(big) {
		t.Errorf("read %d bytes", len(got["big"]))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestAServerThatNamesTheService(t *testing.T) {
	r := newRepository(t)
	r.write("a", []byte("content"))
	r.git("", "add", "-A")
	r.git("", "commit", "-q", "-m", "one")
	l, err := list(t, fetch.Options{}, "git+"+r.url+"/named/m.git@main")
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(t, l); got["a"] != "content" || len(got) != 1 {
		t.Errorf("contents %q", got)
	}
}

func TestHostileTrees(t *testing.T) {
	r := newRepository(t)
	blob := r.git("hooks", "hash-object", "-w", "--stdin")
	raw, err := hex.DecodeString(blob)
	if err != nil {
		t.Fatal(err)
	}
	entries := ""
	for _, name := range []string{"..", ".GIT", "a", "a/b"} {
		entries += "100644 " + name + "\x00" + string(raw)
	}
	tree := r.git(entries, "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
	commit := r.git("", "commit-tree", "-m", "x", tree)
	r.git("", "update-ref", "refs/heads/main", commit)
	l, err := list(t, fetch.Options{}, "git+"+r.url+"/m.git@"+commit)
	if err != nil {
		t.Fatal(err)
	}
	unsafe := 0
	for _, f := range l.Findings {
		if f.Rule.ID == "source.unsafe-path" {
			unsafe++
		}
	}
	got := contents(t, l)
	if unsafe != 3 || got["a"] != "hooks" || len(got) != 4 {
		t.Errorf("%d findings, contents %q", unsafe, got)
	}
}

func TestParseName(t *testing.T) {
	for uri, want := range map[string]string{
		"git+https://h/o/r.git@v1": "https://h/o/r.git v1 ", "git+https://h/r#subdirectory=a/b": "https://h/r  a/b", "git+https://h/r@feature/x": "https://h/r feature/x ",
		"git+http://h/r": "http://h/r  ", "git+https://u:p@h/r@v": "https://u:p@h/r v ",
		"git+https://h": "error", "git+ssh://h/r": "error", "https://h/r": "error", "git+https://h/r@": "error", "git+https://h/r@a..b": "error", "git+https://h/r@a%20b": "error", "git+https://h/r?x": "error",
	} {
		n, err := git.ParseName(uri)
		got := "error"
		if err == nil {
			got = n.URL.String() + " " + n.Revision + " " + n.Path
		}
		if got != want {
			t.Errorf("%s: %q", uri, got)
		}
	}
}
