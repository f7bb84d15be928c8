package triton_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/triton"
	"github.com/picketsec/picket/internal/limits"
)

const config = "name: \"m\"\nbackend: \"python\"\nmax_batch_size: 8\ninput [ { name: \"x\" data_type: TYPE_FP32 dims: [ 1 ] } ]\n"

// match asks the format.
func match(content string) bool {
	head := []byte(content[:min(len(content), format.HeadSize)])
	return triton.Format{}.Match(format.Probe{Head: head, Size: int64(len(content))})
}

func TestMatch(t *testing.T) {
	plain := strings.Replace(config, "input [", "input: [", 1)
	for content, want := range map[string]bool{
		plain: true, "platform: \"tensorrt_plan\"": true, "# c\nbackend: 'x'": true,
		plain + "#" + strings.Repeat("x", format.HeadSize): true,
		"name: \"m\"":                      false, // too little
		"name: \"m\" node { name: \"x\" }": false, // a graph of TensorFlow
		"backend: x: y":                    false,
		"backend: python\nother: 1":        false,
		"":                                 false,
		"backend: \"x\" \x00":              false,
		"text about a backend: which":      false,
	} {
		if got := match(content); got != want {
			t.Errorf("%.60q: %v", content, got)
		}
	}
}

func TestListsWithoutColon(t *testing.T) {
	root, err := triton.Read(format.BytesBlob([]byte(config)), limits.NewBudget(limits.Default()))
	if err != nil || root.Get("backend").String() != "python" || len(root.All("input")) != 1 {
		t.Errorf("%+v %v", root, err)
	}
	if !match(config) {
		t.Error("a list without a colon is not recognised")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(config)
	f.Fuzz(func(t *testing.T, content string) {
		_, err := triton.Read(format.BytesBlob([]byte(content)), limits.NewBudget(limits.Default()))
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Errorf("unexpected error %v", err)
		}
		if match(content) && err != nil && len(content) < format.HeadSize {
			t.Errorf("recognised and not readable: %v", err)
		}
	})
}
