package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
)

// tiny is a repository with the shape of this one, whose program compiles in a moment.
func tiny(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":             "module example.com/tiny\n\ngo 1.26.0\n",
		"go.sum":             "",
		"LICENSE":            "free\n",
		"README.md":          "# Tiny\n",
		"cmd/picket/main.go": "package main\n\nvar release, commit, built string\n\nfunc main() { println(release, commit, built) }\n",
	} {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", "first"}, {"tag", "v1.2.3"}} {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=Test", "-c", "user.email=test@example.com"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_DATE=2026-03-04T05:06:07Z", "GIT_COMMITTER_DATE=2026-03-04T05:06:07Z")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}

// keys writes a key pair and returns the names of its files.
func keys(t *testing.T) (private, public string) {
	t.Helper()
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	private, public = filepath.Join(dir, "key.pem"), filepath.Join(dir, "key.pub")
	if err := errors.Join(os.WriteFile(private, secret, 0o600), os.WriteFile(public, text, 0o644)); err != nil {
		t.Fatal(err)
	}
	return private, public
}

// tool runs the release tool and returns what it says.
func tool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var b bytes.Buffer
	err := run(t.Context(), append(args, "--reuse-cache"), &b)
	return b.String(), err
}

// newRelease makes a release of the tiny repository.
func newRelease(t *testing.T, source string, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dist")
	said, err := tool(t, append([]string{"--source", source, "--out", dir, "--targets", "linux/amd64,windows/amd64"}, args...)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return dir
}

func TestReleaseHoldsWhatItSays(t *testing.T) {
	source := tiny(t)
	if err := os.WriteFile(filepath.Join(source, "README.md"), []byte("changed and not committed"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "dist")
	said, err := tool(t, "--source", source, "--out", dir, "--targets", "linux/amd64,windows/amd64")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"not committed; they are not in the release", "NOT SIGNED", "nothing was uploaded"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	all, err := digests(dir)
	if err != nil {
		t.Fatal(err)
	}
	top := slices.DeleteFunc(names(all), func(n string) bool { return strings.HasPrefix(n, "image/blobs/") })
	want := []string{"SHA256SUMS", "image/index.json", "image/oci-layout", "picket_v1.2.3_image.tar", "picket_v1.2.3_linux_amd64.cdx.json",
		"picket_v1.2.3_linux_amd64.tar.gz", "picket_v1.2.3_windows_amd64.cdx.json",
		"picket_v1.2.3_windows_amd64.zip", "release.json"}
	if !slices.Equal(top, want) {
		t.Errorf("the release holds %q, want %q", top, want)
	}
	r, err := readRecord(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != "v1.2.3" || !r.Time.Equal(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)) || len(r.Programs) != 2 || len(r.Image.Platforms) != 1 {
		t.Errorf("the record is %+v", r)
	}
	checkSums(t, dir)
	checkArchives(t, dir, r)
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), ".release-*")); err != nil || len(left) > 0 {
		t.Errorf("temporary folders stay behind: %q (%v)", left, err)
	}
}

// checkSums lets sha256sum read the checksums.
func checkSums(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", sumsFile)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), ": OK") != 6 {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
}

// checkArchives opens both archives, and runs the program of this platform.
func checkArchives(t *testing.T, dir string, r *record) {
	t.Helper()
	files := untar(t, filepath.Join(dir, r.Programs[0].Archive))
	stem := "picket_v1.2.3_linux_amd64/"
	if string(files[stem+"README.md"]) != "# Tiny\n" || string(files[stem+"LICENSE"]) != "free\n" {
		t.Errorf("the archive holds other pages than are committed: %q", files[stem+"README.md"])
	}
	if sum := sha256.Sum256(files[stem+"picket"]); hex.EncodeToString(sum[:]) != r.Programs[0].Digest.Hex() {
		t.Error("the binary in the archive is not the one in the record")
	}
	program := filepath.Join(t.TempDir(), "picket")
	if err := os.WriteFile(program, files[stem+"picket"], 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program).CombinedOutput()
	if want := "v1.2.3 " + r.Commit + " 1772600767\n"; err != nil || string(out) != want {
		t.Errorf("the program says %q (%v), want %q", out, err, want)
	}
	z, err := zip.OpenReader(filepath.Join(dir, r.Programs[1].Archive))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != 3 || z.File[2].Name != "picket_v1.2.3_windows_amd64/picket.exe" {
		t.Errorf("the zip holds %d files, the last %s", len(z.File), z.File[len(z.File)-1].Name)
	}
}

