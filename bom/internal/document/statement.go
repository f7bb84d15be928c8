package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/picketsec/picket/bom"
)

// Statement is one value of a bill by its name.
//
// Names are what the JSON form of a bill has, from the bill down: "software[3].use", "model.task". The three parts of a field
// are told apart by what stands first: "value:model.task", "confidence:model.task", "source:model.task". What is not a field
// has a value alone: "value:software[3].use". A list that is shorter than what the document shows has "length:model.uses".
type Statement struct {
	Name string
	Text string
}

// Clean copies a bill: strings become valid UTF-8, and a field without a confidence is unresolved. What says where the bill
// was written down, and what was kept of it, is left out: both belong to a document and not to what it is about.
func Clean(b *bom.Bill) (*bom.Bill, error) {
	c := *b
	c.Kept = nil
	raw, err := json.Marshal(&c)
	if err != nil {
		return nil, fmt.Errorf("copy the bill: %w", err)
	}
	c = bom.Bill{}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("copy the bill: %w", err)
	}
	c.Format, c.FormatVersion, c.Revision, c.Kept = "", "", 0, nil
	Settle(&c)
	return &c, nil
}

// Settle makes fields that nobody filled unresolved, and lists without elements nil.
func Settle(b *bom.Bill) { settle(reflect.ValueOf(b).Elem()) }

// settle is the recursion of Settle.
func settle(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		if v.Len() == 0 && v.CanSet() {
			v.SetZero()
		}
		for i := range v.Len() {
			settle(v.Index(i))
		}
	case reflect.Struct:
		if f, ok := v.Addr().Interface().(*bom.Field); ok {
			if f.Confidence == "" {
				f.Confidence = bom.Unresolved
			}
			return
		}
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			settle(v.Field(i))
		}
	}
}

// Statements lists what a bill says beyond what was read back of a document that was written of it. Both are clean.
func Statements(b, readBack *bom.Bill) []Statement {
	shown, lengths := map[string]string{}, map[string]int{}
	walk(reflect.ValueOf(readBack).Elem(), "", visitor{
		value: func(name, text string) { shown[name] = text },
		list:  func(path string, n int) { lengths[path] = n },
	})
	var said []Statement
	fresh := 0 // statements before the element of a list that is being visited
	walk(reflect.ValueOf(b).Elem(), "", visitor{
		value: func(name, text string) {
			if have, ok := shown[name]; ok && have == text || !ok && text == unsaid(name) {
				return
			}
			said = append(said, Statement{Name: name, Text: text})
		},
		list: func(path string, n int) {
			if n < lengths[path] {
				said = append(said, Statement{Name: "length:" + path, Text: strconv.Itoa(n)})
			}
		},
		enter: func(string, int) { fresh = len(said) },
		leave: func(path string, i int) {
			if i >= lengths[path] && len(said) == fresh { // there is nothing to say of it but that it is there
				said = append(said, Statement{Name: fmt.Sprintf("value:%s[%d]", path, i)})
			}
		},
	})
	return said
}

// unsaid is the text of a value that was never set.
func unsaid(name string) string {
	if strings.HasPrefix(name, "confidence:") {
		return string(bom.Unresolved)
	}
	return ""
}

// visitor is called for what a bill is made of; every function may be nil.
type visitor struct {
	value        func(name, text string)
	list         func(path string, n int)
	enter, leave func(path string, i int) // of an element of a list
}

// walk visits a value and everything below it in the order of its declaration.
func walk(v reflect.Value, path string, visit visitor) {
	if f, ok := v.Interface().(bom.Field); ok {
		say(visit, "value:"+path, f.Value)
		say(visit, "confidence:"+path, string(f.Confidence))
		say(visit, "source:"+path, f.Source)
		return
	}
	if t, ok := v.Interface().(time.Time); ok {
		say(visit, "value:"+path, formatTime(t))
		return
	}
	switch v.Kind() {
	case reflect.String:
		say(visit, "value:"+path, v.String())
	case reflect.Int, reflect.Int64:
		text := ""
		if v.Int() != 0 {
			text = strconv.FormatInt(v.Int(), 10)
		}
		say(visit, "value:"+path, text)
	case reflect.Slice:
		walkList(v, path, visit)
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), join(path, v.Type().Field(i)), visit)
		}
	}
}

