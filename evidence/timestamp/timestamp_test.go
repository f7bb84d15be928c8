package timestamp

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	digitorus "github.com/digitorus/timestamp"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/certificate"
	"github.com/picketsec/picket/internal/testkit/pki"
)

// clocks are a root and a timestamp authority below it.
type clocks struct{ root, middle, clock *pki.Holder }

func newClocks(t testing.TB, changes ...pki.Change) clocks {
	t.Helper()
	root := pki.NewRoot(t, "clock root")
	middle := root.NewIntermediate(t, "clock middle", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping} })
	return clocks{root, middle, middle.NewClock(t, "clock", changes...)}
}

// stamp is a response over a signature.
func (c clocks) stamp(t testing.TB, signature []byte, at time.Time, chain bool) []byte {
	t.Helper()
	query, err := digitorus.CreateRequest(bytes.NewReader(signature), &digitorus.RequestOptions{Hash: crypto.SHA256, Certificates: chain})
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.clock.Stamp(query, at)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func newRoots(t testing.TB, holders ...*pki.Holder) *Roots {
	t.Helper()
	var text []byte
	for _, h := range holders {
		text = append(text, h.PEM()...)
	}
	r, err := ParseRoots(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerifyResponse(t *testing.T) {
	c, other := newClocks(t), newClocks(t)
	now := time.Now().UTC().Truncate(time.Second)
	signature := []byte("a signature")
	good := c.stamp(t, signature, now, true)
	bare := c.stamp(t, signature, now, false)
	wrongPurpose := clocks{c.root, c.middle, c.middle.NewSigner(t, "signer")}
	early := clocks{c.root, c.middle, c.clock}.stamp(t, signature, now.Add(-48*time.Hour), true)
	for name, test := range map[string]struct {
		response []byte
		roots    *Roots
		want     error
	}{
		"with its chain":              {good, newRoots(t, c.root), nil},
		"the root and the middle":     {good, newRoots(t, c.root, c.middle), nil},
		"without, the signer known":   {bare, newRoots(t, c.root, c.middle, c.clock), nil},
		"without, the signer unknown": {bare, newRoots(t, c.root), evidence.ErrSignature},
		"of another authority":        {good, newRoots(t, other.root), evidence.ErrForeign},
		"by a certificate for code":   {wrongPurpose.stamp(t, signature, now, true), newRoots(t, c.root), evidence.ErrSignature},
		"before the certificate":      {early, newRoots(t, c.root), evidence.ErrSignature},
		"over another signature":      {c.stamp(t, []byte("another"), now, true), newRoots(t, c.root), evidence.ErrSignature},
		"nothing":                     {nil, newRoots(t, c.root), evidence.ErrMalformed},
		"something after it":          {append(slices.Clone(good), 0), newRoots(t, c.root), evidence.ErrMalformed},
		"cut off":                     {good[:len(good)/2], newRoots(t, c.root), evidence.ErrMalformed},
		"of indefinite length":        {[]byte{0x30, 0x80, 0, 0}, newRoots(t, c.root), evidence.ErrMalformed},
		"nested":                      {nested(60), newRoots(t, c.root), evidence.ErrMalformed},
		"huge":                        {make([]byte, maxResponse+1), newRoots(t, c.root), evidence.ErrMalformed},
	} {
		m, err := test.roots.VerifyResponse(test.response, signature)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if test.want == nil && (!m.Time.Equal(now) || m.Source != "timestamp authority CN=clock,O=Test") {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// nested is a DER value of sequences in sequences.
func nested(depth int) []byte {
	value := []byte{}
	for range depth {
		value = append([]byte{0x30, byte(len(value))}, value...)
	}
	return value
}

// TestEveryBitCounts flips bits of a response; none may give another time.
func TestEveryBitCounts(t *testing.T) {
	c := newClocks(t)
	now := time.Now().UTC().Truncate(time.Second)
	signature := []byte("a signature")
	good := c.stamp(t, signature, now, true)
	roots := newRoots(t, c.root)
	accepted := 0
	for bit := 0; bit < 8*len(good); bit += 3 {
		bad := slices.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		m, err := roots.VerifyResponse(bad, signature)
		if err != nil {
			continue
		}
		accepted++ // the status of the response and certificates that are not needed are not signed
		if !m.Time.Equal(now) {
			t.Fatalf("bit %d changes the time to %s", bit, m.Time)
		}
	}
	if accepted > 8*len(good)/100 {
		t.Errorf("%d flipped responses are accepted", accepted)
	}
}

func TestParseRoots(t *testing.T) {
	c := newClocks(t)
	for name, test := range map[string]struct {
		text []byte
		want error
	}{
		"nothing":       {nil, evidence.ErrMalformed},
		"only a signer": {c.clock.PEM(), evidence.ErrUnsupported},
		"a private key": {c.clock.KeyPEM(t), evidence.ErrPrivateKey},
	} {
		if _, err := ParseRoots(test.text); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// serve runs a timestamp authority on the loopback address.
func serve(t *testing.T, answer func(query []byte) (status int, kind string, body []byte)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
			t.Errorf("query: %s %q %v", r.Method, r.Header.Get("Content-Type"), err)
		}
		status, kind, body := answer(query)
		w.Header().Set("Content-Type", kind)
		if status == http.StatusFound {
			w.Header().Set("Location", "http://127.0.0.1:1/")
		}
		w.WriteHeader(status)
		if _, err := w.Write(body); err != nil {
			t.Log(err) // the client may have read enough
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const reply = "application/timestamp-reply"

// TestSignWithTimestamp: by a key and by a certificate; the time proves a signature after its certificate expired.
func TestSignWithTimestamp(t *testing.T) {
	c := newClocks(t)
	now := time.Now().UTC().Truncate(time.Second)
	client, err := NewClient(serve(t, func(query []byte) (int, string, []byte) {
		response, err := c.clock.Stamp(query, now)
		if err != nil {
			t.Error(err)
		}
		return http.StatusCreated, reply, response
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	root := pki.NewRoot(t, "root")
	leaf := root.NewSigner(t, "signer", pki.Valid(now.Add(-time.Minute), now.Add(time.Minute)))
	key, err := evidence.ParsePrivateKey(leaf.KeyPEM(t))
	if err != nil {
		t.Fatal(err)
	}
	certified, err := certificate.NewSigner(key, leaf.PEM(), nil, now)
	if err != nil {
		t.Fatal(err)
	}
	roots := newRoots(t, c.root)

	byKey := signed(t, &Signer{Signer: key, Client: client})
	if _, err := byKey.Verify(key.Public()); err != nil {
		t.Error(err)
	}
	if moments, err := roots.Verify(byKey); err != nil || len(moments) != 1 || !moments[0].Time.Equal(now) {
		t.Errorf("by key: %v, %v", moments, err)
	}

	byCertificate := signed(t, &Signer{Signer: certified, Client: client})
	later := now.Add(24 * time.Hour)
	for name, test := range map[string]struct {
		o    certificate.Options
		want error
	}{
		"with the clock":     {certificate.Options{Timestamps: roots}, nil},
		"without the clock":  {certificate.Options{}, evidence.ErrCertificate},
		"with another clock": {certificate.Options{Timestamps: newRoots(t, newClocks(t).root)}, evidence.ErrForeign},
	} {
		authority, err := certificate.New(root.PEM(), test.o)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := authority.Verify(byCertificate, later)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if m, ok := proofTime(proof); test.want == nil && (!ok || !m.Time.Equal(now)) {
			t.Errorf("%s: %+v", name, proof)
		}
	}

	// A timestamp of another bundle proves nothing.
	byCertificate.Timestamps = byKey.Timestamps
	if _, err := roots.Verify(byCertificate); !errors.Is(err, evidence.ErrSignature) {
		t.Errorf("replayed: %v", err)
	}
}

func proofTime(p *evidence.Proof) (evidence.Moment, bool) {
	if p == nil {
		return evidence.Moment{}, false
	}
	return p.Earliest()
}

// signed makes a bundle and reads it back.
func signed(t *testing.T, signer evidence.Signer) *evidence.Bundle {
	t.Helper()
	statement, err := evidence.NewStatement("m", picket.SHA256([32]byte{1}), "https://example.com/test", 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.Sign(t.Context(), statement, signer)
	if err != nil {
		t.Fatal(err)
	}
	text, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := evidence.ParseBundle(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestBadAuthorities(t *testing.T) {
	c := newClocks(t)
	now := time.Now()
	foreign := c.stamp(t, []byte("another"), now, true)
	refusal, err := digitorus.CreateErrorResponse(digitorus.Rejection, digitorus.BadRequest)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		answer  func([]byte) (int, string, []byte)
		message string
	}{
		"an error":           {func([]byte) (int, string, []byte) { return 500, reply, nil }, "status 500"},
		"a redirect":         {func([]byte) (int, string, []byte) { return 302, reply, nil }, "status 302"},
		"a page":             {func([]byte) (int, string, []byte) { return 200, "text/html", []byte("<html>") }, "content type"},
		"noise":              {func([]byte) (int, string, []byte) { return 200, reply, []byte("noise") }, "DER form"},
		"too much":           {func([]byte) (int, string, []byte) { return 200, reply, make([]byte, 1<<20) }, "more than"},
		"a refusal":          {func([]byte) (int, string, []byte) { return 200, reply, refusal }, "holds no timestamp"},
		"another signature":  {func([]byte) (int, string, []byte) { return 200, reply, foreign }, "over something else"},
		"no nonce":           {func([]byte) (int, string, []byte) { return 200, reply, c.stamp(t, []byte("a signature"), now, true) }, "another request"},
		"nothing in the end": {func([]byte) (int, string, []byte) { return 200, reply, nil }, "DER form"},
	} {
		client, err := NewClient(serve(t, test.answer), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Request(t.Context(), []byte("a signature"))
		if err == nil || !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, address := range []string{"", "tsa.example", "ftp://tsa.example/", "https://", "file:///etc/passwd", "http://a b/"} {
		if _, err := NewClient(address, nil); !errors.Is(err, evidence.ErrUnsupported) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// FuzzVerifyResponse feeds responses that no authority made. None is accepted that is not of the good one's time.
func FuzzVerifyResponse(f *testing.F) {
	c := newClocks(f)
	now := time.Now().UTC().Truncate(time.Second)
	signature := []byte("a signature")
	roots := newRoots(f, c.root, c.clock)
	f.Add(c.stamp(f, signature, now, true))
	f.Add(c.stamp(f, signature, now, false))
	f.Add(nested(10))
	f.Add([]byte{0x30, 0x80, 0x30, 0x80, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, response []byte) {
		m, err := roots.VerifyResponse(response, signature)
		if err == nil && !m.Time.Equal(now) {
			t.Fatalf("a forged time %s", m.Time)
		}
		if err := checkAnswer(response, signature, big.NewInt(1)); err == nil {
			t.Fatal("it answers a request that nobody made")
		}
	})
}
