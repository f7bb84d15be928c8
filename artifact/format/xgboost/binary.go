package xgboost

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// The magic of some versions, and the sizes of the structures of the binary form in bytes.
const (
	magic        = "binf"
	learnerParam = 136
	linearParam  = 136
	forestParam  = 160
	treeParam    = 148
	nodeSize     = 20
	statSize     = 16
)

// binaryReader reads the old binary form, which is little-endian.
type binaryReader struct {
	in     *bufio.Reader
	size   int64 // of the content; -1 when it is not known
	offset int64
	budget *limits.Budget
	visit  Visitor
	model  Model
	groups int64
	tree   tree
	buf    []byte
	free   []func()
	held   int64
}

// ReadBinary reads a model in the old binary form, of size bytes (-1 when that is not known). Model.End is where it ends; what
// follows is not read. The error is as of ReadJSON.
func ReadBinary(in io.Reader, size int64, budget *limits.Budget, visit Visitor) (Model, error) {
	r := &binaryReader{in: bufio.NewReaderSize(in, 64<<10), size: size, budget: budget, visit: visit}
	defer func() {
		for _, free := range r.free {
			free()
		}
	}()
	err := r.learner()
	r.model.End = r.offset
	return r.model, err
}

func (r *binaryReader) problem(kind Kind, at int64, name, reason string, args ...any) {
	r.visit.Problem(Problem{Kind: kind, Offset: at, Name: name, Reason: fmt.Sprintf(reason, args...)})
}

// bytes reads n bytes, which are valid until the next read.
func (r *binaryReader) bytes(n int) ([]byte, error) {
	if cap(r.buf) < n {
		r.buf = make([]byte, n)
	}
	b := r.buf[:n]
	got, err := io.ReadFull(r.in, b)
	r.offset += int64(got)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, format.Malformed(r.offset, "the model ends too early")
	}
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	return b, nil
}

// discard skips n bytes.
func (r *binaryReader) discard(n int64) error {
	for n > 0 {
		got, err := r.in.Discard(int(min(n, 1<<30)))
		r.offset += int64(got)
		n -= int64(got)
		if err != nil {
			return format.Malformed(r.offset, "the model ends too early")
		}
	}
	return nil
}

// count reads the length of a list of elements of width bytes and checks that there is room for them.
func (r *binaryReader) count(what string, width int64) (int64, error) {
	at := r.offset
	b, err := r.bytes(8)
	if err != nil {
		return 0, err
	}
	return r.room(at, what, binary.LittleEndian.Uint64(b), width)
}

// room checks that n elements of width bytes fit behind the offset.
func (r *binaryReader) room(at int64, what string, n uint64, width int64) (int64, error) {
	left := int64(1) << 40
	if r.size >= 0 {
		left = r.size - r.offset
	}
	if n > uint64(left/width) {
		r.problem(Claim, at, "", "%d %s in a model of %d bytes", n, what, r.size)
		return 0, format.Malformed(at, "%d %s do not fit the content", n, what)
	}
	return int64(n), nil
}

// text reads a string with its length.
func (r *binaryReader) text(place string) (string, error) {
	n, err := r.count("bytes of a text", 1)
	if err != nil {
		return "", err
	}
	at := r.offset
	b, err := r.bytes(int(min(n, MaxText)))
	if err != nil {
		return "", err
	}
	value := string(b)
	if err := r.discard(n - int64(len(b))); err != nil {
		return "", err
	}
	return value, r.visit.Text(Text{Place: place, Value: value, Cut: n > MaxText, Offset: at})
}

// learner reads the whole model.
func (r *binaryReader) learner() error {
	if head, err := r.in.Peek(len(magic)); err == nil && string(head) == magic {
		if err := r.discard(int64(len(magic))); err != nil {
			return err
		}
	}
	param, err := r.bytes(learnerParam)
	if err != nil {
		return err
	}
	word := func(i int) int64 { return int64(int32(binary.LittleEndian.Uint32(param[4*i:]))) }
	r.model.Features = int64(binary.LittleEndian.Uint32(param[4:]))
	r.groups = max(1, word(2), word(7))
	attributes, metrics := word(3) != 0, word(4) != 0
	at := r.offset
	if r.model.Objective, err = r.text("objective"); err != nil {
		return err
	}
	if !slices.Contains(objectives(), r.model.Objective) {
		r.problem(Unknown, at, r.model.Objective, "an objective that XGBoost does not have")
	}
	at = r.offset
	if r.model.Booster, err = r.text("booster"); err != nil {
		return err
	}
	switch r.model.Booster {
	case "gblinear":
		err = r.linear()
	case "gbtree", "dart":
		err = r.forest()
	default:
		r.problem(Unknown, at, r.model.Booster, "a booster that XGBoost does not have")
		err = format.Malformed(at, "an unknown booster")
	}
	if err == nil && attributes {
		err = r.texts("attribute", 2)
	}
	if err == nil && metrics {
		err = r.texts("metric", 1)
	}
	return err
}

