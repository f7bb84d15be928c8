package claim

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// TypeProvenance is the predicate type of SLSA provenance v1.
const TypeProvenance = "https://slsa.dev/provenance/v1"

// Provenance is SLSA provenance v1. Fields that the specification does not have are passed over, as it demands.
type Provenance struct {
	Definition BuildDefinition `json:"buildDefinition"`
	Run        RunDetails      `json:"runDetails"`
}

// BuildDefinition is what was to be built.
type BuildDefinition struct {
	BuildType    string          `json:"buildType" min:"1"`
	External     json.RawMessage `json:"externalParameters"`
	Internal     json.RawMessage `json:"internalParameters,omitempty"`
	Dependencies []Descriptor    `json:"resolvedDependencies,omitempty" max:"100000"`
}

// RunDetails is who built it, and when.
type RunDetails struct {
	Builder    Builder        `json:"builder"`
	Metadata   *BuildMetadata `json:"metadata,omitempty"`
	Byproducts []Descriptor   `json:"byproducts,omitempty" max:"100000"`
}

// Builder is the platform that ran the build.
type Builder struct {
	ID           string            `json:"id" min:"1"`
	Version      map[string]string `json:"version,omitempty"`
	Dependencies []Descriptor      `json:"builderDependencies,omitempty"`
}

// BuildMetadata is about this run.
type BuildMetadata struct {
	Invocation string    `json:"invocationId,omitempty"`
	Started    time.Time `json:"startedOn,omitzero"`
	Finished   time.Time `json:"finishedOn,omitzero"`
}

// Descriptor is an in-toto resource descriptor.
type Descriptor struct {
	Name      string            `json:"name,omitempty"`
	URI       string            `json:"uri,omitempty"`
	Digest    map[string]string `json:"digest,omitempty"`
	MediaType string            `json:"mediaType,omitempty"`
	Location  string            `json:"downloadLocation,omitempty"`
}

// SHA256 is the digest of the resource; empty when it has none of that algorithm.
func (d Descriptor) SHA256() picket.Digest {
	digest, err := picket.ParseDigest("sha256:" + d.Digest["sha256"])
	if err != nil {
		return ""
	}
	return digest
}

// parseProvenance reads SLSA provenance.
func parseProvenance(st *evidence.Statement) (Predicate, error) {
	p := &Provenance{}
	if err := lenient(st.Predicate, p); err != nil {
		return nil, err
	}
	var parameters map[string]json.RawMessage
	if err := json.Unmarshal(p.Definition.External, &parameters); err != nil || parameters == nil {
		return nil, fmt.Errorf("externalParameters is not an object: %w", evidence.ErrMalformed)
	}
	for _, d := range p.Definition.Dependencies {
		if hex, ok := d.Digest["sha256"]; ok && d.SHA256() == "" {
			return nil, fmt.Errorf("a dependency has %q for a SHA-256: %w", text(hex), evidence.ErrMalformed)
		}
	}
	return p, nil
}
