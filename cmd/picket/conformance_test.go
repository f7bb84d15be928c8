package main

import (
	"context"
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit"
)

// two is the model of most cases.
func two() map[string]string {
	return map[string]string{"signme-1": "one", "signme-2": "two"}
}

// with adds files to a model.
func with(files map[string]string, more ...string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, files)
	for _, name := range more {
		all[name] = "content of " + name
	}
	return all
}

func TestConformanceRoundTrips(t *testing.T) {
	for name, tt := range map[string]struct {
		files  map[string]string
		key    string   // or "certificate"
		ignore []string // below the model
		want   []string // nil: all files
	}{
		"simple":             {files: two()},
		"p384":               {files: two(), key: "p384"},
		"p521":               {files: two(), key: "p521"},
		"several files":      {files: with(nil, "weights.bin", "config.json", "subdir/adapter.bin")},
		"nested":             {files: with(nil, "a/b/c/d.bin", "a/b.bin", "a.bin")},
		"empty file":         {files: map[string]string{"empty": "", "full": "x"}},
		"binary":             {files: map[string]string{"header.bin": "\x00\xff\r\n\x1a"}},
		"unicode":            {files: with(nil, "模型.bin", "ü/ñ.bin")},
		"special characters": {files: with(nil, "a b.bin", "c#d%20.bin", "e'f\".bin", "colon:1:2", "back\\slash")},
		"hidden":             {files: with(nil, ".env.example", ".cache/weights.bin", "model.bin")},
		"default ignores": {files: with(two(), ".git/HEAD", ".gitignore", ".gitattributes", ".github/workflows/x.yml"),
			want: []string{"signme-1", "signme-2"}},
		"git names below":        {files: with(two(), "subdir/.gitignore", "subdir/.git/HEAD")},
		"ignored":                {files: with(two(), "ignore-me"), ignore: []string{"ignore-me"}, want: []string{"signme-1", "signme-2"}},
		"ignored at one depth":   {files: with(two(), "ignore-me", "subdir/ignore-me"), ignore: []string{"ignore-me"}, want: []string{"signme-1", "signme-2", "subdir/ignore-me"}},
		"ignored folder":         {files: with(two(), "x/a", "x/b/c", "x-y"), ignore: []string{"x"}, want: []string{"signme-1", "signme-2", "x-y"}},
		"certificate":            {files: two(), key: "certificate"},
		"certificate many files": {files: with(nil, "weights.bin", "config.json", "subdir/adapter.bin"), key: "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOMS(t, tt.files)
			sign, verify := o.byKey("p256")
			switch tt.key {
			case "certificate":
				sign, verify = o.byCertificate("")
			case "":
			default:
				sign, verify = o.byKey(tt.key)
			}
			for _, p := range tt.ignore {
				sign = append(sign, "--ignore-paths", filepath.Join(o.model, p))
			}
			if !o.sign(sign...) || !o.verify(verify...) {
				t.Fatal(o.err.String())
			}
			want := tt.want
			if want == nil {
				want = slices.Collect(maps.Keys(tt.files))
			}
			slices.Sort(want)
			if got := o.files(); !slices.Equal(got, want) {
				t.Errorf("signed %q, want %q", got, want)
			}
			first := o.files()[0]
			o.write(map[string]string{first: "changed"})
			if o.verify(verify...) || !strings.Contains(o.err.String(), "was changed") {
				t.Errorf("a change passes: %s", o.err.String())
			}
		})
	}
}

func TestConformanceSingleFile(t *testing.T) {
	o := newOMS(t, map[string]string{"model.bin": "weights"})
	o.model = filepath.Join(o.model, "model.bin")
	sign, verify := o.byKey("p256")
	if !o.sign(sign...) || !o.verify(verify...) || !slices.Equal(o.files(), []string{"model.bin"}) {
		t.Errorf("%q: %s", o.files(), o.err.String())
	}
}

func TestConformanceSignatureInsideTheModel(t *testing.T) {
	o := newOMS(t, two())
	sign, verify := o.byKey("p256")
	inside := filepath.Join(o.model, "custom.sig")
	if !o.run(append([]string{"sign-model", "--model-path", o.model, "--output-bundle", inside}, sign...)...) ||
		!o.run(append([]string{"verify-model", "--model-path", o.model, "--bundle", inside}, verify...)...) {
		t.Error(o.err.String())
	}
}

