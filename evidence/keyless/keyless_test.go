package keyless

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
)

const (
	account  = "release@example.com"
	provider = "https://accounts.example.com"
)

// instance is a Sigstore instance in this process.
type instance struct{ *ca.VirtualSigstore }

func newInstance(t testing.TB) instance {
	t.Helper()
	vs, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	return instance{vs}
}

// parts says what a trust root of the instance leaves out or has more of.
type parts struct{ noLog, noClock, ctLog bool }

// root is the trust root, as a file holds it.
func (i instance) root(t testing.TB, p parts) []byte {
	t.Helper()
	logs, ctLogs, clocks := withIDs(t, i.RekorLogs()), map[string]*root.TransparencyLog{}, i.TimestampingAuthorities()
	if p.noLog {
		logs = nil
	}
	if p.noClock {
		clocks = nil
	}
	if p.ctLog {
		ctLogs = withIDs(t, i.CTLogs())
	}
	tr, err := root.NewTrustedRoot(root.TrustedRootMediaType01, i.FulcioCertificateAuthorities(), ctLogs, clocks, logs)
	if err != nil {
		t.Fatal(err)
	}
	text, err := tr.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// withIDs replaces the textual identifiers of logs that the library's test instance has by the bytes that belong in a file.
func withIDs(t testing.TB, logs map[string]*root.TransparencyLog) map[string]*root.TransparencyLog {
	t.Helper()
	for id, log := range logs {
		raw, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		log.ID = raw
	}
	return logs
}

func statement(t testing.TB, name string) []byte {
	t.Helper()
	body, err := evidence.NewStatement(name, picket.SHA256([32]byte{1}), "https://example.com/test", map[string]int{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// attest is the bundle of a signature, with an entry of Rekor v1 or v2.
func (i instance) attest(t testing.TB, payload []byte, at time.Time, v2 bool) *protobundle.Bundle {
	t.Helper()
	entity, err := i.AttestAtTime(account, provider, payload, at, true)
	if v2 {
		entity, err = i.AttestHashedRekordV2(account, provider, payload)
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := entity.VerificationContent()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := entity.SignatureContent()
	if err != nil {
		t.Fatal(err)
	}
	stamps, err := entity.Timestamps()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := entity.TlogEntries()
	if err != nil {
		t.Fatal(err)
	}
	material := &protobundle.VerificationMaterial{
		Content:                   &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: content.Certificate().Raw}},
		TimestampVerificationData: &protobundle.TimestampVerificationData{},
	}
	for _, s := range stamps {
		material.TimestampVerificationData.Rfc3161Timestamps = append(material.TimestampVerificationData.Rfc3161Timestamps,
			&protocommon.RFC3161SignedTimestamp{SignedTimestamp: s})
	}
	for _, e := range entries {
		entry := e.TransparencyLogEntry()
		if !v2 {
			i.promise(t, entry)
		}
		material.TlogEntries = append(material.TlogEntries, entry)
	}
	return &protobundle.Bundle{MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{Payload: payload, PayloadType: "application/vnd.in-toto+json",
			Signatures: []*protodsse.Signature{{Sig: signature.Signature()}}}}}
}

// promise adds what the library's test instance knows about an entry of Rekor v1 but does not write into it.
func (i instance) promise(t testing.TB, entry *protorekor.TransparencyLogEntry) {
	t.Helper()
	id, err := i.RekorLogID()
	if err != nil {
		t.Fatal(err)
	}
	set, err := i.RekorSignPayload(tlog.RekorPayload{Body: base64.StdEncoding.EncodeToString(entry.GetCanonicalizedBody()),
		IntegratedTime: entry.GetIntegratedTime(), LogIndex: entry.GetLogIndex(), LogID: id})
	if err != nil {
		t.Fatal(err)
	}
	entry.KindVersion = &protorekor.KindVersion{Kind: "dsse", Version: "0.0.1"}
	entry.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: set}
}

// reread writes a bundle to disk and reads it as Picket does.
func reread(t testing.TB, b *protobundle.Bundle) (*evidence.Bundle, error) {
	t.Helper()
	text, err := protojson.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "model.sig")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return evidence.ParseBundle(text)
}

