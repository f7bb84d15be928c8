package tflite

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format/tensorflow"
	"github.com/picketsec/picket/artifact/format/tflite"
	operations "github.com/picketsec/picket/detect/model/tensorflow"
	"github.com/picketsec/picket/internal/limits"
)

// refs judges numbers of tensors; -1 stands for an input that is left out.
func (s *scan) refs(tensors int64, list []int32, at int64, who string) {
	for _, n := range list {
		if n < -1 || int64(n) >= tensors {
			s.list.Named(ruleBounds(), at, "", fmt.Sprintf("%s uses tensor %d of %d", who, n, tensors), "CVE-2020-15211")
		}
	}
}

// tensor judges the shape and the buffer of a tensor.
func (s *scan) tensor(m *tflite.Model, t tflite.Tensor) error {
	const most = 1 << 40 // bytes
	width := tflite.Bits(t.Type)
	elements, unknown := uint64(1), false
	for _, d := range t.Dims {
		switch {
		case d < -1:
			s.list.Named(ruleSize(), t.At, t.Name, fmt.Sprintf("a tensor has a dimension of %d", d), "CVE-2022-23558")
			return nil
		case d == -1:
			unknown = true
			continue
		}
		high, low := bits.Mul64(elements, uint64(d))
		if high != 0 || low > most {
			s.list.Named(ruleSize(), t.At, t.Name, "the dimensions of a tensor make a size that overflows", "CVE-2022-23558")
			return nil
		}
		elements = low
	}
	if t.Buffer >= int64(len(m.Buffers)) {
		s.list.Add(ruleBounds(), t.At, t.Name, fmt.Sprintf("a tensor lies in buffer %d of %d", t.Buffer, len(m.Buffers)))
		return nil
	}
	size := m.Buffers[t.Buffer].Size
	want := (int64(elements)*width + 7) / 8
	if size > 0 && width > 0 && !unknown && !t.Sparse && size != want {
		s.list.Add(ruleSize(), t.At, t.Name, fmt.Sprintf("a tensor of shape %v needs %d bytes and its buffer has %d", t.Dims, want, size))
	}
	return nil
}

// operator judges one operation.
func (s *scan) operator(m *tflite.Model, o tflite.Operator) error {
	tensors := m.Subgraphs[o.Subgraph].Tensors
	s.refs(tensors, o.Inputs, o.At, "an operation")
	s.refs(tensors, o.Outputs, o.At, "an operation")
	for _, to := range o.Calls {
		if len(s.calls) >= 1<<20 {
			return fmt.Errorf("more than %d calls of subgraphs: %w", 1<<20, limits.ErrExceeded)
		}
		s.calls = append(s.calls, edge{o.Subgraph, int64(to), o.At})
	}
	if o.Code >= int64(len(m.Codes)) {
		s.list.Named(ruleBounds(), o.At, "", fmt.Sprintf("an operation is number %d of %d", o.Code, len(m.Codes)), "CVE-2022-23561")
		return nil
	}
	code := m.Codes[o.Code]
	switch {
	case code.Builtin == tflite.Custom:
		return s.custom(code, o)
	case code.Builtin < 0 || code.Builtin > tflite.HighestBuiltin || code.Builtin == tflite.Delegate:
		s.list.Add(ruleCustom(), o.At, "", fmt.Sprintf("an operation has the number %d, which no interpreter knows", code.Builtin))
	case code.Builtin == stablehloCustomCall:
		s.list.Add(ruleCustom(), o.At, "STABLEHLO_CUSTOM_CALL", "an operation calls a compiled function by a name")
	}
	for _, out := range o.Outputs {
		if out >= 0 && slices.Contains(o.Inputs, out) {
			s.list.Named(ruleBounds(), o.At, "", fmt.Sprintf("an operation writes tensor %d while it reads it", out), "CVE-2020-15210")
		}
	}
	return nil
}

// stablehloCustomCall is the number of the operation that calls a compiled function.
const stablehloCustomCall = 173

// custom judges an operation that the model names.
func (s *scan) custom(code tflite.Code, o tflite.Operator) error {
	name, isFlex := strings.CutPrefix(code.Custom, "Flex")
	if !isFlex {
		if !known(code.Custom) {
			s.list.Named(ruleCustom(), o.At, code.Custom, "the model needs the custom operation "+code.Custom, "custom operation")
		}
		return nil
	}
	if name == "Delegate" {
		return nil
	}
	inner, err := s.flexNode(o.Options)
	if err != nil {
		return err
	}
	if inner != "" && inner != name {
		s.list.Named(ruleEffect(), o.At, inner, fmt.Sprintf("the operation is called %s, and its options make the delegate run %s", code.Custom, inner), "Flex name mismatch")
	}
	for _, op := range []string{name, inner} {
		switch does, registered := operations.Operation(op); {
		case op == "" || op == inner && inner == name && op != name:
		case does != "":
			s.list.Named(ruleEffect(), o.At, op, fmt.Sprintf("the delegate runs the operation %s of TensorFlow (%s)", op, does), op)
		case !registered:
			s.list.Named(ruleCustom(), o.At, op, "the delegate needs the operation "+op+", which TensorFlow does not have", "custom operation")
		}
		if inner == name {
			break
		}
	}
	return nil
}