// untar reads an archive.
func untar(t *testing.T, name string) map[string][]byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReleaseIsVerifiedBitByBit(t *testing.T) {
	source := tiny(t)
	private, public := keys(t)
	_, stranger := keys(t)
	dir := newRelease(t, source, "--private-key", private)
	said, err := tool(t, "--source", source, "--verify", dir, "--public-key", public)
	// Two archives, the image as a file and as an index, the folder, and two claims about each binary.
	if err != nil || !strings.Contains(said, "9 claims hold") || !strings.Contains(said, "verified: ") {
		t.Fatalf("%v\n%s", err, said)
	}
	if said, err := tool(t, "--source", source, "--verify", dir); err != nil || !strings.Contains(said, "SIGNATURES NOT CHECKED") {
		t.Errorf("without a key: %v\n%s", err, said)
	}
	if _, err := tool(t, "--source", source, "--verify", dir, "--public-key", stranger); !errors.Is(err, evidence.ErrSignature) {
		t.Errorf("with a stranger's key: %v", err)
	}
	if _, err := tool(t, "--source", tiny(t), "--verify", dir); err != nil {
		t.Errorf("the same commit in another repository: %v", err)
	}
	for name, tamper := range tampers(source) {
		t.Run(name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "dist")
			if err := os.CopyFS(bad, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			want := tamper(t, bad)
			said, err := judge(t, dir, bad, options{source: source, verify: bad, publicKey: public, reuseCache: true})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one with %q\n%s", err, want, said)
			}
			if strings.Contains(said, "verified: ") {
				t.Error("it says verified")
			}
		})
	}
}

// judge verifies a release that was tampered with. Only when its record was changed is it built again: else what must come out
// is what came out before.
func judge(t *testing.T, good, bad string, o options) (string, error) {
	t.Helper()
	var said bytes.Buffer
	before, err := os.ReadFile(filepath.Join(good, recordFile))
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(bad, recordFile))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		err := verifyRelease(t.Context(), o, &said)
		return said.String(), err
	}
	r, err := readRecord(bad)
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	if err := os.CopyFS(again, os.DirFS(good)); err != nil {
		t.Fatal(err)
	}
	for _, name := range r.signed() {
		if err := os.Remove(filepath.Join(again, name)); err != nil {
			t.Fatal(err)
		}
	}
	err = errors.Join(verifySignatures(t.Context(), o, r, &said), compare(bad, again, r.signed(), &said))
	return said.String(), err
}

