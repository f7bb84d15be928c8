package trust

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	digitorus "github.com/digitorus/timestamp"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/certificate"
	"github.com/picketsec/picket/internal/testkit/pki"
)

// stamp adds a timestamp of an authority to a bundle.
func stamp(t testing.TB, b *evidence.Bundle, clock *pki.Holder, at time.Time) {
	t.Helper()
	query, err := digitorus.CreateRequest(bytes.NewReader(b.Signature()), &digitorus.RequestOptions{Hash: crypto.SHA256, Certificates: true})
	if err != nil {
		t.Fatal(err)
	}
	response, err := clock.Stamp(query, at)
	if err != nil {
		t.Fatal(err)
	}
	b.Timestamps = append(b.Timestamps, response)
}

func TestTrustedTime(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	p := newProject(t, "a")
	ca, other := pki.NewRoot(t, "clocks"), pki.NewRoot(t, "other clocks")
	ours, foreign := ca.NewClock(t, "clock"), other.NewClock(t, "clock")
	p.files["tsa.pem"] = &fstest.MapFile{Data: ca.PEM()}
	until := now.Add(-10 * time.Minute).Format(time.RFC3339)
	text := identities("  - {name: a, key: {file: keys/a.pub}, may: [bom], until: '"+until+"'}") + "timestamps: [{name: our clock, roots: [tsa.pem]}]\n"
	root := p.must(t, text)
	root.now = func() time.Time { return now }
	early, late := now.Add(-20*time.Minute), now.Add(-5*time.Minute)
	for name, tt := range map[string]struct {
		clocks []*pki.Holder
		at     []time.Time
		want   string
	}{
		"none":                       {nil, nil, "no trusted clock proves when it signed"},
		"in time":                    {[]*pki.Holder{ours}, []time.Time{early}, ""},
		"too late":                   {[]*pki.Holder{ours}, []time.Time{late}, "valid only until"},
		"the earliest decides":       {[]*pki.Holder{ours, ours}, []time.Time{late, early}, ""},
		"somebody else's":            {[]*pki.Holder{foreign}, []time.Time{early}, "no trusted clock proves when it signed"},
		"somebody else's is earlier": {[]*pki.Holder{foreign, ours}, []time.Time{early, late}, "valid only until"},
	} {
		b := claimBy(t, p.keys["a"])
		for n, clock := range tt.clocks {
			stamp(t, b, clock, tt.at[n])
		}
		who, proof, err := root.Verify(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		err = root.May(who, "bom", proof)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if why := root.Explain(who, "bom", proof); tt.want == "" && !strings.Contains(why, "as timestamp authority our clock proves") {
			t.Errorf("%s: %s", name, why)
		}
	}
	// A timestamp of a known clock over another signature is damage, not somebody else's.
	b, elsewhere := claimBy(t, p.keys["a"]), claimBy(t, p.keys["a"])
	stamp(t, elsewhere, ours, early)
	b.Timestamps = elsewhere.Timestamps
	if _, _, err := root.Verify(b); !errors.Is(err, evidence.ErrSignature) {
		t.Errorf("a timestamp over another signature: %v", err)
	}
}

// certifiedBy is a signer with a certificate.
func certifiedBy(t testing.TB, h *pki.Holder) evidence.Signer {
	t.Helper()
	key, err := evidence.ParsePrivateKey(h.KeyPEM(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := certificate.NewSigner(key, h.PEM(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCertificates(t *testing.T) {
	p := newProject(t, "a")
	ours, theirs := pki.NewRoot(t, "ours"), pki.NewRoot(t, "theirs")
	p.files["ca.pem"] = &fstest.MapFile{Data: ours.PEM()}
	address := func(text string) pki.Change {
		return func(c *x509.Certificate) { c.EmailAddresses = []string{text} }
	}
	robot := func(c *x509.Certificate) { c.URIs = []*url.URL{{Scheme: "spiffe", Host: "acme", Path: "/ci"}} }
	text := identities(
		"  - {name: a, key: {file: keys/a.pub}, may: [bom]}",
		"  - {name: release, certificate: {roots: [ca.pem], subject: release@acme.example}, may: [approval]}",
		"  - {name: ci, certificate: {roots: [ca.pem], subject: 'spiffe://acme/ci'}, may: [bom]}",
	)
	root := p.must(t, text)
	root.now = time.Now
	for name, tt := range map[string]struct {
		holder *pki.Holder
		want   string
		err    error
	}{
		"by address":             {ours.NewSigner(t, "r", address("release@acme.example")), "release", nil},
		"by the second identity": {ours.NewSigner(t, "r", robot), "ci", nil},
		"of another holder":      {ours.NewSigner(t, "r", address("mallory@acme.example")), "", evidence.ErrForeign},
		"of another authority":   {theirs.NewSigner(t, "r", address("release@acme.example")), "", evidence.ErrForeign},
		"the address as a name":  {ours.NewSigner(t, "release@acme.example"), "", evidence.ErrForeign},
	} {
		who, proof, err := root.Verify(claimBy(t, certifiedBy(t, tt.holder)))
		if !errors.Is(err, tt.err) || who != tt.want {
			t.Errorf("%s: %q %v", name, who, err)
		}
		if err == nil && proof.Signatory.Method != evidence.ByCertificate {
			t.Errorf("%s: %+v", name, proof.Signatory)
		}
	}
	b := claimBy(t, certifiedBy(t, ours.NewSigner(t, "r", address("release@acme.example"))))
	swapped := claimBy(t, certifiedBy(t, ours.NewSigner(t, "r", address("mallory@acme.example"))))
	swapped.Chain = b.Chain
	if _, _, err := root.Verify(swapped); !errors.Is(err, evidence.ErrSignature) {
		t.Errorf("the certificate of release over a signature of mallory: %v", err)
	}
	swapped.Chain = [][]byte{[]byte("no certificate")}
	if _, _, err := root.Verify(swapped); !errors.Is(err, evidence.ErrMalformed) {
		t.Errorf("a damaged certificate: %v", err)
	}
	root.now = func() time.Time { return time.Now().AddDate(0, 1, 0) }
	if _, _, err := root.Verify(b); !errors.Is(err, evidence.ErrCertificate) {
		t.Errorf("an expired certificate: %v", err)
	}
	if why := root.Explain("release", "approval", nil); !strings.HasPrefix(why, "certificate of release@acme.example is release, may make approval") {
		t.Error(why)
	}
	onlyKeys := p.must(t, identities("  - {name: a, key: {file: keys/a.pub}, may: [bom]}"))
	if _, _, err := onlyKeys.Verify(b); !errors.Is(err, evidence.ErrForeign) {
		t.Errorf("no identity has a certificate: %v", err)
	}
	twice := strings.Replace(text, "spiffe://acme/ci", "release@acme.example", 1)
	if _, err := p.load(twice); err == nil || !strings.Contains(err.Error(), `is there already, as "release"`) {
		t.Errorf("one holder under two names: %v", err)
	}
}

// TestNamesOfOtherKinds are certificates in which the name of an identity stands where its authority was not asked for such a
// name.
func TestNamesOfOtherKinds(t *testing.T) {
	p := newProject(t, "a")
	ours := pki.NewRoot(t, "ours")
	p.files["ca.pem"] = &fstest.MapFile{Data: ours.PEM()}
	mail, host, place, subject := "release@acme.example", "release.acme.example", "spiffe://acme/ci", "CN=release"
	at := func(name string) string {
		return fmt.Sprintf("  - {name: it, certificate: {roots: [ca.pem], subject: '%s'}, may: [bom]}", name)
	}
	email := func(text string) pki.Change { return func(c *x509.Certificate) { c.EmailAddresses = []string{text} } }
	dns := func(text string) pki.Change { return func(c *x509.Certificate) { c.DNSNames = []string{text} } }
	uri := func(text string) pki.Change {
		return func(c *x509.Certificate) { c.URIs = []*url.URL{{Opaque: text}} }
	}
	two := func(names ...string) pki.Change {
		return func(c *x509.Certificate) {
			c.Subject = pkix.Name{}
			for _, name := range names {
				c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: name})
			}
		}
	}
	for name, tt := range map[string]struct {
		subject string
		change  pki.Change
		counts  bool
	}{
		"an address":                   {mail, email(mail), true},
		"a host":                       {host, dns(host), true},
		"a subject":                    {subject, two("release"), true},
		"an address as a host":         {mail, dns(mail), false},
		"an address as a resource":     {mail, uri(mail), false},
		"a host as an address":         {host, email(host), false},
		"a resource as a host":         {place, dns(place), false},
		"a subject as an address":      {subject + "@acme.example", email(subject + "@acme.example"), false},
		"a subject as a host":          {subject, dns(subject), false},
		"a subject behind another one": {subject, two("mallory", "release"), false},
	} {
		root := p.must(t, identities(at(tt.subject)))
		root.now = time.Now
		_, _, err := root.Verify(claimBy(t, certifiedBy(t, ours.NewSigner(t, "someone", tt.change))))
		if tt.counts != (err == nil) || err != nil && !errors.Is(err, evidence.ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// instance is a Sigstore instance in this process, as a file holds its trust root.
func instance(t testing.TB, vs *ca.VirtualSigstore) []byte {
	t.Helper()
	logs := vs.RekorLogs()
	for id, log := range logs { // the library's test instance has textual identifiers where a file has bytes
		raw, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		log.ID = raw
	}
	tr, err := root.NewTrustedRoot(root.TrustedRootMediaType01, vs.FulcioCertificateAuthorities(), nil, vs.TimestampingAuthorities(), logs)
	if err != nil {
		t.Fatal(err)
	}
	text, err := tr.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// byAccount is a signature by an account.
func byAccount(t testing.TB, vs *ca.VirtualSigstore, account, issuer string, payload []byte) *evidence.Bundle {
	t.Helper()
	entity, err := vs.AttestHashedRekordV2(account, issuer, payload)
	if err != nil {
		t.Fatal(err)
	}
	content, errContent := entity.VerificationContent()
	signature, errSignature := entity.SignatureContent()
	stamps, errStamps := entity.Timestamps()
	entries, errEntries := entity.TlogEntries()
	if err := errors.Join(errContent, errSignature, errStamps, errEntries); err != nil {
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
		material.TlogEntries = append(material.TlogEntries, e.TransparencyLogEntry())
	}
	text, err := protojson.Marshal(&protobundle.Bundle{MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{Payload: payload, PayloadType: "application/vnd.in-toto+json",
			Signatures: []*protodsse.Signature{{Sig: signature.Signature()}}}}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.ParseBundle(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAccounts(t *testing.T) {
	const issuer = "https://token.actions.example.com"
	vs, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	p := newProject(t, "a")
	p.files["trusted_root.json"] = &fstest.MapFile{Data: instance(t, vs)}
	root := p.must(t, identities(
		"  - {name: github, keyless: {issuer: '"+issuer+"', identity: release@acme.example, sigstore: trusted_root.json}, may: [provenance]}",
		"  - {name: robots, keyless: {issuer: '"+issuer+"', identity: 'robot-[0-9]+@acme.example', pattern: true, sigstore: trusted_root.json}, may: [bom]}",
	))
	payload := slices.Clone(claimBy(t, p.keys["a"]).Payload())
	for account, want := range map[string]string{
		"release@acme.example": "github", "robot-12@acme.example": "robots", "robot-12@acme.example.org": "", "mallory@acme.example": "",
	} {
		who, proof, err := root.Verify(byAccount(t, vs, account, issuer, payload))
		if who != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, evidence.ErrForeign) {
			t.Errorf("%s: %q %v", account, who, err)
		}
		if err == nil && len(proof.Moments) == 0 {
			t.Errorf("%s: no time is proven", account)
		}
	}
	if _, _, err := root.Verify(byAccount(t, vs, "release@acme.example", "https://elsewhere.example.com", payload)); !errors.Is(err, evidence.ErrForeign) {
		t.Errorf("the account at another provider: %v", err)
	}
	other, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := root.Verify(byAccount(t, other, "release@acme.example", issuer, payload)); !errors.Is(err, evidence.ErrForeign) {
		t.Errorf("the account at another instance: %v", err)
	}
	if why := root.Explain("github", "provenance", nil); !strings.HasPrefix(why, "account release@acme.example of "+issuer+" is github, may make provenance") {
		t.Error(why)
	}
}
