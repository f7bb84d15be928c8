// Package json recognises JSON documents, and tells formats that are JSON apart by the names of their members. It is for
// parsers of such formats and for detectors that look at any JSON, such as the configuration of a model. It judges nothing.
package json

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "json"

// MaxDepth is how deep a document may nest; Python's json module gives up at about 1,000.
const MaxDepth = 1000

// Format recognises JSON: an object or a list. Text with comments, and several documents in lines, are not JSON.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "JSON document", MediaType: "application/json", Extensions: []string{".json"}, Refines: "text",
		Risk: format.Data, Forward: true, Parsed: true, Spec: "https://www.rfc-editor.org/rfc/rfc8259",
	}
}

// Match implements format.Format.
func (Format) Match(p format.Probe) bool {
	h := format.Once(p, headKey{}, readHead)
	return h.err == nil && (h.ended || h.deep || int64(len(p.Head)) != p.Size)
}

// headKey is the key of what readHead returns.
type headKey struct{}

// head is what the start of a content says.
type head struct {
	members []string
	ended   bool // the document ends in the head
	deep    bool // it nests deeper than is followed; some readers go on
	err     error
}

// readHead reads the start of a content as a document, and the names of the members behind it: no parser minds what stands first,
// so that a long member before the telling ones must hide nothing.
func readHead(p format.Probe) (h head) {
	h.ended, h.err = skim(p, func(t jsonstream.Token, depth int) {
		if depth == 1 && t.Kind == jsonstream.Key {
			h.members = append(h.members, string(t.Text))
		}
		h.deep = depth == MaxDepth
	})
	if h.deep {
		h.err = nil
	}
	if h.err == nil && !h.ended && !h.deep {
		h.members = ahead(p, h.members)
	}
	return h
}

// ahead lists the members of a document that goes on behind the head, of which some are known. What is wrong with it there is
// for those to report who read it.
func ahead(p format.Probe, known []string) []string {
	const far, most = 32 << 20, 1 << 12 // bytes, members
	if p.Blob == nil {
		return known
	}
	in, err := p.Blob.Open()
	if err != nil {
		return known
	}
	var list []string
	r := jsonstream.New(io.LimitReader(in, far), jsonstream.Options{Depth: MaxDepth, Text: 64, Python: true, SkipNumbers: true})
	for len(list) < most {
		t, err := r.Next()
		if err != nil || t.Kind == jsonstream.End {
			break
		}
		if r.Depth() == 1 && t.Kind == jsonstream.Key {
			list = append(list, string(t.Text))
		}
	}
	if in.Close() != nil || len(list) < len(known) {
		return known
	}
	return list
}

// skim reads the tokens of the head and shows them to visit. An error is about something else than the end of the head.
func skim(p format.Probe, visit func(t jsonstream.Token, depth int)) (ended bool, err error) {
	rest := bytes.TrimLeft(bytes.TrimPrefix(p.Head, []byte("\ufeff")), " \t\r\n")
	if len(rest) == 0 && len(p.Head) < format.HeadSize || len(rest) > 0 && rest[0] != '{' && rest[0] != '[' {
		return false, errNoContainer
	}
	r := jsonstream.New(bytes.NewReader(p.Head), jsonstream.Options{Depth: MaxDepth, Text: 64, Python: true, SkipNumbers: true})
	for {
		t, err := r.Next()
		switch {
		case err != nil && int64(len(p.Head)) != p.Size && r.Offset() >= int64(len(p.Head)):
			return false, nil // the head ends inside the document
		case err != nil:
			return false, err
		case t.Kind == jsonstream.End:
			return true, nil
		}
		visit(t, r.Depth())
	}
}

// errNoContainer says that a content does not begin as documents do.
var errNoContainer = errors.New("neither an object nor a list")

// Members lists the names of the members of the document itself, in order, up to 64 bytes of each, of those in the first 32 MiB
// the first 4,096; nil for what is no object. The caller must not change the list.
func Members(p format.Probe) []string {
	h := format.Once(p, headKey{}, readHead)
	if h.err != nil {
		return nil
	}
	return h.members
}

// Bounds of a document that is read as a whole.
const (
	maxText = 1 << 20 // bytes of one string
	maxTree = 1 << 17 // values
	perByte = 8       // steps of the budget for so many bytes
)

// Tree reads a whole document into memory; it is for configurations. The error wraps format.ErrMalformed when the content is no
// JSON or too large for this, or limits.ErrExceeded.
func Tree(b *format.Blob, budget *limits.Budget) (*jsonstream.Node, error) {
	const most = 8 << 20 // bytes
	if b.Size() > most {
		return nil, format.Malformed(most, "a document of more than %d bytes is no configuration", most)
	}
	release, err := budget.Hold(max(b.Size(), 0) * 2)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := budget.Ops(max(b.Size(), 0) / perByte); err != nil {
		return nil, err
	}
	in, err := b.Open()
	if err != nil {
		return nil, fmt.Errorf("open document: %w", err)
	}
	root, err := jsonstream.Tree(io.LimitReader(in, most), jsonstream.Options{Depth: MaxDepth, Text: maxText, Python: true}, maxTree)
	if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
		err = format.Malformed(broken.Offset, "not JSON: %s", broken.Reason)
	}
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, err
	}
	return root, nil
}
