// Package tensorrt recognises engines of NVIDIA TensorRT and looks in them for what can be told without the runtime: names of
// plugins, and programs for the processor of the host. It is for detectors. The format is not published, and most of an engine
// is compiled code of a graphics processor: this package reads no more than names and magic numbers, and judges nothing.
package tensorrt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "tensorrt"

// Format recognises engines.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "TensorRT engine", MediaType: "application/x-tensorrt", Extensions: []string{".engine", ".plan", ".trt"},
		Risk: format.Active, Forward: true, Parsed: true, Spec: "https://docs.nvidia.com/deeplearning/tensorrt/",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	return len(p.Head) >= 24 && (string(p.Head[:4]) == "ptrt" || string(p.Head[:4]) == "ftrt")
}

// Sign is one thing that was found in an engine.
type Sign struct {
	Host   bool   // a program for the processor of the host; otherwise the name of a plugin
	Name   string // of a plugin; of a program its kind
	Offset int64  // bytes from the start of the engine
}

// Bounds of the search.
const (
	MaxSearch  = 256 << 20 // bytes that are searched
	windowSize = 1 << 20
	overlap    = 128 // bytes of a name that may lie on both sides of the end of a window
)

// Search looks for signs in the first MaxSearch bytes and calls visit for each, in order. It returns how many bytes it searched.
// The error wraps limits.ErrExceeded, or is about reading.
func Search(in io.Reader, budget *limits.Budget, visit func(Sign)) (searched int64, err error) {
	buf := make([]byte, 0, windowSize+2*overlap)
	start := 0 // where in the buffer the bytes begin that were not searched; those before belong to names that go on
	for searched < MaxSearch {
		n, err := io.ReadFull(in, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return searched, fmt.Errorf("read engine at %d: %w", searched, err)
		}
		if err := budget.Ops(int64(n)/64 + 1); err != nil {
			return searched, err
		}
		end := len(buf)
		if !last {
			end -= overlap
		}
		window(buf, start, end, searched-int64(start), visit)
		searched += int64(end - start)
		if last {
			break
		}
		keep := end - overlap
		buf = buf[:copy(buf[:cap(buf)], buf[keep:])]
		start = overlap
	}
	return searched, nil
}

// window looks for the marks of signs from a start to an end in the buffer, whose first byte has the offset base.
func window(buf []byte, start, end int, base int64, visit func(Sign)) {
	for _, mark := range []string{"\x7fELF", "MZ"} {
		each(buf, mark, start, end, func(at int) {
			if kind := program(buf[at:]); kind != "" {
				visit(Sign{Host: true, Name: kind, Offset: base + int64(at)})
			}
		})
	}
	for _, mark := range []string{"Plugin", "_TRT"} {
		each(buf, mark, start, end, func(at int) {
			from, to := at, at+len(mark)
			for from > 0 && at-from < overlap/2 && word(buf[from-1]) {
				from--
			}
			for to < len(buf) && to-at < overlap/2 && word(buf[to]) {
				to++
			}
			if to-from > len(mark) {
				visit(Sign{Name: string(buf[from:to]), Offset: base + int64(from)})
			}
		})
	}
}

// each calls f for every place where a mark begins, from a start to an end.
func each(buf []byte, mark string, start, end int, f func(at int)) {
	for at := start; at < end; {
		i := bytes.Index(buf[at:], []byte(mark))
		if i < 0 || at+i >= end {
			return
		}
		f(at + i)
		at += i + len(mark)
	}
}

// word reports whether a byte may be part of a name.
func word(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == ':'
}

// program tells which kind of program for a host begins here; empty for other content, such as code of a graphics processor,
// which is in ELF too.
func program(b []byte) string {
	const (
		elfMachine                 = 18
		x86, amd64, arm, arm64, rv = 3, 62, 40, 183, 243
		peOffset                   = 60
	)
	if len(b) < 64 {
		return ""
	}
	if b[0] == 'M' {
		at := binary.LittleEndian.Uint32(b[peOffset:])
		if at >= 64 && at < uint32(len(b)-4) && string(b[at:at+4]) == "PE\x00\x00" {
			return "Windows"
		}
		return ""
	}
	switch binary.LittleEndian.Uint16(b[elfMachine:]) {
	case x86, amd64, arm, arm64, rv:
		return "Linux"
	}
	return ""
}
