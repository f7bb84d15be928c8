package report

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/picketsec/picket"
)

// Schema returns the JSON Schema (draft 2020-12) of the JSON report, made from the types that write it.
func Schema() ([]byte, error) {
	root, err := schemaOf(reflect.TypeFor[document]())
	if err != nil {
		return nil, fmt.Errorf("make schema: %w", err)
	}
	root.Schema, root.ID = "https://json-schema.org/draft/2020-12/schema", SchemaID
	root.Title = "Picket scan report"
	root.Description = "The outcome of picket scan --format json. Within this version fields are only added: ignore those you do not know."
	text, err := marshal(root, "")
	if err != nil {
		return nil, fmt.Errorf("make schema: %w", err)
	}
	return append(text, '\n'), nil
}

// schema is the part of JSON Schema that the report needs, in the order in which it is written.
type schema struct {
	Schema      string     `json:"$schema,omitempty"`
	ID          string     `json:"$id,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Type        string     `json:"type"`
	Enum        []string   `json:"enum,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	Minimum     *int       `json:"minimum,omitempty"`
	Items       *schema    `json:"items,omitempty"`
	Required    []string   `json:"required,omitempty"`
	Properties  properties `json:"properties,omitempty"`
}

// properties keeps the order of the fields, which a map would lose.
type properties []property

// property is one field of an object.
type property struct {
	name  string
	value *schema
}

// MarshalJSON writes the properties as one object in their order.
func (p properties) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteString("{")
	for i, f := range p {
		value, err := marshal(f.value, "")
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "%q:%s", f.name, value)
	}
	b.WriteString("}")
	return []byte(b.String()), nil
}

// schemaOf describes a type of the document. Its types do not refer to themselves.
func schemaOf(t reflect.Type) (*schema, error) {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.String:
		return &schema{Type: "string"}, nil
	case reflect.Bool:
		return &schema{Type: "boolean"}, nil
	case reflect.Int, reflect.Int64:
		return &schema{Type: "integer", Minimum: new(0)}, nil
	case reflect.Slice:
		items, err := schemaOf(t.Elem())
		return &schema{Type: "array", Items: items}, err
	case reflect.Struct:
		return structSchema(t)
	}
	return nil, fmt.Errorf("the type %s has no schema", t)
}

// structSchema describes a struct by its json, doc and enum tags.
func structSchema(t reflect.Type) (*schema, error) {
	s := &schema{Type: "object"}
	for field := range t.Fields() {
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		value, err := schemaOf(field.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		value.Description = field.Tag.Get("doc")
		value.restrict(field.Tag.Get("enum"))
		if name == "digest" {
			value.Pattern = "^sha256:[0-9a-f]{64}$"
		}
		if option != "omitempty" {
			s.Required = append(s.Required, name)
		}
		s.Properties = append(s.Properties, property{name, value})
	}
	return s, nil
}

// restrict limits a string to the words of a vocabulary.
func (s *schema) restrict(vocabulary string) {
	switch vocabulary {
	case "schema":
		s.Enum = []string{SchemaID}
	case "verdict":
		for _, v := range picket.Verdicts() {
			s.Enum = append(s.Enum, v.String())
		}
	case "severity":
		for _, v := range picket.Severities() {
			s.Enum = append(s.Enum, v.String())
		}
	case "class":
		for _, c := range []picket.Class{picket.Execution, picket.Structure, picket.Resource, picket.Content, picket.Operation} {
			s.Enum = append(s.Enum, string(c))
		}
	case "confidence":
		for _, c := range []picket.Confidence{picket.Certain, picket.Likely, picket.Possible} {
			s.Enum = append(s.Enum, string(c))
		}
	case "fingerprint":
		s.Pattern = "^[0-9a-f]{32}$"
	}
}
