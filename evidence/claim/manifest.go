package claim

import (
	"fmt"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Manifest lists every file of the content, and the other names that the same content has elsewhere.
type Manifest struct {
	Schema    string          `json:"schema" const:"picket.manifest/1"`
	Time      time.Time       `json:"time" doc:"When it was made, by the clock of whoever signed: self-asserted."`
	Resources []ManifestEntry `json:"resources" min:"1" max:"1048576"`
	Aliases   []Alias         `json:"aliases" max:"1000"`
}

// ManifestEntry is one file.
type ManifestEntry struct {
	Name   string        `json:"name" min:"1"`
	Digest picket.Digest `json:"digest"`
	Size   int64         `json:"size" min:"0" doc:"Bytes."`
}

// The systems of aliases.
const (
	AliasPython = "oms-python" // the root digest in the order of the Python tool; recomputed
	AliasOCI    = "oci"        // digest of a manifest in a registry
	AliasHub    = "hub-commit" // commit of a model hub
	AliasGit    = "git-commit"
)

// Alias is another name of the same content.
type Alias struct {
	System string `json:"system" enum:"oms-python oci hub-commit git-commit"`
	Value  string `json:"value" min:"1" max:"200"`
	Where  string `json:"where,omitempty" doc:"Repository or registry."`
	// Verified is set by Check: the value was computed anew and is the same. Every other alias is the signer's word.
	Verified bool `json:"-"`
}

// NewManifest lists the content of m. The aliases are the ones that can be computed and those that are given.
func NewManifest(m *evidence.Manifest, when time.Time, declared ...Alias) *Manifest {
	c := &Manifest{Time: when}
	for _, r := range m.Resources {
		c.Resources = append(c.Resources, ManifestEntry{Name: r.Name, Digest: r.Digest, Size: r.Size})
	}
	c.Aliases = append([]Alias{{System: AliasPython, Value: string(m.PythonDigest())}}, declared...)
	return c
}

func (c *Manifest) validate() error { return evidence.CheckResources(c.covered()) }

// covered are the resources in the form of a manifest.
func (c *Manifest) covered() []evidence.Resource {
	rs := make([]evidence.Resource, 0, len(c.Resources))
	for _, r := range c.Resources {
		rs = append(rs, evidence.Resource{Name: r.Name, Digest: r.Digest, Size: r.Size})
	}
	return rs
}

// Proves reports whether the list of files itself proves that an alias is one of the subject. Every other alias is the signer's
// word, and may be about other content.
func (c *Manifest) Proves(subject picket.Digest, a Alias) bool {
	m := evidence.Manifest{Resources: c.covered()}
	return a.System == AliasPython && m.Digest() == subject && a.Value == string(m.PythonDigest())
}

// verify computes aliases anew. One that is wrong is an error: whoever wrote it meant other content.
func (c *Manifest) verify(m *evidence.Manifest) error {
	for i, a := range c.Aliases {
		if a.System != AliasPython {
			continue
		}
		if got := m.PythonDigest(); a.Value != string(got) {
			return fmt.Errorf("%w: the alias %s says %q, and it is %s", ErrSubject, a.System, text(a.Value), got)
		}
		c.Aliases[i].Verified = true
	}
	return nil
}
