package limits_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/picketsec/picket/internal/limits"
)

// tiny are limits that are easy to reach.
func tiny() limits.Limits {
	l := limits.Default()
	l.Output, l.Members, l.Depth, l.Ratio, l.Ops, l.Memory = 100, 2, 3, 10, 50, 10
	return l
}

func TestEveryLimitStops(t *testing.T) {
	b := limits.NewBudget(tiny())
	for name, c := range map[string]struct{ within, beyond error }{
		"output":  {b.Output(100), b.Output(1)},
		"ops":     {b.Ops(50), b.Ops(1)},
		"depth":   {b.Depth(3), b.Depth(4)},
		"ratio":   {b.Ratio(1<<20, 5<<20), b.Ratio(1<<10, 2<<20)},
		"small":   {b.Ratio(1, 1<<20), b.Ratio(1, 1<<21)},
		"members": {errors.Join(b.Member(), b.Member()), b.Member()},
	} {
		if c.within != nil {
			t.Errorf("%s: stopped early: %v", name, c.within)
		}
		if !errors.Is(c.beyond, limits.ErrExceeded) {
			t.Errorf("%s: went on: %v", name, c.beyond)
		}
	}
	if err := b.Output(-1); !errors.Is(err, limits.ErrExceeded) {
		t.Errorf("a negative amount: %v", err)
	}
}

func TestHoldIsReleasedOnce(t *testing.T) {
	b := limits.NewBudget(tiny())
	release, err := b.Hold(10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Hold(1); !errors.Is(err, limits.ErrExceeded) {
		t.Fatalf("more than the limit is held: %v", err)
	}
	release()
	release()
	if _, err := b.Hold(10); err != nil {
		t.Fatalf("released memory cannot be held again: %v", err)
	}
	if _, err := b.Hold(1); err == nil {
		t.Fatal("a second release gave memory that was not held")
	}
}

func TestBudgetIsExactUnderConcurrency(t *testing.T) {
	b := limits.NewBudget(tiny())
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if b.Output(1) == nil {
					mu.Lock()
					taken++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if taken != 100 {
		t.Errorf("%d bytes were taken of 100", taken)
	}
}

func TestValidate(t *testing.T) {
	if err := limits.Default().Validate(); err != nil {
		t.Error(err)
	}
	if err := (limits.Limits{}).Validate(); err == nil {
		t.Error("the zero limits are valid")
	}
}
