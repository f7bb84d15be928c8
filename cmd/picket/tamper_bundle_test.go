package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/evidence"
)

// base64Changes are other ways to write bytes than the one that is read.
func base64Changes() map[string]func(string) any {
	return map[string]func(string) any{
		"in the alphabet of addresses": func(s string) any {
			if !strings.ContainsAny(s, "+/") {
				s = "/" + s[1:]
			}
			return strings.NewReplacer("+", "-", "/", "_").Replace(s)
		},
		"without its last character": func(s string) any { return s[:len(s)-1] },
		"with padding more":          func(s string) any { return s + "=" },
		"with four padding more":     func(s string) any { return s + "====" },
		"with a line break":          func(s string) any { return s[:20] + "\n" + s[20:] },
		"with a carriage return":     func(s string) any { return s + "\r\n" },
		"with a space":               func(s string) any { return s[:20] + " " + s[20:] },
		"with stray bits":            strayBits,
		"with something behind it":   func(s string) any { return s + "AAAA" },
		"padded inside":              func(s string) any { return s[:8] + "==" + s[8:] },
		"twice encoded":              func(s string) any { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"in hexadecimal":             func(s string) any { return hex.EncodeToString([]byte(s)) },
		"as an address":              func(s string) any { return "data:;base64," + s },
		"in percent signs":           func(s string) any { return "%" + s },
		"empty":                      func(string) any { return "" },
		"null":                       func(string) any { return nil },
		"a number":                   func(string) any { return 7 },
		"a list":                     func(s string) any { return []string{s} },
	}
}

// strayBits sets bits that decode to nothing.
func strayBits(s string) any {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	body := strings.TrimRight(s, "=")
	if body == s { // no bits are left over: make some
		return s[:len(s)-1] + "="
	}
	last := strings.IndexByte(alphabet, body[len(body)-1])
	return body[:len(body)-1] + alphabet[last+1:last+2] + s[len(body):]
}

// base64Tampers: of the payload and the signature, of the model signature and of a claim.
func base64Tampers(*specimen) []attempt {
	var list []attempt
	changes := base64Changes()
	for _, what := range sortedKeys(changes) {
		for field, at := range map[string][]any{"payload": {"dsseEnvelope", "payload"}, "sig": {"dsseEnvelope", "signatures", 0, "sig"}} {
			says := field + ` .*base64|` + field + ` is (null|of the wrong type)|does not verify|signature`
			edit := func(t testing.TB, line []byte) []byte {
				return rewrapped(t, line, func(doc tree) { put(doc, changes[what](pick(doc, at...).(string)), at...) })
			}
			list = append(list, attempt{name: field + " of the model signature " + what, tamper: func(s *scene) { s.setSig(edit(s.t, s.sig)) },
				verify: "(?s)NOT verified.*(" + says + ")", gate: denial("gate.claims", says), claims: `does not count  model\.sig: .*(` + says + ")"},
				attempt{name: field + " of a claim " + what, tamper: func(s *scene) {
					lines := slices.Clone(s.lines)
					lines[4] = edit(s.t, lines[4])
					s.setLines(lines)
				}, gate: denial("gate.claims", says), claims: `does not count  claims\.jsonl.*(` + says + ")", check: "FAILED .*head"})
		}
	}
	slices.SortFunc(list, func(a, b attempt) int { return strings.Compare(a.name, b.name) })
	return list
}

// keyTampers: signatures by others, under their own name and under that of somebody else.
func keyTampers(sp *specimen) []attempt {
	var list []attempt
	foreign := func(name, verify, gate string, make func(s *scene) []byte) {
		list = append(list, attempt{name: name, tamper: func(s *scene) { s.setSig(make(s)) }, verify: "(?s)NOT verified.*(" + verify + ")",
			gate: denial("signed", gate), claims: `does not count  model\.sig: .*(` + gate + ")"})
	}
	hint := []any{"verificationMaterial", "publicKey", "hint"}
	for _, who := range specimenSigners()[1:] {
		foreign("model signed by "+who, "may not make signature|valid only|revoked|no identity|not in the trust root|key", "permission|signature",
			func(s *scene) []byte { return s.sealed(s.t, payloadOf(s.t, s.sig), who) })
		foreign("model signed by "+who+" in the name of release", "signature", "signature: ", func(s *scene) []byte {
			return rewrapped(s.t, s.sealed(s.t, payloadOf(s.t, s.sig), who), func(doc tree) { put(doc, s.signers["release"].public.Hint(), hint...) })
		})
		foreign("model signature in the name of "+who, "signature", "signature: ", func(s *scene) []byte {
			return rewrapped(s.t, s.sig, func(doc tree) { put(doc, s.signers[who].public.Hint(), hint...) })
		})
	}
	embedded := func(s *scene, who, named string) []byte {
		return rewrapped(s.t, s.sealed(s.t, payloadOf(s.t, s.sig), who), func(doc tree) {
			key := tree{"rawBytes": base64.StdEncoding.EncodeToString(s.signers[who].pem(s.t)), "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
			if named != "" {
				key["hint"] = s.signers[named].public.Hint()
			}
			put(doc, key, "verificationMaterial", "publicKey")
		})
	}
	foreign("a key inside that nobody knows", "trust root", "signature: ", func(s *scene) []byte { return embedded(s, "stranger", "") })
	foreign("a key inside under the name of release", "the bundle holds", "signature: the bundle holds", func(s *scene) []byte { return embedded(s, "stranger", "release") })
	foreign("no key is named", "names no key|unknown|signature", "signature", func(s *scene) []byte {
		return rewrapped(s.t, s.sig, func(doc tree) { put(doc, tree{}, "verificationMaterial", "publicKey") })
	})
	return append(list, exchangedKeys(sp)...)
}

// exchangedKeys: keys of the operator in each other's place, and signatures of other lines.
func exchangedKeys(sp *specimen) []attempt {
	var list []attempt
	for i, who := range []string{"scanner", "guest", "ended"} {
		list = append(list, attempt{name: "release and " + who + " exchanged in the trust root", tamper: func(s *scene) {
			write(s.t, s.at("release.pub"), s.signers[who].pem(s.t))
			write(s.t, s.at(who+".pub"), s.signers["release"].pem(s.t))
		}, verify: "NOT verified.*\n.*(may not make|valid only)", gate: denial("signed", `model\.sig: permission`), claims: "permission"})
		list = append(list, attempt{name: "the public key of " + who, tamper: func(s *scene) {
			s.args["verify"] = []string{"--public-key", s.at(who + ".pub")}
		}, verify: "names key .*signature"})
		list = append(list, attempt{name: fmt.Sprintf("signature of line %d on line %d", i+1, i+2), tamper: func(s *scene) {
			lines, at := slices.Clone(s.lines), []any{"dsseEnvelope", "signatures"}
			lines[i+1] = rewrapped(s.t, lines[i+1], func(doc tree) { put(doc, pick(parsed(s.t, lines[i]), at...), at...) })
			s.setLines(lines)
		}, gate: denial("gate.claims", "signature: "), claims: "does not count  .*signature: ", check: "FAILED .*head"})
	}
	private := func(s *scene) string {
		key, err := x509.MarshalPKCS8PrivateKey(s.signers["release"].key)
		if err != nil {
			s.t.Fatal(err)
		}
		write(s.t, s.at("private.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
		return s.at("private.pem")
	}
	return append(list,
		attempt{name: "the private key as the public one", tamper: func(s *scene) { s.args["verify"] = []string{"--public-key", private(s)} },
			verify: "private key", code: wrong("verify")},
		attempt{name: "the private key in the trust root", tamper: func(s *scene) {
			key := filepath.Base(private(s))
			write(s.t, s.at("trust.yaml"), []byte(strings.Replace(specimenTrust, "release.pub", key, 1)))
		}, verify: "private key", gate: "private key", claims: "private key", code: wrong("verify", "gate", "claims")})
}

// subjectTampers: claims of all kinds by who may make them, about something else; and subjects that are none.
func subjectTampers(sp *specimen) []attempt {
	var list []attempt
	other := map[string]string{"nothing": strings.Repeat("0", 64), "a file": sp.manifest.Resources[0].Digest.Hex(), "another order": sp.manifest.PythonDigest().Hex()}
	kinds := requiredKinds()
	for _, kind := range sortedKeys(kinds) {
		for _, what := range sortedKeys(other) {
			list = append(list, respoken(kind+" about "+what, kind, "digest: it is about other content: sha256:"+other[what], func(st tree) {
				put(st, other[what], "subject", 0, "digest", "sha256")
			}))
		}
	}
	digest := sp.manifest.Digest().Hex()
	for what, subject := range map[string]any{
		"in upper case": []any{tree{"name": "model", "digest": tree{"sha256": strings.ToUpper(digest)}}}, "a digit short": []any{tree{"digest": tree{"sha256": digest[1:]}}},
		"by another hash": []any{tree{"digest": tree{"sha512": digest + digest}}}, "without a digest": []any{tree{"name": "model"}}, "empty": []any{},
		"two": []any{tree{"digest": tree{"sha256": digest}}, tree{"digest": tree{"sha256": digest}}}, "null": nil, "a text": digest,
	} {
		list = append(list, respoken("scan-result whose subject is "+what, "scan-result", "schema: parse statement: .*", func(st tree) { st["subject"] = subject }))
		list = append(list, attempt{name: "model signature whose subject is " + what, tamper: func(s *scene) {
			s.setSig(s.resaid(s.t, s.sig, "release", func(st tree) { st["subject"] = subject }))
		}, verify: "(?s)NOT verified.*(subject|digest|name)", gate: denial("signed", `model\.sig: schema: `), claims: `model\.sig: schema: `})
	}
	list = append(list, attempt{name: "model signature about a file", tamper: func(s *scene) {
		s.setSig(s.resaid(s.t, s.sig, "release", func(st tree) { put(st, other["a file"], "subject", 0, "digest", "sha256") }))
	}, verify: "the subject .* is not the root", gate: denial("signed", "is not the root"), claims: "is not the root"})
	slices.SortFunc(list, func(a, b attempt) int { return strings.Compare(a.name, b.name) })
	return list
}

// respoken are all claims of a kind after a change, signed by who may make them.
func respoken(name, kind, says string, change func(tree)) attempt {
	return attempt{name: name, tamper: func(s *scene) {
		s.replace(kind, func(line []byte) []byte { return s.resaid(s.t, line, makerOf(kind), change) })
	}, gate: denial(requiredKinds()[kind], says), claims: "does not count .*(" + says + ")"}
}

// algorithmTampers: other algorithms, types and versions than those that were meant, by who may sign.
func algorithmTampers(sp *specimen) []attempt {
	list := append(manifestAlgorithms(), envelopeAlgorithms()...)
	for what, set := range map[string][2]string{
		"an RSA key in the trust root":     {"release.pub", string(pemOf("PUBLIC KEY", rsaPublic()))},
		"an Ed25519 key in the trust root": {"release.pub", string(pemOf("PUBLIC KEY", ed25519Public()))},
		"a P-224 key in the trust root":    {"release.pub", string(pemOf("PUBLIC KEY", p224Public()))},
	} {
		list = append(list, attempt{name: what, tamper: func(s *scene) { write(s.t, s.at(set[0]), []byte(set[1])) },
			verify: "not supported|only EC|P-256", gate: "not supported|only EC|P-256", code: wrong("verify", "gate")})
	}
	slices.SortFunc(list, func(a, b attempt) int { return strings.Compare(a.name, b.name) })
	return list
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// rsaPublic is a key of a kind that signs no models.
func rsaPublic() []byte {
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	der, _ := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537})
	return der
}

func ed25519Public() []byte {
	der, _ := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public())
	return der
}

func p224Public() []byte {
	key, _ := ecdsa.ParseRawPrivateKey(elliptic.P224(), append(make([]byte, 27), 1))
	der, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	return der
}

// manifestAlgorithms: what a model signature says about how it was made.
func manifestAlgorithms() []attempt {
	var list []attempt
	says := "hash|algorithm|method|shard|lower-case hexadecimal|was changed|predicate type|statement type|is missing|was added|permission: "
	add := func(name string, change func(tree)) {
		list = append(list, attempt{name: name, tamper: func(s *scene) { s.setSig(s.resaid(s.t, s.sig, "release", change)) },
			verify: "(?s)NOT verified.*(" + says + ")", gate: denial("signed", `model\.sig: .*(`+says+")"), claims: `does not count  model\.sig.*(` + says + ")"})
	}
	how := func(field string, value any) func(tree) {
		return func(st tree) { put(st, value, "predicate", "serialization", field) }
	}
	everywhere := func(name string) func(tree) {
		return func(st tree) {
			how("hash_type", name)(st)
			for _, r := range pick(st, "predicate", "resources").([]any) {
				r.(tree)["algorithm"] = name
			}
		}
	}
	for _, name := range []string{"sha1", "md5", "SHA256", "sha-256", "sha512", "crc32", "none", "", "blake2b", "blake3", "sha256\u0000"} {
		add(fmt.Sprintf("hash type %q", name), how("hash_type", name))
		add(fmt.Sprintf("hash type and algorithms %q", name), everywhere(name))
		add(fmt.Sprintf("algorithm %q of one file", name), func(st tree) { put(st, name, "predicate", "resources", 1, "algorithm") })
	}
	add("method shards", how("method", "shards"))
	add("method merkle", how("method", "merkle"))
	for _, size := range []any{0, -1, 1.5, 1e300, "8"} {
		add(fmt.Sprintf("shards of %v", size), func(st tree) { how("method", "shards")(st); how("shard_size", size)(st) })
	}
	for _, kind := range []string{"https://model_signing/signature/v1.1", "https://model_signing/signature/v0.1", "https://model_signing/Digests/v0.1", "https://slsa.dev/provenance/v1", ""} {
		add(fmt.Sprintf("predicate type %q", kind), func(st tree) { st["predicateType"] = kind })
	}
	add("statement type v0.1", func(st tree) { st["_type"] = "https://in-toto.io/Statement/v0.1" })
	return list
}

// envelopeAlgorithms: how a signature is wrapped, and over what it is made.
func envelopeAlgorithms() []attempt {
	var list []attempt
	add := func(name, rule, says string, make func(s *scene) []byte) {
		list = append(list, attempt{name: name, tamper: func(s *scene) { s.setSig(make(s)) }, verify: "(?s)NOT verified.*(" + says + ")", gate: denial(rule, says)})
	}
	wrapped := func(value any, path ...any) func(s *scene) []byte {
		return func(s *scene) []byte { return rewrapped(s.t, s.sig, func(doc tree) { put(doc, value, path...) }) }
	}
	for _, kind := range []string{"application/json", "text/plain", "application/vnd.in-toto+JSON", "application/vnd.in-toto+json ", ""} {
		add(fmt.Sprintf("payload type %q", kind), "gate.claims", "payload type", wrapped(kind, "dsseEnvelope", "payloadType"))
	}
	for _, version := range []string{"0.1", "0.2", "0.4"} {
		add("bundle version "+version, "gate.claims", "media type", wrapped("application/vnd.dev.sigstore.bundle.v"+version+"+json", "mediaType"))
	}
	add("a signature of a message", "gate.claims", "dsseEnvelope is missing", func(s *scene) []byte {
		return rewrapped(s.t, s.sig, func(doc tree) { doc["messageSignature"] = doc["dsseEnvelope"]; delete(doc, "dsseEnvelope") })
	})
	add("a certificate and a key", "gate.claims", "names 2 of publicKey", wrapped(tree{"rawBytes": "AAAA"}, "verificationMaterial", "certificate"))
	add("two signatures", "gate.claims", "signatures has (2|more than 1) entries", func(s *scene) []byte {
		return rewrapped(s.t, s.sig, func(doc tree) {
			one := pick(doc, "dsseEnvelope", "signatures", 0)
			put(doc, []any{one, one}, "dsseEnvelope", "signatures")
		})
	})
	random := rand.New(rand.NewPCG(3, 4))
	over := func(message func(*scene) []byte, hash crypto.Hash) func(s *scene) []byte {
		return func(s *scene) []byte {
			h := hash.New()
			h.Write(message(s))
			sig, err := s.signers["release"].key.Sign(nil, h.Sum(nil), hash)
			if err != nil {
				s.t.Fatal(err)
			}
			return rewrapped(s.t, s.sig, func(doc tree) {
				put(doc, base64.StdEncoding.EncodeToString(sig), "dsseEnvelope", "signatures", 0, "sig")
			})
		}
	}
	payload := func(s *scene) []byte { return payloadOf(s.t, s.sig) }
	encoded := func(form string) func(*scene) []byte {
		return func(s *scene) []byte {
			return fmt.Appendf(nil, form, len("application/vnd.in-toto+json"), "application/vnd.in-toto+json", len(payload(s)), payload(s))
		}
	}
	for what, make := range map[string]func(*scene) []byte{
		"over the payload alone": over(payload, crypto.SHA256), "over the form of old Python tools": over(encoded("DSSEV1 %d %s %d b'%s'"), crypto.SHA256),
		"by SHA-512": over(encoded("DSSEv1 %d %s %d %s"), crypto.SHA512), "by SHA-384": over(encoded("DSSEv1 %d %s %d %s"), crypto.SHA384),
		"of 64 raw bytes": func(s *scene) []byte {
			raw := make64(random)
			return rewrapped(s.t, s.sig, func(doc tree) {
				put(doc, base64.StdEncoding.EncodeToString(raw), "dsseEnvelope", "signatures", 0, "sig")
			})
		},
		"by P-384 in the name of release": func(s *scene) []byte {
			line := signedBy(s.t, payload(s), newFixedSigner(s.t, elliptic.P384(), crypto.SHA384, "release"))
			return rewrapped(s.t, line, func(doc tree) {
				put(doc, s.signers["release"].public.Hint(), "verificationMaterial", "publicKey", "hint")
			})
		},
	} {
		add("a signature "+what, "gate.claims", "signature", make)
	}
	return list
}

func make64(random *rand.Rand) []byte {
	raw := make([]byte, 64)
	for i := range raw {
		raw[i] = byte(random.Uint32())
	}
	return raw
}

var _ evidence.Signer = (*fixedSigner)(nil)
