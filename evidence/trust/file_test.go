package trust

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit/pki"
)

func TestFileIsStrict(t *testing.T) {
	p := newProject(t, "a", "b", "c")
	private, err := p.keys["a"].PEM()
	if err != nil {
		t.Fatal(err)
	}
	ca := pki.NewRoot(t, "ca")
	p.files["private.pub"] = &fstest.MapFile{Data: private}
	p.files["ca.pem"] = &fstest.MapFile{Data: ca.PEM()}
	p.files["leaf.pem"] = &fstest.MapFile{Data: ca.NewSigner(t, "leaf").PEM()}
	p.files["ca-key.pem"] = &fstest.MapFile{Data: append(ca.PEM(), ca.KeyPEM(t)...)}
	p.files["broken.json"] = &fstest.MapFile{Data: []byte("{")}
	p.files["empty.json"] = &fstest.MapFile{Data: []byte("{}")}
	const a, b = "  - {name: a, key: {file: keys/a.pub}, may: [bom]}", "  - {name: b, key: {file: keys/b.pub}, may: [bom]}"
	const clock = "timestamps: [{name: tsa, roots: [ca.pem]}]"
	for name, tt := range map[string]struct{ text, want string }{
		"an unknown key":                    {identities(a) + "allow_all: true\n", "line 5: field allow_all not found"},
		"an unknown key of an identity":     {identities("  - name: a\n    key: {file: keys/a.pub}\n    maybe: [bom]"), "line 6: field maybe not found"},
		"a key twice":                       {identities(a) + "project: other\n", "already defined"},
		"two documents":                     {identities(a) + "---\nversion: 2\n", "more than one YAML document"},
		"version 3":                         {strings.Replace(identities(a), "2", "3", 1), "write version: 2"},
		"no version":                        {strings.Replace(identities(a), "version: 2", "", 1), "write version: 2"},
		"no project":                        {strings.Replace(identities(a), "project: acme", "", 1), "project"},
		"a project that is a path":          {strings.Replace(identities(a), "acme", "../acme", 1), "project"},
		"nobody":                            {"version: 2\nproject: acme\n", "no identity"},
		"no may":                            {identities("  - {name: a, key: {file: keys/a.pub}}"), `line 4: identity "a": may: say which kinds`},
		"an empty may":                      {identities("  - {name: a, key: {file: keys/a.pub}, may: []}"), "may: say which kinds"},
		"an unknown kind":                   {identities(a, "  - {name: b, key: {file: keys/b.pub}, may: [bill]}"), `line 5: identity "b": may: there is no kind "bill"; kinds are approval, bom`},
		"no way to verify":                  {identities("  - {name: a, may: [bom]}"), "exactly one of key, certificate and keyless, not 0"},
		"two ways to verify":                {identities("  - {name: a, may: [bom], key: {file: keys/a.pub}, certificate: {roots: [ca.pem], subject: x}}"), "not 2"},
		"a name twice":                      {identities(a, "  - {name: a, key: {file: keys/b.pub}, may: [bom]}"), "the name is there already"},
		"a key under two names":             {identities(a, "  - {name: b, key: {file: keys/a.pub}, may: [bom]}"), `the key is there already, as "a"`},
		"a name with a line break":          {identities(`  - {name: "a\nb", key: {file: keys/a.pub}, may: [bom]}`), "printable"},
		"no name":                           {identities(`  - {key: {file: keys/a.pub}, may: [bom]}`), "printable"},
		"file and pem":                      {identities(`  - {name: a, key: {file: keys/a.pub, pem: x}, may: [bom]}`), "either pem or file"},
		"a file that is not there":          {identities(`  - {name: a, key: {file: keys/x.pub}, may: [bom]}`), "keys/x.pub"},
		"a file above":                      {identities(`  - {name: a, key: {file: ../keys/a.pub}, may: [bom]}`), "not below the trust root"},
		"a file from the top":               {identities(`  - {name: a, key: {file: /keys/a.pub}, may: [bom]}`), "not below the trust root"},
		"a private key":                     {identities(`  - {name: a, key: {file: private.pub}, may: [bom]}`), "this is a private key"},
		"a private key in the file":         {identities(`  - {name: a, key: {pem: ` + strings.ReplaceAll(string(private), "\n", " ") + `}, may: [bom]}`), "this is a private key"},
		"a private key among certificates":  {identities(`  - {name: a, certificate: {roots: [ca-key.pem], subject: x}, may: [bom]}`), "this is a private key"},
		"a certificate as a key":            {identities(`  - {name: a, key: {file: ca.pem}, may: [bom]}`), "not a public key"},
		"a key as a certificate":            {identities(`  - {name: a, certificate: {roots: [keys/a.pub], subject: x}, may: [bom]}`), "PUBLIC KEY"},
		"a signer as an authority":          {identities(`  - {name: a, certificate: {roots: [leaf.pem], subject: x}, may: [bom]}`), "not the certificate of an authority"},
		"no subject":                        {identities(`  - {name: a, certificate: {roots: [ca.pem]}, may: [bom]}`), "takes a subject"},
		"an empty revocation":               {identities("  - {name: a, key: {file: keys/a.pub}, may: [bom], revoked: }"), "there is no value"},
		"an end that is null":               {identities("  - {name: a, key: {file: keys/a.pub}, may: [bom], until: ~}"), "there is no value"},
		"no roots":                          {identities(`  - {name: a, certificate: {subject: x}, may: [bom]}`), "name the files"},
		"keyless without an issuer":         {identities(`  - {name: a, keyless: {identity: x, sigstore: empty.json}, may: [bom]}`), "both an account and an issuer"},
		"keyless with a root that is none":  {identities(`  - {name: a, keyless: {issuer: i, identity: x, sigstore: empty.json}, may: [bom]}`), "keyless"},
		"keyless with a root that is cut":   {identities(`  - {name: a, keyless: {issuer: i, identity: x, sigstore: broken.json}, may: [bom]}`), "not JSON"},
		"keyless with a bad pattern":        {identities(`  - {name: a, keyless: {issuer: i, identity: "(", pattern: true, sigstore: empty.json}, may: [bom]}`), "no regular expression"},
		"a time that is none":               {identities(`  - {name: a, key: {file: keys/a.pub}, may: [bom], until: soon}`), `"soon" is neither a day`},
		"an end before the beginning":       {identities(`  - {name: a, key: {file: keys/a.pub}, may: [bom], from: 2027-01-01, until: 2026-01-01}`), "not before until"},
		"a revocation without a reason":     {identities(`  - {name: a, key: {file: keys/a.pub}, may: [bom], revoked: {at: 2026-01-01}}`), "revoked: it takes at"},
		"a revocation without a time":       {identities(`  - {name: a, key: {file: keys/a.pub}, may: [bom], revoked: {reason: x}}`), "revoked: it takes at"},
		"a replacement of nobody":           {identities(`  - {name: a, key: {file: keys/a.pub}, may: [bom], replaces: z}`), `it replaces "z", which is not there`},
		"two replacements of one":           {identities(a, `  - {name: b, key: {file: keys/b.pub}, may: [bom], replaces: a}`, `  - {name: c, key: {file: keys/c.pub}, may: [bom], replaces: a}`), `replaced already, by "b"`},
		"replacements in a circle":          {identities(`  - {name: a, key: {file: keys/a.pub}, may: [bom], replaces: b}`, `  - {name: b, key: {file: keys/b.pub}, may: [bom], replaces: a}`), "in a circle"},
		"a person with an unknown identity": {identities(a) + "people: {alice: [z]}\n", `"alice" holds "z", which is no identity`},
		"an identity of two people":         {identities(a) + "people: {alice: [a], bob: [a]}\n", `belongs to "alice" and to "bob"`},
		"a person named as another's key":   {identities(a, b) + "people: {b: [a]}\n", "also the name of an identity that is not theirs"},
		"an heir of another person":         {identities(a, "  - {name: b, key: {file: keys/b.pub}, may: [bom], replaces: a}") + "people: {alice: [a], bob: [b]}\n", "another person"},
		"a duty apart from itself":          {identities(a) + "separate: [[approval, approval]]\n", "two different kinds"},
		"an unknown duty":                   {identities(a) + "separate: [[approval, training]]\n", `there is no kind "training"`},
		"a clock twice":                     {identities(a) + strings.Replace(clock, "]}]", "]}, {name: tsa, roots: [ca.pem]}]", 1) + "\n", "there twice"},
		"a clock that is no authority":      {identities(a) + strings.Replace(clock, "ca.pem", "leaf.pem", 1) + "\n", "tsa"},
		"an unknown signer":                 {identities(a) + "signing: {signers: [z], threshold: 1, expires: 2027-01-01}\n", `the signer "z" is no identity`},
		"a signer twice":                    {identities(a) + "signing: {signers: [a, a], threshold: 1, expires: 2027-01-01}\n", "named twice"},
		"a threshold of none":               {identities(a) + "signing: {signers: [a], threshold: 0, expires: 2027-01-01}\n", "threshold of 0"},
		"a threshold beyond the people":     {identities(a, b) + "people: {alice: [a, b]}\nsigning: {signers: [a, b], threshold: 2, expires: 2027-01-01}\n", "the signers are 1 people"},
		"signing without an end":            {identities(a) + "signing: {signers: [a], threshold: 1}\n", "expires is missing"},
		"a revoked signer":                  {identities(`  - {name: a, key: {file: keys/a.pub}, may: [bom], revoked: {at: 2026-01-01, reason: x}}`) + "signing: {signers: [a], threshold: 1, expires: 2027-01-01}\n", "is revoked"},
		"an identity of no use":             {identities(a, "  - {name: b, key: {file: keys/b.pub}, may: []}") + "signing: {signers: [a], threshold: 1, expires: 2027-01-01}\n", "no signer"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.load(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			secret := strings.Split(string(private), "\n")[1]
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "PRIVATE KEY-----") {
				t.Errorf("the error shows a key: %v", err)
			}
		})
	}
}

