package rawflat_test

import (
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/executorch"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/internal/testkit/rawflat"
)

func TestEncodeIsRead(t *testing.T) {
	content := rawflat.Encode("ET12", nil, rawflat.Table{0: uint32(7), 1: []rawflat.Table{{0: "forward", 2: []rawflat.Table{{}, {}}, 5: []rawflat.Table{{
		2: []rawflat.Table{{0: uint8(1), 1: rawflat.Table{0: int32(0), 1: []int32{0, 1}}}}}}, 6: []rawflat.Table{{0: "aten::add", 1: "out"}}}}})
	var seen []string
	p, err := executorch.Read(format.BytesBlob(content), limits.NewBudget(limits.Default()), executorch.Visitor{
		Operator: func(o executorch.Operator) { seen = append(seen, o.Name+"."+o.Overload) },
		Text:     func(_, value string, _ int64) { seen = append(seen, value) },
		Problem:  func(p executorch.Problem) { t.Errorf("problem: %s", p.Reason) },
		Delegate: func(executorch.Delegate) { t.Error("a delegate from nowhere") },
		Segment:  func(executorch.Segment) { t.Error("a segment from nowhere") },
	})
	if err != nil || p.Version != 7 || p.Plans != 1 || len(seen) != 2 || seen[0] != "forward" || seen[1] != "aten::add.out" {
		t.Errorf("read %+v and %q: %v", p, seen, err)
	}
}
