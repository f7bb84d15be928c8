package onnx

import (
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// Bounds of what is kept and followed.
const (
	maxNest    = 32      // graphs in graphs: readers end at 100 messages in messages, and each graph takes three
	maxName    = 512     // bytes of the name of an operator, a domain, an attribute
	maxPort    = 128     // bytes of the name of an input, an output or a tensor
	maxValue   = 4 << 10 // bytes of a value of external data
	maxEntries = 64      // pairs of external data of one tensor
	maxDims    = 64
	maxInts    = 16      // elements of a small tensor
	maxMembers = 1 << 16 // functions and imports
	maxInterns = 1 << 12
	maxPorts   = 1 << 17 // inputs and outputs of one graph
	maxNames   = 1 << 18 // inputs and outputs of one node
	maxArgs    = 1 << 16 // arguments of one node
)

// reader is one run over one model.
type reader struct {
	visit   Visitor
	budget  *limits.Budget
	seed    maphash.Seed
	interns map[string]string // names of operators, domains and attributes, which repeat
	nodes   []*node           // one for each depth
	imports int               // of the model and its functions
}

// node is a node and the messages inside of it, in memory that is used again.
type node struct {
	Node
	arguments []protomsg.Message
}

// Read reads a model. The error wraps format.ErrMalformed when the model cannot be read to its end, or limits.ErrExceeded.
func Read(b *format.Blob, budget *limits.Budget, visit Visitor) error {
	top, err := protomsg.New(b, budget)
	if err != nil {
		return err
	}
	r := &reader{visit: visit, budget: budget, seed: maphash.MakeSeed(), interns: map[string]string{}}
	m, graphs, training, err := r.model(top)
	broken, ok := errors.AsType[*format.MalformedError](err)
	if err != nil && (!ok || len(graphs) == 0) {
		return err
	}
	if err := r.graphs(m, graphs, training); err != nil || !ok {
		return err
	}
	rest := protomsg.Message{Offset: broken.Offset, Size: top.End() - broken.Offset}
	return errors.Join(broken, visit.Problem(Problem{Fault: Trailing, Message: "ModelProto", Offset: broken.Offset, Body: rest}))
}

// graphs reads everything below the model.
func (r *reader) graphs(m *Model, graphs, training []protomsg.Message) error {
	if err := r.visit.Model(m); err != nil {
		return err
	}
	for i := range m.Functions {
		if err := r.function(&m.Functions[i]); err != nil {
			return err
		}
	}
	for _, body := range graphs {
		if err := r.graph(body, &Graph{Kind: Main}); err != nil {
			return err
		}
	}
	for _, body := range training {
		if err := r.training(body); err != nil {
			return err
		}
	}
	return nil
}

// problem hands on a problem. It costs as much as many fields: a file may hold nothing else.
func (r *reader) problem(p Problem) error {
	const steps = 1 << 8
	if err := r.budget.Ops(steps); err != nil {
		return err
	}
	return r.visit.Problem(p)
}

// fields walks a message whose schema is known. What the schema does not have is a problem and is not visited.
func (r *reader) fields(m protomsg.Message, name string, s schema, visit func(protomsg.Field) error) error {
	var seen uint64
	return m.Fields(func(f protomsg.Field) error {
		if !s.expects(f.Number, f.Wire) {
			return r.problem(Problem{Fault: UnknownField, Message: name, Number: f.Number, Offset: f.Offset, Body: f.Body})
		}
		if bit := uint64(1) << (f.Number & 63); s.once(f.Number) {
			if seen&bit != 0 {
				if err := r.problem(Problem{Fault: RepeatedField, Message: name, Number: f.Number, Offset: f.Offset}); err != nil {
					return err
				}
			}
			seen |= bit
		}
		return visit(f)
	})
}

// model reads what is outside of the graphs, and where these are.
func (r *reader) model(top protomsg.Message) (m *Model, graphs, training []protomsg.Message, err error) {
	m = &Model{}
	err = r.fields(top, "ModelProto", modelFields, func(f protomsg.Field) error {
		if len(m.Functions)+len(graphs)+len(training) > maxMembers {
			return tooMany(maxMembers, "functions and graphs")
		}
		switch f.Number {
		case modelVersion:
			m.Version = int64(f.Value)
		case modelGraph:
			graphs = append(graphs, f.Body)
		case modelTraining:
			training = append(training, f.Body)
		case modelImport:
			return r.imported(f, &m.Imports)
		case modelFunction:
			fn, err := r.signature(f)
			m.Functions = append(m.Functions, fn)
			return err
		case 2, 3, 4, 6:
			return r.text(ModelText, [7]string{2: "producer_name", 3: "producer_version", 4: "domain", 6: "doc_string"}[f.Number], f)
		case 14:
			return r.pair(ModelText, f.Body)
		case 26: // configurations of devices, which hold names and numbers
			return r.text(ModelText, "configuration", f)
		}
		return nil
	})
	return m, graphs, training, err
}

// tooMany is the error about a list that no writer makes so long.
func tooMany(most int, what string) error {
	return fmt.Errorf("read ONNX model: more than %d %s: %w", most, what, limits.ErrExceeded)
}

// imported reads one import of operators.
func (r *reader) imported(f protomsg.Field, list *[]Import) error {
	if r.imports++; r.imports > maxMembers {
		return tooMany(maxMembers, "imports")
	}
	i := Import{Offset: f.Offset}
	err := r.fields(f.Body, "OperatorSetIdProto", importFields, func(x protomsg.Field) (err error) {
		if x.Number == 1 {
			i.Domain, err = r.name(x.Body)
			return err
		}
		i.Version = int64(x.Value)
		return nil
	})
	*list = append(*list, i)
	return err
}

// signature reads what a function is called and what it imports. Its problems and texts are visited with its body.
func (r *reader) signature(f protomsg.Field) (Function, error) {
	fn := Function{Offset: f.Offset, body: f.Body}
	err := f.Body.Fields(func(x protomsg.Field) (err error) {
		if !functionFields.expects(x.Number, x.Wire) {
			return nil
		}
		switch x.Number {
		case functionName:
			fn.Name, err = r.name(x.Body)
		case functionDomain:
			fn.Domain, err = r.name(x.Body)
		case functionVariant:
			fn.Overload, err = r.name(x.Body)
		case functionImport:
			err = r.imported(x, &fn.Imports)
		}
		return err
	})
	return fn, err
}

// function reads the body of a function, which is a graph by another name.
func (r *reader) function(fn *Function) error {
	g := &Graph{Kind: Local, Function: fn, Offset: fn.Offset}
	if err := r.visit.Graph(g); err != nil {
		return err
	}
	err := r.fields(fn.body, "FunctionProto", functionFields, func(f protomsg.Field) error {
		switch f.Number {
		case functionInput:
			return r.port(f, &g.Inputs)
		case functionOutput:
			return r.port(f, &g.Outputs)
		case functionBodied:
			return r.node(g, f)
		case functionAttr: // a default value
			return r.attribute(g, &Node{Op: fn.Name, Domain: fn.Domain, Offset: f.Offset}, f.Body)
		case functionValue:
			return r.value(f, nil)
		case 8:
			return r.text(GraphText, "doc_string", f)
		case 14:
			return r.pair(GraphText, f.Body)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.visit.EndGraph(g)
}

// training reads the graphs with which a model is trained on.
func (r *reader) training(body protomsg.Message) error {
	return r.fields(body, "TrainingInfoProto", trainingFields, func(f protomsg.Field) error {
		if f.Number == trainingInit || f.Number == trainingStep {
			return r.graph(f.Body, &Graph{Kind: Training})
		}
		return r.pair(GraphText, f.Body)
	})
}

// name reads a short text that repeats.
func (r *reader) name(m protomsg.Message) (string, error) {
	b, err := m.View(maxName)
	if err != nil {
		return "", err
	}
	if known, ok := r.interns[string(b)]; ok {
		return known, nil
	}
	s := string(b)
	if len(r.interns) < maxInterns {
		r.interns[s] = s
	}
	return s, nil
}

// id reads the name of a value.
func (r *reader) id(m protomsg.Message) (ID, error) {
	if m.Size == 0 {
		return 0, nil
	}
	b, err := m.View(m.Size)
	if err != nil {
		return 0, err
	}
	if int64(len(b)) < m.Size { // longer than what is in view, which no writer makes
		if b, _, err = m.Read(maxValue); err != nil {
			return 0, err
		}
		b = fmt.Appendf(b, "%d", m.Size)
	}
	return ID(maphash.Bytes(r.seed, b) | 1), nil
}

// text hands on a text.
func (r *reader) text(where Where, key string, f protomsg.Field) error {
	if f.Body.Size == 0 {
		return nil
	}
	return r.visit.Text(Text{Where: where, Key: key, Body: f.Body, Offset: f.Body.Offset})
}

// pair hands on an entry of the metadata.
func (r *reader) pair(where Where, m protomsg.Message) error {
	key := "metadata"
	return r.fields(m, "StringStringEntryProto", pairFields, func(f protomsg.Field) (err error) {
		if f.Number == 1 {
			if key, err = r.name(f.Body); err != nil {
				return err
			}
			if f.Body.Size <= maxName && where != ModelText {
				return nil // the same few keys at every node
			}
		}
		return r.text(where, key, f)
	})
}