func TestFileOfVersionTwo(t *testing.T) {
	p := newProject(t, "a", "b", "owner")
	p.files["ca.pem"] = &fstest.MapFile{Data: append(pki.NewRoot(t, "one").PEM(), pki.NewRoot(t, "two").PEM()...)}
	text := identities(
		"  - name: a",
		"    key: {file: keys/a.pub}",
		"    may: [evidence, approval]",
		"    from: 2026-01-01",
		"    until: 2026-06-20T08:00:00Z",
		"  - name: b",
		"    key:",
		"      pem: |",
		"        "+strings.ReplaceAll(strings.TrimSpace(publicPEM(t, p.keys["b"])), "\n", "\n        "),
		"    may: [all]",
		"  - {name: owner, key: {file: ./keys/owner.pub}, may: []}",
	) + "timestamps: [{name: tsa, roots: [ca.pem]}]\npeople: {alice: [a, b]}\nsigning: {signers: [owner, a], threshold: 2, expires: 2027-01-01}\n"
	root := p.must(t, text)
	if root.Len() != 3 || root.Project() != "acme" {
		t.Errorf("%d identities of %q", root.Len(), root.Project())
	}
	if got := root.Separate(); len(got) != 2 || got[0][0] != "approval" || got[0][1] != "training-run" {
		t.Errorf("nobody approves their own run: %v", got)
	}
	if got := p.must(t, text+"separate: [[scan-result, approval]]\n").Separate(); len(got) != 3 || got[2][0] != "approval" {
		t.Errorf("got %v", got)
	}
	if root.Person("a") != "alice" || root.Person("b") != "alice" || root.Person("owner") != "owner" || root.Person("nobody") != "nobody" {
		t.Error("people are mixed up")
	}
	if name, _, ok := root.Lookup(p.keys["b"].Public().Hint()); !ok || name != "b" {
		t.Errorf("%q %v", name, ok)
	}
	d, err := LoadDefinition(p.files, "trust.yaml")
	if err != nil || len(d.Timestamps[0].Roots) != 2 {
		t.Errorf("%v", err)
	}
	p.files["first.yaml"] = &fstest.MapFile{Data: []byte("version: 1\nkeys: [{name: a, file: keys/a.pub}]\n")}
	if _, err := LoadDefinition(p.files, "first.yaml"); !errors.Is(err, evidence.ErrUnsupported) {
		t.Errorf("a file of version 1 is signed: %v", err)
	}
}

