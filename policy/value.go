package policy

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Conditions look at a thousand claims forty times, so facts are not converted whenever a field is read: an object turns each
// field into a value of CEL once, when the first condition asks for it. Objects belong to one decision and are not safe for
// concurrent use.

// Types of fields that are not told apart by their kind alone.
var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// shape describes one type of fact to CEL.
type shape struct {
	name   string // as conditions and messages show it: policy.Scan
	typ    *types.Type
	fields []reflect.StructField
	byName map[string]int
	object *types.Type // the type as a value
}

// newShape reads the fields of a type of fact, those of embedded types included.
func newShape(t reflect.Type) *shape {
	s := &shape{name: "policy." + t.Name(), byName: map[string]int{}}
	s.typ = types.NewObjectType(s.name)
	s.object = types.NewTypeTypeWithParam(s.typ)
	for _, f := range reflect.VisibleFields(t) {
		if name := f.Tag.Get("cel"); name != "" {
			s.byName[name] = len(s.fields)
			s.fields = append(s.fields, f)
		}
	}
	return s
}

// object is one fact as conditions see it.
type object struct {
	*shape
	in   *conversion
	from reflect.Value // the struct
	vals []ref.Val     // nil until asked for
}

// field is the value of a field.
func (o *object) field(i int) ref.Val {
	if o.vals[i] == nil {
		o.vals[i] = o.in.value(o.from.FieldByIndex(o.fields[i].Index))
	}
	return o.vals[i]
}

// Get implements traits.Indexer, for conditions whose types are not known when they are compiled.
func (o *object) Get(name ref.Val) ref.Val {
	text, ok := name.(types.String)
	i, known := o.byName[string(text)]
	if !ok || !known {
		return types.NewErr("no such field: %v", name)
	}
	return o.field(i)
}

// IsSet implements traits.FieldTester: every field of a fact has a value.
func (o *object) IsSet(name ref.Val) ref.Val {
	text, ok := name.(types.String)
	_, known := o.byName[string(text)]
	return types.Bool(ok && known)
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("a %s has no other form", o.name)
}

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.typ
	}
	return types.NewErr("a %s is no %s", o.name, t.TypeName())
}

// Equal implements ref.Val: two facts are the same when all of their fields are.
func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	if !ok || p.shape != o.shape {
		return types.False
	}
	for i := range o.fields {
		if types.Equal(o.field(i), p.field(i)) != types.True {
			return types.False
		}
	}
	return types.True
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.typ }

// Value implements ref.Val.
func (o *object) Value() any { return o }

var (
	_ traits.Indexer     = (*object)(nil)
	_ traits.FieldTester = (*object)(nil)
)

// shapes are all types of facts. They are what CEL asks about types and fields.
type shapes struct {
	*types.Registry
	byType map[reflect.Type]*shape
	byName map[string]*shape
}

// newShapes describes types of facts.
func newShapes(facts []reflect.Type) (*shapes, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("declare facts: %w", err)
	}
	s := &shapes{Registry: registry, byType: map[reflect.Type]*shape{}, byName: map[string]*shape{}}
	for _, t := range facts {
		sh := newShape(t)
		s.byType[t], s.byName[sh.name] = sh, sh
	}
	return s, nil
}

// FindIdent implements types.Provider.
func (s *shapes) FindIdent(name string) (ref.Val, bool) {
	if sh, ok := s.byName[name]; ok {
		return sh.typ, true
	}
	return s.Registry.FindIdent(name)
}

// FindStructType implements types.Provider.
func (s *shapes) FindStructType(name string) (*types.Type, bool) {
	if sh, ok := s.byName[name]; ok {
		return sh.object, true
	}
	return s.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (s *shapes) FindStructFieldNames(name string) ([]string, bool) {
	sh, ok := s.byName[name]
	if !ok {
		return s.Registry.FindStructFieldNames(name)
	}
	var names []string
	for _, f := range sh.fields {
		names = append(names, f.Tag.Get("cel"))
	}
	return names, true
}

// FindStructFieldType implements types.Provider.
func (s *shapes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	sh, ok := s.byName[name]
	if !ok {
		return s.Registry.FindStructFieldType(name, field)
	}
	i, ok := sh.byName[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type:  s.typeOf(sh.fields[i].Type),
		IsSet: func(any) bool { return true },
		GetFrom: func(target any) (any, error) {
			o, ok := target.(*object)
			if !ok || o.shape != sh {
				return nil, errors.New("this is no " + sh.name)
			}
			return o.field(i), nil
		},
	}, true
}

// NewValue implements types.Provider: conditions ask about facts and cannot make any.
func (s *shapes) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := s.byName[name]; ok {
		return types.NewErr("a condition cannot make a %s", name)
	}
	return s.Registry.NewValue(name, fields)
}