// tampers change a release; each returns what the error must say.
func tampers(source string) map[string]func(t *testing.T, dir string) string {
	edit := func(t *testing.T, name string, change func([]byte) []byte) {
		t.Helper()
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, change(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	replace := func(old, other string) func([]byte) []byte {
		return func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(old), []byte(other)) }
	}
	flip := func(data []byte) []byte { data[len(data)/2] ^= 1; return data }
	return map[string]func(t *testing.T, dir string) string{
		"one bit of an archive": func(t *testing.T, dir string) string {
			edit(t, filepath.Join(dir, "picket_v1.2.3_linux_amd64.tar.gz"), flip)
			return "picket_v1.2.3_linux_amd64.tar.gz has sha256:"
		},
		"another bill of materials": func(t *testing.T, dir string) string {
			edit(t, filepath.Join(dir, "picket_v1.2.3_linux_amd64.cdx.json"), replace("Apache-2.0", "MIT"))
			return "picket_v1.2.3_linux_amd64.cdx.json has sha256:"
		},
		"claims about another binary": func(t *testing.T, dir string) string {
			data, err := os.ReadFile(filepath.Join(dir, "picket_v1.2.3_linux_amd64.claims.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			edit(t, filepath.Join(dir, "picket_v1.2.3_windows_amd64.claims.jsonl"), func([]byte) []byte { return data })
			return "not what was signed: picket_v1.2.3_windows_amd64.claims.jsonl was changed"
		},
		"one bit of the image": func(t *testing.T, dir string) string {
			edit(t, filepath.Join(dir, "picket_v1.2.3_image.tar"), flip)
			return "picket_v1.2.3_image.tar has sha256:"
		},
		"a file more": func(t *testing.T, dir string) string {
			if err := os.WriteFile(filepath.Join(dir, "extra"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			return "extra does not come from the source"
		},
		"a file that looks like claims": func(t *testing.T, dir string) string {
			if err := os.WriteFile(filepath.Join(dir, "picket_v1.2.3_linux_arm64.claims.jsonl"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			return "picket_v1.2.3_linux_arm64.claims.jsonl does not come from the source"
		},
		"a file less": func(t *testing.T, dir string) string {
			if err := os.Remove(filepath.Join(dir, sumsFile)); err != nil {
				t.Fatal(err)
			}
			return "SHA256SUMS is missing"
		},
		"another version": func(t *testing.T, dir string) string {
			edit(t, filepath.Join(dir, recordFile), replace("v1.2.3", "v1.2.4"))
			return "picket_v1.2.4_linux_amd64.tar.gz is missing"
		},
		"a version that is a path": func(t *testing.T, dir string) string {
			edit(t, filepath.Join(dir, recordFile), replace(`"version": "v1.2.3"`, `"version": "../v1.2.3"`))
			return "is not like v1.2.3"
		},
		"another commit": func(t *testing.T, dir string) string {
			edit(t, filepath.Join(dir, recordFile), replace(`"commit": "`, `"commit": "--output=x`))
			return "is not a revision"
		},
		"another Go": func(t *testing.T, dir string) string {
			edit(t, filepath.Join(dir, recordFile), replace(`"go": "go1.`, `"go": "go9.`))
			return "another Go gives other bytes"
		},
		"a claim less": func(t *testing.T, dir string) string {
			if err := os.Remove(filepath.Join(dir, "picket_v1.2.3_windows_amd64.zip.claims.jsonl")); err != nil {
				t.Fatal(err)
			}
			return "picket_v1.2.3_windows_amd64.zip.claims.jsonl is missing"
		},
		"claims about another file": func(t *testing.T, dir string) string {
			data, err := os.ReadFile(filepath.Join(dir, indexClaims))
			if err != nil {
				t.Fatal(err)
			}
			edit(t, filepath.Join(dir, evidence.ClaimsFile), func([]byte) []byte { return data })
			return "claims.jsonl line 1: it is about"
		},
		"no signature": func(t *testing.T, dir string) string {
			if err := os.Remove(filepath.Join(dir, evidence.SignatureFile)); err != nil {
				t.Fatal(err)
			}
			return "verify signature"
		},
		"an unknown field": func(t *testing.T, dir string) string {
			edit(t, filepath.Join(dir, recordFile), replace(`"go":`, `"trusted": true, "go":`))
			return `unknown field "trusted"`
		},
		"a link": func(t *testing.T, dir string) string {
			if err := os.Symlink(source, filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			return "link"
		},
	}
}

func TestReleaseRefuses(t *testing.T) {
	source := tiny(t)
	_, public := keys(t)
	taken := t.TempDir()
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"a folder that exists":        {[]string{"--source", source, "--out", taken}, "exists already"},
		"a public key to sign":        {[]string{"--source", source, "--private-key", public}, "not a private key"},
		"no such key":                 {[]string{"--private-key", filepath.Join(taken, "none.pem")}, "--private-key"},
		"a wrong version":             {[]string{"--source", source, "--out", filepath.Join(taken, "d"), "--version", "1.2"}, "is not like v1.2.3"},
		"a wrong target":              {[]string{"--targets", "linux/386"}, "is not one of"},
		"a word":                      {[]string{"now"}, "there is no argument"},
		"no repository":               {[]string{"--source", taken, "--out", filepath.Join(taken, "d")}, "find commit"},
		"a public key without verify": {[]string{"--public-key", public}, "is for --verify"},
		"a private key with verify":   {[]string{"--verify", taken, "--private-key", public}, "signs nothing"},
		"verify of an empty folder":   {[]string{"--verify", taken}, "release.json"},
	} {
		t.Run(name, func(t *testing.T) {
			if said, err := tool(t, tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q\n%s", err, tt.want, said)
			}
		})
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if _, err := tool(t, "--source", source, "--out", filepath.Join(taken, "d")); err == nil || !strings.Contains(err.Error(), "SOURCE_DATE_EPOCH") {
		t.Errorf("a wrong SOURCE_DATE_EPOCH: %v", err)
	}
}

// TestSourceDateEpoch: the operator's time replaces that of the commit, and a release made so verifies without the variable.
func TestSourceDateEpoch(t *testing.T) {
	source := tiny(t)
	t.Setenv("SOURCE_DATE_EPOCH", "1000000000")
	dir := newRelease(t, source)
	r, err := readRecord(dir)
	if err != nil || r.Time.Unix() != 1000000000 {
		t.Fatalf("the time is %v (%v)", r.Time, err)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "")
	if said, err := tool(t, "--source", source, "--verify", dir); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

// TestOthersVerifyTheSignatures: the Python tool verifies the signature over the folder, openssl that of the provenance.
func TestOthersVerifyTheSignatures(t *testing.T) {
	private, public := keys(t)
	dir := newRelease(t, tiny(t), "--private-key", private)
	payload := opensslVerifies(t, filepath.Join(dir, "picket_v1.2.3_linux_amd64.tar.gz.claims.jsonl"), public)
	var st struct {
		Type      string                                    `json:"_type"`
		Subject   []struct{ Digest map[string]string }      `json:"subject"`
		Predicate struct{ BuildDefinition, RunDetails any } `json:"predicate"`
		Kind      string                                    `json:"predicateType"`
	}
	if err := json.Unmarshal(payload, &st); err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(filepath.Join(dir, "picket_v1.2.3_linux_amd64.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(archive)
	if st.Kind != "https://slsa.dev/provenance/v1" || st.Subject[0].Digest["sha256"] != hex.EncodeToString(sum[:]) {
		t.Errorf("the statement is a %s about %v", st.Kind, st.Subject)
	}
	for _, want := range []string{`"buildType":"https://picketsec.dev/release/v1"`, `"version":"v1.2.3"`, `"targets":["linux/amd64","windows/amd64"]`,
		`"gitCommit":"`, `"name":"go.sum"`, `"id":"https://picketsec.dev/release/local"`} {
		if !bytes.Contains(payload, []byte(want)) {
			t.Errorf("the provenance lacks %s:\n%s", want, payload)
		}
	}
	python := testkit.Venv(t, "model_signing")
	out, err := exec.CommandContext(t.Context(), python, "verify", "key", dir, "--signature", filepath.Join(dir, "model.sig"),
		"--public_key", public, "--ignore-paths", filepath.Join(dir, "model.sig"), "--ignore-paths", filepath.Join(dir, "claims.jsonl")).CombinedOutput()
	if err != nil {
		t.Errorf("model_signing: %v\n%s", err, out)
	}
}

// opensslVerifies checks the first bundle of a file with openssl alone and returns its payload.
func opensslVerifies(t *testing.T, file, public string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	var bundle struct {
		DSSEEnvelope struct {
			Payload     []byte
			PayloadType string
			Signatures  []struct{ Sig []byte }
		}
	}
	if err := json.Unmarshal(line, &bundle); err != nil {
		t.Fatal(err)
	}
	e := bundle.DSSEEnvelope
	dir := t.TempDir()
	message := []byte("DSSEv1 " + strconv.Itoa(len(e.PayloadType)) + " " + e.PayloadType + " " + strconv.Itoa(len(e.Payload)) + " " + string(e.Payload))
	for name, content := range map[string][]byte{"message": message, "sig": e.Signatures[0].Sig, "changed": append(message, ' ')} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func(name string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "openssl", "dgst", "-sha256", "-verify", public, "-signature", filepath.Join(dir, "sig"),
			filepath.Join(dir, name)).CombinedOutput()
		return string(out), err
	}
	if out, err := check("message"); err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
	if out, err := check("changed"); err == nil {
		t.Errorf("openssl accepts another message: %s", out)
	}
	return e.Payload
}

// TestStops: an interrupted release leaves nothing.
func TestStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	parent := t.TempDir()
	if err := run(ctx, []string{"--source", tiny(t), "--out", filepath.Join(parent, "dist")}, io.Discard); err == nil {
		t.Error("a stopped release succeeds")
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("it leaves %v (%v)", left, err)
	}
}
