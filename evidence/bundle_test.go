package evidence

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// statementOf signs any text as the payload of a bundle.
func statementOf(t testing.TB, key *PrivateKey, payload string) []byte {
	t.Helper()
	b, err := Sign(context.Background(), []byte(payload), key)
	if err != nil {
		t.Fatal(err)
	}
	return encoded(t, b)
}

// payloadOf is the signed text of a bundle.
func payloadOf(t testing.TB, bundle []byte) string {
	t.Helper()
	b, err := ParseBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	return string(b.payload)
}

// TestForgedStatementsAreRefused changes what is signed and signs it again with the right key: a manifest must also agree
// with itself and with the content.
func TestForgedStatementsAreRefused(t *testing.T) {
	key := newKey(t, P256)
	files := map[string]string{"a.py": "import os", "b.bin": "weights"}
	payload := payloadOf(t, signed(t, files, key))
	m := manifestOf(t, files)
	root, a, b := m.Digest().Hex(), m.Resources[0].Digest.Hex(), m.Resources[1].Digest.Hex()
	resource := func(name, digest string) string {
		return `{"name":"` + name + `","algorithm":"sha256","digest":"` + digest + `"}`
	}
	for name, edit := range map[string][2]string{
		"subject":                {`"sha256":"` + root, `"sha256":"` + a},
		"subject in upper case":  {root, strings.ToUpper(root)},
		"subject not hex":        {root, strings.Repeat("z", 64)},
		"short subject":          {root, root[:62]},
		"sha512 subject":         {`"digest":{"sha256"`, `"digest":{"sha512"`},
		"no subject":             {`"subject":[{`, `"subject":[],"unused":[{`},
		"two subjects":           {`"subject":[`, `"subject":[{"name":"x","digest":{"sha256":"` + root + `"}},`},
		"statement type":         {"in-toto.io/Statement/v1", "in-toto.io/Statement/v0.1"},
		"predicate type":         {PredicateModelSignature, "https://model_signing/Digests/v0.1"},
		"scan as signature":      {PredicateModelSignature, "https://picketsec.dev/claim/scan-result/v1"},
		"method":                 {`"method":"files"`, `"method":"shards"`},
		"method missing":         {`"method":"files",`, ``},
		"hash type":              {`"hash_type":"sha256"`, `"hash_type":"blake3"`},
		"algorithm":              {`"algorithm":"sha256"`, `"algorithm":"md5"`},
		"algorithm missing":      {`"algorithm":"sha256",`, ``},
		"digest of another":      {`"digest":"` + a, `"digest":"` + b},
		"digest in upper case":   {`"digest":"` + a, `"digest":"` + strings.ToUpper(a)},
		"order":                  {resource("a.py", a) + "," + resource("b.bin", b), resource("b.bin", b) + "," + resource("a.py", a)},
		"duplicate name":         {`"name":"b.bin"`, `"name":"a.py"`},
		"parent":                 {`"name":"b.bin"`, `"name":"../b.bin"`},
		"absolute":               {`"name":"b.bin"`, `"name":"/b.bin"`},
		"dot":                    {`"name":"b.bin"`, `"name":"./b.bin"`},
		"double slash":           {`"name":"b.bin"`, `"name":"x//b.bin"`},
		"only a dot":             {`"name":"b.bin"`, `"name":"."`},
		"empty name":             {`"name":"b.bin"`, `"name":""`},
		"nul":                    {`"name":"b.bin"`, `"name":"b.bin\u0000"`},
		"null name":              {`"name":"b.bin"`, `"name":null`},
		"number as name":         {`"name":"b.bin"`, `"name":7`},
		"listed and ignored":     {`"ignore_paths":[`, `"ignore_paths":["b.bin",`},
		"everything ignored":     {`"ignore_paths":[`, `"ignore_paths":[".",`},
		"no resources":           {resource("a.py", a) + "," + resource("b.bin", b), ""},
		"fewer resources":        {resource("a.py", a) + ",", ""},
		"twice the same field":   {`"resources":[`, `"resources":[],"resources":[`},
		"twice the predicate":    {`"predicate":{`, `"predicate":{},"predicate":{`},
		"field in another case":  {`"resources":[`, `"Resources":[`},
		"more after it":          {`]}}`, `]}}{}`},
		"text instead of a list": {`"ignore_paths":[`, `"ignore_paths":"x","unused":[`},
	} {
		forged := strings.Replace(payload, edit[0], edit[1], 1)
		if forged == payload {
			t.Errorf("%s changes nothing in %s", name, payload)
			continue
		}
		if ok, _ := accepted(tree(files), statementOf(t, key, forged), key.Public(), Options{}); ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestSignersIgnoreListNeedsTheOperator: a signature that exempts a file does not pass over that file.
func TestSignersIgnoreListNeedsTheOperator(t *testing.T) {
	key := newKey(t, P256)
	files := map[string]string{"b.bin": "weights"}
	payload := payloadOf(t, signed(t, files, key))
	bundle := statementOf(t, key, strings.Replace(payload, `"ignore_paths":[`, `"ignore_paths":["code",`, 1))
	files["code/evil.py"] = "print(1)"
	sig, err := VerifyModel(bundle, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	diffs := sig.Compare(manifestOf(t, files))
	if len(diffs) != 1 || diffs[0].Kind != Unsigned || diffs[0].Name != "code/evil.py" {
		t.Errorf("differences: %v", diffs)
	}
	if ok, err := accepted(tree(files), bundle, key.Public(), Options{Ignore: []string{"code"}}); !ok {
		t.Errorf("with the operator's word: %v", err)
	}
}

// TestForgedBundlesAreRefused changes the bundle around an intact signed statement.
func TestForgedBundlesAreRefused(t *testing.T) {
	key, foreign := newKey(t, P256), newKey(t, P256)
	files := map[string]string{"a": "b"}
	good := string(signed(t, files, key))
	other := string(signed(t, map[string]string{"a": "c"}, key))
	field := func(bundle, name string) string {
		_, rest, _ := strings.Cut(bundle, `"`+name+`":"`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	sig, hint, payload := field(good, "sig"), key.Public().Hint(), field(good, "payload")
	raw, err := base64.StdEncoding.DecodeString(sig)
	if err != nil {
		t.Fatal(err)
	}
	foreignPEM, err := foreign.Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string][2]string{
		"signature of another model": {sig, field(other, "sig")},
		"payload of another model":   {payload, field(other, "payload")},
		"signature by another key":   {sig, field(string(signed(t, files, foreign)), "sig")},
		"hint of another key":        {hint, foreign.Public().Hint()},
		"hint in upper case":         {hint, strings.ToUpper(hint)},
		"another key inside":         {`"hint":"` + hint + `"`, `"rawBytes":"` + base64.StdEncoding.EncodeToString(foreignPEM) + `"`},
		"media type":                 {"bundle.v0.3+json", "bundle.v0.2+json"},
		"payload type":               {inTotoMediaType, "application/json"},
		"extra signature":            {`"signatures":[`, `"signatures":[{"sig":"` + sig + `","keyid":""},`},
		"no signature":               {`"signatures":[`, `"signatures":[],"unused":[`},
		"empty signature":            {sig, ""},
		"signature and a byte":       {sig, base64.StdEncoding.EncodeToString(append(raw, 0))},
		"url-safe base64":            {sig, strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(sig) + "_"},
		"base64 without end":         {payload, payload[:len(payload)-1]},
		"base64 with a line break":   {payload, payload[:8] + `\n` + payload[8:]},
		"base64 with a space":        {payload, payload[:8] + ` ` + payload[8:]},
		"field in another case":      {`"payload"`, `"Payload"`},
		"unknown field":              {`"keyid"`, `"alg":"none","keyid"`},
		"two payloads":               {`"payload":`, `"payload":"` + payload + `","payload":`},
		"unknown field at the top":   {`{"mediaType"`, `{"x":1,"mediaType"`},
		"certificate beside the key": {`"publicKey"`, `"certificate":{"rawBytes":"AA=="},"publicKey"`},
		"a message in its place":     {`"dsseEnvelope"`, `"messageSignature"`},
		"null envelope":              {`"dsseEnvelope":{`, `"dsseEnvelope":null,"unused":{`},
		"text after it":              {`}]}}`, `}]}} x`},
		"not UTF-8":                  {`"keyid":""`, "\"keyid\":\"\xff\""},
	} {
		forged := strings.Replace(good, edit[0], edit[1], 1)
		if forged == good {
			t.Errorf("%s changes nothing in %s", name, good)
			continue
		}
		if ok, _ := accepted(tree(files), []byte(forged), key.Public(), Options{}); ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestOlderBundles: what Python tools before 1.1 wrote, and what other tools add, is understood.
func TestOlderBundles(t *testing.T) {
	key := newKey(t, P384)
	files := map[string]string{"a": "b"}
	good := string(signed(t, files, key))
	text, err := key.Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	older := `"rawBytes":"` + base64.StdEncoding.EncodeToString(text) + `","keyDetails":"PKIX_ECDSA_P384_SHA_384"`
	for name, edit := range map[string][2]string{
		"key inside":     {`"hint":"` + key.Public().Hint() + `"`, older},
		"no key named":   {`"hint":"` + key.Public().Hint() + `"`, `"hint":null`},
		"no log entries": {`,"tlogEntries":[]`, ``},
		"no key id":      {`,"keyid":""`, ``},
		"timestamps":     {`"tlogEntries":[]`, `"tlogEntries":[],"timestampVerificationData":{"rfc3161Timestamps":[]}`},
	} {
		bundle := strings.Replace(good, edit[0], edit[1], 1)
		if bundle == good {
			t.Fatalf("%s changes nothing in %s", name, good)
		}
		if ok, err := accepted(tree(files), []byte(bundle), key.Public(), Options{}); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStatementBytesAreDeterministic(t *testing.T) {
	key := newKey(t, P256)
	first, second := payloadOf(t, signed(t, sample(), key)), payloadOf(t, signed(t, sample(), key))
	if first != second {
		t.Errorf("two statements about the same model:\n%s\n%s", first, second)
	}
}

func TestDeepAndLargeDocuments(t *testing.T) {
	deep := strings.Repeat(`[`, maxNesting+2) + strings.Repeat(`]`, maxNesting+2)
	if err := document([]byte(deep)); !errors.Is(err, ErrMalformed) {
		t.Errorf("deep: %v", err)
	}
	if err := document(bytes.Repeat([]byte(" "), MaxBundle+1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("large: %v", err)
	}
}

// FuzzParseBundle: whatever is accepted encodes to a bundle that reads back the same, and never verifies with a key that
// did not make it.
func FuzzParseBundle(f *testing.F) {
	key := newKey(f, P256)
	f.Add(signed(f, map[string]string{"a": "b"}, key))
	f.Add([]byte(`{"mediaType":"` + bundleMediaType + `"}`))
	stranger := newKey(f, P256).Public()
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseBundle(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrPrivateKey) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		if _, err := b.Verify(stranger); err == nil {
			t.Error("verified with a key that signed nothing")
		}
		text, err := b.Marshal()
		if err != nil || !json.Valid(text) || bytes.ContainsRune(text, '\n') {
			t.Fatalf("encode: %v", err)
		}
		again, err := ParseBundle(text)
		if err != nil || again.Hint != b.Hint || !bytes.Equal(again.payload, b.payload) || !bytes.Equal(again.signature, b.signature) {
			t.Errorf("read back: %v", err)
		}
	})
}

// FuzzModelStatement: a signed manifest of any content is either refused or agrees with itself.
func FuzzModelStatement(f *testing.F) {
	key := newKey(f, P256)
	f.Add(payloadOf(f, signed(f, map[string]string{"a": "b", "c/d": "e"}, key)))
	f.Add(legacyStatement(map[string]string{"a": "b", "c/d": "e"}))
	for _, s := range []Serialization{{Hash: HashBLAKE2b}, {Hash: HashBLAKE3}, {ShardSize: 4}} {
		for _, python := range []bool{false, true} {
			f.Add(string(statementIn(f, cut(), Form{Serialization: s, Python: python && s.Hash != HashBLAKE3})))
		}
	}
	f.Fuzz(func(t *testing.T, payload string) {
		st, err := ParseStatement([]byte(payload))
		if err != nil {
			return
		}
		sig, err := ParseModelSignature(st)
		if err != nil {
			return
		}
		if len(sig.Resources) == 0 || rootDigest(sig.Resources) != st.Subject || checkResources(sig.Resources, sig.Serialization) != nil {
			t.Errorf("accepted: %q", payload)
		}
		if diffs := sig.Compare(&Manifest{}); len(diffs) == 0 {
			t.Errorf("nothing at all passes as %q", payload)
		}
	})
}