// typeOf is the type of CEL for a Go type of a fact.
func (s *shapes) typeOf(t reflect.Type) *types.Type {
	switch {
	case t == timeType:
		return types.TimestampType
	case t == durationType:
		return types.DurationType
	case t.Kind() == reflect.Slice:
		return types.NewListType(s.typeOf(t.Elem()))
	case t.Kind() == reflect.Struct:
		return s.byType[t].typ
	case t.Kind() == reflect.Bool:
		return types.BoolType
	case t.Kind() == reflect.Int64:
		return types.IntType
	case t.Kind() == reflect.Float64:
		return types.DoubleType
	}
	return types.StringType
}

// conversion makes the values of one decision, and counts what conditions look at.
type conversion struct {
	*shapes
	left int // elements of lists that the condition may still look at
}

// maxElements is how many elements of lists one condition may look at, again and again included: some 100,000 files a few
// times each.
const maxElements = 2_000_000

// value turns a Go value of a fact into one of CEL. A test makes sure that facts have only fields of the kinds that it knows.
func (c *conversion) value(v reflect.Value) ref.Val {
	switch v.Type() {
	case timeType:
		return types.Timestamp{Time: v.Interface().(time.Time)} //nolint:forcetypeassert // its type was just looked at
	case durationType:
		return types.Duration{Duration: time.Duration(v.Int())}
	}
	switch v.Kind() {
	case reflect.Slice:
		return c.list(v)
	case reflect.Struct:
		sh := c.byType[v.Type()]
		return &object{shape: sh, in: c, from: v, vals: make([]ref.Val, len(sh.fields))}
	case reflect.Bool:
		return types.Bool(v.Bool())
	case reflect.Int64:
		return types.Int(v.Int())
	case reflect.Float64:
		return types.Double(v.Float())
	}
	return types.String(v.String())
}

// list makes the values of a list at once: objects, or texts.
func (c *conversion) list(v reflect.Value) ref.Val {
	n := v.Len()
	elems := make([]ref.Val, n)
	if sh := c.byType[v.Type().Elem()]; sh != nil {
		objects, vals := make([]object, n), make([]ref.Val, n*len(sh.fields))
		for i := range n {
			own := vals[i*len(sh.fields) : (i+1)*len(sh.fields)]
			objects[i] = object{shape: sh, in: c, from: v.Index(i), vals: own}
			elems[i] = &objects[i]
		}
	} else {
		for i := range n {
			elems[i] = types.String(v.Index(i).String())
		}
	}
	return &list{Lister: types.NewRefValList(types.DefaultTypeAdapter, elems), elems: elems, in: c}
}

// list is a list of facts. It counts the elements that conditions look at, which costs less than the accounting of CEL: that one
// takes more time than the conditions themselves.
type list struct {
	traits.Lister
	elems []ref.Val
	in    *conversion
}

// spend takes n elements from what the condition may still look at. When nothing is left the outcome of the condition is not used.
func (l *list) spend(n int) bool {
	l.in.left -= n
	return l.in.left >= 0
}

// Fold implements traits.Foldable. The macros with one variable, which are all that is declared, look at the element only.
func (l *list) Fold(f traits.Folder) {
	for _, e := range l.elems {
		if !l.spend(1) || !f.FoldEntry(types.IntZero, e) {
			return
		}
	}
}

// Contains implements traits.Container.
func (l *list) Contains(value ref.Val) ref.Val {
	l.spend(len(l.elems))
	return l.Lister.Contains(value)
}

// Equal implements ref.Val.
func (l *list) Equal(other ref.Val) ref.Val {
	l.spend(len(l.elems))
	return l.Lister.Equal(other)
}

// Add implements traits.Adder.
func (l *list) Add(other ref.Val) ref.Val {
	l.spend(len(l.elems))
	return l.Lister.Add(other)
}

// Iterator implements traits.Iterable.
func (l *list) Iterator() traits.Iterator {
	l.spend(len(l.elems))
	return l.Lister.Iterator()
}

var _ traits.Foldable = (*list)(nil)
