package onnx

import (
	"fmt"
	"math"
	"math/bits"
)

// bombKind is how an operator makes a large tensor from small arguments.
type bombKind uint8

// The kinds.
const (
	noBomb     bombKind = iota
	byShape             // input 0 is the shape
	byShape2            // input 1 is the shape
	byRepeats           // input 1 says how often each dimension is repeated
	byRange             // inputs are the first, the limit and the step
	byArgument          // an argument is the shape
)

// largestMade is a number of elements that no operator of a real model makes from a constant: 2^33, 32 GiB of floats.
const largestMade = 1 << 33

// bombOf is how an operator makes tensors.
func bombOf(op string) bombKind {
	switch op {
	case "ConstantOfShape":
		return byShape
	case "Expand":
		return byShape2
	case "Tile":
		return byRepeats
	case "Range":
		return byRange
	case "RandomNormal", "RandomUniform", "GivenTensorFill", "ConstantFill":
		return byArgument
	}
	return noBomb
}

// bombs reports nodes that make a tensor of a huge size that stands in the model.
func (s *scan) bombs(w *wiring) {
	for i := range w.f.nodes {
		v := &w.f.nodes[i]
		if v.bombs == noBomb || v.bombs == byArgument {
			continue
		}
		if size, ok := w.made(v); !ok || size > largestMade {
			s.list.Add(ruleShape(), v.at, "", fmt.Sprintf("a node makes a tensor of %s elements from constants", counted(size, ok)))
		}
	}
}

// counted writes a number of elements.
func counted(size int64, ok bool) string {
	if !ok {
		return "more than 2^63"
	}
	return fmt.Sprint(size)
}

// made is how many elements a node makes, if constants say so, else 0; false when that is no number.
func (w *wiring) made(v *vertex) (int64, bool) {
	ins := w.f.inputs(v)
	at := map[bombKind]int{byShape: 0, byShape2: 1, byRepeats: 1}[v.bombs]
	if v.bombs == byRange {
		return w.ranged(v)
	}
	if len(ins) <= at {
		return 0, true
	}
	shape, ok := w.f.small[ins[at]]
	if !ok {
		return 0, true
	}
	n := uint64(1)
	for _, d := range shape {
		if d <= 0 {
			return 0, true // none, or taken from the input
		}
		high, low := bits.Mul64(n, uint64(d))
		if n = low; high != 0 || low > math.MaxInt64 {
			return 0, false
		}
	}
	return int64(n), true
}

// ranged is how many numbers a range has.
func (w *wiring) ranged(v *vertex) (int64, bool) {
	ins := w.f.inputs(v)
	if len(ins) < 3 {
		return 0, true
	}
	a, okA := w.f.small[ins[0]]
	b, okB := w.f.small[ins[1]]
	c, okC := w.f.small[ins[2]]
	if !okA || !okB || !okC || len(a) == 0 || len(b) == 0 || len(c) == 0 || c[0] == 0 {
		return 0, true
	}
	n := (float64(b[0]) - float64(a[0])) / float64(c[0])
	return int64(max(0, min(n, math.MaxInt64/2))), true
}
