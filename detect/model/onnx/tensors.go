package onnx

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format/onnx"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// tooMany is a number of elements that no tensor of a real model has: 2^40, a terabyte of bytes.
const tooMany = 1 << 40

// Tensor implements onnx.Visitor.
func (s *scan) Tensor(_ *onnx.Graph, t *onnx.Tensor) error {
	s.graph.tensor(t)
	if t.Outside || len(t.External) > 0 {
		s.external(t)
	}
	s.size(t)
	if t.HasRaw && t.Raw.Size >= leastPart {
		return s.inspect(fmt.Sprintf("tensor at %d", t.Raw.Offset), t.Raw.Offset, t.Raw.Size, detect.TensorData)
	}
	return nil
}

// elements is the product of dimensions; false when it is negative or beyond all bounds.
func elements(dims []int64) (int64, bool) {
	n := uint64(1)
	zero, large := false, false
	for _, d := range dims {
		if d < 0 {
			return 0, false
		}
		zero = zero || d == 0
		high, low := bits.Mul64(n, uint64(d))
		if n = low; high != 0 || low > math.MaxInt64 {
			n, large = 1, true
		}
	}
	if zero {
		return 0, true
	}
	return int64(n), !large
}

// size compares the shape of a tensor with the data that it has.
func (s *scan) size(t *onnx.Tensor) {
	n, ok := elements(t.Dims)
	stated := t.HasRaw || t.Typed > 0 || t.Texts > 0
	switch {
	case !ok || n > tooMany:
		s.list.Add(ruleShape(), t.Offset, t.Name, fmt.Sprintf("the shape %v is impossible", shown(t.Dims)))
		return
	case t.DimCount > int64(len(t.Dims)):
		s.list.Add(ruleShape(), t.Offset, t.Name, fmt.Sprintf("a tensor of %d dimensions", t.DimCount))
		return
	case !onnx.Known(t.Type) && (stated || t.Outside):
		s.list.Add(ruleSize(), t.Offset, t.Name, fmt.Sprintf("elements of type %d do not exist", t.Type))
		return
	case t.Segment:
		s.list.Add(ruleSize(), t.Offset, t.Name, "the tensor says that it is a part of another, which no reader takes")
	}
	want := bytesOf(n, t.Type)
	sources := 0
	for _, has := range []bool{t.HasRaw && (t.Raw.Size > 0 || !t.Outside), t.Typed > 0, t.Texts > 0, t.Outside} {
		if has {
			sources++
		}
	}
	switch {
	case sources > 1:
		s.list.Add(ruleSize(), t.Offset, t.Name, "the tensor has data in two places: which one counts depends on the reader")
	case t.HasRaw && onnx.Bits(t.Type) > 0 && t.Raw.Size != want:
		s.list.Add(ruleSize(), t.Offset, t.Name, fmt.Sprintf("the shape %v needs %d bytes, there are %d", shown(t.Dims), want, t.Raw.Size))
	case t.Texts > 0 && t.Texts != n:
		s.list.Add(ruleSize(), t.Offset, t.Name, fmt.Sprintf("the shape %v needs %d texts, there are %d", shown(t.Dims), n, t.Texts))
	case t.Typed > 0 && !typedFits(t, n):
		s.list.Add(ruleSize(), t.Offset, t.Name, fmt.Sprintf("the shape %v does not fit %d bytes of numbers", shown(t.Dims), t.Typed))
	}
}

// bytesOf is the size of n elements; types of less than a byte are packed.
func bytesOf(n, dataType int64) int64 {
	width := onnx.Bits(dataType)
	if width == 6 {
		width = 8
	}
	if width > 0 && n > math.MaxInt64/width {
		return math.MaxInt64
	}
	return (n*width + 7) / 8
}

// shown is a shape for a person.
func shown(dims []int64) []int64 { return dims[:min(len(dims), 8)] }

// memoryMark stands in locations by which ONNX Runtime names an address in its own memory.
const memoryMark = "*/_ORT_"

