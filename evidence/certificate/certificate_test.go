package certificate

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit/pki"
)

// authorities are a root, an authority below it, and a signer.
type authorities struct {
	root, middle, leaf *pki.Holder
}

func newAuthorities(t testing.TB, changes ...pki.Change) authorities {
	t.Helper()
	root := pki.NewRoot(t, "root")
	middle := root.NewIntermediate(t, "middle")
	return authorities{root, middle, middle.NewSigner(t, "signer", changes...)}
}

// keyOf is the private key of a holder.
func keyOf(t testing.TB, h *pki.Holder) *evidence.PrivateKey {
	t.Helper()
	key, err := evidence.ParsePrivateKey(h.KeyPEM(t))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sealed is a Signer that puts whatever chain it is given into the bundle.
type sealed struct {
	evidence.Signer
	chain [][]byte
}

func (s sealed) Seal(_ context.Context, b *evidence.Bundle) error {
	b.Hint, b.Chain = "", s.chain
	return nil
}

// chain lists certificates in DER form.
func chain(holders ...*pki.Holder) [][]byte {
	var list [][]byte
	for _, h := range holders {
		list = append(list, h.Certificate.Raw)
	}
	return list
}

func statement(t testing.TB) []byte {
	t.Helper()
	body, err := evidence.NewStatement("m", picket.SHA256([32]byte{1}), "https://example.com/test", map[string]int{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// signed makes a bundle and reads it back, as a verifier has it.
func signed(t testing.TB, signer evidence.Signer) *evidence.Bundle {
	t.Helper()
	b, err := evidence.Sign(t.Context(), statement(t), signer)
	if err != nil {
		t.Fatal(err)
	}
	return reread(t, b)
}

func reread(t testing.TB, b *evidence.Bundle) *evidence.Bundle {
	t.Helper()
	text, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := evidence.ParseBundle(text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return parsed
}

func newAuthority(t testing.TB, o Options, roots ...*pki.Holder) *Authority {
	t.Helper()
	var text []byte
	for _, r := range roots {
		text = append(text, r.PEM()...)
	}
	a, err := New(text, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSignAndVerify(t *testing.T) {
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		root := pki.NewRoot(t, "root")
		middle := root.NewIntermediate(t, "middle")
		leaf := middle.NewSignerOn(t, curve, "signer")
		for order, certificates := range map[string][]byte{"with the root": append(middle.PEM(), root.PEM()...), "without": middle.PEM()} {
			signer, err := NewSigner(keyOf(t, leaf), leaf.PEM(), certificates, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			b := signed(t, signer)
			proof, err := newAuthority(t, Options{}, root).Verify(b, time.Now())
			if err != nil {
				t.Fatalf("%s, %s: %v", name, order, err)
			}
			want := evidence.Signatory{Method: evidence.ByCertificate, Key: signer.Public().Hint(), Subject: "CN=signer,O=Test", Issuer: "CN=middle,O=Test"}
			if proof.Signatory != want || !bytes.Equal(proof.Payload, statement(t)) || len(proof.Moments) != 0 || b.Hint != "" {
				t.Errorf("%s, %s: %+v", name, order, proof)
			}
		}
	}
}

// TestRefused: every way in which a chain can be wrong, each with the check that names it.
func TestRefused(t *testing.T) {
	now := time.Now()
	a := newAuthorities(t)
	other := newAuthorities(t)
	lone := pki.NewRoot(t, "lone")
	leaf := func(changes ...pki.Change) *pki.Holder { return a.middle.NewSigner(t, "signer", changes...) }
	expired := leaf(pki.Valid(now.Add(-2*time.Hour), now.Add(-time.Hour)))
	early := leaf(pki.Valid(now.Add(time.Hour), now.Add(2*time.Hour)))
	server := leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	unknownPurpose := leaf(func(c *x509.Certificate) {
		c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{{1, 2, 3}}
	})
	purposeless := leaf(func(c *x509.Certificate) { c.ExtKeyUsage, c.KeyUsage = nil, x509.KeyUsageKeyEncipherment })
	authority := a.middle.NewIntermediate(t, "signer")
	selfSigned := pki.NewRoot(t, "signer", func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })
	critical := leaf(func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
	})
	narrow := a.root.NewIntermediate(t, "narrow", func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"example.com"}
	})
	outsider := narrow.NewSigner(t, "signer", func(c *x509.Certificate) { c.DNSNames = []string{"ci.example.org"} })
	webOnly := a.root.NewIntermediate(t, "web", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	short := a.root.NewIntermediate(t, "short", func(c *x509.Certificate) { c.MaxPathLenZero = true })
	deep := short.NewIntermediate(t, "deep")
	old := a.root.NewIntermediate(t, "old", pki.Valid(now.Add(-48*time.Hour), now.Add(-24*time.Hour)))
	impostor := pki.NewRoot(t, "middle")
	p224 := a.middle.NewSignerOn(t, elliptic.P224(), "signer")

	for name, test := range map[string]struct {
		signer  *pki.Holder
		chain   [][]byte
		want    error
		message string
	}{
		"an unknown root":          {other.leaf, chain(other.leaf, other.middle), evidence.ErrForeign, "leads to no root"},
		"an unknown root inside":   {other.leaf, chain(other.leaf, other.middle, other.root), evidence.ErrForeign, "leads to no root"},
		"a missing intermediate":   {a.leaf, chain(a.leaf), evidence.ErrForeign, "leads to no root"},
		"expired":                  {expired, chain(expired, a.middle), evidence.ErrCertificate, "expired at"},
		"not yet valid":            {early, chain(early, a.middle), evidence.ErrCertificate, "is not valid before"},
		"an expired intermediate":  {old.NewSigner(t, "signer"), nil, evidence.ErrCertificate, "CN=old,O=Test expired at"},
		"for servers":              {server, chain(server, a.middle), evidence.ErrCertificate, "extended key usage"},
		"for something unknown":    {unknownPurpose, chain(unknownPurpose, a.middle), evidence.ErrCertificate, "extended key usage"},
		"for no signatures":        {purposeless, chain(purposeless, a.middle), evidence.ErrCertificate, "neither digitalSignature nor codeSigning"},
		"an authority as signer":   {authority, chain(authority, a.middle), evidence.ErrCertificate, "CA:true"},
		"self-signed":              {selfSigned, chain(selfSigned), evidence.ErrForeign, "self-signed"},
		"an unrelated certificate": {a.leaf, chain(a.leaf, a.middle, lone), evidence.ErrCertificate, "did not issue"},
		"an unrelated one between": {a.leaf, chain(a.leaf, lone, a.middle), evidence.ErrCertificate, "did not issue"},
		"the wrong order":          {a.leaf, chain(a.leaf, a.root, a.middle), evidence.ErrCertificate, "did not issue"},
		"the root first":           {a.leaf, chain(a.root, a.middle, a.leaf), evidence.ErrCertificate, "CA:true"},
		"a certificate twice":      {a.leaf, chain(a.leaf, a.middle, a.middle), evidence.ErrMalformed, "twice"},
		"an issuer of that name":   {a.leaf, chain(a.leaf, impostor), evidence.ErrSignature, "does not verify"},
		"a swapped key":            {other.leaf, chain(a.leaf, a.middle), evidence.ErrSignature, "check the key"},
		"a critical extension":     {critical, chain(critical, a.middle), evidence.ErrCertificate, "unhandled critical extension"},
		"outside the constraints":  {outsider, chain(outsider, narrow), evidence.ErrCertificate, "not permitted"},
		"an authority for servers": {webOnly.NewSigner(t, "signer"), nil, evidence.ErrCertificate, "usage"},
		"too long a path":          {deep.NewSigner(t, "signer"), nil, evidence.ErrCertificate, "too many intermediates"},
		"a damaged certificate":    {a.leaf, [][]byte{a.leaf.Certificate.Raw[:100]}, evidence.ErrMalformed, "damaged"},
		"a huge certificate":       {a.leaf, [][]byte{make([]byte, maxCertificate+1)}, evidence.ErrMalformed, "more than"},
		"a curve that is too weak": {p224, chain(p224, a.middle), evidence.ErrUnsupported, "P-224"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.chain == nil {
				for h := test.signer; h.Issuer != nil; h = h.Issuer {
					test.chain = append(test.chain, h.Certificate.Raw)
				}
			}
			key := keyOf(t, a.leaf)
			if test.signer.Key.Curve != elliptic.P224() {
				key = keyOf(t, test.signer)
			}
			b := signed(t, sealed{key, test.chain})
			_, err := newAuthority(t, Options{}, a.root).Verify(b, now)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v; want %q with %v", err, test.message, test.want)
			}
		})
	}
}

// TestOtherMethods: a bundle by key or by an account is nobody's in an authority.
func TestOtherMethods(t *testing.T) {
	a := newAuthorities(t)
	b := signed(t, keyOf(t, a.leaf))
	if _, err := newAuthority(t, Options{}, a.root).Verify(b, time.Now()); !errors.Is(err, evidence.ErrForeign) {
		t.Error(err)
	}
}

// TestEveryBitOfTheChainCounts flips each bit of each certificate of a bundle.
func TestEveryBitOfTheChainCounts(t *testing.T) {
	a := newAuthorities(t)
	verifier := newAuthority(t, Options{}, a.root)
	now := time.Now()
	b := signed(t, sealed{keyOf(t, a.leaf), chain(a.leaf, a.middle)})
	if _, err := verifier.Verify(b, now); err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 13
	}
	for i := range b.Chain {
		good := b.Chain[i]
		for bit := 0; bit < 8*len(good); bit += step {
			bad := slices.Clone(good)
			bad[bit/8] ^= 1 << (bit % 8)
			b.Chain[i] = bad
			if _, err := verifier.Verify(b, now); err == nil {
				t.Fatalf("certificate %d with bit %d flipped is accepted", i, bit)
			}
		}
		b.Chain[i] = good
	}
}

// TestPurposes: what makes a certificate one that signs.
func TestPurposes(t *testing.T) {
	for name, change := range map[string]pki.Change{
		"codeSigning alone":      func(c *x509.Certificate) { c.KeyUsage = 0 },
		"digitalSignature alone": func(c *x509.Certificate) { c.ExtKeyUsage = nil },
		"any purpose":            func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} },
	} {
		a := newAuthorities(t, change)
		b := signed(t, sealed{keyOf(t, a.leaf), chain(a.leaf, a.middle)})
		if _, err := newAuthority(t, Options{}, a.root).Verify(b, time.Now()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAtSigningTime: as the Python tool, and only when it is asked for.
func TestAtSigningTime(t *testing.T) {
	now := time.Now()
	a := newAuthorities(t, pki.Valid(now.Add(-30*time.Minute), now.Add(-time.Minute)))
	b := signed(t, sealed{keyOf(t, a.leaf), chain(a.leaf, a.middle)})
	if _, err := newAuthority(t, Options{}, a.root).Verify(b, now); !errors.Is(err, evidence.ErrCertificate) {
		t.Error(err)
	}
	if _, err := newAuthority(t, Options{AtSigningTime: true}, a.root).Verify(b, now); err != nil {
		t.Error(err)
	}
}

// stamped is a Clock that says what it is told.
type stamped struct {
	moments []evidence.Moment
	err     error
}

func (s stamped) Verify(*evidence.Bundle) ([]evidence.Moment, error) { return s.moments, s.err }

// TestTimestampsDecide: an expired certificate counts when a trusted clock saw its signature before.
func TestTimestampsDecide(t *testing.T) {
	now := time.Now()
	a := newAuthorities(t, pki.Valid(now.Add(-30*time.Minute), now.Add(-time.Minute)))
	b := signed(t, sealed{keyOf(t, a.leaf), chain(a.leaf, a.middle)})
	b.Timestamps = [][]byte{{1}}
	at := func(back time.Duration) stamped {
		return stamped{moments: []evidence.Moment{{Time: now.Add(-back), Source: "clock"}}}
	}
	for name, test := range map[string]struct {
		clock Clock
		want  error
	}{
		"while it was valid":   {at(10 * time.Minute), nil},
		"before it was valid":  {at(45 * time.Minute), evidence.ErrCertificate},
		"after it had expired": {at(time.Second), evidence.ErrCertificate},
		"a clock that denies":  {stamped{err: evidence.ErrSignature}, evidence.ErrSignature},
		"no clock is trusted":  {nil, evidence.ErrCertificate},
	} {
		proof, err := newAuthority(t, Options{Timestamps: test.clock}, a.root).Verify(b, now)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if test.want == nil && (proof == nil || len(proof.Moments) != 1) {
			t.Errorf("%s: proof %+v", name, proof)
		}
	}
}

func TestRevocation(t *testing.T) {
	now := time.Now()
	a, other := newAuthorities(t), newAuthorities(t)
	b := signed(t, sealed{keyOf(t, a.leaf), chain(a.leaf, a.middle)})
	from, until := now.Add(-time.Hour), now.Add(time.Hour)
	rootList := a.root.RevocationList(t, from, until)
	for name, test := range map[string]struct {
		lists   [][]byte
		want    error
		message string
	}{
		"no list":                {nil, nil, ""},
		"nobody is revoked":      {[][]byte{rootList, a.middle.RevocationList(t, from, until)}, nil, ""},
		"the signer":             {[][]byte{rootList, a.middle.RevocationList(t, from, until, a.leaf)}, evidence.ErrCertificate, "CN=signer,O=Test was revoked"},
		"the authority":          {[][]byte{a.root.RevocationList(t, from, until, a.middle), a.middle.RevocationList(t, from, until)}, evidence.ErrCertificate, "CN=middle,O=Test was revoked"},
		"the newest list counts": {[][]byte{rootList, a.middle.RevocationList(t, from, until), a.middle.RevocationList(t, from.Add(time.Minute), until, a.leaf)}, evidence.ErrCertificate, "was revoked"},
		"out of date":            {[][]byte{rootList, a.middle.RevocationList(t, from, from.Add(time.Minute))}, evidence.ErrCertificate, "out of date"},
		"from the future":        {[][]byte{rootList, a.middle.RevocationList(t, until, until.Add(time.Hour))}, evidence.ErrCertificate, "from the future"},
		"of another authority":   {[][]byte{rootList, other.middle.RevocationList(t, from, until)}, evidence.ErrCertificate, "no revocation list"},
		"one is missing":         {[][]byte{a.middle.RevocationList(t, from, until)}, evidence.ErrCertificate, "no revocation list"},
	} {
		var o Options
		for _, text := range test.lists {
			list, err := ParseRevocationList(text)
			if err != nil {
				t.Fatal(err)
			}
			o.Revoked = append(o.Revoked, list)
		}
		_, err := newAuthority(t, o, a.root).Verify(b, now)
		if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadFiles(t *testing.T) {
	a := newAuthorities(t)
	for name, test := range map[string]struct {
		text []byte
		want error
	}{
		"nothing":              {nil, evidence.ErrMalformed},
		"no PEM":               {[]byte("hello"), evidence.ErrMalformed},
		"a private key":        {a.leaf.KeyPEM(t), evidence.ErrPrivateKey},
		"a key beside it":      {append(a.root.PEM(), a.leaf.KeyPEM(t)...), evidence.ErrPrivateKey},
		"a signer as root":     {a.leaf.PEM(), evidence.ErrUnsupported},
		"a damaged root":       {bytes.Replace(a.root.PEM(), []byte("MII"), []byte("AAA"), 1), evidence.ErrMalformed},
		"a revocation list":    {a.root.RevocationList(t, time.Now(), time.Now().Add(time.Hour)), evidence.ErrMalformed},
		"more than is allowed": {bytes.Repeat([]byte("#"), maxFile+1), evidence.ErrMalformed},
	} {
		_, err := New(test.text, Options{})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
	}
	for name, data := range map[string][]byte{"nothing": nil, "a certificate": a.root.PEM(), "noise": []byte("\x30\x03abc")} {
		if _, err := ParseRevocationList(data); !errors.Is(err, evidence.ErrMalformed) {
			t.Errorf("revocation list of %s: %v", name, err)
		}
	}
}

// TestSystemRoots: they count only when the operator says so, and do not vouch for a private authority.
func TestSystemRoots(t *testing.T) {
	a := newAuthorities(t)
	b := signed(t, sealed{keyOf(t, a.leaf), chain(a.leaf, a.middle)})
	if _, err := newAuthority(t, Options{System: true}).Verify(b, time.Now()); !errors.Is(err, evidence.ErrForeign) {
		t.Errorf("a private authority: %v", err)
	}
	if _, err := newAuthority(t, Options{System: true}, a.root).Verify(b, time.Now()); err != nil {
		t.Errorf("with its root as well: %v", err)
	}
}

func TestSignerRefusesWhatVerifiersRefuse(t *testing.T) {
	a, other := newAuthorities(t), newAuthorities(t)
	now := time.Now()
	expired := a.middle.NewSigner(t, "signer", pki.Valid(now.Add(-2*time.Hour), now.Add(-time.Hour)))
	long := a.middle.PEM()
	for range 10 {
		long = append(long, a.root.PEM()...)
	}
	for name, test := range map[string]struct {
		key            *pki.Holder
		signing, chain []byte
		want           error
	}{
		"another key":           {other.leaf, a.leaf.PEM(), a.middle.PEM(), evidence.ErrCertificate},
		"the wrong order":       {a.leaf, a.leaf.PEM(), append(a.root.PEM(), a.middle.PEM()...), evidence.ErrCertificate},
		"expired":               {expired, expired.PEM(), a.middle.PEM(), evidence.ErrCertificate},
		"an authority":          {a.middle, a.middle.PEM(), nil, evidence.ErrCertificate},
		"no certificate":        {a.leaf, nil, nil, evidence.ErrMalformed},
		"a key for the chain":   {a.leaf, a.leaf.PEM(), a.leaf.KeyPEM(t), evidence.ErrPrivateKey},
		"too many certificates": {a.leaf, a.leaf.PEM(), long, evidence.ErrUnsupported},
	} {
		if _, err := NewSigner(keyOf(t, test.key), test.signing, test.chain, now); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzVerify feeds certificates that nobody made properly. What is accepted must be the one chain that is good.
func FuzzVerify(f *testing.F) {
	a := newAuthorities(f)
	now := time.Now()
	b := signed(f, sealed{keyOf(f, a.leaf), chain(a.leaf, a.middle)})
	verifier := newAuthority(f, Options{}, a.root)
	f.Add(a.leaf.Certificate.Raw, a.middle.Certificate.Raw)
	f.Add(a.leaf.Certificate.Raw, []byte{})
	f.Add([]byte{0x30, 0x80}, []byte{0x30, 0x03, 1, 2, 3})
	f.Fuzz(func(t *testing.T, leaf, middle []byte) {
		bent := *b
		bent.Chain = [][]byte{leaf, middle}
		_, err := verifier.Verify(&bent, now)
		good := bytes.Equal(leaf, a.leaf.Certificate.Raw) && bytes.Equal(middle, a.middle.Certificate.Raw)
		if good != (err == nil) {
			t.Fatalf("good %v, error %v", good, err)
		}
	})
}
