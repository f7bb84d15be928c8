package claim

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// The shape of a predicate is what the tags of its type say, for the reader and for the published JSON Schema alike:
//
//	json  the name; a field is mandatory unless it says omitempty or omitzero
//	doc   what it means
//	enum  the only values, between spaces; for a list of texts, of each element
//	const the only value
//	min   the least length of a text in characters, of a list in elements, or the least number
//	max   the largest
//	pattern what a text matches
const (
	maxLength  = 4096    // characters of a text that says no other
	maxElement = 100_000 // elements of a list that says no other
	maxMembers = 10_000  // members of an object whose names are free

	maxWhole = 1<<53 - 1 // whole numbers that every reader of JSON keeps exactly
)

// strict decodes a predicate and refuses everything that its shape does not have. Unknown fields may say something that
// this version does not know how to respect; a name in another case, or null for nothing, is read differently by others.
func strict(predicate json.RawMessage, v any) error { return decode(predicate, v, true) }

// lenient decodes a predicate whose specification demands that unknown fields are passed over.
func lenient(predicate json.RawMessage, v any) error { return decode(predicate, v, false) }

func decode(predicate json.RawMessage, v any, all bool) error {
	dec := json.NewDecoder(bytes.NewReader(predicate))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("there is more after it: %w", evidence.ErrMalformed)
	}
	if err := (shape{all}).check("predicate", tree, reflect.TypeOf(v).Elem(), ""); err != nil {
		return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	}
	if !all { // only what was checked may reach the decoder, which matches names in any case
		var err error
		if predicate, err = json.Marshal(tree); err != nil {
			return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
		}
	}
	if err := json.Unmarshal(predicate, v); err != nil {
		return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	}
	return nil
}

// field is one member of the object that a struct is encoded as.
type field struct {
	name     string
	typ      reflect.Type
	tag      reflect.StructTag
	optional bool
}

// fields lists the members of a struct in their order.
func fields(t reflect.Type) []field {
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || name == "" {
			continue
		}
		list = append(list, field{name, f.Type, f.Tag, strings.Contains(options, "omit")})
	}
	return list
}

// shape checks decoded JSON against types. With all, unknown fields are errors; else they are taken out.
type shape struct{ all bool }

func (s shape) check(path string, value any, t reflect.Type, tag reflect.StructTag) error {
	switch {
	case t.Kind() == reflect.Pointer:
		return s.check(path, value, t.Elem(), tag)
	case t == reflect.TypeFor[json.RawMessage]():
		return nil
	case t == reflect.TypeFor[picket.Digest]():
		text, _ := value.(string)
		if _, err := picket.ParseDigest(text); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	case t == reflect.TypeFor[time.Time]():
		return moment(path, value)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		if _, ok := value.(string); !ok {
			return fmt.Errorf("%s is not a text", path)
		}
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.object(path, value, t)
	case reflect.Map:
		return s.members(path, value, t)
	case reflect.Slice:
		return s.list(path, value, t, tag)
	case reflect.String:
		return word(path, value, tag)
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return fmt.Errorf("%s is neither true nor false", path)
		}
		return nil
	}
	return number(path, value, t, tag)
}

// object checks the fields of a struct.
func (s shape) object(path string, value any, t reflect.Type) error {
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is not an object", path)
	}
	known := map[string]bool{}
	for _, f := range fields(t) {
		known[f.name] = true
		member, there := object[f.name]
		switch {
		case !there && f.optional:
			continue
		case !there:
			return fmt.Errorf("%s.%s is missing", path, f.name)
		case member == nil && !s.all && f.optional:
			delete(object, f.name)
			continue
		}
		if err := s.check(path+"."+f.name, member, f.typ, f.tag); err != nil {
			return err
		}
	}
	for name := range object {
		if !known[name] && s.all {
			return fmt.Errorf("%s has the unknown field %q", path, text(name))
		}
		if !known[name] {
			delete(object, name)
		}
	}
	return nil
}

