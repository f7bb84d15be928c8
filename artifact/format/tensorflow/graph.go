package tensorflow

import (
	"fmt"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// maxFunctions is how many functions a graph may have; the largest models have a tenth of it.
const maxFunctions = 1 << 17

// Open makes the message that is the whole content.
func Open(b *format.Blob, budget *limits.Budget) (protomsg.Message, error) {
	return protomsg.New(b, budget)
}

// GraphDef is one graph: nodes, and functions that they call. It may be written in several parts, which readers join.
type GraphDef struct {
	Functions []Function
	parts     []protomsg.Message
}

// Function is a graph that has a name.
type Function struct {
	Name string
	Args []string
	// Returns are what each result is, as in Node.Inputs.
	Returns []string
	At      protomsg.Message
	Twice   bool // as in Node
}

// ReadGraph reads the functions of a graph; the nodes are left for Nodes.
func ReadGraph(parts ...protomsg.Message) (*GraphDef, error) {
	g := &GraphDef{parts: parts}
	for _, part := range parts {
		err := part.Fields(func(f protomsg.Field) error {
			if f.Number != 2 || f.Wire != protomsg.Bytes {
				return nil
			}
			return f.Body.Fields(func(f protomsg.Field) error {
				if f.Number != 1 || f.Wire != protomsg.Bytes {
					return nil
				}
				return g.function(f.Body)
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return g, nil
}

// function reads what a function is called and takes.
func (g *GraphDef) function(m protomsg.Message) error {
	if len(g.Functions) >= maxFunctions {
		return fmt.Errorf("more than %d functions: %w", maxFunctions, limits.ErrExceeded)
	}
	fn := Function{At: m}
	names := 0
	err := m.Fields(func(f protomsg.Field) error {
		if f.Wire != protomsg.Bytes {
			return nil
		}
		switch f.Number {
		case 1:
			return f.Body.Fields(func(f protomsg.Field) (err error) {
				switch f.Number {
				case 1:
					names++
					fn.Name, err = text(f)
				case 2:
					err = fn.arg(f)
				}
				return err
			})
		case 4:
			return fn.result(f.Body)
		}
		return nil
	})
	fn.Twice = names > 1
	g.Functions = append(g.Functions, fn)
	return err
}

// arg reads the name of an argument.
func (fn *Function) arg(f protomsg.Field) error {
	if f.Wire != protomsg.Bytes || len(fn.Args) >= maxInputs {
		return format.Malformed(f.Offset, "a function with an argument that is none, or more than %d", maxInputs)
	}
	name := ""
	err := f.Body.Fields(func(f protomsg.Field) (err error) {
		if f.Number == 1 {
			name, err = text(f)
		}
		return err
	})
	fn.Args = append(fn.Args, name)
	return err
}

// result reads what one result is.
func (fn *Function) result(m protomsg.Message) error {
	return m.Fields(func(f protomsg.Field) error {
		if f.Number != 2 {
			return nil
		}
		from, err := text(f)
		if len(fn.Returns) < maxInputs {
			fn.Returns = append(fn.Returns, from)
		}
		return err
	})
}

// Nodes calls visit for every node: first those of the graph itself, whose scope is 0, then those of each function, whose
// scope is its place among Functions plus 1. What visit returns ends the walk.
func (g *GraphDef) Nodes(visit func(scope int, n Node) error) error {
	for _, part := range g.parts {
		if err := nodes(part, 1, 0, visit); err != nil {
			return err
		}
	}
	for i, fn := range g.Functions {
		if err := nodes(fn.At, 3, i+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// nodes reads the nodes of a message that has them in a field.
func nodes(m protomsg.Message, number, scope int, visit func(int, Node) error) error {
	return m.Fields(func(f protomsg.Field) error {
		if f.Number != number {
			return nil
		}
		if f.Wire != protomsg.Bytes {
			return format.Malformed(f.Offset, "a node that is no message")
		}
		n, err := ReadNode(f.Body)
		if err != nil {
			return err
		}
		return visit(scope, n)
	})
}

// Node reads again the node that lies at a place of the content, as Node.At said.
func (g *GraphDef) Node(offset, size int64) (Node, error) {
	if len(g.parts) == 0 {
		return Node{}, format.Malformed(offset, "a graph without content has no node")
	}
	at := g.parts[0]
	at.Offset, at.Size = offset, size
	return ReadNode(at)
}
