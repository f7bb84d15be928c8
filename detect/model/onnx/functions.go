package onnx

import (
	"fmt"
	"math"

	"github.com/picketsec/picket/artifact/format/onnx"
)

// mostInlined is how many nodes a model may have when its functions are put in the place of their calls, as runtimes do.
const mostInlined = 1 << 24

// function is a function of the model, or the graph of the model itself.
type function struct {
	at    int64
	name  string
	does  summary
	nodes int64 // without those of the functions that it calls
	calls map[*function]int64
	state int   // 0: not counted, 1: being counted, 2: counted
	total int64 // nodes with those of the functions that it calls
}

// overloaded is the key of a function.
func overloaded(domain, name, overload string) operator {
	key := named(domain, name)
	key.name += "\x00" + overload
	return key
}

// caller is the function, or the model, that a graph belongs to.
func (s *scan) caller(g *onnx.Graph) *function {
	for g.Parent != nil {
		g = g.Parent
	}
	if g.Function == nil {
		return &s.main
	}
	return s.local[overloaded(g.Function.Domain, g.Function.Name, g.Function.Overload)]
}

// calling records one node; fn is the function that it calls, or nil.
func (f *function) calling(fn *function) {
	f.nodes++
	if fn != nil {
		f.calls[fn]++
	}
}

// expansion reports functions that call themselves, and models that grow beyond all bounds when functions are put in place.
func (s *scan) expansion() {
	for _, fn := range append(s.functions, &s.main) {
		if !s.count(fn) {
			s.list.Add(ruleDepth(), fn.at, fn.name, "a function of the model calls itself")
			return
		}
		if fn.total > mostInlined {
			s.list.Add(ruleDepth(), fn.at, fn.name, fmt.Sprintf("functions that call functions stand for %d nodes or more", fn.total))
			return
		}
	}
}

// count finds how many nodes a function stands for; false when it calls itself. It keeps its own stack: a chain may have as
// many links as the model has functions.
func (s *scan) count(first *function) bool {
	stack := []*function{first}
	for len(stack) > 0 {
		f := stack[len(stack)-1]
		if f.state == 0 {
			f.state = 1
			for callee := range f.calls {
				switch callee.state {
				case 0:
					stack = append(stack, callee)
				case 1:
					return false
				}
			}
			continue
		}
		stack = stack[:len(stack)-1]
		if f.state == 2 {
			continue
		}
		f.state, f.total = 2, f.nodes
		for callee, times := range f.calls {
			if callee.total > 0 && times > (math.MaxInt64-f.total)/callee.total {
				f.total = math.MaxInt64
				break
			}
			f.total += times * callee.total
		}
	}
	return true
}