func TestWhoSigned(t *testing.T) {
	p := newProject(t, "a", "b", "stranger")
	root := p.must(t, identities("  - {name: a, key: {file: keys/a.pub}, may: [bom]}", "  - {name: b, key: {file: keys/b.pub}, may: [bom]}"))
	if name, proof, err := root.Verify(claimBy(t, p.keys["b"])); err != nil || name != "b" || proof.Signatory.Key != p.keys["b"].Public().Hint() {
		t.Errorf("%q %v", name, err)
	}
	if _, _, err := root.Verify(claimBy(t, p.keys["stranger"])); !errors.Is(err, evidence.ErrForeign) {
		t.Errorf("a stranger: %v", err)
	}
	lie := claimBy(t, p.keys["stranger"])
	lie.Hint = p.keys["a"].Public().Hint()
	if _, _, err := root.Verify(lie); !errors.Is(err, evidence.ErrSignature) {
		t.Errorf("a stranger with the fingerprint of a: %v", err)
	}
	nameless := claimBy(t, p.keys["a"])
	nameless.Hint = ""
	if _, _, err := root.Verify(nameless); !errors.Is(err, evidence.ErrForeign) {
		t.Errorf("no fingerprint: %v", err)
	}
	var nobody Root
	if _, _, err := nobody.Verify(claimBy(t, p.keys["a"])); !errors.Is(err, evidence.ErrForeign) || nobody.May("a", "bom", nil) == nil {
		t.Errorf("the zero root trusts somebody: %v", err)
	}
}