// TestConformanceSigningIsRefused: what must not be signed is not.
func TestConformanceSigningIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		link  [2]string // name and target
		args  []string
		why   string
	}{
		"empty model":          {files: with(nil, ".gitignore"), why: "there is no file in it"},
		"link":                 {files: two(), link: [2]string{"link", "signme-1"}, why: "is a symbolic link"},
		"link out":             {files: two(), link: [2]string{"link", "/etc/hostname"}, why: "is a symbolic link"},
		"links in a circle":    {files: two(), link: [2]string{"link", "link"}, why: "is a symbolic link"},
		"unknown method":       {files: two(), args: []string{"--method", "rsa"}, why: "--method is key"},
		"public services":      {files: two(), args: []string{"--method", "sigstore"}, why: "not supported"},
		"public key to sign":   {files: two(), args: []string{"--private-key", "p256.pub"}, why: "not a private key"},
		"key of another leaf":  {files: two(), args: []string{"--method", "certificate", "--signing-cert", "leaf.crt", "--private-key", "other.pem"}, why: "certificate"},
		"certificate as chain": {files: two(), args: []string{"--method", "certificate", "--signing-cert", "p256.pub"}, why: "certificate"},
	} {
		o := newOMS(t, tt.files)
		if tt.link[0] != "" {
			if err := os.Symlink(tt.link[1], filepath.Join(o.model, tt.link[0])); err != nil {
				testkit.Missing(t, "links cannot be made here: %v", err)
			}
		}
		sign, _ := o.byKey("p256")
		for _, a := range tt.args {
			if strings.HasSuffix(a, ".pem") || strings.HasSuffix(a, ".pub") || strings.HasSuffix(a, ".crt") {
				a = o.path(a)
			}
			sign = append(sign, a)
		}
		if o.sign(sign...) || !strings.Contains(o.err.String(), tt.why) {
			t.Errorf("%s: %q, want %q", name, o.err.String(), tt.why)
		}
		if _, err := os.Stat(o.path("model.sig")); err == nil {
			t.Errorf("%s: there is a bundle", name)
		}
	}
}

// edit changes the text of the bundle.
func (o *oms) edit(change func(string) string) {
	o.t.Helper()
	data, err := os.ReadFile(o.path("model.sig"))
	if err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(o.path("model.sig"), []byte(change(string(data))), 0o644); err != nil {
		o.t.Fatal(err)
	}
}

// resign changes the payload and signs it again with the right key.
func (o *oms) resign(old, new string) {
	o.t.Helper()
	text, err := os.ReadFile(o.path("p256.pem"))
	if err != nil {
		o.t.Fatal(err)
	}
	key, err := evidence.ParsePrivateKey(text)
	if err != nil {
		o.t.Fatal(err)
	}
	data, err := os.ReadFile(o.path("model.sig"))
	if err != nil {
		o.t.Fatal(err)
	}
	b, err := evidence.ParseBundle(data)
	if err != nil {
		o.t.Fatal(err)
	}
	changed := strings.Replace(string(b.Payload()), old, new, 1)
	if changed == string(b.Payload()) {
		o.t.Fatalf("%q is not in %s", old, changed)
	}
	again, err := evidence.Sign(context.Background(), []byte(changed), key)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := writeBundle(o.path("model.sig"), again); err != nil {
		o.t.Fatal(err)
	}
}