func parseRoot(t testing.TB, text []byte) *Root {
	t.Helper()
	r, err := ParseRoot(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// us is the identity that signs in these tests.
func us() Identity { return Identity{Subject: account, Issuer: provider} }

func TestVerify(t *testing.T) {
	i, other := newInstance(t), newInstance(t)
	now := time.Now()
	payload := statement(t, "m")
	good := func() *protobundle.Bundle { return i.attest(t, payload, now.Add(5*time.Minute), false) }
	everything := i.root(t, parts{})
	type change func(b *protobundle.Bundle)
	for name, test := range map[string]struct {
		v2      bool
		change  change
		root    []byte
		who     []Identity
		want    error
		message string
	}{
		"good":                       {},
		"good, Rekor v2":             {v2: true},
		"one of several identities":  {who: []Identity{{Subject: "a", Issuer: "b"}, us()}},
		"a pattern":                  {who: []Identity{{Subject: `[a-z]+@example\.com`, Issuer: provider, Pattern: true}}},
		"a pattern is anchored":      {who: []Identity{{Subject: `release`, Issuer: provider, Pattern: true}}, want: evidence.ErrForeign, message: "the identity is"},
		"another account":            {who: []Identity{{Subject: "eve@example.com", Issuer: provider}}, want: evidence.ErrForeign, message: `the identity is "release@example.com", not "eve@example.com"`},
		"a prefix of the account":    {who: []Identity{{Subject: "release@example.co", Issuer: provider}}, want: evidence.ErrForeign, message: "the identity is"},
		"another issuer":             {who: []Identity{{Subject: account, Issuer: "https://evil.example.com"}}, want: evidence.ErrForeign, message: "the issuer of the identity is"},
		"a pattern for the issuer":   {who: []Identity{{Subject: account, Issuer: ".*", Pattern: true}}, want: evidence.ErrForeign, message: "the issuer"},
		"no account":                 {who: []Identity{{Issuer: provider}}, want: evidence.ErrUnsupported, message: "needs both"},
		"no issuer":                  {who: []Identity{{Subject: account}}, want: evidence.ErrUnsupported, message: "needs both"},
		"no identity":                {who: []Identity{}, want: evidence.ErrForeign, message: "no identity"},
		"another instance":           {root: other.root(t, parts{}), want: evidence.ErrForeign, message: "no authority"},
		"no SCT where one is needed": {root: i.root(t, parts{ctLog: true}), want: evidence.ErrSignature, message: "signed certificate timestamp"},
		"no log in the root":         {root: i.root(t, parts{noLog: true})},
		"no clock in the root":       {root: i.root(t, parts{noClock: true})},
		"no clock for Rekor v2":      {v2: true, root: i.root(t, parts{noClock: true}), want: evidence.ErrSignature, message: "timestamp"},
		"no entry in the log":        {change: func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries = nil }, want: evidence.ErrSignature, message: "log inclusion"},
		"no entry and no timestamp": {change: func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries, b.VerificationMaterial.TimestampVerificationData = nil, nil
		}, want: evidence.ErrSignature, message: "log"},
		"no timestamp, Rekor v1": {change: func(b *protobundle.Bundle) { b.VerificationMaterial.TimestampVerificationData = nil }},
		"no timestamp, Rekor v2": {v2: true, change: func(b *protobundle.Bundle) { b.VerificationMaterial.TimestampVerificationData = nil }, want: evidence.ErrSignature, message: "timestamp"},
		"a changed payload":      {change: func(b *protobundle.Bundle) { b.GetDsseEnvelope().Payload = statement(t, "n") }, want: evidence.ErrSignature},
		"a changed signature":    {change: func(b *protobundle.Bundle) { b.GetDsseEnvelope().Signatures[0].Sig[20] ^= 1 }, want: evidence.ErrSignature},
		"a changed certificate": {change: func(b *protobundle.Bundle) {
			c := b.GetVerificationMaterial().GetCertificate()
			c.RawBytes[len(c.GetRawBytes())-5] ^= 1
		}, want: evidence.ErrForeign},
		"a cut certificate": {change: func(b *protobundle.Bundle) {
			c := b.GetVerificationMaterial().GetCertificate()
			c.RawBytes = c.GetRawBytes()[:99]
		}, want: evidence.ErrMalformed},
		"another's certificate": {change: func(b *protobundle.Bundle) {
			b.VerificationMaterial.Content = good().GetVerificationMaterial().GetContent()
		}, want: evidence.ErrSignature},
		"another bundle's entry": {change: func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = good().GetVerificationMaterial().GetTlogEntries()
		}, want: evidence.ErrSignature, message: "log"},
		"another log's entry": {change: func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = other.attest(t, payload, now, false).GetVerificationMaterial().GetTlogEntries()
		}, want: evidence.ErrSignature, message: "log"},
		"another bundle's timestamp": {v2: true, change: func(b *protobundle.Bundle) {
			b.VerificationMaterial.TimestampVerificationData = good().GetVerificationMaterial().GetTimestampVerificationData()
		}, want: evidence.ErrSignature, message: "timestamp"},
		"a changed body of the entry": {change: func(b *protobundle.Bundle) {
			e := b.GetVerificationMaterial().GetTlogEntries()[0]
			e.CanonicalizedBody = bytes.Replace(e.GetCanonicalizedBody(), []byte(`"},"signatures"`), []byte(`"}, "signatures"`), 1)
		}, want: evidence.ErrSignature},
		"a changed time of the entry": {change: func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].IntegratedTime -= 60 }, want: evidence.ErrSignature},
		"the entry twice": {change: func(b *protobundle.Bundle) {
			m := b.GetVerificationMaterial()
			m.TlogEntries = append(m.TlogEntries, m.GetTlogEntries()[0])
		}, want: evidence.ErrSignature, message: "duplicate"},
		"an empty entry": {change: func(b *protobundle.Bundle) { b.GetVerificationMaterial().GetTlogEntries()[0].Reset() }, want: evidence.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			b := i.attest(t, payload, now.Add(5*time.Minute), test.v2)
			if test.change != nil {
				test.change(b)
			}
			if test.root == nil {
				test.root = everything
			}
			if test.who == nil {
				test.who = []Identity{us()}
			}
			parsed, err := reread(t, b)
			if err != nil {
				t.Fatal(err)
			}
			proof, err := parseRoot(t, test.root).Verify(parsed, test.who...)
			if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.message) {
				t.Fatalf("got %v; want %q with %v", err, test.message, test.want)
			}
			if test.want == nil {
				checkProof(t, proof, payload)
			}
		})
	}
}

