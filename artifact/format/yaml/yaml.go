// Package yaml reads YAML as a stream of keys, values, tags, anchors and aliases, without building anything of them. It is for
// detectors of configurations: what they need is which tags a document has and which value a key is given, also in documents
// that a strict parser refuses and a lenient one reads. It resolves aliases of single values only, and judges nothing.
package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Name is the name of the format.
const Name = "yaml"

// MaxSize is the number of bytes of a document that are read.
const MaxSize = 16 << 20

// Format recognises YAML by its first lines.
type Format struct{}

// Info implements format.Format.
func (Format) Info() format.Info {
	return format.Info{
		Name: Name, Title: "YAML document", MediaType: "application/yaml", Extensions: []string{".yaml", ".yml"}, Refines: "text",
		Risk: format.Data, Forward: true, Parsed: true, Spec: "https://yaml.org/spec/1.2.2/",
	}
}

// What tells on the first line that text is meant as YAML: a tag, and members in flow style.
var (
	typed = regexp.MustCompile(`(?m)^[ ]*(?:- +|[\w.-]+: +)*!(?:!|<tag:|[a-z]+:|\w+!)?[\w/%.:]+`)
	flow  = regexp.MustCompile(`^[\[{][^"]*(?:_target_ *:|!!)|^\{[A-Za-z_][\w-]*: [^;]*[,}\]]$`)
)

// Match implements format.Format. Most of the first lines must be of the kind that YAML has, or the first one must carry a tag.
func (Format) Match(p format.Probe) bool {
	const most = 60
	head := bytes.TrimPrefix(p.Head, []byte("\xef\xbb\xbf"))
	whole := int64(len(p.Head)) == p.Size
	lines, good, keys := 0, 0, 0
	for len(head) > 0 && lines < most {
		line, rest, ended := bytes.Cut(head, []byte("\n"))
		if head = rest; !ended && !whole {
			break
		}
		line = bytes.TrimRight(line, " \t\r")
		text := bytes.TrimLeft(line, " ")
		switch {
		case len(text) == 0 || text[0] == '#' || marker(line):
			continue
		case lines == 0 && ((text[0] == '[' || text[0] == '{') && flow.Match(line) || bytes.IndexByte(line, '!') >= 0 && typed.Match(line)):
			return true
		case lines == 0 && (len(text) != len(line) || coded(text)):
			return false
		}
		lines++
		if structural(line) {
			good++
			if bytes.IndexByte(text, ':') > 0 && !coded(text) {
				keys++
			}
		} else if len(text) != len(line) {
			lines-- // inside a text or a list over several lines
		} else if lines == 1 {
			return false
		}
	}
	return keys > 0 && good*10 >= lines*8 && (lines > 1 || whole)
}

// Load returns the bytes of a document. The error wraps format.ErrMalformed when there are more than MaxSize, or
// limits.ErrExceeded. Release gives the memory back to the budget.
func Load(b *format.Blob, budget *limits.Budget) (content []byte, release func(), err error) {
	if b.Size() > MaxSize {
		return nil, nil, format.Malformed(MaxSize, "a document of more than %d bytes", MaxSize)
	}
	if release, err = budget.Hold(max(b.Size(), 0)); err != nil {
		return nil, nil, fmt.Errorf("read document: %w", err)
	}
	if err = budget.Ops(max(b.Size(), 0)); err == nil {
		content, err = all(b)
	}
	if err != nil {
		release()
		return nil, nil, fmt.Errorf("read document: %w", err)
	}
	return content, release, nil
}

// all reads a blob up to MaxSize bytes.
func all(b *format.Blob) ([]byte, error) {
	r, err := b.Open()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err = errors.Join(err, r.Close()); err == nil && len(content) > MaxSize {
		err = format.Malformed(MaxSize, "a document of more than %d bytes", MaxSize)
	}
	return content, err
}
