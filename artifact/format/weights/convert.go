package weights

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/safetensors"
)

// maxGather is how many bytes of one tensor whose elements do not lie one after the other are held to put them in order.
const maxGather = 1 << 30

// entry is a tensor in the header of a safetensors file.
type entry struct {
	DType   string   `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// WriteSafetensors writes the tensors as a safetensors file, in the order that its reference writer uses: the widest elements
// first, then by name. Tensors that share a storage are written each by itself. The same tensors give the same bytes. Metadata
// becomes __metadata__. It returns the number of bytes. It stops when ctx ends.
func WriteSafetensors(ctx context.Context, w io.Writer, tensors []Tensor, metadata map[string]string) (int64, error) {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(ItemSize(b.Type), ItemSize(a.Type)), cmp.Compare(a.Name, b.Name))
	})
	header, err := headerOf(tensors, metadata)
	if err != nil {
		return 0, err
	}
	total := int64(8 + len(header))
	if _, err := w.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)); err != nil {
		return 0, fmt.Errorf("write header: %w", err)
	}
	for _, t := range tensors {
		if err := t.write(stopping{ctx, w}); err != nil {
			return total, fmt.Errorf("write tensor %q: %w", t.Name, err)
		}
		total += t.Size
	}
	return total, nil
}

// headerOf is the header with its padding.
func headerOf(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	member := func(name string, value any) error {
		key, err := json.Marshal(name)
		if err != nil {
			return fmt.Errorf("write name: %w", err)
		}
		body, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("write header: %w", err)
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(append(append(key, ':'), body...))
		return nil
	}
	if len(metadata) > 0 {
		if err := member("__metadata__", metadata); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{"__metadata__": true}
	at := int64(0)
	for _, t := range tensors {
		if seen[t.Name] {
			return nil, fmt.Errorf("two tensors have the name %q", t.Name)
		}
		seen[t.Name] = true
		if ItemSize(t.Type) == 0 {
			return nil, fmt.Errorf("tensor %q: safetensors has no element type %s", t.Name, t.Type)
		}
		shape := append([]int64{}, t.Shape...)
		if err := member(t.Name, entry{t.Type, shape, [2]int64{at, at + t.Size}}); err != nil {
			return nil, err
		}
		at += t.Size
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > safetensors.MaxHeader {
		return nil, errors.New("the names of the tensors need a header that is longer than readers accept")
	}
	return b.Bytes(), nil
}

// write writes the elements one after the other.
func (t Tensor) write(w io.Writer) error {
	if t.Strides == nil {
		data, err := t.Data.Section(t.Start, t.Size)
		if err != nil {
			return err
		}
		in, err := data.Open()
		if err != nil {
			return err
		}
		n, err := io.Copy(w, in)
		if err == nil && n != t.Size {
			err = io.ErrUnexpectedEOF
		}
		return errors.Join(err, in.Close())
	}
	return t.gather(w)
}

// gather writes elements that lie elsewhere than one after the other.
func (t Tensor) gather(w io.Writer) error {
	item := ItemSize(t.Type)
	span := int64(1)
	for i, n := range t.Shape {
		span += (n - 1) * t.Strides[i]
	}
	if span*item > maxGather {
		return fmt.Errorf("its elements are spread over %d bytes, more than the %d that are put in order", span*item, maxGather)
	}
	source, err := t.Data.ReadRange(t.Start, span*item)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 256<<10)
	index := make([]int64, len(t.Shape))
	for at, left := int64(0), t.Size/item; left > 0; left-- {
		if _, err := out.Write(source[at*item : (at+1)*item]); err != nil {
			return err
		}
		for d := len(index) - 1; d >= 0; d-- {
			index[d]++
			at += t.Strides[d]
			if index[d] < t.Shape[d] {
				break
			}
			at -= t.Strides[d] * t.Shape[d]
			index[d] = 0
		}
	}
	return out.Flush()
}

// stopping writes until its context ends.
type stopping struct {
	ctx context.Context
	to  io.Writer
}

// Write implements io.Writer.
func (s stopping) Write(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.to.Write(p)
}

// Elements writes the elements in order, whatever their strides. It stops when ctx ends.
func (t Tensor) Elements(ctx context.Context, w io.Writer) error {
	if t.Data == nil {
		return fmt.Errorf("read tensor %q: %w", t.Name, format.ErrMalformed)
	}
	if err := t.write(stopping{ctx, w}); err != nil {
		return fmt.Errorf("read tensor %q: %w", t.Name, err)
	}
	return nil
}