func TestConformanceVerification(t *testing.T) {
	remove := func(name string) func(*oms) {
		return func(o *oms) {
			if err := os.Remove(filepath.Join(o.model, name)); err != nil {
				o.t.Fatal(err)
			}
		}
	}
	tamper := func(o *oms) { o.write(map[string]string{"signme-1": "onE"}) }
	extra := func(o *oms) { o.write(map[string]string{"extra.bin": "x"}) }
	lenient := []string{"--ignore-unsigned-files"}
	replace := func(old, new string) func(*oms) {
		return func(o *oms) { o.edit(func(s string) string { return strings.Replace(s, old, new, 1) }) }
	}
	for name, tt := range map[string]struct {
		with   string // how it was signed: "" for key, "certificate", "expired"
		change func(*oms)
		args   []string // instead of, or with "+" in front added to, the right ones
		why    string   // part of the message; "" when it verifies
	}{
		"untouched":             {},
		"certificate untouched": {with: "certificate"},
		"extra file tolerated":  {change: extra, args: lenient},
		"extra file":            {change: extra, why: "extra.bin was added"},
		"missing file":          {change: remove("signme-2"), why: "signme-2 is missing"},
		"tampered":              {change: tamper, why: "signme-1 was changed"},
		"tampered, lenient":     {change: tamper, args: lenient, why: "signme-1 was changed"},
		"missing, lenient":      {change: remove("signme-2"), args: lenient, why: "signme-2 is missing"},
		"wrong key":             {args: []string{"--public-key", "other.pub"}, why: "names key"},
		"wrong authority":       {with: "certificate", args: []string{"--cert-chain", "wrong.crt"}, why: "leads to no root"},
		"expired certificate":   {with: "expired", why: "expired"},
		"key as certificate":    {args: []string{"--cert-chain", "root.crt", "--method", "certificate"}, why: "signed by key"},
		"certificate as key":    {with: "certificate", args: []string{"--method", "key", "--public-key", "p256.pub"}, why: "signed by certificate"},
		"key as sigstore":       {args: []string{"--method", "sigstore"}, why: "sigstore"},
		"corrupted":             {change: replace(`"payload":"ey`, `"payload":"eY`), why: "does not verify"},
		"truncated":             {change: func(o *oms) { o.edit(func(s string) string { return s[:len(s)/2] }) }, why: "not JSON"},
		"empty bundle":          {change: func(o *oms) { o.edit(func(string) string { return "" }) }, why: "not JSON"},
		"no envelope":           {change: replace("dsseEnvelope", "messageSignature"), why: "dsseEnvelope is missing"},
		"no signature":          {change: func(o *oms) { o.edit(withoutSignatures) }, why: "no signature"},
		"media type":            {change: replace("bundle.v0.3", "bundle.v0.1"), why: "media type"},
		"payload type":          {change: replace("vnd.in-toto+json", "octet-stream"), why: "payload type"},
		"statement type":        {change: func(o *oms) { o.resign("Statement/v1", "Statement/v0.1") }, why: "statement type"},
		"predicate type":        {change: func(o *oms) { o.resign("signature/v1.0", "signature/v9.9") }, why: "predicate type"},
		"no resources":          {change: func(o *oms) { o.resign(`"resources":[`, `"resources":[],"was":[`) }, why: "there is no file"},
		"no serialization":      {change: func(o *oms) { o.resign(`"serialization"`, `"was"`) }, why: "serialization is missing"},
		"root of others": {change: func(o *oms) {
			o.resign(`"digest":{"sha256":"`, `"digest":{"sha256":"`+strings.Repeat("0", 64)+`","was":"`)
		}, why: "not the root"},
		"base64 with other bits":   {change: func(o *oms) { o.edit(looseBase64) }, why: "base64"},
		"certificate of no signer": {with: "certificate", args: []string{"--cert-chain", "leaf.crt"}, why: "not the certificate of an authority"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOMS(t, two())
			sign, verify := o.byKey("p256")
			if tt.with == "certificate" {
				sign, verify = o.byCertificate("")
			}
			if tt.with == "expired" {
				sign, verify = o.byCertificate("expired-")
				o.now = time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
			}
			if !o.sign(sign...) {
				t.Fatal(o.err.String())
			}
			o.now = time.Now()
			if tt.change != nil {
				tt.change(o)
			}
			for _, a := range tt.args {
				if strings.HasSuffix(a, ".pub") || strings.HasSuffix(a, ".crt") {
					a = o.path(a)
				}
				if a == "--cert-chain" {
					verify = verify[:2]
				}
				verify = append(verify, a)
			}
			if got := o.verify(verify...); got != (tt.why == "") || !strings.Contains(o.err.String(), tt.why) {
				t.Errorf("verified %v: %s(want %q)", got, o.err.String(), tt.why)
			}
		})
	}
}

// withoutSignatures empties the list of signatures.
func withoutSignatures(bundle string) string {
	i := strings.Index(bundle, `"signatures":[`) + len(`"signatures":[`)
	return bundle[:i] + bundle[i+strings.IndexByte(bundle[i:], ']'):]
}

// looseBase64 writes the payload in another form that decodes to the same bytes.
func looseBase64(bundle string) string {
	_, rest, _ := strings.Cut(bundle, `"payload":"`)
	text, _, _ := strings.Cut(rest, `"`)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return bundle
	}
	if strings.HasSuffix(text, "=") {
		return strings.Replace(bundle, text, base64.RawStdEncoding.EncodeToString(raw), 1)
	}
	return strings.Replace(bundle, text, text[:4]+`\n`+text[4:], 1)
}