// external judges where a tensor takes its data from. Of repeated keys the last counts.
func (s *scan) external(t *onnx.Tensor) {
	if !t.Outside {
		s.list.Add(ruleRange(), t.Offset, t.Name, "the tensor describes external data and does not say that its data is external")
	}
	values, seen := map[string]string{}, map[string]bool{}
	for _, e := range t.External {
		if seen[e.Key] {
			s.list.Add(ruleRange(), e.Offset, t.Name, "the key "+quoted(e.Key)+" stands twice")
		}
		seen[e.Key], values[e.Key] = true, e.Value
		switch e.Key {
		case "location", "offset", "length", "checksum", "basepath":
		default:
			if !strings.HasPrefix(e.Key, "prepacked_") { // ONNX Runtime's own
				s.list.Named(ruleKey(), e.Offset, e.Key, "external data has no such key; readers set an attribute of this name on a Python object",
					"CVE-2026-34445")
			}
		}
	}
	location := values["location"]
	if strings.Contains(location, memoryMark) {
		s.list.Named(ruleMemory(), t.Offset, location, "the tensor is an address in the memory of the process", "ONNX Runtime memory address tag")
		return
	}
	for _, name := range []string{location, values["basepath"]} {
		why := findings.Leaves(name)
		if why == "" {
			why = private(name)
		}
		if why != "" {
			s.list.Named(rulePath(), t.Offset, name, "the location of external data "+why, technique(name))
			return
		}
	}
	if location == "" {
		s.list.Add(ruleRange(), t.Offset, t.Name, "external data without a location")
		return
	}
	s.ranges(t, location, values)
}

// private says why a path inside of the folder is still none of a tensor: hidden files hold settings and credentials, and behind
// a colon are the other contents of a file on Windows.
func private(name string) string {
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if len(part) > 1 && part[0] == '.' {
			return "is a hidden file"
		}
	}
	if strings.Contains(name, ":") {
		return "names a stream of a file"
	}
	return ""
}

// technique names the advisory about a path.
func technique(name string) string {
	switch {
	case findings.Leaves(name) == "":
		return ""
	case strings.HasPrefix(name, ".."):
		return "CVE-2022-25882"
	}
	return "CVE-2024-27318"
}

// ranges compares the range of external data with the shape and with the file, if that is at hand.
func (s *scan) ranges(t *onnx.Tensor, location string, values map[string]string) {
	n, ok := elements(t.Dims)
	want := bytesOf(n, t.Type)
	offset, length := int64(0), int64(-1)
	for _, number := range []struct {
		key string
		to  *int64
	}{{"offset", &offset}, {"length", &length}} {
		text, given := values[number.key]
		if !given {
			continue
		}
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil || value < 0 {
			s.list.Add(ruleRange(), t.Offset, t.Name, fmt.Sprintf("the %s of external data is %s", number.key, quoted(text)))
			return
		}
		*number.to = value
	}
	if ok && length >= 0 && onnx.Bits(t.Type) > 0 && length != want {
		s.list.Add(ruleSize(), t.Offset, t.Name, fmt.Sprintf("the shape %v needs %d bytes, the external data has %d", shown(t.Dims), want, length))
	}
	size, known := s.file(location)
	if !known {
		return
	}
	if length < 0 {
		length = want
	}
	switch {
	case size < 0:
		s.list.Add(ruleMissing(), t.Offset, location, "the file of external data is not beside the model")
	case offset > size || length > size-offset:
		s.list.Add(ruleRange(), t.Offset, t.Name, fmt.Sprintf("external data of %d bytes from %d, in a file of %d", length, offset, size))
	default:
		s.ends[location] = max(s.ends[location], offset+length)
	}
}

// file is the size of a file beside the model; -1 when it is not there, false when it is not known.
func (s *scan) file(location string) (int64, bool) {
	if s.in.Sibling == nil {
		return 0, false
	}
	const most = 1 << 12
	size, known := s.files[location]
	if !known && len(s.files) < most {
		size = -1
		if blob, err := s.in.Sibling(location); err == nil {
			size = blob.Size()
		}
		s.files[location] = size
	}
	return size, size >= -1 && len(s.files) < most
}

// vouch vouches for the files whose content the tensors of the model account for, up to what a writer leaves to align the next.
func (s *scan) vouch() {
	const align = 64 << 10
	for location, end := range s.ends {
		if s.files[location]-end < align {
			s.out.Vouch(location)
		}
	}
}

// typedFits reports whether fields of numbers can hold n elements. Numbers of variable length are not counted but bounded.
func typedFits(t *onnx.Tensor, n int64) bool {
	const longest = 10 // bytes of a number of variable length
	switch t.Type {
	case 1: // float
		return t.Typed == 4*n || t.Typed == n
	case 14: // complex64: two floats
		return t.Typed == 8*n || t.Typed == 2*n
	case 11: // double
		return t.Typed == 8*n || t.Typed == n
	case 15: // complex128: two doubles
		return t.Typed == 16*n || t.Typed == 2*n
	}
	least := n
	if width := onnx.Bits(t.Type); width < 8 && width > 0 { // packed, eight bits to a number
		least = (n*width + 7) / 8
	}
	return t.Typed >= least && t.Typed/longest <= n
}
