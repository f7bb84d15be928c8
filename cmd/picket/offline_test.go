package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/picketsec/picket/internal/testkit"
)

// TestWithoutNetwork runs the evidence chain in a network namespace that has no interface but a loopback that is down: no
// verb misses anything. The test first makes sure that there is really no network.
func TestWithoutNetwork(t *testing.T) {
	t.Parallel() // the scan of an address waits before it gives up
	if runtime.GOOS != "linux" {
		testkit.Missing(t, "network namespaces are a feature of Linux")
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		testkit.Missing(t, "unshare is not installed (it is in util-linux)")
	}
	if out, err := exec.CommandContext(t.Context(), unshare, "-n", "true").CombinedOutput(); err != nil {
		testkit.Missing(t, "unshare -n needs root: %v %s", err, out)
	}
	if out, err := exec.CommandContext(t.Context(), unshare, "-n", "cat", "/proc/net/route").Output(); err != nil || strings.Count(string(out), "\n") > 1 {
		t.Fatalf("there is a route in the namespace (%v):\n%s", err, out)
	}
	o := &offline{unshare: unshare, dir: t.TempDir(), program: filepath.Join(t.TempDir(), "picket")}
	// The test binary is the command, see TestMain; testscript tells which one by the name.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, o.program); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(o.dir, "model"), os.DirFS(filepath.Join("..", "..", "examples", "models", "benign"))); err != nil {
		t.Fatal(err)
	}
	o.chain(t)
}

// offline runs the command without a network.
type offline struct{ unshare, dir, program string }

// chain is a model's way from the first scan to the decision.
func (o *offline) chain(t *testing.T) {
	t.Helper()
	o.picket(t, 0, "healthy", "doctor", "--format", "json")
	o.picket(t, 0, "made .picket", "init")
	o.picket(t, 0, "clean", "scan", "model", "--attest", "--private-key", ".picket/key.pem")
	o.picket(t, 0, "signed sha256:", "sign", "model", "--private-key", ".picket/key.pem")
	o.picket(t, 0, "verified", "verify", "model", "--public-key", ".picket/key.pub")
	o.picket(t, 0, "counts", "claims", "model", "--trust", ".picket/trust.yaml")
	o.picket(t, 0, "allowed", "gate", "model", "--policy", ".picket/development.yaml")
	o.picket(t, 0, "sha256:", "digest", "model")
	o.picket(t, 0, "Nothing changed", "diff", "model", "model")
	o.picket(t, 0, "picket ", "version")
	o.picket(t, 0, "CycloneDX", "bom", "gen", "model", "--format", "cyclonedx-json")
	// What needs the network says so, and is not mistaken for a clean model.
	out, code := o.run(t, "scan", "https://192.0.2.1/model.pkl")
	if code == exitOK || !strings.Contains(out, "192.0.2.1") {
		t.Errorf("a scan of an address gives exit code %d without a network:\n%s", code, out)
	}
}

// picket runs a verb and checks its exit code and what it says.
func (o *offline) picket(t *testing.T, code int, says string, args ...string) {
	t.Helper()
	out, got := o.run(t, args...)
	if got != code || !strings.Contains(out, says) {
		t.Fatalf("picket %v: exit code %d, want %d and %q\n%s", args, got, code, says, out)
	}
}

// run runs the command in a namespace of its own.
func (o *offline) run(t *testing.T, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), o.unshare, append([]string{"-n", "--", o.program}, args...)...)
	cmd.Dir = o.dir
	cmd.Env = []string{"HOME=" + o.dir, "PATH=" + os.Getenv("PATH")}
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return b.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatalf("picket %v: %v", args, err)
	}
	return b.String(), 0
}