// texts reads a list of texts, or of pairs of them.
func (r *binaryReader) texts(what string, each int) error {
	n, err := r.count(what+"s", int64(8*each))
	if err != nil {
		return err
	}
	if err := r.budget.Ops(n); err != nil {
		return fmt.Errorf("read %ss: %w", what, err)
	}
	for range n {
		name, err := r.text(what)
		if err == nil && each == 2 {
			_, err = r.text(what + " " + name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// linear reads the weights of a linear booster.
func (r *binaryReader) linear() error {
	if err := r.discard(linearParam); err != nil {
		return err
	}
	at := r.offset
	n, err := r.count("weights", 4)
	if err != nil {
		return err
	}
	if want := (r.model.Features + 1) * r.groups; n != want {
		r.problem(Size, at, "", "%d weights for %d features and %d outputs", n, r.model.Features, r.groups)
	}
	return r.discard(4 * n)
}

// forest reads the trees of a tree booster.
func (r *binaryReader) forest() error {
	at := r.offset
	param, err := r.bytes(forestParam)
	if err != nil {
		return err
	}
	trees := int64(int32(binary.LittleEndian.Uint32(param)))
	if pbuffer := binary.LittleEndian.Uint64(param[16:]); pbuffer != 0 {
		return format.Malformed(at+16, "a buffer of predictions, which versions before 0.6 wrote")
	}
	if _, err := r.room(at, "trees", uint64(trees), treeParam); err != nil {
		return err
	}
	for i := range trees {
		if err := r.oneTree(i); err != nil {
			return err
		}
	}
	r.model.Trees = trees
	for i := range trees {
		at := r.offset
		b, err := r.bytes(4)
		if err != nil {
			return err
		}
		if g := int64(int32(binary.LittleEndian.Uint32(b))); g < 0 || g >= r.groups {
			r.problem(Bounds, at, "", "tree %d adds to output %d of %d", i, g, r.groups)
			return r.discard(4 * (trees - i - 1))
		}
	}
	if r.model.Booster != "dart" || trees == 0 {
		return nil
	}
	at = r.offset
	n, err := r.count("weights of trees", 4)
	if err == nil && n != trees {
		r.problem(Size, at, "", "%d weights for %d trees", n, trees)
	}
	if err != nil {
		return err
	}
	return r.discard(4 * n)
}

// oneTree reads one tree.
func (r *binaryReader) oneTree(number int64) error {
	at := r.offset
	param, err := r.bytes(treeParam)
	if err != nil {
		return err
	}
	word := func(i int) int64 { return int64(int32(binary.LittleEndian.Uint32(param[4*i:]))) }
	nodes, vector := word(1), word(5)
	r.tree.reset(at, number)
	r.tree.nodes = nodes
	if nodes < 0 {
		nodes = 1 << 62
	}
	if _, err := r.room(at+4, "nodes", uint64(nodes), nodeSize+statSize); err != nil {
		return err
	}
	if nodes > maxNodes {
		return fmt.Errorf("read tree: more than %d nodes: %w", maxNodes, limits.ErrExceeded)
	}
	if err := r.nodes(nodes); err != nil {
		return err
	}
	if err := r.discard(nodes * statSize); err != nil {
		return err
	}
	if vector != 0 {
		n, err := r.count("values of leaves", 4)
		if err != nil {
			return err
		}
		if err := r.discard(4 * n); err != nil {
			return err
		}
	}
	r.model.Nodes += nodes
	_, err = r.tree.check(r.model.Features, r.budget, r.visit.Problem)
	return err
}

// nodes reads the nodes of a tree.
func (r *binaryReader) nodes(n int64) error {
	const step, each = 1 << 14, 16
	for r.held < n {
		free, err := r.budget.Hold(step * each)
		if err != nil {
			return fmt.Errorf("read tree: %w", err)
		}
		r.free = append(r.free, free)
		r.held += step
	}
	t := &r.tree
	for range n {
		b, err := r.bytes(nodeSize)
		if err != nil {
			return err
		}
		word := func(i int) int32 { return int32(binary.LittleEndian.Uint32(b[4*i:])) }
		parent := word(0)
		if parent != -1 { // the sign says which child it is
			parent &= 1<<31 - 1
		}
		left, right := word(1), word(2)
		if left == -1 {
			right = -1 // readers look at the first only
		}
		t.left, t.right = append(t.left, left), append(t.right, right)
		t.parent, t.feature = append(t.parent, parent), append(t.feature, word(3)&(1<<31-1))
	}
	t.sizes["right_children"], t.sizes["split_indices"] = n, n
	return nil
}