// checkProof checks that a proof is about what was signed, by whom, and when.
func checkProof(t *testing.T, proof *evidence.Proof, payload []byte) {
	t.Helper()
	who := proof.Signatory
	if !bytes.Equal(proof.Payload, payload) || who.Method != evidence.Keyless || who.Subject != account || who.Issuer != provider || len(who.Key) != 64 {
		t.Errorf("proof %+v", proof)
	}
	if len(proof.Moments) == 0 || !slices.IsSortedFunc(proof.Moments, func(a, b evidence.Moment) int { return a.Time.Compare(b.Time) }) {
		t.Errorf("moments %v", proof.Moments)
	}
	for _, m := range proof.Moments {
		if !strings.HasPrefix(m.Source, "transparency log https://rekor.localhost") && !strings.HasPrefix(m.Source, "timestamp authority https://virtual.tsa") {
			t.Errorf("moment %v", m)
		}
	}
}

// TestOutsideTheCertificate: the log entered the signature when its certificate was not valid.
func TestOutsideTheCertificate(t *testing.T) {
	i := newInstance(t)
	r := parseRoot(t, i.root(t, parts{}))
	for name, at := range map[string]time.Time{"expired": time.Now().Add(30 * time.Minute), "not yet valid": time.Now().Add(-30 * time.Minute)} {
		b, err := reread(t, i.attest(t, statement(t, "m"), at, false))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Verify(b, us()); !errors.Is(err, evidence.ErrSignature) || !strings.Contains(err.Error(), "certificate validity") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// published reads a file that the module of Sigstore's library publishes for tests.
func published(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output()
	if err != nil {
		testkit.Missing(t, "the go command does not find the module sigstore-go: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "pkg", "testing", "data", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestPublicInstance: a signature of the public Sigstore instance, made in 2023, with its root of that time; the bundle is
// brought into the form of today's.
func TestPublicInstance(t *testing.T) {
	b := &protobundle.Bundle{}
	if err := protojson.Unmarshal(published(t, "bundles/sigstore.js@2.0.0-provenance.sigstore.json"), b); err != nil {
		t.Fatal(err)
	}
	b.MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	b.VerificationMaterial.Content = &protobundle.VerificationMaterial_Certificate{
		Certificate: b.GetVerificationMaterial().GetX509CertificateChain().GetCertificates()[0]}
	who := Identity{Subject: "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main", Issuer: "https://token.actions.githubusercontent.com"}
	parsed, err := reread(t, b)
	if err != nil {
		t.Fatal(err)
	}
	r := parseRoot(t, published(t, "trusted-roots/public-good.json"))
	proof, err := r.Verify(parsed, who)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := proof.Earliest(); !ok || m.Time.Year() != 2023 || m.Source != "transparency log https://rekor.sigstore.dev" {
		t.Errorf("moments %v", proof.Moments)
	}
	who.Subject = strings.Replace(who.Subject, "main", "evil", 1)
	if _, err := r.Verify(parsed, who); !errors.Is(err, evidence.ErrForeign) {
		t.Error(err)
	}
}

// TestOtherMethods: a bundle by a key is nobody's in a Sigstore instance.
func TestOtherMethods(t *testing.T) {
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.Sign(t.Context(), statement(t, "m"), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseRoot(t, newInstance(t).root(t, parts{})).Verify(b, us()); !errors.Is(err, evidence.ErrForeign) {
		t.Error(err)
	}
}

func TestParseRoot(t *testing.T) {
	i := newInstance(t)
	good := i.root(t, parts{})
	config, err := json.Marshal(map[string]json.RawMessage{"mediaType": []byte(`"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"`), "trustedRoot": good})
	if err != nil {
		t.Fatal(err)
	}
	many := bytes.Replace(good, []byte(`"certificateAuthorities":[`), []byte(`"certificateAuthorities":[`+strings.Repeat(`{},`, maxParts)), 1)
	for name, test := range map[string]struct {
		text []byte
		want error
	}{
		"a trusted root":           {good, nil},
		"a client trust config":    {config, nil},
		"a field of the future":    {bytes.Replace(good, []byte(`{`), []byte(`{"newThing":[1],`), 1), nil},
		"nothing":                  {nil, evidence.ErrMalformed},
		"not JSON":                 {[]byte("{"), evidence.ErrMalformed},
		"no root in it":            {[]byte(`{"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"}`), evidence.ErrMalformed},
		"another media type":       {bytes.Replace(good, []byte("trustedroot"), []byte("somethingelse"), 1), evidence.ErrMalformed},
		"no authority":             {[]byte(`{"mediaType":"` + root.TrustedRootMediaType01 + `"}`), evidence.ErrUnsupported},
		"no clock of any kind":     {i.root(t, parts{noLog: true, noClock: true}), evidence.ErrUnsupported},
		"a name twice":             {bytes.Replace(good, []byte(`{`), []byte(`{"mediaType":"x",`), 1), evidence.ErrMalformed},
		"a damaged certificate":    {bytes.Replace(good, []byte(`"rawBytes":"MII`), []byte(`"rawBytes":"AAA`), 1), evidence.ErrMalformed},
		"more than is allowed":     {bytes.Repeat([]byte(" "), maxRoot+1), evidence.ErrMalformed},
		"too many authorities":     {many, evidence.ErrMalformed},
		"an authority without any": {bytes.Replace(good, []byte(`"certificateAuthorities":[`), []byte(`"certificateAuthorities":[{},`), 1), evidence.ErrMalformed},
	} {
		if _, err := ParseRoot(test.text); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIdentityCheck(t *testing.T) {
	for name, test := range map[string]struct {
		who  Identity
		want error
	}{
		"exact":          {us(), nil},
		"a pattern":      {Identity{Subject: "a|b", Issuer: "c", Pattern: true}, nil},
		"no expression":  {Identity{Subject: "(", Issuer: "c", Pattern: true}, evidence.ErrMalformed},
		"a way out":      {Identity{Subject: "a)|(?:.*", Issuer: "c", Pattern: true}, evidence.ErrMalformed},
		"too long":       {Identity{Subject: strings.Repeat("a", maxPattern+1), Issuer: "c", Pattern: true}, evidence.ErrUnsupported},
		"nothing":        {Identity{}, evidence.ErrUnsupported},
		"account absent": {Identity{Issuer: "c"}, evidence.ErrUnsupported},
	} {
		if err := test.who.Check(); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	alternatives := Identity{Subject: "a|b", Issuer: "c", Pattern: true}
	for subject, want := range map[string]error{"a": nil, "b": nil, "ab": evidence.ErrForeign, "xb": evidence.ErrForeign, "a\n": evidence.ErrForeign} {
		if err := alternatives.Matches(evidence.Signatory{Method: evidence.Keyless, Subject: subject, Issuer: "c"}); !errors.Is(err, want) {
			t.Errorf("%q: %v", subject, err)
		}
	}
}

// FuzzParseRoot reads trust roots that nobody made. One that is accepted has an authority, and a way to tell the time.
func FuzzParseRoot(f *testing.F) {
	good := newInstance(f).root(f, parts{ctLog: true})
	f.Add(good)
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json","trustedRoot":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseRoot(text)
		if err == nil && len(r.material.FulcioCertificateAuthorities()) == 0 {
			t.Fatal("a root without an authority")
		}
	})
}

// FuzzVerify changes bundles in every way that still parses. What verifies must be about the same statement.
func FuzzVerify(f *testing.F) {
	i := newInstance(f)
	r := parseRoot(f, i.root(f, parts{}))
	payload := statement(f, "m")
	for _, v2 := range []bool{false, true} {
		text, err := protojson.Marshal(i.attest(f, payload, time.Now().Add(5*time.Minute), v2))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := evidence.ParseBundle(text)
		if err != nil {
			return
		}
		proof, err := r.Verify(b, us())
		if err == nil && !bytes.Equal(proof.Payload, payload) {
			t.Fatalf("another statement verifies: %q", proof.Payload)
		}
		// The instance of the process that fuzzes is another one, so what it feeds is foreign: look behind that check as well.
		if _, err := r.check(b); err == nil && !bytes.Equal(b.Payload(), payload) {
			t.Fatalf("another statement passes the verifier: %q", b.Payload())
		}
	})
}
