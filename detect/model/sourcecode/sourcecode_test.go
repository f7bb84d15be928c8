package sourcecode_test

import (
	"context"
	"errors"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/sourcecode"
	"github.com/picketsec/picket/internal/limits"
)

// follower is a detector that follows the names in its content, and one that notes what is inspected as Python.
type follower struct{ names []string }

func (follower) Info() detect.Info {
	return detect.Info{Name: "follower", Title: "t", Formats: []string{json.Name}}
}

func (f follower) Detect(ctx context.Context, in detect.Input, out *detect.Output) error {
	for _, name := range f.names {
		found, err := sourcecode.Follow(ctx, in, out, name)
		if err != nil {
			return err
		}
		if found {
			out.Trace("found " + name)
		}
	}
	return nil
}

type reader struct{}

func (reader) Info() detect.Info {
	return detect.Info{Name: "reader", Title: "t", Formats: []string{python.FormatName}}
}

func (reader) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	out.Trace("read as " + in.Format)
	return nil
}

func TestFollow(t *testing.T) {
	files := map[string]string{"plain.py": "import os\n", "odd.txt": "print(1)\n"}
	set, err := detect.NewSet([]format.Format{json.Format{}, python.Format{}}, []detect.Detector{follower{[]string{"plain.py", "odd.txt", "none"}}, reader{}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := detect.NewEngine(set, limits.Default()).Scan(context.Background(), detect.Entry{Name: "c.json", Blob: format.BytesBlob([]byte("{}")),
		Sibling: func(name string) (*format.Blob, error) {
			if text, ok := files[name]; ok {
				return format.BytesBlob([]byte(text)), nil
			}
			return nil, errors.New("not there")
		}})
	if err != nil || r.Verdict == picket.Malicious {
		t.Fatal(err)
	}
	want := []string{"found plain.py", "odd.txt: read as python", "found odd.txt"}
	if len(r.Trace) != len(want) {
		t.Fatalf("%q, want %q", r.Trace, want)
	}
	for i := range want {
		if r.Trace[i] != want[i] {
			t.Errorf("%q, want %q", r.Trace[i], want[i])
		}
	}
}
