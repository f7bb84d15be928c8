package yaml_test

import (
	"testing"

	"github.com/picketsec/picket/artifact/format/yaml"
)

func TestHasMember(t *testing.T) {
	for content, want := range map[string][2]bool{ // at the root, below it
		"outs:\n- md5: x": {true, false}, "a: 1\nouts :": {true, false}, `"outs": []`: {true, false}, "'outs' : []": {true, false}, "outs": {false, false},
		"xouts:": {false, false}, "outs_x:": {false, false}, "# outs:": {false, false}, "a: outs:": {false, false},
		"outs_x outs:\n  outs:": {false, true}, " outs:": {false, true}, "- outs:": {false, true}, "a:\n  - outs : 1": {false, true}, "-outs\n": {false, false},
		"\x00outs:": {false, false}, "": {false, false}, "louts\nouts\n:": {true, false},
	} {
		for i, nested := range []bool{false, true} {
			if got := yaml.HasMember([]byte(content), nested, "nothing", "outs"); got != want[i] {
				t.Errorf("%q, nested %v: %v", content, nested, got)
			}
		}
	}
}
