package onnx

import "github.com/picketsec/picket/internal/protomsg"

// ID stands for the name of a value, a tensor or an input: equal names of one run have equal IDs. 0 is the empty name, which
// leaves an optional input out.
type ID uint64

// Import is one set of operators that the model is written with.
type Import struct {
	Domain  string // empty for ai.onnx
	Version int64
	Offset  int64 // bytes from the start of the file, as everywhere
}

// Function is a function that the model brings along. A node calls it by its domain and name.
type Function struct {
	Domain, Name, Overload string
	Imports                []Import
	Offset                 int64
	body                   protomsg.Message
}

// Model is what is outside of the graphs.
type Model struct {
	Version   int64 // of the format
	Imports   []Import
	Functions []Function
}

// Kind says where a graph stands.
type Kind int

// The kinds of graphs.
const (
	Main     Kind = iota // the graph of the model
	Body                 // a graph inside of a node: a branch, the body of a loop
	Local                // a function of the model
	Training             // an initialisation or a step of the training
)

// Port is an input or an output of a graph.
type Port struct {
	ID        ID
	Name      string // at most 128 bytes
	Offset    int64
	described protomsg.Message // a TypeProto
}

// Graph is a list of nodes.
type Graph struct {
	Kind     Kind
	Parent   *Graph    // of a body
	Function *Function // of a local function
	Offset   int64
	Depth    int // of bodies in bodies
	Inputs   []Port
	Outputs  []Port
}

// Node is one call of an operator. It is valid until the visitor returns.
type Node struct {
	Op, Domain, Overload string
	Inputs, Outputs      []ID
	Offset, Length       int64
	Attributes           int // how many
}

// Attribute is one argument of a node. Graphs and tensors in it are visited by themselves. It is valid until the visitor returns.
type Attribute struct {
	Name   string
	Int    int64
	Ints   []int64 // the first 16
	Text   protomsg.Message
	Has    bool // there is a text
	Tensor bool // there is a tensor, which is visited next
	Offset int64
}

// Entry is one pair of the description of external data.
type Entry struct {
	Key, Value string // at most 4 KiB each
	Offset     int64
}

// Place says what a tensor is for.
type Place int

// The places of tensors.
const (
	Initializer Place = iota // a constant or a default of a graph
	Argument                 // of a node
	Sparse                   // values or indices of a sparse tensor
)

// Tensor is one tensor. It is valid until the visitor returns.
type Tensor struct {
	Place    Place
	ID       ID
	Name     string // at most 128 bytes
	Type     int64
	Dims     []int64 // the first 64
	DimCount int64
	Raw      protomsg.Message
	HasRaw   bool
	Typed    int64   // bytes in fields for one type of numbers
	Texts    int64   // elements of a tensor of text
	Ints     []int64 // the first 16 elements of a tensor of integers that has no more, and is not external
	External []Entry // the first 64
	Outside  bool    // the tensor says that its data is external
	Segment  bool    // the tensor says that it is a part of another
	Offset   int64
	Length   int64
}

// Where says what a text is for.
type Where string

// The places of texts. The texts of nodes and values are written by exporters, in numbers.
const (
	ModelText  Where = "model"
	GraphText  Where = "graph"
	NodeText   Where = "node"
	ValueText  Where = "value"
	ArgText    Where = "attribute"
	TensorText Where = "tensor"
)

// Text is a text that the runtime does not act on: a description, a pair of the metadata, an element of a tensor of text.
type Text struct {
	Where  Where
	Key    string // of a pair: its name; of a field: what it is called
	Body   protomsg.Message
	Offset int64
}

// Fault says in which way a model breaks the schema.
type Fault string

// The faults.
const (
	UnknownField  Fault = "unknown-field"  // a number, or a way of writing, that the schema does not have
	RepeatedField Fault = "repeated-field" // a field that stands once stands again: readers merge messages and take the last of others
	DeepGraph     Fault = "deep-graph"     // graphs in graphs beyond what readers follow
	Trailing      Fault = "trailing"       // bytes after the graph that are no fields; readers refuse the model
)

// Problem is one place where a model breaks the schema and could still be read on.
type Problem struct {
	Fault   Fault
	Message string // of the schema
	Number  int
	Offset  int64
	Body    protomsg.Message // of a field of bytes
}

// Visitor receives what Read finds: the model, then the graphs, each with its nodes and tensors in the order of the file and a
// call at its end. Bodies come after the node that they stand in, functions before the graph of the model. An error ends the
// reading and is returned by Read.
type Visitor interface {
	Model(*Model) error
	Graph(*Graph) error
	EndGraph(*Graph) error
	Node(*Graph, *Node) error
	Attribute(*Graph, *Node, *Attribute) error
	Tensor(*Graph, *Tensor) error
	Text(Text) error
	Problem(Problem) error
}
