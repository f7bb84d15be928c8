package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/detect/model/pickle"
	"github.com/picketsec/picket/evidence/claim"
)

// What the linker writes into a release, see release/build; nothing else ever changes them. They are empty in other builds.
var (
	release string // the version, such as v1.2.3
	commit  string // forty hexadecimal digits
	built   string // the time of the source, in seconds since 1970
)

// version is the version of the release, or of the module as go install recorded it.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// revision is the commit of the source, when the build recorded it.
func revision() string {
	if commit != "" {
		return commit
	}
	return buildSetting("vcs.revision")
}

// sourceTime is when the source was committed, when the build recorded it: this binary cannot be older.
func sourceTime() (time.Time, bool) {
	if seconds, err := strconv.ParseInt(built, 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC(), true
	}
	at, err := time.Parse(time.RFC3339, buildSetting("vcs.time"))
	return at.UTC(), err == nil
}

// buildSetting is what the go command recorded under a name.
func buildSetting(name string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == name {
				return s.Value
			}
		}
	}
	return ""
}

// versionDocument is the JSON form of what this binary is.
type versionDocument struct {
	Schema    string        `json:"schema"`
	Version   string        `json:"version"`
	Commit    string        `json:"commit"` // empty when unknown
	Time      string        `json:"time"`   // of the source, RFC 3339; empty when unknown
	Go        string        `json:"go"`
	OS        string        `json:"os"`
	Arch      string        `json:"arch"`
	Digest    picket.Digest `json:"digest"` // of the running binary
	Formats   int           `json:"formats"`
	Detectors int           `json:"detectors"`
	Rules     int           `json:"rules"`
	Packs     []string      `json:"packs"` // libraries whose names pickles may use
	Claims    []claimType   `json:"claims"`
}

// claimType is one kind of claim that this binary understands. The type ends with the version of its schema.
type claimType struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func newVersionCmd(env Env) *cobra.Command {
	var out plainOutput
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Say what this binary is: version, commit, digest, and what it knows",
		Long: "Version names the release and the commit, hashes the running binary, and counts its rules, formats and packs. The\n" +
			"digest of a binary of a release stands in release.json beside it. The same binary gives the same answer.",
		Example: "  picket version\n  picket version --format json",
		Args:    cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if err := out.check(); err != nil {
				return err
			}
			doc, err := newVersionDocument()
			if err != nil {
				return err
			}
			return out.answer(env, doc, doc.write)
		},
	}
	out.add(cmd)
	return cmd
}

// newVersionDocument gathers what this binary is.
func newVersionDocument() (*versionDocument, error) {
	set, err := builtin.Set(builtin.Config{Weights: true})
	if err != nil {
		return nil, fmt.Errorf("load the built-in detectors: %w", err)
	}
	packs, err := pickle.PackNames()
	if err != nil {
		return nil, fmt.Errorf("load the built-in packs: %w", err)
	}
	digest, err := ownDigest()
	if err != nil {
		return nil, err
	}
	doc := &versionDocument{
		Schema: "picket.version/1", Version: version(), Commit: revision(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Digest: digest, Formats: len(set.Formats()), Detectors: len(set.Detectors()), Rules: len(rulesOf(set)), Packs: packs, Claims: []claimType{},
	}
	if at, ok := sourceTime(); ok {
		doc.Time = at.Format(time.RFC3339)
	}
	for _, k := range claim.Kinds() {
		doc.Claims = append(doc.Claims, claimType{Name: k.Name, Type: k.Type})
	}
	return doc, nil
}

// ownDigest hashes the file that this process was started from.
func ownDigest() (digest picket.Digest, err error) {
	name, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the running binary: %w", err)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("hash the running binary: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("hash the running binary: %w", err)
	}
	return picket.SHA256([sha256.Size]byte(h.Sum(nil))), nil
}

// write is the answer for people.
func (d *versionDocument) write(w io.Writer) error {
	unknown := func(s string) string {
		if s == "" {
			return "unknown"
		}
		return s
	}
	var l lines
	l.add("picket %s", d.Version)
	l.add("  commit    %s", unknown(d.Commit))
	l.add("  source    %s", unknown(d.Time))
	l.add("  built by  %s for %s/%s", d.Go, d.OS, d.Arch)
	l.add("  digest    %s", d.Digest)
	l.add("  knows     %s, %s, %s, %s", count(d.Formats, "format"), count(d.Detectors, "detector"), count(d.Rules, "rule"), count(len(d.Packs), "pack"))
	for i, c := range d.Claims {
		label := ""
		if i == 0 {
			label = "claims"
		}
		l.add("  %-8s  %-20s  %s", label, c.Name, c.Type)
	}
	return l.writeTo(w)
}
