// Package safetensorsindex reads the index of a model that is split over several files: which file has which tensor. The
// same form serves safetensors files and PyTorch's. It is for detectors. It reads forward in constant memory, opens none of
// the files that the index names, and judges nothing.
package safetensorsindex

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "safetensors-index"

// Bounds of what is kept.
const (
	maxText    = 4 << 10 // bytes of a name
	maxDepth   = 64      // of values that are skipped
	opsPerPair = 8
)

// Format recognises index files.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "Index of a model in several files", MediaType: "application/json", Refines: "text",
		Risk: format.Data, Forward: true, Parsed: true,
		Spec: "https://huggingface.co/docs/transformers/main/en/big_models#shard-metadata",
	}
}

// Match implements format.Format. It accepts a JSON object with the key weight_map, which must stand in the head, or in the
// end when the head is full of something else.
func (Format) Match(p format.Probe) bool {
	if rest := bytes.TrimLeft(p.Head, " \t\r\n"); len(rest) == 0 || rest[0] != '{' {
		return false
	}
	there := bytes.Contains(p.Head, []byte(mapKey)) || bytes.Contains(p.Head, []byte(`\u`)) // a name may be written with escapes
	r := jsonstream.New(bytes.NewReader(p.Head), jsonstream.Options{Depth: maxDepth, Text: 32})
	for there {
		t, err := r.Next()
		if err != nil || t.Kind == jsonstream.End {
			break
		}
		if t.Kind == jsonstream.Key && r.Depth() == 1 && !t.Cut && string(t.Text) == mapKey {
			return true
		}
	}
	return len(p.Head) == format.HeadSize && bytes.Contains(p.Tail, []byte(`"`+mapKey+`"`))
}

// mapKey is the key of the map from tensors to files.
const mapKey = "weight_map"

// Entry says which file has a tensor.
type Entry struct {
	Tensor string // up to maxText bytes
	Hash   uint64 // jsonstream.Hash of the whole name
	File   string
	Offset int64 // of the entry: bytes from the start of the index
}

// Index sums up an index that was read to its end.
type Index struct {
	Entries   int
	TotalSize int64 // bytes of all tensors, as the index claims; -1 when it does not
	Repeated  bool  // a key of the index itself appears twice
}

// reader reads one index.
type reader struct {
	json   *jsonstream.Reader
	budget *limits.Budget
	visit  func(Entry) error
	index  Index
}

// Read reads an index and calls visit for every entry. The error wraps format.ErrMalformed when it cannot be read to its end,
// or limits.ErrExceeded, or is the one that visit returned.
func Read(in io.Reader, budget *limits.Budget, visit func(Entry) error) (Index, error) {
	r := &reader{json: jsonstream.New(in, jsonstream.Options{Depth: maxDepth, Text: maxText}), budget: budget, visit: visit,
		index: Index{TotalSize: -1}}
	if err := r.top(); err != nil {
		if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
			err = format.Malformed(broken.Offset, "the index is not JSON: %s", broken.Reason)
		}
		return r.index, err
	}
	return r.index, nil
}

// expect reads a token of one kind.
func (r *reader) expect(kind jsonstream.Kind, what string) (jsonstream.Token, error) {
	t, err := r.json.Next()
	if err == nil && t.Kind != kind {
		err = format.Malformed(t.Offset, "expected %s", what)
	}
	return t, err
}

// top reads the whole document.
func (r *reader) top() error {
	if _, err := r.expect(jsonstream.ObjectStart, "an object as the index"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for {
		t, err := r.json.Next()
		if err != nil {
			return err
		}
		if t.Kind == jsonstream.ObjectEnd {
			if !seen[mapKey] {
				return format.Malformed(t.Offset, "the index maps no tensors")
			}
			_, err := r.expect(jsonstream.End, "the end of the index")
			return err
		}
		key := string(t.Text)
		if key == mapKey || key == "metadata" {
			r.index.Repeated = r.index.Repeated || seen[key]
			seen[key] = true
		}
		switch key {
		case mapKey:
			err = r.entries()
		case "metadata":
			err = r.metadata()
		default:
			err = r.skip()
		}
		if err != nil {
			return err
		}
	}
}

// entries reads the map from tensors to files.
func (r *reader) entries() error {
	if _, err := r.expect(jsonstream.ObjectStart, "an object as weight_map"); err != nil {
		return err
	}
	for {
		t, err := r.json.Next()
		if err != nil || t.Kind == jsonstream.ObjectEnd {
			return err
		}
		e := Entry{Tensor: string(t.Text), Hash: t.Hash, Offset: t.Offset}
		if t, err = r.expect(jsonstream.String, "the name of a file"); err != nil {
			return err
		}
		if t.Cut {
			return format.Malformed(t.Offset, "the name of a file has more than %d bytes", maxText)
		}
		e.File = string(t.Text)
		if err := r.budget.Ops(opsPerPair); err != nil {
			return fmt.Errorf("read index: %w", err)
		}
		r.index.Entries++
		if err := r.visit(e); err != nil {
			return err
		}
	}
}

// metadata reads the claimed size and skips the rest.
func (r *reader) metadata() error {
	t, err := r.json.Next()
	if err != nil || t.Kind != jsonstream.ObjectStart {
		return r.rest(t, err)
	}
	for {
		t, err := r.json.Next()
		if err != nil || t.Kind == jsonstream.ObjectEnd {
			return err
		}
		if string(t.Text) != "total_size" {
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		t, err = r.json.Next()
		if err == nil && t.Kind == jsonstream.Number {
			if n, bad := strconv.ParseFloat(string(t.Text), 64); bad == nil && n >= 0 && n < 1<<62 { // some writers add .0
				r.index.TotalSize = int64(n)
			}
		}
		if err := r.rest(t, err); err != nil {
			return err
		}
	}
}

// skip reads one value of any kind.
func (r *reader) skip() error {
	t, err := r.json.Next()
	return r.rest(t, err)
}

// rest reads what is left of a value whose first token was read.
func (r *reader) rest(t jsonstream.Token, err error) error {
	if err != nil || t.Kind != jsonstream.ObjectStart && t.Kind != jsonstream.ArrayStart {
		return err
	}
	for depth := r.json.Depth(); r.json.Depth() >= depth; {
		if _, err := r.json.Next(); err != nil {
			return err
		}
	}
	return nil
}
