package coreml

import (
	"strconv"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/protomsg"
)

// Place is where something in a model is.
type Place struct {
	Offset int64 // bytes from the start of the file
	Size   int64 // bytes; 0 when only the start matters
}

// Class is a class of the app that a custom layer or a custom model names.
type Class struct {
	Place
	Name  string
	Model bool // a whole model, and not one layer
}

// Link is a model kept in another file.
type Link struct {
	Place
	File   string
	Search string // folders that are searched for it, separated by colons
}

// Blob is a tensor kept in a file of weights.
type Blob struct {
	Place
	File  string
	Start uint64 // where its record is in that file
}

// Text is a text of the model: metadata of the author, a parameter of a custom class.
type Text struct {
	Place
	Key   string
	Value string
	Cut   bool // the text is longer
}

// Payload is content that another program reads: a model of a framework of its own, parameters as bytes.
type Payload struct {
	Place
	Name      string
	Framework bool // a whole model, and Name is the identifier of its framework
}

// Unknown is a part that no published specification has.
type Unknown struct {
	Place
	Kind string // "model", "layer" or "operation"
	Name string // its number or name
}

// Visitor receives what Read finds, in the order of the file. Every function must be set.
type Visitor struct {
	Class   func(Class)
	Link    func(Link)
	Blob    func(Blob)
	Text    func(Text)
	Payload func(Payload)
	Unknown func(Unknown)
}

// Header sums up a model that was read to its end.
type Header struct {
	Version   uint64 // of the specification
	Updatable bool   // the app may train it further
	Models    int    // the model itself and those of pipelines
	Opaque    int64  // bytes of numbers that were skipped
}

// Bounds of what is kept and followed.
const (
	maxDepth = 64 // pipelines in pipelines, branches, blocks of operations
	maxText  = 64 << 10
	maxName  = 1 << 10
)

// reader reads one model.
type reader struct {
	visit Visitor
	h     Header
	depth int
}

// Read reads a model. The error wraps format.ErrMalformed or limits.ErrExceeded.
func Read(b *format.Blob, budget *limits.Budget, visit Visitor) (Header, error) {
	m, err := protomsg.New(b, budget)
	if err != nil {
		return Header{}, err
	}
	r := &reader{visit: visit}
	return r.h, r.model(m)
}

// deeper runs a step one level deeper.
func (r *reader) deeper(m protomsg.Message, step func(protomsg.Message) error) error {
	if r.depth++; r.depth > maxDepth {
		return format.Malformed(m.Offset, "models, branches or blocks nest deeper than %d levels", maxDepth)
	}
	defer func() { r.depth-- }()
	return step(m)
}

// place is where a message is.
func place(m protomsg.Message) Place { return Place{m.Offset, m.Size} }

// skip counts a message as numbers.
func (r *reader) skip(m protomsg.Message) error {
	r.h.Opaque += m.Size
	return nil
}

// body is a step for fields of one number that hold a message or a text.
type body = func(protomsg.Message) error

// fields walks the fields of a message: those that steps name are followed, others are numbers.
func (r *reader) fields(m protomsg.Message, steps map[int]body) error {
	return m.Fields(func(f protomsg.Field) error {
		step, ok := steps[f.Number]
		switch {
		case f.Wire != protomsg.Bytes:
			return nil
		case ok:
			return step(f.Body)
		}
		return r.skip(f.Body)
	})
}

// The numbers of the kinds of models whose content is not numbers only.
const (
	pipelineClassifier, pipelineRegressor, pipeline  = 200, 201, 202
	neuralRegressor, neuralClassifier, neuralNetwork = 303, 403, 500
	program, customModel, linkedModel                = 502, 555, 556
	textClassifier, wordTagger, gazetteer, embedding = 2000, 2001, 2004, 2005
	serializedModel                                  = 3000
)

// plainKinds are the kinds of models that hold numbers and names only.
var plainKinds = map[int]bool{
	300: true, 301: true, 302: true, 304: true, 400: true, 401: true, 402: true, 404: true, 501: true, 560: true, 600: true, 601: true, 602: true,
	603: true, 604: true, 606: true, 607: true, 609: true, 610: true, 900: true, 2002: true, 2003: true, 2006: true,
}

// model reads a model.
func (r *reader) model(m protomsg.Message) error {
	r.h.Models++
	return m.Fields(func(f protomsg.Field) error {
		switch {
		case f.Number == 1 && r.h.Models == 1:
			r.h.Version = f.Value
		case f.Number == 10 && f.Value != 0:
			r.h.Updatable = true
		}
		if f.Wire != protomsg.Bytes {
			return nil
		}
		return r.kind(f.Number, f.Body)
	})
}

