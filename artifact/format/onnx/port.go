package onnx

import (
	"strconv"

	"github.com/picketsec/picket/internal/protomsg"
)

// maxPortDims is how many sizes of an input or output are listed.
const maxPortDims = 64

// typeNames is indexed by TensorProto.DataType.
var typeNames = [...]string{"undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16",
	"float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"}

// Tensor is the type of the elements and the shape that the model states for a port: a size is a number, the name of one that
// is only known later, or "?". It may be called after the reading. False means that the port is no tensor or has no type; the
// sizes are nil when no shape is stated.
func (p Port) Tensor() (elements string, sizes []string, ok bool, err error) {
	if p.described.Size == 0 {
		return "", nil, false, nil
	}
	var tensor protomsg.Message
	err = p.described.Fields(func(f protomsg.Field) error {
		if f.Number == 1 && f.Wire == protomsg.Bytes { // tensor_type
			tensor, ok = f.Body, true
		}
		return nil
	})
	if err != nil || !ok {
		return "", nil, false, err
	}
	var shape protomsg.Message
	number := uint64(0)
	err = tensor.Fields(func(f protomsg.Field) error {
		switch {
		case f.Number == 1:
			number = f.Value
		case f.Number == 2 && f.Wire == protomsg.Bytes:
			shape = f.Body
			sizes = []string{}
		}
		return nil
	})
	elements = strconv.FormatUint(number, 10)
	if number < uint64(len(typeNames)) {
		elements = typeNames[number]
	}
	if err == nil && sizes != nil {
		sizes, err = dimensions(shape)
	}
	return elements, sizes, true, err
}

// dimensions lists the sizes of a TensorShapeProto.
func dimensions(shape protomsg.Message) ([]string, error) {
	sizes := []string{}
	err := shape.Fields(func(f protomsg.Field) error {
		if f.Number != 1 || f.Wire != protomsg.Bytes || len(sizes) >= maxPortDims {
			return nil
		}
		size := "?"
		err := f.Body.Fields(func(d protomsg.Field) (err error) {
			switch {
			case d.Number == 1 && d.Wire != protomsg.Bytes:
				size = strconv.FormatInt(int64(d.Value), 10)
			case d.Number == 2 && d.Wire == protomsg.Bytes && d.Body.Size > 0:
				size, err = d.Body.Text(maxPort)
			}
			return err
		})
		sizes = append(sizes, size)
		return err
	})
	return sizes, err
}
