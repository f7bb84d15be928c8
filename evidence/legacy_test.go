package evidence

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// legacyStatement is what release 0.2 of the Python tool writes about files.
func legacyStatement(files map[string]string) string {
	var subjects []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum := HashSHA256.new()
		sum.Write([]byte(files[name]))
		subjects = append(subjects, `{"name":`+strconv.Quote(name)+`,"digest":{"sha256":"`+HashSHA256.digest(sum.Sum(nil)).Hex()+
			`"},"annotations":{"actual_hash_algorithm":"file-sha256"}}`)
	}
	return `{"_type":"` + statementTypeURI + `","subject":[` + strings.Join(subjects, ",") + `],"predicateType":"` + predicateLegacy +
		`","predicate":{"unused":"it's not used\n"}}`
}

// legacyBundle signs as that release does.
func legacyBundle(t testing.TB, key *PrivateKey, payload string, hash crypto.Hash) []byte {
	t.Helper()
	sig, err := ecdsa.SignASN1(rand.Reader, key.key, sum(hash, paeLegacy([]byte(payload))))
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.public.PEM()
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{
		"mediaType":            bundleMediaType,
		"verificationMaterial": map[string]any{"publicKey": map[string]any{"rawBytes": text, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}},
		"dsseEnvelope": map[string]any{"payload": []byte(payload), "payloadType": inTotoMediaType,
			"signatures": []any{map[string]any{"sig": sig, "keyid": nil}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestLegacyBundles(t *testing.T) {
	files := sample()
	for _, c := range []Curve{P256, P384, P521} {
		key := newKey(t, c)
		for _, hash := range []crypto.Hash{crypto.SHA256, key.public.hash()} {
			bundle := legacyBundle(t, key, legacyStatement(files), hash)
			if ok, err := accepted(tree(files), bundle, key.Public(), Options{}); !ok {
				t.Errorf("%s, %s: %v", c, hash, err)
			}
			if _, err := VerifyModel(bundle, newKey(t, c).Public()); !errors.Is(err, ErrSignature) {
				t.Errorf("%s: another key: %v", c, err)
			}
		}
	}
}

// TestLegacyFormIsForLegacyStatementsOnly: a statement of today that was signed in the old form is refused.
func TestLegacyFormIsForLegacyStatementsOnly(t *testing.T) {
	key := newKey(t, P256)
	payload := payloadOf(t, signed(t, sample(), key))
	if _, err := VerifyModel(legacyBundle(t, key, payload, crypto.SHA256), key.Public()); !errors.Is(err, ErrSignature) {
		t.Errorf("got %v", err)
	}
}

func TestForgedLegacyStatementsAreRefused(t *testing.T) {
	key := newKey(t, P256)
	files := map[string]string{"a.py": "import os", "b.bin": "weights"}
	payload := legacyStatement(files)
	for name, edit := range map[string][2]string{
		"no subject":     {`"subject":[`, `"subject":[],"was":[`},
		"twice the name": {`"b.bin"`, `"a.py"`},
		"parent":         {`"b.bin"`, `"../b.bin"`},
		"two hashes":     {`"file-sha256"`, `"file-blake3"`},
		"unknown hash":   {`"file-sha256"`, `"file-md5"`},
		"no digest":      {`"sha256":`, `"sha512":`},
		"short digest":   {`"sha256":"`, `"sha256":"00","was":"`},
		"other type":     {"Digests/v0.1", "DigestOfDigests/v0.1"},
		"null name":      {`"b.bin"`, `null`},
	} {
		forged := strings.Replace(payload, edit[0], edit[1], 1)
		if forged == payload {
			t.Fatalf("%s changes nothing", name)
		}
		ok, err := accepted(tree(files), legacyBundle(t, key, forged, crypto.SHA256), key.Public(), Options{})
		if ok || !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrSignature) {
			t.Errorf("%s: accepted %v, %v", name, ok, err)
		}
	}
}

// statementIn is the statement about files in a form.
func statementIn(t testing.TB, files map[string]string, form Form) []byte {
	t.Helper()
	m, err := HashTree(context.Background(), tree(files), Options{Name: "model", Also: []Serialization{form.Serialization}})
	if err != nil {
		t.Fatal(err)
	}
	statement, err := ModelStatement(m, form)
	if err != nil {
		t.Fatal(err)
	}
	return statement
}

// TestFlippedBitsInEveryForm flips a bit in every byte of bundles, and every bit of the files that they are about.
func TestFlippedBitsInEveryForm(t *testing.T) {
	key := newKey(t, P256)
	files := map[string]string{"a.bin": "model", "b/c": "x"}
	bundles := map[string][]byte{"release 0.2": legacyBundle(t, key, legacyStatement(files), crypto.SHA256)}
	for _, s := range []Serialization{{ShardSize: 4}, {Hash: HashBLAKE2b}, {Hash: HashBLAKE3}} {
		bundles[s.String()] = statementOf(t, key, string(statementIn(t, files, Form{Serialization: s})))
	}
	for name, bundle := range bundles {
		if ok, err := accepted(tree(files), bundle, key.Public(), Options{}); !ok {
			t.Fatalf("%s: the untouched model is refused: %v", name, err)
		}
		for i := range bundle {
			bent := slices.Clone(bundle)
			bent[i] ^= 1 << (i % 8)
			ok, err := accepted(tree(files), bent, key.Public(), Options{})
			if ok || err == nil || err.Error() == "" {
				t.Errorf("%s, byte %d (%q→%q): accepted %v, %v", name, i, bundle[i], bent[i], ok, err)
			}
		}
		for file, text := range files {
			for bit := range 8 * len(text) {
				other, bent := maps.Clone(files), []byte(text)
				bent[bit/8] ^= 1 << (bit % 8)
				other[file] = string(bent)
				if ok, _ := accepted(tree(other), bundle, key.Public(), Options{}); ok {
					t.Errorf("%s, %s bit %d: accepted", name, file, bit)
				}
			}
		}
	}
}

// FuzzLegacyEncoding: what release 0.2 signed tells the payload without doubt.
func FuzzLegacyEncoding(f *testing.F) {
	f.Add([]byte(legacyStatement(map[string]string{"a": "b"})))
	f.Add([]byte("it's \"both\"\\\x00\xff\r\t\n"))
	f.Add([]byte("it's"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		text := paeLegacy(payload)
		head := "DSSEV1 28 application/vnd.in-toto+json " + strconv.Itoa(len(payload)) + " b"
		rest, ok := bytes.CutPrefix(text, []byte(head))
		if !ok || len(rest) < 2 || rest[0] != rest[len(rest)-1] {
			t.Fatalf("%q", text)
		}
		quote, body := rest[0], rest[1:len(rest)-1]
		if quote == '\'' {
			body = bytes.ReplaceAll(body, []byte(`\'`), []byte("'"))
			body = bytes.ReplaceAll(body, []byte(`"`), []byte(`\"`))
		}
		back, err := strconv.Unquote(`"` + string(body) + `"`)
		if err != nil || back != string(payload) {
			t.Errorf("%q comes back as %q: %v", payload, back, err)
		}
	})
}

// FuzzShardNames: a name of a shard is refused, or is the one name of its range.
func FuzzShardNames(f *testing.F) {
	for _, name := range []string{"w:0:8", "w:4:8", "w:0:9", "w:8:8", "a:b:8:9", ":0:1", "w:00:8", "w:8:0", "w:-8:0", "w:0:99999999999999999999", "w", "w:8", "w:0:8:"} {
		f.Add(name, int64(8))
	}
	f.Fuzz(func(t *testing.T, name string, size int64) {
		s := Serialization{ShardSize: size}
		path, start, end, err := s.splitName(name)
		if err != nil || size <= 0 {
			return
		}
		if shardName(path, start, end) != name || start < 0 || end <= start || end-start > size || start%size != 0 {
			t.Errorf("%q is %q from %d to %d", name, path, start, end)
		}
		if s.rename(name, path) != name {
			t.Errorf("%q becomes %q", name, s.rename(name, path))
		}
	})
}

// TestBundlesStayWhatTheyWere: a bundle that was read is written byte for byte, but for the space around its values.
func TestBundlesStayWhatTheyWere(t *testing.T) {
	key := newKey(t, P256)
	bundle := statementOf(t, key, string(statementIn(t, map[string]string{"<&>\u2028": "x"}, Form{})))
	odd := bytes.Replace(bundle, []byte(`"tlogEntries":[]`), []byte(`"tlogEntries":[{"b":1.0,"a":"\u003c<","big":12345678901234567890}]`), 1)
	var indented bytes.Buffer
	if err := json.Indent(&indented, odd, "", "\t"); err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{bundle, odd, indented.Bytes()} {
		b, err := ParseBundle(text)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, text); err != nil {
			t.Fatal(err)
		}
		if got := encoded(t, b); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("got  %s\nwant %s", got, want.Bytes())
		}
	}
}
