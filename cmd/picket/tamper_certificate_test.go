package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/internal/testkit/pki"
)

// chained signs with the key of a certificate, and puts whatever chain it is given into the bundle.
type chained struct {
	evidence.Signer
	chain [][]byte
}

// Seal implements evidence.Sealer.
func (c chained) Seal(_ context.Context, b *evidence.Bundle) error {
	b.Hint, b.Chain = "", c.chain
	return nil
}

// authorityChain is a signer, the authority that issued its certificate, and the root, each with changes of its own.
func authorityChain(t testing.TB, changes map[string]pki.Change) []*pki.Holder {
	t.Helper()
	change := func(who string) []pki.Change {
		list := []pki.Change{pki.Valid(tamperNow().AddDate(-30, 0, 0), tamperNow().AddDate(30, 0, 0))}
		if c := changes[who]; c != nil {
			list = append(list, c)
		}
		return list
	}
	root := pki.NewRoot(t, "root", change("root")...)
	middle := root.NewIntermediate(t, "middle", change("middle")...)
	return []*pki.Holder{middle.NewSigner(t, "releaser", change("leaf")...), middle, root}
}

// certify signs the model by certificate, with a chain in an order, and makes both the root and the trust root accept it.
func (s *scene) certify(holders []*pki.Holder, order ...int) {
	s.t.Helper()
	key, err := evidence.ParsePrivateKey(holders[0].KeyPEM(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	signer := chained{Signer: key}
	for _, i := range order {
		signer.chain = append(signer.chain, holders[i].Certificate.Raw)
	}
	s.setSig(signedBy(s.t, payloadOf(s.t, s.sig), signer))
	write(s.t, s.at("root.pem"), holders[len(holders)-1].PEM())
	write(s.t, s.at("trust.yaml"), []byte(specimenTrust+"  - {name: releaser, certificate: {roots: [root.pem], subject: 'CN=releaser,O=Test'}, may: [signature]}\n"))
	s.args["verify"] = []string{"--certificate-root", s.at("root.pem")}
}

// TestCertifiedSpecimen: what the tampers with certificates start from is accepted.
func TestCertifiedSpecimen(t *testing.T) {
	s := newScene(t, newSpecimen(t))
	s.certify(authorityChain(t, nil), 0, 1)
	for _, verb := range []string{"verify", "gate", "claims"} {
		if code, output := s.run(verb); code != exitOK {
			t.Errorf("%s: exit code %d\n%s", verb, code, output)
		}
	}
}

// certificateSpans are from what is hardly over to what is over for decades.
func certificateSpans() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{time.Second, time.Minute, time.Hour, day, 30 * day, 366 * day, 3653 * day, 9000 * day}
}

// outOfForce are certificates of the signer, the authority between and the root that are not in force now.
func outOfForce(says string, span func(away time.Duration) (from, until time.Time)) []attempt {
	var list []attempt
	for _, who := range []string{"leaf", "middle", "root"} {
		for _, away := range certificateSpans() {
			list = append(list, attempt{name: fmt.Sprintf("%s by %s", who, away), tamper: func(s *scene) {
				from, until := span(away)
				s.certify(authorityChain(s.t, map[string]pki.Change{who: pki.Valid(from, until)}), 0, 1)
			}, verify: "(?s)NOT verified.*" + says, gate: denial("signed", `model\.sig: signature: .*`+says), claims: `does not count  model\.sig: signature: .*` + says})
		}
	}
	return list
}

func expiredTampers(*specimen) []attempt {
	return outOfForce("(expired at|has expired)", func(away time.Duration) (time.Time, time.Time) {
		return tamperNow().Add(-away).AddDate(-1, 0, 0), tamperNow().Add(-away)
	})
}

func earlyTampers(*specimen) []attempt {
	return outOfForce("(is not valid before|is not yet valid)", func(away time.Duration) (time.Time, time.Time) {
		return tamperNow().Add(away), tamperNow().Add(away).AddDate(1, 0, 0)
	})
}

// chainOrders are chains that are not in order, each certificate followed by its issuer.
func chainOrders() []attempt {
	var list []attempt
	for name, order := range map[string][]int{"issuer first": {1, 0}, "root between": {0, 2, 1}, "backwards": {2, 1, 0}, "signer twice": {0, 0, 1},
		"root first": {2, 0, 1}, "issuer twice": {0, 1, 1}, "without the issuer": {0, 2}, "the issuer alone": {1}} {
		says := "did not issue|twice|that of an authority|self-signed|leads to no root|does not verify|the certificate is that of"
		list = append(list, attempt{name: "chain: " + name, tamper: func(s *scene) { s.certify(authorityChain(s.t, nil), order...) },
			verify: "(?s)NOT verified.*(" + says + ")", gate: denial("signed", `model\.sig: signature: .*(`+says+")")})
	}
	slices.SortFunc(list, func(a, b attempt) int { return compareNames(a, b) })
	return list
}