// walkList visits a list and its elements.
func walkList(v reflect.Value, path string, visit visitor) {
	if visit.list != nil {
		visit.list(path, v.Len())
	}
	for i := range v.Len() {
		if visit.enter != nil {
			visit.enter(path, i)
		}
		walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		if visit.leave != nil {
			visit.leave(path, i)
		}
	}
}

// say gives one value to a visitor.
func say(visit visitor, name, text string) {
	if visit.value != nil {
		visit.value(name, text)
	}
}

// join is the path of a member; an embedded one has that of what it is embedded in.
func join(path string, member reflect.StructField) string {
	if member.Anonymous {
		return path
	}
	name := jsonName(member)
	if path == "" {
		return name
	}
	return path + "." + name
}

// jsonName is the name of a member in JSON.
func jsonName(member reflect.StructField) string {
	name, _, _ := strings.Cut(member.Tag.Get("json"), ",")
	return name
}

// formatTime writes a time; a zero one is empty.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// errStatement is returned for a statement that says nothing about a bill.
var errStatement = errors.New("no statement about a bill")

// Apply sets the value that a statement names. The error is for a name that no value has, or a text that it cannot have; then
// nothing is changed. A list grows by one element at most, so that no name causes more memory than its document has.
func Apply(b *bom.Bill, s Statement) error {
	part, path, ok := strings.Cut(s.Name, ":")
	if !ok {
		return errStatement
	}
	if part == "length" {
		return shorten(reflect.ValueOf(b).Elem(), path, s.Text)
	}
	target, err := find(reflect.ValueOf(b).Elem(), path)
	if err != nil {
		return err
	}
	if f := fieldOf(target); f != nil {
		return setField(f, part, s.Text)
	}
	if part != "value" {
		return errStatement
	}
	return setScalar(target, s.Text)
}

// fieldOf is the field that a value is or embeds; nil when it has none.
func fieldOf(v reflect.Value) *bom.Field {
	if v.Kind() != reflect.Struct {
		return nil
	}
	if f, ok := v.Addr().Interface().(*bom.Field); ok {
		return f
	}
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			return fieldOf(v.Field(i))
		}
	}
	return nil
}

// setField sets one part of a field.
func setField(f *bom.Field, part, text string) error {
	switch part {
	case "value":
		f.Value = text
	case "source":
		f.Source = text
	case "confidence":
		c := bom.Confidence(text)
		if c != bom.Unresolved && c != bom.Declared && c != bom.Inferred && c != bom.Verified {
			return errStatement
		}
		f.Confidence = c
	default:
		return errStatement
	}
	return nil
}

// setScalar sets what is not a field.
func setScalar(v reflect.Value, text string) error {
	if _, ok := v.Interface().(time.Time); ok {
		t, err := parseTime(text)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(t))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int64:
		if text == "" {
			v.SetInt(0)
			return nil
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errStatement
		}
		v.SetInt(n)
	case reflect.Struct:
		if text != "" { // the name of an element says that it is there
			return errStatement
		}
	default:
		return errStatement
	}
	return nil
}

// parseTime is the other direction of formatTime.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || formatTime(t) != text {
		return time.Time{}, errStatement
	}
	return t.UTC(), nil
}

// find follows a path to a value. It adds an element to a list when the path names the one behind the last.
func find(v reflect.Value, path string) (reflect.Value, error) {
	for step := range strings.SplitSeq(path, ".") {
		name, index, indexed := strings.Cut(step, "[")
		next, ok := member(v, name)
		if !ok {
			return v, errStatement
		}
		if v = next; !indexed {
			continue
		}
		i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil || v.Kind() != reflect.Slice || i < 0 || i > v.Len() || v.Type().Elem().Kind() == reflect.Uint8 {
			return v, errStatement
		}
		if i == v.Len() {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		}
		v = v.Index(i)
	}
	return v, nil
}

// member finds a member of a struct by its name in JSON.
func member(v reflect.Value, name string) (reflect.Value, bool) {
	if v.Kind() != reflect.Struct || v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[bom.Field]() {
		return v, false
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); !f.Anonymous && name != "" && jsonName(f) == name {
			return v.Field(i), name != "kept"
		}
	}
	return v, false
}

// shorten cuts a list.
func shorten(v reflect.Value, path, text string) error {
	list, err := find(v, path)
	n, err2 := strconv.Atoi(text)
	if err != nil || err2 != nil || list.Kind() != reflect.Slice || n < 0 || n > list.Len() {
		return errStatement
	}
	list.SetLen(n)
	return nil
}
