package weights

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/artifact/format/torch"
	"github.com/picketsec/picket/artifact/format/torchzip"
	"github.com/picketsec/picket/artifact/format/zip"
	"github.com/picketsec/picket/internal/limits"
)

// archive is a PyTorch archive while its tensors are listed.
type archive struct {
	zip      *zip.Archive
	root     string
	members  map[string]*zip.Entry
	storages map[string]*format.Blob
	classes  map[string]string // of each storage, by its key
}

// fromTorch lists the tensors of a PyTorch archive, by what its pickle says, without building anything. An archive that its
// readers could understand differently is malformed here.
func fromTorch(ctx context.Context, b *format.Blob, budget *limits.Budget) (*Set, error) {
	z, err := zip.Read(b, budget)
	a := &archive{zip: z, members: map[string]*zip.Entry{}, storages: map[string]*format.Blob{}, classes: map[string]string{}}
	set, err := a.list(ctx, budget, err)
	if err != nil {
		z.Close()
		return nil, fmt.Errorf("list tensors: %w", err)
	}
	set.closer = closer(z.Close)
	return set, nil
}

// closer makes a function an io.Closer.
type closer func()

// Close implements io.Closer.
func (c closer) Close() error { c(); return nil }

// list finds the members and runs the pickle.
func (a *archive) list(ctx context.Context, budget *limits.Budget, err error) (*Set, error) {
	if err == nil && len(a.zip.Anomalies) > 0 {
		err = format.Malformed(a.zip.Anomalies[0].Offset, "readers of this archive differ: %s", a.zip.Anomalies[0].Detail)
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range a.zip.Entries {
		e := &a.zip.Entries[i]
		names, a.members[e.Name()] = append(names, e.Name()), e
	}
	roots := torchzip.FindRoots(names)
	if len(roots) != 1 {
		return nil, format.Malformed(0, "an archive with %d models", len(roots))
	}
	for root := range roots {
		a.root = root
	}
	if order, err := a.member("byteorder"); err == nil {
		if text, err := order.ReadRange(0, min(order.Size(), 16)); err != nil || strings.TrimSpace(string(text)) != "little" {
			return nil, errors.New("the tensors are in big-endian order, which is not read")
		}
	}
	blob, err := a.member("data.pkl")
	if err != nil {
		return nil, err
	}
	o := &object{archive: a, items: map[pickle.Value][]pickle.Value{}, set: &Set{Format: torchzip.Name}, busy: map[pickle.Value]bool{}}
	return o.set, o.read(ctx, blob, budget)
}

// member is the content of a member, which must be stored without compression, as PyTorch writes it.
func (a *archive) member(name string) (*format.Blob, error) {
	e := a.members[a.root+"/"+name]
	if e == nil {
		return nil, fmt.Errorf("the archive has no member %s", name)
	}
	views := a.zip.Views(e)
	if len(views) == 0 && e.Central.Size == 0 {
		return format.BytesBlob(nil), nil
	}
	if len(views) != 1 || views[0].Method != zip.Store || views[0].Flags&zip.FlagEncrypted != 0 {
		return nil, fmt.Errorf("the member %s is compressed, encrypted or ambiguous", name)
	}
	return a.zip.Range(views[0].Offset, views[0].Compressed)
}

// storage is the raw content of one storage.
func (a *archive) storage(key string) (*format.Blob, error) {
	if b := a.storages[key]; b != nil {
		return b, nil
	}
	b, err := a.member("data/" + key)
	if err == nil {
		a.storages[key] = b
	}
	return b, err
}

// object is what the pickle says, as far as tensors need it.
type object struct {
	*archive
	m     *pickle.Machine
	items map[pickle.Value][]pickle.Value // of dictionaries that are instances: keys and values alternate
	kept  int
	set   *Set
	busy  map[pickle.Value]bool // on the way from the root: a cycle ends there
}

// Bounds of what is walked.
const (
	maxKept  = 1 << 22 // keys and values of dictionaries
	maxDepth = 64
	maxOther = 10000
)

// read runs the pickle and walks what it makes.
func (o *object) read(ctx context.Context, blob *format.Blob, budget *limits.Budget) (err error) {
	r, err := pickle.NewReader(blob, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	o.m = pickle.NewMachine(budget, pickle.HandlerFunc(o.effect))
	defer o.m.Close()
	end, err := o.m.Run(ctx, r)
	if err != nil {
		return err
	}
	return o.walk("", end.Result, 0)
}

// effect remembers what is put into dictionaries that are instances, such as OrderedDict.
func (o *object) effect(m *pickle.Machine, e *pickle.Effect) error {
	if e.Kind == pickle.SetItems && m.Kind(e.Target) == pickle.Instance {
		if o.kept += len(e.Items); o.kept > maxKept {
			return fmt.Errorf("%d items of dictionaries: %w (%d)", o.kept, limits.ErrExceeded, maxKept)
		}
		o.items[e.Target] = append(o.items[e.Target], e.Items...)
	}
	return nil
}

// other notes something that is no tensor.
func (o *object) other(name, what string) error {
	if len(o.set.Others) >= maxOther {
		return fmt.Errorf("%d parts beside tensors: %w (%d)", maxOther, limits.ErrExceeded, maxOther)
	}
	o.set.Others = append(o.set.Others, Other{name, what})
	return nil
}

// walk follows a value to the tensors in it.
func (o *object) walk(name string, v pickle.Value, depth int) error {
	if depth > maxDepth || o.busy[v] {
		return o.other(name, "nested too deep, or in a cycle")
	}
	switch o.m.Kind(v) {
	case pickle.Dict, pickle.List, pickle.Tuple:
		o.busy[v] = true
		defer delete(o.busy, v)
		list, ok := o.m.Elements(v)
		if !ok {
			return fmt.Errorf("the elements of %q are not known", name)
		}
		list = append([]pickle.Value(nil), list...)
		if o.m.Kind(v) == pickle.Dict {
			return o.pairs(name, list, depth)
		}
		for i, part := range list {
			if err := o.walk(join(name, strconv.Itoa(i)), part, depth+1); err != nil {
				return err
			}
		}
		return nil
	case pickle.Instance:
		return o.instance(name, v, depth)
	}
	return o.other(name, o.m.Kind(v).String())
}

// pairs follows keys and values.
func (o *object) pairs(name string, list []pickle.Value, depth int) error {
	for i := 0; i+1 < len(list); i += 2 {
		key, ok := o.m.Text(list[i])
		if n, isInt := o.m.Int(list[i]); !ok && isInt {
			key, ok = strconv.FormatInt(n, 10), true
		}
		if !ok || !utf8.ValidString(key) {
			return fmt.Errorf("a key of %q is neither Unicode text of at most 256 bytes nor a number", name)
		}
		if err := o.walk(join(name, key), list[i+1], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// join puts a name behind another.
func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// instance follows what a call returned.
func (o *object) instance(name string, v pickle.Value, depth int) error {
	callee, args, _ := o.m.Call(v)
	module, function, _ := o.m.Global(callee)
	list, _ := o.m.Elements(args)
	list = append([]pickle.Value(nil), list...)
	switch module + "." + function {
	case "collections.OrderedDict", "collections.defaultdict", "builtins.dict":
		if len(list) > 1 || len(list) == 1 && function != "defaultdict" {
			return o.other(name, "a dictionary made of arguments, which are not looked into")
		}
		o.busy[v] = true
		defer delete(o.busy, v)
		return o.pairs(name, o.items[v], depth)
	case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
		if len(list) > 0 {
			return o.walk(name, list[0], depth+1)
		}
	case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3":
		if len(list) >= 4 {
			return o.tensor(name, function, list)
		}
	}
	return o.other(name, "an instance of "+module+"."+function)
}

// tensor adds a tensor that is (storage, offset, sizes, strides, …).
func (o *object) tensor(name, function string, list []pickle.Value) error {
	fail := func(why string, args ...any) error {
		return fmt.Errorf("tensor %q: "+why, append([]any{name}, args...)...)
	}
	_, id, ok := o.m.Call(list[0])
	storage, isStorage := torch.StorageID(o.m, id)
	if !ok || !isStorage || o.m.Kind(list[0]) != pickle.Persistent {
		return fail("it has no storage")
	}
	kind := elementType(storage.Class)
	if function == "_rebuild_tensor_v3" && len(list) >= 7 {
		_, dtype, _ := o.m.Global(list[6])
		kind = elementType("torch." + dtype)
	}
	size := ItemSize(kind)
	if size == 0 {
		return fail("elements of the type %s have no counterpart", storage.Class)
	}
	shape, okShape := torch.Numbers(o.m, list[2])
	strides, okStrides := torch.Numbers(o.m, list[3])
	offset, okOffset := o.m.Int(list[1])
	span, okSpan := torch.Extent(o.m, list[2], list[3])
	n, okCount := Elements(shape)
	if !okShape || !okStrides || !okOffset || !okSpan || !okCount || offset < 0 {
		return fail("its sizes, strides or offset make no sense")
	}
	if class, known := o.classes[storage.Key]; known && class != storage.Class {
		return fail("its storage is one of %s and of %s, and PyTorch takes the first for both", class, storage.Class)
	}
	o.classes[storage.Key] = storage.Class
	if o.marked(function, list) {
		return fail("its values are marked as conjugate or negative, and stored as they were before")
	}
	data, err := o.storage(storage.Key)
	if err != nil {
		return fail("%w", err)
	}
	if have := data.Size() / size; offset > have || span > have-offset || n > 1<<58 {
		return fail("it lies beyond the end of its storage of %d bytes", data.Size())
	}
	if contiguous(shape, strides) {
		strides = nil
	}
	o.set.Tensors = append(o.set.Tensors, Tensor{Name: name, Type: kind, Shape: shape, Strides: strides, Start: offset * size, Size: n * size,
		Data: data, Storage: storage.Key})
	if len(o.set.Tensors) > maxTensors {
		return fmt.Errorf("%d tensors: %w", maxTensors, limits.ErrExceeded)
	}
	return nil
}

// marked reports whether the last argument of a tensor says that its values are others than the stored ones.
func (o *object) marked(function string, list []pickle.Value) bool {
	at := map[string]int{"_rebuild_tensor_v2": 6, "_rebuild_tensor_v3": 7}[function]
	if at == 0 || len(list) <= at || o.m.Kind(list[at]) == pickle.None {
		return false
	}
	marks, known := o.m.Elements(list[at])
	return !known || o.m.Kind(list[at]) != pickle.Dict || len(marks) > 0
}

// contiguous reports whether the elements lie one after the other. The stride of a dimension of size 1 does not matter.
func contiguous(shape, strides []int64) bool {
	step := int64(1)
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] == 0 {
			return true
		}
		if shape[i] != 1 && strides[i] != step {
			return false
		}
		step *= shape[i]
	}
	return true
}

// elementType is the name in safetensors of the element type of a storage class or of a torch.dtype; empty for none.
func elementType(class string) string {
	class = strings.TrimSuffix(class[strings.LastIndexByte(class, '.')+1:], "Storage")
	switch class {
	case "Bool", "bool":
		return "BOOL"
	case "Byte", "Untyped", "uint8":
		return "U8"
	case "Char", "int8":
		return "I8"
	case "Short", "int16":
		return "I16"
	case "Int", "int32":
		return "I32"
	case "Long", "int64":
		return "I64"
	case "Half", "float16":
		return "F16"
	case "BFloat16", "bfloat16":
		return "BF16"
	case "Float", "float32":
		return "F32"
	case "Double", "float64":
		return "F64"
	case "ComplexFloat", "complex64":
		return "C64"
	case "uint16":
		return "U16"
	case "uint32":
		return "U32"
	case "uint64":
		return "U64"
	case "float8_e4m3fn":
		return "F8_E4M3"
	case "float8_e5m2":
		return "F8_E5M2"
	}
	return ""
}
