package claim

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/picketsec/picket"
)

// JSONSchema is the published schema of the predicate, made from the same tags that the reader checks; nil for kinds that
// others specify. A schema cannot say everything: what contradicts itself is refused by the reader alone.
func (k Kind) JSONSchema() ([]byte, error) {
	if k.shape == nil {
		return nil, nil
	}
	s := schemaOf(k.shape, "")
	title := strings.ToUpper(k.Title[:1]) + k.Title[1:]
	s = append(object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", k.Type}, {"title", title},
		{"description", "Predicate of an in-toto statement that is a claim of the kind " + k.Name + "."}}, s...)
	compact, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("make schema of %s: %w", k.Name, err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("make schema of %s: %w", k.Name, err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// object is a JSON object that keeps its order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// moments is how times are written.
const moments = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`

// schemaOf is the schema of one type under its tag.
func schemaOf(t reflect.Type, tag reflect.StructTag) object {
	var s object
	switch {
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem(), tag)
	case t == reflect.TypeFor[picket.Digest]():
		s = object{{"type", "string"}, {"pattern", "^sha256:[0-9a-f]{64}$"}}
	case t == reflect.TypeFor[time.Time]():
		s = object{{"type", "string"}, {"format", "date-time"}, {"pattern", moments}}
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		s = object{{"type", "string"}}
	case t.Kind() == reflect.Struct:
		s = schemaOfStruct(t)
	case t.Kind() == reflect.Map:
		s = object{{"type", "object"}, {"maxProperties", maxMembers},
			{"propertyNames", object{{"minLength", 1}, {"maxLength", maxLength}}}, {"additionalProperties", schemaOf(t.Elem(), "")}}
	case t.Kind() == reflect.Slice:
		s = append(object{{"type", "array"}}, limits(tag, "minItems", "maxItems", maxElement)...)
		s = append(s, member{"items", schemaOf(t.Elem(), element0(tag))})
	case t.Kind() == reflect.String:
		s = schemaOfText(tag)
	case t.Kind() == reflect.Bool:
		s = object{{"type", "boolean"}}
	case t.Kind() == reflect.Float64:
		s = append(object{{"type", "number"}}, limits(tag, "minimum", "maximum", 0)...)
	default:
		s = append(object{{"type", "integer"}}, limits(tag, "minimum", "maximum", maxWhole)...)
		if tag.Get("min") == "" {
			s = append(s, member{"minimum", -maxWhole})
		}
	}
	if doc := tag.Get("doc"); doc != "" {
		s = append(s, member{"description", doc})
	}
	return s
}

// schemaOfStruct is the schema of an object without free names.
func schemaOfStruct(t reflect.Type) object {
	required, properties := []string{}, object{}
	for _, f := range fields(t) {
		if !f.optional {
			required = append(required, f.name)
		}
		properties = append(properties, member{f.name, schemaOf(f.typ, f.tag)})
	}
	return object{{"type", "object"}, {"additionalProperties", false}, {"required", required}, {"properties", properties}}
}

// schemaOfText is the schema of a text.
func schemaOfText(tag reflect.StructTag) object {
	if want := tag.Get("const"); want != "" {
		return object{{"const", want}}
	}
	if enum := tag.Get("enum"); enum != "" {
		return object{{"enum", strings.Fields(enum)}}
	}
	s := append(object{{"type", "string"}}, limits(tag, "minLength", "maxLength", maxLength)...)
	if pattern := tag.Get("pattern"); pattern != "" {
		s = append(s, member{"pattern", pattern})
	}
	return s
}

// limits are the tags min and max under the names that a schema has for them.
func limits(tag reflect.StructTag, least, most string, limit int) object {
	var s object
	if n, err := strconv.Atoi(tag.Get("min")); err == nil {
		s = append(s, member{least, n})
	}
	if n, err := strconv.Atoi(tag.Get("max")); err == nil {
		limit = n
	}
	if limit > 0 {
		s = append(s, member{most, limit})
	}
	return s
}
