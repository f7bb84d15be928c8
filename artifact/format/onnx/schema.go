package onnx

import "github.com/picketsec/picket/internal/protomsg"

// Numbers of the fields that are read, from onnx.proto.
const (
	modelVersion    = 1
	modelGraph      = 7
	modelImport     = 8
	modelTraining   = 20
	modelFunction   = 25
	trainingInit    = 1
	trainingStep    = 2
	graphNode       = 1
	graphName       = 2
	graphTensor     = 5
	graphInput      = 11
	graphOutput     = 12
	graphValue      = 13
	graphSparse     = 15
	nodeInput       = 1
	nodeOutput      = 2
	nodeOp          = 4
	nodeAttribute   = 5
	nodeDomain      = 7
	nodeOverload    = 8
	valueName       = 1
	valueType       = 2
	functionName    = 1
	functionInput   = 4
	functionOutput  = 5
	functionBodied  = 7
	functionImport  = 9
	functionDomain  = 10
	functionAttr    = 11
	functionValue   = 12
	functionVariant = 13
)

// kind is how a field of the schema is written, and whether it may stand more than once.
type kind uint8

const (
	none    kind = iota
	number       // a varint, once
	number4      // four bytes, once
	bytes        // text or a message, once
	many         // text or messages
	numbers      // varints, packed or one by one
	fours        // four bytes each, packed or one by one
	eights       // eight bytes each, packed or one by one
)

// schema is the fields of one message, by number.
type schema []kind

// of is the kind of a field; none for one that the schema does not have.
func (s schema) of(number int) kind {
	if number < len(s) {
		return s[number]
	}
	return none
}

// expects reports whether a field of the number is written so.
func (s schema) expects(number int, wire protomsg.Wire) bool {
	switch s.of(number) {
	case none:
		return false
	case bytes, many:
		return wire == protomsg.Bytes
	case number4:
		return wire == protomsg.Fixed32
	case numbers:
		return wire == protomsg.Bytes || wire == protomsg.Varint
	case fours:
		return wire == protomsg.Bytes || wire == protomsg.Fixed32
	case eights:
		return wire == protomsg.Bytes || wire == protomsg.Fixed64
	}
	return wire == protomsg.Varint
}

// once reports whether a field stands in a message at most once.
func (s schema) once(n int) bool {
	k := s.of(n)
	return k == number || k == number4 || k == bytes
}

// The messages of onnx.proto. Withdrawn fields of the first versions, which readers pass over, are none.
var (
	modelFields = schema{1: number, 2: bytes, 3: bytes, 4: bytes, 5: number, 6: bytes, 7: bytes, 8: many, 14: many, 20: many,
		25: many, 26: many}
	trainingFields = schema{1: bytes, 2: bytes, 3: many, 4: many}
	importFields   = schema{1: bytes, 2: number}
	pairFields     = schema{1: bytes, 2: bytes}
	graphFields    = schema{1: many, 2: bytes, 5: many, 10: bytes, 11: many, 12: many, 13: many, 14: many, 15: many, 16: many}
	nodeFields     = schema{1: many, 2: many, 3: bytes, 4: bytes, 5: many, 6: bytes, 7: bytes, 8: bytes, 9: many, 10: many}
	valueFields    = schema{1: bytes, 2: bytes, 3: bytes, 4: many}
	functionFields = schema{1: bytes, 2: number, 3: number, 4: many, 5: many, 6: many, 7: many, 8: bytes, 9: many, 10: bytes,
		11: many, 12: many, 13: bytes, 14: many}
	attributeFields = schema{1: bytes, 2: number4, 3: number, 4: bytes, 5: bytes, 6: bytes, 7: fours, 8: numbers, 9: many,
		10: many, 11: many, 13: bytes, 14: bytes, 15: many, 20: number, 21: bytes, 22: bytes, 23: many}
	tensorFields = schema{1: numbers, 2: number, 3: bytes, 4: fours, 5: numbers, 6: many, 7: numbers, 8: bytes, 9: bytes,
		10: eights, 11: numbers, 12: bytes, 13: many, 14: number, 16: many}
	sparseFields = schema{1: bytes, 2: bytes, 3: numbers}
)
