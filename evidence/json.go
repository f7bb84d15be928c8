package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Two programs that read the same bundle must see the same fields. The decoder of the standard library accepts a name in
// any case, keeps the last of duplicate names and repairs invalid UTF-8; this reader refuses all three.

// document checks that data is one JSON value, valid UTF-8, without duplicate names in any object, and not too deep.
func document(data []byte) error {
	if len(data) > MaxBundle {
		return fmt.Errorf("%d bytes are more than %d: %w", len(data), MaxBundle, ErrMalformed)
	}
	if !utf8.Valid(data) {
		return fmt.Errorf("the text is not UTF-8: %w", ErrMalformed)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := walk(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("there is more after the JSON document: %w", ErrMalformed)
	}
	return nil
}

// walk reads one value and refuses duplicate names.
func walk(dec *json.Decoder, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("JSON nested deeper than %d: %w", maxNesting, ErrMalformed)
	}
	token, err := dec.Token()
	if err != nil {
		return syntax(err)
	}
	var seen map[string]bool
	switch token {
	case json.Delim('{'):
		seen = map[string]bool{}
	case json.Delim('['):
	default:
		return nil
	}
	for dec.More() {
		if seen != nil {
			name, err := dec.Token()
			if err != nil {
				return syntax(err)
			}
			text, _ := name.(string) // the decoder lets nothing else be a name
			if seen[text] {
				return fmt.Errorf("JSON name %q appears twice: %w", clip(text), ErrMalformed)
			}
			seen[text] = true
		}
		if err := walk(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return syntax(err)
}

// syntax turns an error of the decoder into ours.
func syntax(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("not JSON (%w): %w", err, ErrMalformed)
}

// object is a JSON object whose fields are taken by their exact names.
type object struct {
	path   string // for messages
	fields map[string]json.RawMessage
}

// parseObject reads one object of a checked document.
func parseObject(path string, raw json.RawMessage) (*object, error) {
	o := &object{path: path}
	// A map, not a struct: names are matched exactly.
	if err := json.Unmarshal(raw, &o.fields); err != nil || o.fields == nil {
		return nil, fmt.Errorf("%s is not a JSON object: %w", path, ErrMalformed)
	}
	return o, nil
}

// take decodes a mandatory field into v and removes it.
func (o *object) take(name string, v any) error {
	raw, ok := o.fields[name]
	if !ok {
		return fmt.Errorf("%s.%s is missing: %w", o.path, name, ErrMalformed)
	}
	delete(o.fields, name)
	if bytes.Equal(raw, []byte("null")) {
		return fmt.Errorf("%s.%s is null: %w", o.path, name, ErrMalformed)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s.%s is of the wrong type: %w", o.path, name, ErrMalformed)
	}
	return nil
}

// maybe is take for a field that may be missing or null.
func (o *object) maybe(name string, v any) error {
	raw, ok := o.fields[name]
	if !ok || bytes.Equal(raw, []byte("null")) {
		delete(o.fields, name)
		return nil
	}
	return o.take(name, v)
}

// object takes a mandatory field that is an object.
func (o *object) object(name string) (*object, error) {
	var raw json.RawMessage
	if err := o.take(name, &raw); err != nil {
		return nil, err
	}
	return parseObject(o.path+"."+name, raw)
}

// objects takes a mandatory field that is an array of at most limit objects.
func (o *object) objects(name string, limit int) ([]*object, error) {
	var items []map[string]json.RawMessage // in one go: a manifest has many thousands
	if err := o.take(name, &items); err != nil {
		return nil, err
	}
	if len(items) > limit {
		return nil, fmt.Errorf("%s.%s has %d entries, more than %d: %w", o.path, name, len(items), limit, ErrMalformed)
	}
	list := make([]*object, 0, len(items))
	for i, fields := range items {
		item := &object{path: o.path + "." + name + "[" + strconv.Itoa(i) + "]", fields: fields}
		if fields == nil {
			return nil, fmt.Errorf("%s is not a JSON object: %w", item.path, ErrMalformed)
		}
		list = append(list, item)
	}
	return list, nil
}

// end reports a field that nobody took.
func (o *object) end() error {
	for name := range o.fields {
		return fmt.Errorf("%s has the unknown field %q: %w", o.path, clip(name), ErrMalformed)
	}
	return nil
}

// marshal encodes v on one line, with no characters escaped for HTML and no newline at the end.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
