// Package sigstore is a private Sigstore instance for tests: a certificate authority with a certificate transparency log, a
// transparency log with both versions of its interface, and a timestamp authority, served by one HTTP handler. It is for tests
// only: it certifies whatever account a token names, and every entry of its log is the only one of a tree of its own.
package sigstore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/picketsec/picket/internal/testkit/pki"
)

// Instance is one instance with its keys.
type Instance struct {
	t            testing.TB
	root, middle *pki.Holder
	clock        *pki.Holder
	log, ct      *ecdsa.PrivateKey
}

// Origin is the name of the log in its checkpoints.
const Origin = "log.sigstore.test"

// New makes an instance.
func New(t testing.TB) *Instance {
	t.Helper()
	i := &Instance{t: t, root: pki.NewRoot(t, "sigstore root")}
	i.middle = i.root.NewIntermediate(t, "sigstore middle", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} })
	clocks := pki.NewRoot(t, "clock root")
	i.clock = clocks.NewClock(t, "clock")
	for _, key := range []**ecdsa.PrivateKey{&i.log, &i.ct} {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		*key = made
	}
	return i
}

// spki is a public key in PKIX form.
func spki(key *ecdsa.PrivateKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err) // a key that this package made
	}
	return der
}

// identifier is the name of a log: the hash of its key.
func identifier(key *ecdsa.PrivateKey) []byte {
	sum := sha256.Sum256(spki(key))
	return sum[:]
}

type object map[string]any

// TrustedRoot is what verifiers trust, as a file holds it.
func (i *Instance) TrustedRoot() []byte { return i.encode(i.trustedRoot()) }

func (i *Instance) trustedRoot() object {
	valid := object{"start": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}
	authority := func(address string, chain ...*pki.Holder) []object {
		var list []object
		for _, h := range chain {
			list = append(list, object{"rawBytes": h.Certificate.Raw})
		}
		return []object{{"uri": address, "subject": object{"organization": "Test", "commonName": "test"}, "certChain": object{"certificates": list}, "validFor": valid}}
	}
	log := func(address string, key *ecdsa.PrivateKey) []object {
		return []object{{"baseUrl": address, "hashAlgorithm": "SHA2_256", "logId": object{"keyId": identifier(key)},
			"publicKey": object{"rawBytes": spki(key), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid}}}
	}
	return object{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"tlogs": log("https://"+Origin, i.log), "ctlogs": log("https://ct.sigstore.test", i.ct),
		"certificateAuthorities": authority("https://ca.sigstore.test", i.middle, i.root),
		"timestampAuthorities":   authority("https://clock.sigstore.test", i.clock, i.clock.Issuer)}
}

// ClientTrustConfig is the trusted root with the addresses of an instance that is served at base. The log's version is 1 or 2.
func (i *Instance) ClientTrustConfig(base string, version int) []byte {
	service := func(path string, major int) []object {
		return []object{{"url": base + path, "majorApiVersion": major, "operator": "test",
			"validFor": object{"start": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}}}
	}
	config := object{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json", "caUrls": service("", 1), "oidcUrls": service("", 1),
		"rekorTlogUrls": service("", version), "rekorTlogConfig": object{"selector": "ANY"}, "tsaConfig": object{"selector": "ANY"},
		"tsaUrls": service("/api/v1/timestamp", 1)}
	return i.encode(object{"mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json", "trustedRoot": i.trustedRoot(), "signingConfig": config})
}

// Token is an identity token that the instance takes. Its signature is a word, which must appear in no output.
func (i *Instance) Token(account, issuer string, expires time.Time) string {
	part := func(o object) string { return base64.RawURLEncoding.EncodeToString(i.encode(o)) }
	return part(object{"alg": "RS256", "typ": "JWT"}) + "." + part(object{"aud": "sigstore", "sub": account, "iss": issuer,
		"iat": time.Now().Add(-time.Minute).Unix(), "exp": expires.Unix()}) + "." + base64.RawURLEncoding.EncodeToString([]byte(Secret))
}

// Secret is the signature of every token.
const Secret = "the secret signature of the token"

// encode is canonical JSON: names in order, no spaces.
func (i *Instance) encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		i.t.Errorf("encode: %v", err)
	}
	return text
}

// sign is an ECDSA signature over a message.
func (i *Instance) sign(key *ecdsa.PrivateKey, message []byte) []byte {
	sum := sha256.Sum256(message)
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		i.t.Errorf("sign: %v", err)
	}
	return signature
}

// Clock is the authority of the instance's timestamps, which stand for a timestamp authority of any kind.
func (i *Instance) Clock() *pki.Holder { return i.clock.Issuer }
