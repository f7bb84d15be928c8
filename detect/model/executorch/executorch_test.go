package executorch_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/executorch"
	"github.com/picketsec/picket/artifact/format/pickle"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/executorch"
)

func formats() []format.Format {
	return []format.Format{layout.Format{}, layout.Data{}, layout.Bundle{}, pickle.Format{}}
}

// sample reads a file that the schema compiler of ExecuTorch 1.5.1 made.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "artifact", "format", "executorch", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// with replaces a text by one of the same length.
func with(t testing.TB, content []byte, old, text string) []byte {
	t.Helper()
	if len(old) != len(text) || !bytes.Contains(content, []byte(old)) {
		t.Fatalf("%q cannot become %q", old, text)
	}
	return bytes.ReplaceAll(slices.Clone(content), []byte(old), []byte(text))
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.executorch.") }

func TestFindings(t *testing.T) {
	whole := sample(t, "segments.pte")
	attack := "\x80\x02cposix\nsystem\nX\x06\x00\x00\x00echo x\x85R."
	for name, c := range map[string]struct {
		content []byte
		want    string
		verdict picket.Verdict
	}{
		"segments":       {whole, "", picket.Clean},
		"inline":         {sample(t, "inline.pte"), "", picket.Clean},
		"data":           {sample(t, "tensors.ptd"), "", picket.Clean},
		"bundle":         {sample(t, "bundle.bpte"), "", picket.Clean},
		"operator":       {with(t, whole, "aten::add", "evil::add"), "custom-operator", picket.Suspicious},
		"bundled":        {with(t, sample(t, "bundle.bpte"), "aten::add", "evil::add"), "custom-operator", picket.Suspicious},
		"backend":        {with(t, whole, "XnnpackBackend", "PicketXBackend"), "custom-backend", picket.Suspicious},
		"compiled":       {with(t, whole, "XnnpackBackend", "NeutronBackend"), "", picket.Unsupported},
		"pickle segment": {with(t, whole, strings.Repeat("\x01", 32)+"", attack+strings.Repeat("\x00", 32-len(attack))), "", picket.Unsupported},
		"pickle behind":  {append(slices.Clone(whole), attack...), "", picket.Unsupported},
		"much behind":    {append(slices.Clone(whole), make([]byte, 1<<17)...), "unused-data", picket.Unsupported},
		"name":           {with(t, whole, "weight", "eval(1"), "model.text.code", picket.Suspicious},
		"cut":            {whole[:len(whole)-20], "bounds", picket.Suspicious},
	} {
		r := detecttest.Run(t, c.content, formats(), executorch.Detector{})
		if got := ids(r); got != c.want || r.Verdict != c.verdict {
			t.Errorf("%s: got %q and %v, want %q and %v (%+v)", name, got, r.Verdict, c.want, c.verdict, r.Coverage)
		}
		if c.verdict == picket.Clean && r.Coverage.Parsed+r.Coverage.Opaque != int64(len(c.content)) && name != "bundle" {
			t.Errorf("%s: %d parsed and %d opaque of %d bytes", name, r.Coverage.Parsed, r.Coverage.Opaque, len(c.content))
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, executorch.Detector{}, formats()[:1], map[string][]byte{
		"segments": sample(t, "segments.pte"), "operator": with(t, sample(t, "inline.pte"), "aten::add", "evil::add")})
}
