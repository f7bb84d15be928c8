package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/release/build"
)

// The identifiers in the provenance, see https://slsa.dev/spec/v1.1/provenance.
const (
	// buildType says that externalParameters are those of parameters, and that release/ in the named commit describes the build.
	buildType = "https://picketsec.dev/release/v1"
	// localBuilder is any machine on which a person ran the tool: nothing but the signature vouches for it.
	localBuilder = "https://picketsec.dev/release/local"
)

// parameters are what the maintainer chose. They are complete.
type parameters struct {
	Version         string   `json:"version"`
	Commit          string   `json:"commit"`
	SourceDateEpoch int64    `json:"sourceDateEpoch"` // seconds since 1970
	Targets         []string `json:"targets"`
}

// settings are what the tool chose.
type settings struct {
	Flags []string `json:"flags"` // of go build
	CGO   bool     `json:"cgo"`
}

// newProvenance says how the release was built. The clock of the machine is not in it.
func newProvenance(ctx context.Context, r *record, source build.Source, by string) (*claim.Provenance, error) {
	toolchain, err := build.FindToolchain(ctx)
	if err != nil {
		return nil, err
	}
	sums, err := build.Digest(filepath.Join(source.Dir, "go.sum"))
	if err != nil {
		return nil, fmt.Errorf("make provenance: %w", err)
	}
	chosen := parameters{Version: r.Version, Commit: r.Commit, SourceDateEpoch: r.Time.Unix(), Targets: []string{}}
	for _, p := range r.Programs {
		chosen.Targets = append(chosen.Targets, p.OS+"/"+p.Arch)
	}
	p := &claim.Provenance{
		Definition: claim.BuildDefinition{BuildType: buildType, Dependencies: []claim.Descriptor{
			{URI: "git+https://github.com/picketsec/picket@" + r.Commit, Digest: map[string]string{"gitCommit": r.Commit}},
			{Name: "go.sum", Digest: sha256Of(sums)},
		}},
		Run: claim.RunDetails{Builder: claim.Builder{ID: by,
			Version: map[string]string{"go": toolchain.Version, "host": toolchain.Host.String()}}},
	}
	for _, name := range slices.Sorted(maps.Keys(toolchain.Programs)) {
		p.Definition.Dependencies = append(p.Definition.Dependencies, claim.Descriptor{
			Name: toolchain.Version + " " + toolchain.Host.String() + " " + name, Digest: sha256Of(toolchain.Programs[name])})
	}
	if p.Definition.External, err = json.Marshal(chosen); err != nil {
		return nil, fmt.Errorf("make provenance: %w", err)
	}
	if p.Definition.Internal, err = json.Marshal(settings{Flags: r.Flags}); err != nil {
		return nil, fmt.Errorf("make provenance: %w", err)
	}
	return p, nil
}

// sha256Of is a digest as in-toto writes it.
func sha256Of(d picket.Digest) map[string]string { return map[string]string{"sha256": d.Hex()} }
