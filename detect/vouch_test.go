package detect_test

import (
	"context"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/limits"
)

func TestVouch(t *testing.T) {
	graphs := worker{name: "graphs", format: "pair", do: func(_ context.Context, in detect.Input, out *detect.Output) error {
		for _, name := range []string{"data", "../up", "/etc/x", "sub/", "sub/../data"} {
			out.Vouch(name)
		}
		out.Parsed(in.Blob.Size())
		return nil
	}}
	want := map[string]picket.Verdict{
		"m/graph": picket.Clean, "m/data": picket.Clean, "m/sub/a/b": picket.Clean, "m/other": picket.Unsupported, "up": picket.Unsupported,
		"data": picket.Unsupported, "sub/x": picket.Unsupported,
	}
	var results []picket.Result
	for name := range want {
		content := "\x00\x01\x02"
		if name == "m/graph" {
			content = "P"
		}
		results = append(results, scan(t, limits.Default(), entry(name, content), []format.Format{active("pair", "P")}, graphs))
	}
	detect.Settle(results)
	for _, r := range results {
		if r.Verdict != want[r.Artifact.Name] {
			t.Errorf("%s is %v, want %v", r.Artifact.Name, r.Verdict, want[r.Artifact.Name])
		}
	}
}
