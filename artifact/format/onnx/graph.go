package onnx

import "github.com/picketsec/picket/internal/protomsg"

// graph reads a graph.
func (r *reader) graph(m protomsg.Message, g *Graph) error {
	g.Offset = m.Offset
	if g.Depth >= maxNest {
		return r.problem(Problem{Fault: DeepGraph, Message: "GraphProto", Offset: m.Offset, Body: m})
	}
	if err := r.visit.Graph(g); err != nil {
		return err
	}
	err := r.fields(m, "GraphProto", graphFields, func(f protomsg.Field) error {
		switch f.Number {
		case graphNode:
			return r.node(g, f)
		case graphTensor:
			return r.tensor(g, f.Body, Initializer)
		case graphSparse:
			return r.sparse(g, f.Body, Initializer)
		case graphInput:
			return r.value(f, &g.Inputs)
		case graphOutput:
			return r.value(f, &g.Outputs)
		case graphValue:
			return r.value(f, nil)
		case graphName:
			return r.text(GraphText, "name", f)
		case 10:
			return r.text(GraphText, "doc_string", f)
		case 16:
			return r.pair(GraphText, f.Body)
		}
		return nil // 14: names of tensors that hold scales
	})
	if err != nil {
		return err
	}
	return r.visit.EndGraph(g)
}

// value reads the description of a value; the list takes inputs and outputs.
func (r *reader) value(f protomsg.Field, list *[]Port) error {
	var described protomsg.Message
	before := 0
	if list != nil {
		before = len(*list)
	}
	err := r.fields(f.Body, "ValueInfoProto", valueFields, func(x protomsg.Field) error {
		switch x.Number {
		case valueName:
			if list == nil {
				return nil
			}
			return r.port(x, list)
		case 2:
			described = x.Body
		case 3:
			return r.text(ValueText, "doc_string", x)
		case 4:
			return r.pair(ValueText, x.Body)
		}
		return nil
	})
	if list != nil && len(*list) > before {
		(*list)[len(*list)-1].described = described
	}
	return err
}

// port adds an input or an output to a list.
func (r *reader) port(f protomsg.Field, list *[]Port) error {
	if len(*list) >= maxPorts {
		return tooMany(maxPorts, "inputs or outputs of a graph")
	}
	id, err := r.id(f.Body)
	if err != nil {
		return err
	}
	name, err := f.Body.View(maxPort)
	if err != nil {
		return err
	}
	if err := r.budget.Ops(int64(len(name))); err != nil {
		return err
	}
	*list = append(*list, Port{ID: id, Name: string(name), Offset: f.Offset})
	return nil
}

// scratch returns the memory for a node at a depth.
func (r *reader) scratch(depth int) *node {
	for len(r.nodes) <= depth {
		r.nodes = append(r.nodes, &node{})
	}
	n := r.nodes[depth]
	*n = node{Node: Node{Inputs: n.Inputs[:0], Outputs: n.Outputs[:0]}, arguments: n.arguments[:0]}
	return n
}

// node reads a node. Its arguments are read after it, since the name of the operator may stand behind them.
func (r *reader) node(g *Graph, f protomsg.Field) error {
	n := r.scratch(g.Depth)
	n.Offset, n.Length = f.Offset, f.Body.End()-f.Offset
	err := r.fields(f.Body, "NodeProto", nodeFields, func(x protomsg.Field) (err error) {
		var id ID
		if len(n.Inputs)+len(n.Outputs) > maxNames || len(n.arguments) > maxArgs {
			return tooMany(maxArgs, "arguments of a node")
		}
		switch x.Number {
		case nodeInput:
			id, err = r.id(x.Body)
			n.Inputs = append(n.Inputs, id)
		case nodeOutput:
			id, err = r.id(x.Body)
			n.Outputs = append(n.Outputs, id)
		case nodeOp:
			n.Op, err = r.name(x.Body)
		case nodeDomain:
			n.Domain, err = r.name(x.Body)
		case nodeOverload:
			n.Overload, err = r.name(x.Body)
		case nodeAttribute:
			n.arguments = append(n.arguments, x.Body)
		case 3:
			err = r.text(NodeText, "name", x)
		case 6:
			err = r.text(NodeText, "doc_string", x)
		case 9:
			err = r.pair(NodeText, x.Body)
		}
		return err // 10: where the node runs
	})
	if err != nil {
		return err
	}
	n.Attributes = len(n.arguments)
	if err := r.visit.Node(g, &n.Node); err != nil {
		return err
	}
	for _, a := range n.arguments {
		if err := r.attribute(g, &n.Node, a); err != nil {
			return err
		}
	}
	return nil
}

// attribute reads one argument of a node: first what it is, then what is in it.
func (r *reader) attribute(g *Graph, n *Node, m protomsg.Message) error {
	a := Attribute{Offset: m.Offset}
	inside := false
	err := r.fields(m, "AttributeProto", attributeFields, func(f protomsg.Field) (err error) {
		switch f.Number {
		case 1:
			a.Name, err = r.name(f.Body)
		case 3:
			a.Int = int64(f.Value)
		case 4:
			a.Text, a.Has = f.Body, true
		case 5:
			a.Tensor, inside = true, true
		case 8:
			err = firstInts(f, &a.Ints)
		case 6, 9, 10, 11, 13, 14, 15, 22, 23:
			inside = true
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := r.visit.Attribute(g, n, &a); err != nil || !inside {
		return err
	}
	return m.Fields(func(f protomsg.Field) error {
		if !attributeFields.expects(f.Number, f.Wire) {
			return nil
		}
		return r.inside(g, &a, f)
	})
}

// inside reads what stands in one field of an argument.
func (r *reader) inside(g *Graph, a *Attribute, f protomsg.Field) error {
	switch f.Number {
	case 5, 10:
		return r.tensor(g, f.Body, Argument)
	case 6, 11:
		return r.graph(f.Body, &Graph{Kind: Body, Parent: g, Depth: g.Depth + 1})
	case 9:
		return r.text(ArgText, a.Name, f)
	case 13:
		return r.text(NodeText, "doc_string", f)
	case 22, 23:
		return r.sparse(g, f.Body, Argument)
	}
	return nil // 14, 15: types
}
