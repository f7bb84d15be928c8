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

// MaxElements is how many elements one list of a bill has that was read of a document.
const MaxElements = 1 << 16

// MaxAdded is how many elements the statements of one document add to the lists of a bill. What a form has elements of its own
// for, such as files, is not among them: a property of thirty bytes must not make a description of a dataset.
const MaxAdded = 1 << 13

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
	c := &comparison{}
	c.compare(reflect.ValueOf(b).Elem(), reflect.ValueOf(readBack).Elem(), nil)
	return c.said
}

// step is one step of the path to a value: a member, or an element of a list. The path is written only when it is needed.
type step struct {
	up    *step
	name  string
	index int // of an element; the name is empty then
}

// String writes the path, such as model.uses[3].
func (s *step) String() string {
	switch {
	case s == nil:
		return ""
	case s.name == "":
		return s.up.String() + "[" + strconv.Itoa(s.index) + "]"
	case s.up == nil:
		return s.name
	}
	return s.up.String() + "." + s.name
}

// comparison collects what one bill says beyond another.
type comparison struct{ said []Statement }

// compare goes through a value and what was read back of it, in the order of declaration. What was not read back is not valid.
func (c *comparison) compare(v, back reflect.Value, at *step) {
	switch v.Type() {
	case reflect.TypeFor[bom.Field]():
		none := !back.IsValid()
		for i, part := range []string{"value:", "confidence:", "source:"} { // the members of a field
			had := ""
			if !none {
				had = back.Field(i).String()
			} else if i == 1 {
				had = string(bom.Unresolved)
			}
			c.say(part, at, v.Field(i).String(), had)
		}
		return
	case reflect.TypeFor[time.Time]():
		c.say("value:", at, textOf(v), textOf(back))
		return
	}
	switch v.Kind() {
	case reflect.String, reflect.Int, reflect.Int64:
		c.say("value:", at, textOf(v), textOf(back))
	case reflect.Slice:
		c.list(v, back, at)
	case reflect.Struct:
		for i := range v.NumField() {
			member, below := v.Type().Field(i), at
			if !member.Anonymous { // an embedded one has the path of what it is embedded in
				below = &step{up: at, name: jsonName(member)}
			}
			var had reflect.Value
			if back.IsValid() {
				had = back.Field(i)
			}
			c.compare(v.Field(i), had, below)
		}
	}
}

// list compares lists element by element.
func (c *comparison) list(v, back reflect.Value, at *step) {
	length := 0
	if back.IsValid() {
		length = back.Len()
	}
	if v.Len() < length {
		c.said = append(c.said, Statement{Name: "length:" + at.String(), Text: strconv.Itoa(v.Len())})
	}
	for i := range v.Len() {
		var had reflect.Value
		if i < length {
			had = back.Index(i)
		}
		before, element := len(c.said), &step{up: at, index: i}
		c.compare(v.Index(i), had, element)
		if !had.IsValid() && len(c.said) == before { // there is nothing to say of it but that it is there
			c.said = append(c.said, Statement{Name: "value:" + element.String()})
		}
	}
}

// say notes a value that is not what it was read back as.
func (c *comparison) say(part string, at *step, text, had string) {
	if text != had {
		c.said = append(c.said, Statement{Name: part + at.String(), Text: text})
	}
}

// textOf is the text of a value that is not made of others; empty for one that was never set.
func textOf(v reflect.Value) string {
	switch {
	case !v.IsValid() || v.IsZero():
		return ""
	case v.Kind() == reflect.String:
		return v.String()
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	}
	if t, ok := v.Interface().(time.Time); ok {
		return formatTime(t)
	}
	return ""
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
// nothing is changed. A list grows by one element at most, and takes that from room, which begins at MaxAdded: no document causes
// much more memory than it has itself.
func Apply(b *bom.Bill, s Statement, room *int) error {
	part, path, ok := strings.Cut(s.Name, ":")
	if !ok {
		return errStatement
	}
	if part == "length" {
		return shorten(reflect.ValueOf(b).Elem(), path, s.Text, room)
	}
	target, err := find(reflect.ValueOf(b).Elem(), path, room)
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
func find(v reflect.Value, path string, room *int) (reflect.Value, error) {
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
			if i >= MaxElements || *room <= 0 {
				return v, errStatement
			}
			*room--
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
func shorten(v reflect.Value, path, text string, room *int) error {
	list, err := find(v, path, room)
	n, err2 := strconv.Atoi(text)
	if err != nil || err2 != nil || list.Kind() != reflect.Slice || n < 0 || n > list.Len() {
		return errStatement
	}
	list.SetLen(n)
	return nil
}
