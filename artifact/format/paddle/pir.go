package paddle

import (
	"errors"
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/internal/jsonstream"
	"github.com/picketsec/picket/internal/limits"
)

// ReadPir reads a program in JSON and calls visit for every operator with the name that it has, without its dialect, and for
// every text among its attributes with an empty Type. The error wraps format.ErrMalformed or limits.ErrExceeded, or is visit's.
func ReadPir(b *format.Blob, budget *limits.Budget, visit func(Operator) error) error {
	in, err := b.Open()
	if err != nil {
		return fmt.Errorf("open program: %w", err)
	}
	r := jsonstream.New(in, jsonstream.Options{Depth: json.MaxDepth, Text: maxText})
	err = tokens(r, budget, visit)
	if broken, ok := errors.AsType[*jsonstream.Error](err); ok {
		err = format.Malformed(broken.Offset, "the program is not JSON: %s", broken.Reason)
	}
	return errors.Join(err, in.Close())
}

// tokens reads the document.
func tokens(r *jsonstream.Reader, budget *limits.Budget, visit func(Operator) error) error {
	key := ""
	for n := 1; ; n++ {
		if n%256 == 0 {
			if err := budget.Ops(256); err != nil {
				return err
			}
		}
		t, err := r.Next()
		if err != nil || t.Kind == jsonstream.End {
			return err
		}
		switch t.Kind {
		case jsonstream.Key:
			key = string(t.Text)
			continue
		case jsonstream.String:
			op := Operator{Offset: t.Offset}
			text := string(t.Text)
			_, name, isOp := strings.Cut(text, ".")
			switch {
			case key == "#" && isOp && !strings.HasPrefix(name, "t_") && !strings.HasPrefix(name, "a_"): // types and attributes have these prefixes
				op.Type = name
			case key == "#":
				continue
			default:
				op.Attrs = []Attr{{key, text, t.Offset, int64(len(text))}}
			}
			if err := visit(op); err != nil {
				return err
			}
		}
	}
}
