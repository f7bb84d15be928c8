package extent_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/picketsec/picket/internal/extent"
	"github.com/picketsec/picket/internal/limits"
)

// describe lists what Layout and Duplicates find.
func describe(t *testing.T, ranges []extent.Range) string {
	t.Helper()
	l := extent.New(limits.NewBudget(limits.Default()))
	defer l.Release()
	for _, r := range ranges {
		if err := l.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	end := l.Layout(0, func(from, to int64, _ extent.Range) { fmt.Fprintf(&b, "hole %d-%d ", from, to) },
		func(x, y extent.Range) { fmt.Fprintf(&b, "overlap %d/%d ", x.Name, y.Name) })
	fmt.Fprintf(&b, "end %d", end)
	l.Duplicates(func(first, second extent.Range) { fmt.Fprintf(&b, " dup %d@%d", second.Name, second.At) })
	return b.String()
}

func TestLayout(t *testing.T) {
	for _, c := range []struct {
		ranges []extent.Range
		want   string
	}{
		{nil, "end 0"},
		{[]extent.Range{{1, 4, 8, 0}, {2, 0, 4, 1}}, "end 8"},
		{[]extent.Range{{1, 0, 4, 0}, {2, 6, 8, 1}}, "hole 4-6 end 8"},
		{[]extent.Range{{1, 2, 4, 0}}, "hole 0-2 end 4"},
		{[]extent.Range{{1, 0, 8, 0}, {2, 4, 6, 1}, {3, 7, 9, 2}}, "overlap 1/2 overlap 1/3 end 9"},
		{[]extent.Range{{1, 0, 4, 0}, {2, 4, 4, 1}, {3, 0, 0, 2}}, "end 4"},
		{[]extent.Range{{1, 0, 4, 0}, {2, 9, 9, 1}}, "hole 4-9 end 9"},
		{[]extent.Range{{1, 0, 4, 0}, {2, 2, 2, 1}}, "overlap 1/2 end 4"},
		{[]extent.Range{{1, 0, 4, 0}, {1, 4, 8, 7}, {1, 8, 9, 9}}, "end 9 dup 1@7 dup 1@9"},
	} {
		if got := describe(t, c.ranges); got != c.want {
			t.Errorf("%v: got %q, want %q", c.ranges, got, c.want)
		}
	}
}

func TestManyShuffledRangesAreContiguous(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 20000
	ranges := make([]extent.Range, n)
	for i, p := range rng.Perm(n) {
		ranges[i] = extent.Range{Name: uint64(p), Start: int64(p) * 3, End: int64(p)*3 + 3, At: int64(i)}
	}
	if got := describe(t, ranges); got != "end 60000" {
		t.Errorf("got %q", got)
	}
}

func TestAddIsBounded(t *testing.T) {
	budget := limits.NewBudget(limits.Default())
	l := extent.New(budget)
	var err error
	for i := 0; err == nil; i++ {
		err = l.Add(extent.Range{Name: uint64(i)})
	}
	if !errors.Is(err, limits.ErrExceeded) || l.Len() != extent.MaxRanges {
		t.Fatalf("after %d ranges: %v", l.Len(), err)
	}
	l.Release()
	free, err := budget.Hold(limits.Default().Memory)
	if err != nil {
		t.Fatalf("memory was not given back: %v", err)
	}
	free()
}

func TestFind(t *testing.T) {
	l := extent.New(limits.NewBudget(limits.Default()))
	for _, name := range []uint64{9, 3, 7} {
		if err := l.Add(extent.Range{Name: name, Start: int64(name)}); err != nil {
			t.Fatal(err)
		}
	}
	l.Duplicates(func(_, _ extent.Range) { t.Error("no name is repeated") })
	if i, r, ok := l.Find(7); !ok || r.Start != 7 || i != 1 {
		t.Errorf("found %v at %d, %v", r, i, ok)
	}
	if _, _, ok := l.Find(8); ok {
		t.Error("found a name that is not there")
	}
}