// members checks an object with free names.
func (s shape) members(path string, value any, t reflect.Type) error {
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is not an object", path)
	}
	if len(object) > maxMembers {
		return fmt.Errorf("%s has %d members, more than %d", path, len(object), maxMembers)
	}
	for name, member := range object {
		if name == "" || utf8.RuneCountInString(name) > maxLength {
			return fmt.Errorf("%s has a name of no or more than %d characters", path, maxLength)
		}
		if err := s.check(fmt.Sprintf("%s[%q]", path, text(name)), member, t.Elem(), ""); err != nil {
			return err
		}
	}
	return nil
}

// list checks an array.
func (s shape) list(path string, value any, t reflect.Type, tag reflect.StructTag) error {
	array, ok := value.([]any)
	if !ok {
		return fmt.Errorf("%s is not a list", path)
	}
	least, most := bounds(tag, 0, maxElement)
	if n := float64(len(array)); n < least || n > most {
		return fmt.Errorf("%s has %d elements; it may have %v to %v", path, len(array), least, most)
	}
	for i, element := range array {
		if err := s.check(fmt.Sprintf("%s[%d]", path, i), element, t.Elem(), element0(tag)); err != nil {
			return err
		}
	}
	return nil
}

// element0 are the rules for the elements of a list of texts: they are not empty, and its enum is theirs.
func element0(tag reflect.StructTag) reflect.StructTag {
	rule := `min:"1"`
	if enum := tag.Get("enum"); enum != "" {
		rule += " enum:" + strconv.Quote(enum)
	}
	return reflect.StructTag(rule)
}

// bounds are the tags min and max.
func bounds(tag reflect.StructTag, least, most float64) (low, high float64) {
	if n, err := strconv.ParseFloat(tag.Get("min"), 64); err == nil {
		least = n
	}
	if n, err := strconv.ParseFloat(tag.Get("max"), 64); err == nil {
		most = n
	}
	return least, most
}

// word checks a text.
func word(path string, value any, tag reflect.StructTag) error {
	got, ok := value.(string)
	if !ok {
		return fmt.Errorf("%s is not a text", path)
	}
	if want := tag.Get("const"); want != "" && got != want {
		return fmt.Errorf("%s is %q, not %q", path, text(got), want)
	}
	if enum := tag.Get("enum"); enum != "" {
		for one := range strings.FieldsSeq(enum) {
			if got == one {
				return nil
			}
		}
		return fmt.Errorf("%s is %q, not one of %s", path, text(got), strings.Join(strings.Fields(enum), ", "))
	}
	if pattern := tag.Get("pattern"); pattern != "" && !regexp.MustCompile(pattern).MatchString(got) {
		return fmt.Errorf("%s is %q, which does not match %s", path, text(got), pattern)
	}
	least, most := bounds(tag, 0, maxLength)
	if n := float64(utf8.RuneCountInString(got)); n < least || n > most {
		return fmt.Errorf("%s has %v characters; it may have %v to %v", path, n, least, most)
	}
	return nil
}

// moment checks a time: RFC 3339 as every reader takes it.
func moment(path string, value any) error {
	got, _ := value.(string)
	when, err := time.Parse(time.RFC3339, got)
	if err != nil || strings.Contains(got, ",") || when.IsZero() {
		return fmt.Errorf("%s is not a time as RFC 3339 writes it, such as 2026-11-21T12:00:00Z", path)
	}
	return nil
}

// number checks a number. Whether it fits into its type is found when it is decoded.
func number(path string, value any, t reflect.Type, tag reflect.StructTag) error {
	got, ok := value.(json.Number)
	n, err := strconv.ParseFloat(string(got), 64)
	if !ok || err != nil {
		return fmt.Errorf("%s is not a number", path)
	}
	if t.Kind() != reflect.Float64 && strings.ContainsAny(string(got), ".eE") {
		return fmt.Errorf("%s is not a whole number", path)
	}
	least, most := bounds(tag, n, n)
	if t.Kind() != reflect.Float64 {
		least, most = bounds(tag, -maxWhole, maxWhole)
	}
	if n < least || n > most {
		return fmt.Errorf("%s is %v, which is out of its range", path, n)
	}
	return nil
}
