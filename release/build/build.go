// Package build compiles Picket for release: from one commit, for every platform, to the same bytes on every machine with the
// same Go. It is for the release tool.
//
// It runs go and git, and nothing else in the module runs other programs. It compiles a copy of what is committed, never the
// folder that somebody works in; it takes no setting from the environment but those that say where modules and caches are;
// and it pushes, tags and uploads nothing.
package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/picketsec/picket"
)

// Target is a platform, in Go's names.
type Target struct{ OS, Arch string }

// String is the target as os/arch.
func (t Target) String() string { return t.OS + "/" + t.Arch }

// Program is the name of the binary on the platform.
func (t Target) Program() string {
	if t.OS == "windows" {
		return "picket.exe"
	}
	return "picket"
}

// Targets are the platforms of a release.
func Targets() []Target {
	var all []Target
	for _, system := range []string{"darwin", "linux", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			all = append(all, Target{system, arch})
		}
	}
	return all
}

// ParseTarget reads os/arch. Only platforms of a release are targets.
func ParseTarget(text string) (Target, error) {
	for _, t := range Targets() {
		if t.String() == text {
			return t, nil
		}
	}
	return Target{}, fmt.Errorf("target %q is not one of %v", picket.Printable(text, 40), Targets())
}

// Source is what is built, and what the binary says about itself.
type Source struct {
	Dir     string    // root of the module
	Version string    // such as v0.4.0
	Commit  string    // forty hexadecimal digits; empty when the source is not from git
	Time    time.Time // of the commit, or SOURCE_DATE_EPOCH; the only time in a release, in whole seconds
	// Cache is where the compiler keeps its results; empty for the cache of the user, whose content is then believed.
	Cache string
}

// versions are those of Semantic Versioning with a v: they become names of files and words of a command line.
var versions = regexp.MustCompile(`^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

// CheckVersion refuses what is not a version such as v1.2.3 or v1.2.3-rc.1.
func CheckVersion(version string) error {
	if len(version) > 100 || !versions.MatchString(version) {
		return fmt.Errorf("version %q is not like v1.2.3 or v1.2.3-rc.1", picket.Printable(version, 100))
	}
	return nil
}

// Flags are the arguments of go build that decide about the bytes.
func (s Source) Flags() []string {
	stamp := "-s -w -buildid= -X main.release=" + s.Version + " -X main.built=" + strconv.FormatInt(s.Time.Unix(), 10)
	if s.Commit != "" {
		stamp += " -X main.commit=" + s.Commit
	}
	return []string{"-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=" + stamp}
}

// Compile writes the binary for a target to a file.
func (s Source) Compile(ctx context.Context, t Target, file string) error {
	full, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("compile for %s: %w", t, err)
	}
	world, err := environment(ctx)
	if err != nil {
		return fmt.Errorf("compile for %s: %w", t, err)
	}
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, s.Flags()...), "-o", full, "./cmd/picket")...) //nolint:gosec // versions are checked
	cmd.Dir = s.Dir
	cmd.Env = slices.Concat(world, []string{"GOOS=" + t.OS, "GOARCH=" + t.Arch})
	if s.Cache != "" {
		cache, err := filepath.Abs(s.Cache)
		if err != nil {
			return fmt.Errorf("compile for %s: %w", t, err)
		}
		cmd.Env = append(cmd.Env, "GOCACHE="+cache)
	}
	if _, err := run(cmd); err != nil {
		return fmt.Errorf("compile for %s: %w", t, err)
	}
	return nil
}

// passed are the variables that say where things are: none of them changes what is built.
func passed() []string {
	return []string{"PATH", "HOME", "TMPDIR", "TMP", "TEMP", "USERPROFILE", "LOCALAPPDATA", "SYSTEMROOT", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
}

// environment is all that the compiler sees of the world. Everything that changes code is set, so that neither a variable nor
// a file of go env -w does.
func environment(ctx context.Context) ([]string, error) {
	env := []string{"GOENV=off", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0", "GOEXPERIMENT=", "GO111MODULE=on",
		"GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off", "GODEBUG="}
	for _, name := range passed() {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	where := []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOVCS"}
	values, err := goEnv(ctx, where...)
	if err != nil {
		return nil, err
	}
	for _, name := range where {
		env = append(env, name+"="+values[name])
	}
	return env, nil
}

// goEnv asks go for its settings.
func goEnv(ctx context.Context, names ...string) (map[string]string, error) {
	out, err := run(exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, names...)...)) //nolint:gosec // constant names
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	if err := json.Unmarshal(out, &values); err != nil {
		return nil, fmt.Errorf("read go env: %w", err)
	}
	return values, nil
}

// Toolchain is the Go that compiles. Two releases can only be compared when they were made with the same.
type Toolchain struct {
	Version  string                   // such as go1.26.8
	Host     Target                   // where it runs
	Programs map[string]picket.Digest // compiler and linker by name
}

// FindToolchain looks at the go on the path.
func FindToolchain(ctx context.Context) (*Toolchain, error) {
	values, err := goEnv(ctx, "GOVERSION", "GOHOSTOS", "GOHOSTARCH", "GOTOOLDIR", "GOHOSTEXE", "GOEXE")
	if err != nil {
		return nil, fmt.Errorf("find toolchain: %w", err)
	}
	tc := &Toolchain{Version: values["GOVERSION"], Host: Target{values["GOHOSTOS"], values["GOHOSTARCH"]}, Programs: map[string]picket.Digest{}}
	suffix := ""
	if tc.Host.OS == "windows" {
		suffix = ".exe"
	}
	for _, name := range []string{"asm", "compile", "link"} {
		digest, err := Digest(filepath.Join(values["GOTOOLDIR"], name+suffix))
		if err != nil {
			return nil, fmt.Errorf("find toolchain: %w", err)
		}
		tc.Programs[name] = digest
	}
	return tc, nil
}

// Digest is the SHA-256 of a file.
func Digest(name string) (digest picket.Digest, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return picket.SHA256([sha256.Size]byte(h.Sum(nil))), nil
}

// run runs a program and returns what it wrote; an error ends with what it complained about.
func run(cmd *exec.Cmd) ([]byte, error) {
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", filepath.Base(cmd.Path), cmd.Args[1], err, strings.TrimSpace(complaint.String()))
	}
	return out.Bytes(), nil
}
