package claim

import "testing"

// BenchmarkGather checks 1,000 claims by three people: signatures, schemas, time and each other.
func BenchmarkGather(b *testing.B) {
	w := newBench(b)
	kinds := []string{TypeApproval, TypeReview, TypeEvaluation, TypeDeclaration, TypeTrainingRun}
	for i := range 1000 {
		w.add(w.about(), of(kinds[i%len(kinds)]), "key-"+string(rune('a'+i%3)))
	}
	b.ResetTimer()
	for b.Loop() {
		if set := w.gather(); len(set.All()) != 1000 {
			b.Fatal(len(set.All()))
		}
	}
}