// kind reads the description of a model, or the model of one kind.
func (r *reader) kind(number int, m protomsg.Message) error {
	parameters := func(name string) map[int]body {
		return map[int]body{100: func(m protomsg.Message) error { r.visit.Payload(Payload{Place: place(m), Name: name}); return nil }}
	}
	switch number {
	case 2:
		return r.fields(m, map[int]body{100: r.metadata})
	case pipeline:
		return r.deeper(m, r.pipeline)
	case pipelineClassifier, pipelineRegressor:
		return r.fields(m, map[int]body{1: func(m protomsg.Message) error { return r.deeper(m, r.pipeline) }})
	case neuralNetwork, neuralClassifier, neuralRegressor:
		return r.deeper(m, r.network)
	case program:
		return r.program(m)
	case customModel:
		return r.custom(m, true)
	case linkedModel:
		return r.fields(m, map[int]body{1: r.linked})
	case textClassifier:
		return r.fields(m, parameters("text classifier"))
	case wordTagger:
		return r.fields(m, parameters("word tagger"))
	case gazetteer:
		return r.fields(m, parameters("gazetteer"))
	case embedding:
		return r.fields(m, parameters("word embedding"))
	case serializedModel:
		return r.serialized(m)
	}
	if !plainKinds[number] {
		r.visit.Unknown(Unknown{place(m), "model", "kind " + strconv.Itoa(number)})
	}
	return r.skip(m)
}

// pipeline reads models that run one after the other.
func (r *reader) pipeline(m protomsg.Message) error {
	return r.fields(m, map[int]body{1: func(m protomsg.Message) error { return r.deeper(m, r.model) }})
}

// metadata reads what the author says about a model.
func (r *reader) metadata(m protomsg.Message) error {
	steps := map[int]body{100: r.entry}
	for number, key := range map[int]string{1: "shortDescription", 2: "versionString", 3: "author", 4: "license"} {
		steps[number] = func(m protomsg.Message) error { return r.text(key, m) }
	}
	return r.fields(m, steps)
}

// entry reads one pair of texts.
func (r *reader) entry(m protomsg.Message) error {
	var key string
	return r.fields(m, map[int]body{
		1: func(m protomsg.Message) (err error) { key, err = m.Text(maxName); return err },
		2: func(m protomsg.Message) error { return r.text(key, m) },
	})
}

// text hands on a text.
func (r *reader) text(key string, m protomsg.Message) error {
	b, cut, err := m.Read(maxText)
	if err == nil {
		r.visit.Text(Text{place(m), key, string(b), cut})
	}
	return err
}

// custom reads a custom layer or a custom model: the name of its class and its parameters.
func (r *reader) custom(m protomsg.Message, whole bool) error {
	class := Class{Place: place(m), Model: whole}
	err := r.fields(m, map[int]body{
		10: func(m protomsg.Message) (err error) { class.Name, err = m.Text(maxName); return err },
		30: r.parameter,
		40: func(m protomsg.Message) error { return r.text("description", m) },
	})
	r.visit.Class(class)
	return err
}

// parameter reads one parameter of a custom class.
func (r *reader) parameter(m protomsg.Message) error {
	var key string
	return r.fields(m, map[int]body{
		1: func(m protomsg.Message) (err error) { key, err = m.Text(maxName); return err },
		2: func(m protomsg.Message) error {
			return r.fields(m, map[int]body{
				20: func(m protomsg.Message) error { return r.text(key, m) },
				60: func(m protomsg.Message) error {
					r.visit.Payload(Payload{Place: place(m), Name: "parameter " + key})
					return nil
				},
			})
		},
	})
}

// linked reads the name of the file of another model.
func (r *reader) linked(m protomsg.Message) error {
	l := Link{Place: place(m)}
	into := func(to *string) body {
		return func(m protomsg.Message) error {
			return r.fields(m, map[int]body{1: func(m protomsg.Message) (err error) { *to, err = m.Text(maxName); return err }})
		}
	}
	err := r.fields(m, map[int]body{1: into(&l.File), 2: into(&l.Search)})
	r.visit.Link(l)
	return err
}

// serialized reads a model of a framework of its own.
func (r *reader) serialized(m protomsg.Message) error {
	name := "model"
	return r.fields(m, map[int]body{
		1: func(m protomsg.Message) (err error) { name, err = m.Text(maxName); return err },
		2: func(m protomsg.Message) error { r.visit.Payload(Payload{place(m), name, true}); return nil },
	})
}
