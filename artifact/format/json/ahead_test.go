package json_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/json"
)

func TestMembersBehindTheHead(t *testing.T) {
	long := `{"first":"` + strings.Repeat("x", format.HeadSize) + `",`
	for content, want := range map[string][]string{
		long + `"cells":[{"inner":1}]}`: {"first", "cells"},
		long + `"cells":[`:              {"first", "cells"}, // what was read counts
		long + `oops`:                   {"first"},
		`{"a":1}`:                       {"a"},
	} {
		p := probe(t, content)
		p.Blob = format.BytesBlob([]byte(content))
		if got := json.Members(p); !slices.Equal(got, want) {
			t.Errorf("the members of %.20q… are %v, want %v", content, got, want)
		}
		p.Blob = nil
		if got := json.Members(p); len(got) != 1 {
			t.Errorf("without the content, the members of %.20q… are %v", content, got)
		}
	}
}
