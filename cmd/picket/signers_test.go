package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/picketsec/picket/internal/testkit/pki"
	"github.com/picketsec/picket/internal/testkit/sigstore"
)

// signerFixtures writes what scripts need to sign in every way into a folder: certificates with their keys, revocation lists, and
// a private Sigstore instance, which is served on the loopback address as long as the test runs.
func signerFixtures(t *testing.T) (dir, url string) {
	t.Helper()
	dir = t.TempDir()
	instance := sigstore.New(t)
	server := httptest.NewServer(instance)
	t.Cleanup(server.Close)

	now := time.Now()
	root, other := pki.NewRoot(t, "acme root"), pki.NewRoot(t, "other root")
	middle := root.NewIntermediate(t, "acme middle")
	leaf := middle.NewSigner(t, "acme release")
	expired := middle.NewSigner(t, "acme old", pki.Valid(now.Add(-30*time.Minute), now.Add(-time.Minute)))
	clock := instance.Clock()
	from, until := now.Add(-time.Hour), now.Add(time.Hour)
	for name, data := range map[string][]byte{
		"root.pem": root.PEM(), "other.pem": other.PEM(), "middle.pem": middle.PEM(), "clock.pem": clock.PEM(),
		"leaf.pem": leaf.PEM(), "leaf.key": leaf.KeyPEM(t), "expired.pem": expired.PEM(), "expired.key": expired.KeyPEM(t),
		"root.crl": root.RevocationList(t, from, until), "middle.crl": middle.RevocationList(t, from, until),
		"revoked.crl": middle.RevocationList(t, from, until, leaf),
		"config.json": instance.ClientTrustConfig(server.URL, 1), "config2.json": instance.ClientTrustConfig(server.URL, 2),
		"trusted.json": instance.TrustedRoot(), "foreign.json": sigstore.New(t).TrustedRoot(),
		"token":         []byte(instance.Token("ci@acme.example", "https://id.acme.example", now.Add(time.Hour))),
		"token.expired": []byte(instance.Token("ci@acme.example", "https://id.acme.example", now.Add(-time.Hour))),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, server.URL
}