// flexNode is the operation of the node that the options of a Flex operation hold: a FlexBuffer of its name and the node
// itself. It is empty when there are no options.
func (s *scan) flexNode(at tflite.Range) (string, error) {
	const most = 1 << 20 // bytes
	if at.Size == 0 {
		return "", nil
	}
	if at.Size > most {
		s.out.Gap(at.Offset, at.Size, "the options of a Flex operation are larger than what is read")
		return "", nil
	}
	raw, err := s.in.Blob.ReadRange(at.Offset, at.Size)
	if err != nil {
		return "", err
	}
	node, ok := second(raw)
	if !ok {
		s.out.Gap(at.Offset, at.Size, "the options of a Flex operation cannot be read")
		return "", nil
	}
	section, err := s.in.Blob.Section(at.Offset+node.Offset, node.Size)
	if err != nil {
		return "", err
	}
	m, err := tensorflow.Open(section, s.in.Budget)
	if err != nil {
		return "", err
	}
	n, err := tensorflow.ReadNode(m)
	return n.Op, err
}

// second finds the second text of a FlexBuffer that is a list. https://flatbuffers.dev/flatbuffers_internals/#flexbuffers
func second(b []byte) (tflite.Range, bool) {
	const vector, text, blob = 10, 5, 25
	n := int64(len(b))
	if n < 3 || b[n-2]>>2 != vector {
		return tflite.Range{}, false
	}
	width := int64(1) << (b[n-2] & 3) // of the elements of the list
	rootWidth := int64(b[n-1])
	root, ok := number(b, n-2-rootWidth, rootWidth)
	if !ok {
		return tflite.Range{}, false
	}
	start := n - 2 - rootWidth - root
	count, ok := number(b, start-width, width)
	if !ok || count < 2 || start+count*width+1 >= n {
		return tflite.Range{}, false
	}
	kind := b[start+count*width+1]
	back, ok := number(b, start+width, width)
	at := start + width - back
	if !ok || kind>>2 != text && kind>>2 != blob {
		return tflite.Range{}, false
	}
	sizeWidth := int64(1) << (kind & 3)
	size, ok := number(b, at-sizeWidth, sizeWidth)
	if !ok || at < 0 || size > n-at {
		return tflite.Range{}, false
	}
	return tflite.Range{Offset: at, Size: size}, true
}

// number reads a little-endian number of 1, 2, 4 or 8 bytes; ok is false when it lies outside, or is larger than any buffer.
func number(b []byte, at, width int64) (v int64, ok bool) {
	if at < 0 || width < 1 || width > 8 || at > int64(len(b))-width {
		return 0, false
	}
	for i := range width {
		v |= int64(b[at+i]) << (8 * i)
	}
	return v, v >= 0 && v <= int64(len(b))
}

// known reports whether a custom operation comes with the interpreter, or with the libraries that everyone uses with it.
func known(name string) bool {
	switch name {
	case "TFLite_Detection_PostProcess", "Mfcc", "AudioSpectrogram", "Convolution2DTransposeBias", "MaxPoolingWithArgmax2D", "MaxUnpooling2D",
		"NumericVerify", "RFFT2D", "Irfft2d", "Rfft2d", "HashTableV2", "HashTableFindV2", "HashTableImportV2", "HashTableLookup", "HashTableSizeV2",
		"Roll", "AtanOp", "Sign", "Multinomial", "RandomStandardNormal", "RandomUniform", "GradientChecker", "TFSentencepieceTokenizeOp",
		"WhitespaceTokenize", "tftext:WhitespaceTokenizer", "tftext:NgramsStringJoin", "tftext:FastWordpieceTokenizeWithOffsets", "Ngrams", "RaggedTensorToTensor", "NormalizeOp",
		"TransformLandmarks", "TransformTensorBilinear", "Landmarks2TransformMatrix", "FusedBatchNormV3", "aeq.custom.op",
		"odml.runtime_bmm", "odml.scaled_dot_product_attention", "odml.update_kv_cache", "sdpa_custom", "SentencepieceTokenizeOp",
		"edgetpu-custom-op", "edgetpu-custom-op-2", "ethos-u", "SignalFft", "SignalWindow":
		return true
	}
	return false
}
