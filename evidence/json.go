package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Two programs that read the same bundle must see the same fields. The decoder of the standard library accepts a name in
// any case, keeps the last of duplicate names, and repairs invalid UTF-8 and halves of surrogate pairs; this reader refuses
// all four.

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
	if loneSurrogate(data) {
		return fmt.Errorf("a text has half of a surrogate pair, which is no character: %w", ErrMalformed)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("there is more after the JSON document: %w", ErrMalformed)
	}
	return nil
}

// loneSurrogate reports whether an escape in a valid document is half of a surrogate pair. The decoder turns every one into
// the same character, so that names which differ elsewhere would be one name here.
func loneSurrogate(data []byte) bool {
	for {
		at := bytes.IndexByte(data, '\\') // in valid JSON only in texts
		if at < 0 {
			return false
		}
		first, ok := escaped(data[at:])
		if !ok {
			data = data[at+2:]
			continue
		}
		data = data[at+6:]
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, ok := escaped(data)
		if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
			return true
		}
		data = data[6:]
	}
}

// escaped is the number in an escape such as \u00e9 at the beginning of data.
func escaped(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return rune(n), err == nil
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
	var list []*object
	err := o.each(name, limit, func(item *object) error {
		list = append(list, item)
		return nil
	})
	return list, err
}

// each takes a mandatory field that is an array of at most limit objects, and visits one after another: all of them at once
// would need a hundred times the room of their text.
func (o *object) each(name string, limit int, visit func(*object) error) error {
	var raw json.RawMessage
	if err := o.take(name, &raw); err != nil {
		return err
	}
	path := o.path + "." + name
	return elements(path, raw, limit, func(i int, fields map[string]json.RawMessage) error {
		item := &object{path: path + "[" + strconv.Itoa(i) + "]", fields: fields}
		if fields == nil {
			return fmt.Errorf("%s is not a JSON object: %w", item.path, ErrMalformed)
		}
		return visit(item)
	})
}

// elements visits the values of an array in a checked document, and stops at the first that is more than limit.
func elements[T any](path string, raw json.RawMessage, limit int, visit func(i int, value T) error) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if token, err := dec.Token(); err != nil || token != json.Delim('[') {
		return fmt.Errorf("%s is not an array: %w", path, ErrMalformed)
	}
	for i := 0; dec.More(); i++ {
		if i == limit {
			return fmt.Errorf("%s has more than %d entries: %w", path, limit, ErrMalformed)
		}
		var value T
		if err := dec.Decode(&value); err != nil {
			return fmt.Errorf("%s[%d] is of the wrong type: %w", path, i, ErrMalformed)
		}
		if err := visit(i, value); err != nil {
			return err
		}
	}
	return nil
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
