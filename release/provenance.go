package main

import (
	"context"
	"maps"
	"path/filepath"
	"slices"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/release/build"
)

// The identifiers in the provenance, see https://slsa.dev/spec/v1.1/provenance.
const (
	typeProvenance = "https://slsa.dev/provenance/v1"
	// buildType says that externalParameters are those of parameters, and that release/ in the named commit describes the build.
	buildType = "https://picketsec.dev/release/v1"
	// localBuilder is any machine on which a person ran the tool: nothing but the signature vouches for it.
	localBuilder = "https://picketsec.dev/release/local"
)

// provenance is the predicate of SLSA provenance v1. The clock of the build machine is not in it.
type provenance struct {
	Definition definition `json:"buildDefinition"`
	Details    details    `json:"runDetails"`
}

// definition is what was built from what.
type definition struct {
	Type         string     `json:"buildType"`
	External     parameters `json:"externalParameters"`
	Internal     settings   `json:"internalParameters"`
	Dependencies []resource `json:"resolvedDependencies"`
}

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

// details are by whom it was built.
type details struct {
	Builder builder `json:"builder"`
}

// builder is the system that built.
type builder struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version"`
}

// resource is something that the build read.
type resource struct {
	URI    string            `json:"uri,omitempty"`
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"`
}

// newProvenance says how the release was built.
func newProvenance(ctx context.Context, r *record, source build.Source, by string) (*provenance, error) {
	toolchain, err := build.FindToolchain(ctx)
	if err != nil {
		return nil, err
	}
	sums, err := build.Digest(filepath.Join(source.Dir, "go.sum"))
	if err != nil {
		return nil, err
	}
	p := &provenance{
		Definition: definition{Type: buildType,
			External: parameters{Version: r.Version, Commit: r.Commit, SourceDateEpoch: r.Time.Unix(), Targets: []string{}},
			Internal: settings{Flags: r.Flags},
			Dependencies: []resource{
				{URI: "git+https://github.com/picketsec/picket@" + r.Commit, Digest: map[string]string{"gitCommit": r.Commit}},
				{Name: "go.sum", Digest: sha256Of(sums)},
			}},
		Details: details{Builder: builder{ID: by, Version: map[string]string{"go": toolchain.Version, "host": toolchain.Host.String()}}},
	}
	for _, t := range r.Programs {
		p.Definition.External.Targets = append(p.Definition.External.Targets, t.OS+"/"+t.Arch)
	}
	for _, name := range slices.Sorted(maps.Keys(toolchain.Programs)) {
		p.Definition.Dependencies = append(p.Definition.Dependencies,
			resource{Name: toolchain.Version + " " + toolchain.Host.String() + " " + name, Digest: sha256Of(toolchain.Programs[name])})
	}
	return p, nil
}

// sha256Of is a digest as in-toto writes it.
func sha256Of(d picket.Digest) map[string]string { return map[string]string{"sha256": d.Hex()} }
