package trust

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// today is the present in these tests.
func today() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// project is a folder with keys and a trust root.
type project struct {
	files fstest.MapFS
	keys  map[string]*evidence.PrivateKey
}

// newProject makes keys/NAME.pub for each name.
func newProject(t testing.TB, names ...string) *project {
	t.Helper()
	p := &project{files: fstest.MapFS{}, keys: map[string]*evidence.PrivateKey{}}
	for _, name := range names {
		p.keys[name] = newKey(t, evidence.P256)
		p.files["keys/"+name+".pub"] = &fstest.MapFile{Data: []byte(publicPEM(t, p.keys[name]))}
	}
	return p
}

// publicPEM is the public key as a file holds it.
func publicPEM(t testing.TB, k *evidence.PrivateKey) string {
	t.Helper()
	text, err := k.Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// load reads a YAML trust root that stands beside the keys.
func (p *project) load(text string) (*Root, error) {
	p.files["trust.yaml"] = &fstest.MapFile{Data: []byte(text)}
	return Load(p.files, "trust.yaml", today)
}

// must is load for a root that is right.
func (p *project) must(t testing.TB, text string) *Root {
	t.Helper()
	root, err := p.load(text)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// identities is a root of version 2 with these lines under identities.
func identities(lines ...string) string {
	return "version: 2\nproject: acme\nidentities:\n" + strings.Join(lines, "\n") + "\n"
}

// claimBy is a signed statement of no meaning.
func claimBy(t testing.TB, key evidence.Signer) *evidence.Bundle {
	t.Helper()
	payload, err := evidence.NewStatement("x", picket.SHA256([32]byte{1}), "https://example.com/x", map[string]int{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.Sign(t.Context(), payload, key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seenAt is a proof by a clock.
func seenAt(at time.Time) *evidence.Proof {
	return &evidence.Proof{Moments: []evidence.Moment{{Time: at, Source: "timestamp authority tsa"}}}
}
