package claim

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// household is an authority that knows that key-a and key-b are one person, and keeps kinds apart.
type household struct {
	*authority
	lists [][]string
}

func (household) Person(name string) string {
	if name == "key-b" {
		return "key-a"
	}
	return name
}

func (h household) Separate() [][]string { return h.lists }

func TestTwoKeysOfOnePerson(t *testing.T) {
	at := func(b *bench, lists ...[]string) []string {
		return kinds(Gather(b.entries, Options{household{b.trust, lists}, b.m, when.Add(time.Hour)}))
	}
	for name, tt := range map[string]struct {
		build func(*bench)
		lists [][]string
		want  []string
	}{
		"a second key is no second person": {
			func(b *bench) { b.add(b.about(), of(TypeReview), "key-a", "key-b") }, nil, []string{"review a !signers"}},
		"another person is": {
			func(b *bench) { b.add(b.about(), of(TypeReview), "key-b", "key-c") }, nil, []string{"review b c"}},
		"one's own run by another key": {
			func(b *bench) {
				b.add(b.about(), of(TypeTrainingRun), "key-a").add(b.about(), of(TypeApproval), "key-b")
			}, nil,
			[]string{"training-run a", "approval b !independence"}},
		"kept apart, a decision yields": {
			func(b *bench) {
				b.add(b.about(), of(TypeApproval), "key-b").add(b.about(), of(TypeEvaluation), "key-a")
			},
			[][]string{{"approval", "evaluation"}}, []string{"approval b !independence", "evaluation a"}},
		"kept apart, neither decides": {
			func(b *bench) {
				b.add(b.about(), of(TypeDeclaration), "key-a").add(b.about(), of(TypeEvaluation), "key-a")
			},
			[][]string{{"declaration", "evaluation"}}, []string{"declaration a !independence", "evaluation a !independence"}},
		"kept apart, by two people": {
			func(b *bench) {
				b.add(b.about(), of(TypeApproval), "key-c").add(b.about(), of(TypeEvaluation), "key-a")
			},
			[][]string{{"approval", "evaluation"}}, []string{"approval c", "evaluation a"}},
		"kept apart, about other content": {
			func(b *bench) {
				b.add(b.about(), of(TypeApproval), "key-a").add(digestOf(9), of(TypeEvaluation), "key-a")
			},
			[][]string{{"approval", "evaluation"}}, []string{"approval a", "evaluation a !digest"}},
		"who made it may object": {
			func(b *bench) {
				b.add(b.about(), of(TypeTrainingRun), "key-a").add(b.about(), &Review{Time: when, Reviewer: "a", Outcome: "rejected"}, "key-b")
			},
			[][]string{{"training-run", "review"}}, []string{"training-run a", "review b"}},
		"and not approve": {
			func(b *bench) {
				b.add(b.about(), of(TypeTrainingRun), "key-a").add(b.about(), of(TypeReview), "key-b", "key-c")
			}, nil,
			[]string{"training-run a", "review b !independence", "review c !signers"}},
		"not kept apart": {
			func(b *bench) {
				b.add(b.about(), of(TypeApproval), "key-a").add(b.about(), of(TypeEvaluation), "key-a")
			}, nil,
			[]string{"approval a", "evaluation a"}},
	} {
		b := newBench(t)
		tt.build(b)
		if got := at(b, tt.lists...); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
	b := newBench(t)
	b.add(b.about(), of(TypeApproval), "key-a").add(b.about(), of(TypeEvaluation), "key-a")
	set := Gather(b.entries, Options{household{b.trust, [][]string{{"approval", "evaluation"}}}, b.m, when})
	if !errors.Is(set.Claims[0].Failure, ErrSeparate) || errors.Is(set.Claims[0].Failure, evidence.ErrForeign) {
		t.Errorf("got %v", set.Claims[0].Failure)
	}
}

// TestUnreadableRevocation: a revocation of a later version, by someone who may revoke, is damage whatever it is about: it may
// reach the content by lineage, or be about the key that signed for it.
func TestUnreadableRevocation(t *testing.T) {
	for _, subject := range []picket.Digest{hash(t, sample()).Digest(), digestOf(99)} {
		b := newBench(t)
		payload, err := evidence.NewStatement("x", subject, TypeRevocation, map[string]string{"schema": "picket.revocation/2"})
		if err != nil {
			t.Fatal(err)
		}
		b.sign(payload, "key-a")
		b.expect("revocation a !schema")
		if c := b.gather().Claims[0]; !c.Broken || !errors.Is(c.Failure, evidence.ErrUnsupported) {
			t.Errorf("%s: broken %v, %v", subject, c.Broken, c.Failure)
		}
		b.trust.deny[[2]string{"key-a", "revocation"}] = true
		if c := b.gather().Claims[0]; c.Broken {
			t.Error("someone who may not revoke breaks the claims")
		}
	}
}
