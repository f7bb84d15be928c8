package rdata_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	layout "github.com/picketsec/picket/artifact/format/rdata"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/rdata"
	"github.com/picketsec/picket/internal/limits"
)

func formats() []format.Format { return []format.Format{layout.Format{}} }

// sample is an object that R wrote, with parts replaced.
func sample(t *testing.T, name string, edit ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../../../artifact/format/rdata/testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(edit...).Replace(string(content))
	if len(edit) > 0 && changed == string(content) {
		t.Fatalf("%s has no %q", name, edit)
	}
	return []byte(changed)
}

// text is an object in the encoding as text.
func text(words string) []byte {
	return []byte("A\n2\n262658\n131840\n" + strings.ReplaceAll(words, " ", "\n") + "\n")
}

func TestFindings(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		rules   string
		verdict picket.Verdict
	}{
		"model":             {sample(t, "lm.rds"), "", picket.Clean},
		"model of a tree":   {sample(t, "rpart.rds"), "", picket.Clean},
		"family of glm":     {sample(t, "glm.rds"), "", picket.Clean},
		"spline":            {sample(t, "spline.rds"), "", picket.Clean},
		"ecdf":              {sample(t, "ecdf.rds"), "", picket.Clean},
		"compiled function": {sample(t, "compiled.rds"), "", picket.Clean},
		"values":            {sample(t, "values.rds"), "", picket.Clean},
		"values as text":    {sample(t, "values-ascii.rds"), "", picket.Clean},
		"saved":             {sample(t, "saved.rda"), "", picket.Clean},
		"saved as text":     {sample(t, "saved-ascii.rda"), "", picket.Clean},
		"late argument":     {sample(t, "inner.rds"), "model.r.promise", picket.Clean},
		"late command":      {sample(t, "late.rds"), "model.r.active-binding-execution model.r.promise-execution", picket.Malicious},
		"late name":         {sample(t, "late.rds", "system", "sprint"), "model.r.active-binding model.r.promise", picket.Clean},
		"argument command":  {sample(t, "inner.rds", "\x04stop", "\x04pipe"), "model.r.promise-execution", picket.Malicious},
		"compiled command":  {sample(t, "compiled.rds", "\x07sprintf", "\x07system2"), "model.r.stored-process", picket.Suspicious},
		"call of a command": {sample(t, "lm.rds", "\x02lm", "\x02lm", "\x06mtcars", "\x06source"), "", picket.Clean},
		"trailing":          {append(sample(t, "lm.rds"), "\x00\x01\x02"...), "model.r.trailing-data", picket.Unsupported},
		"promise":           {text("5 252 1 262153 1 x"), "model.r.promise-execution", picket.Malicious},
		"forced promise":    {text("5 13 1 7 1 262153 1 x"), "model.r.promise-place", picket.Suspicious},
		"package":           {text("248 0 1 262153 13 package:stats"), "model.r.package", picket.Clean},
		"persistent":        {text("247 0 1 262153 1 x"), "model.r.persistent-name", picket.Clean},
		"foreign class":     {text("238 2 1 262153 5 vroom 2 1 262153 5 vroom 254 254 254"), "model.r.foreign-class", picket.Clean},
		"builtin":           {text("8 3 sum"), "", picket.Clean},
		"builtin command":   {text("8 6 system"), "model.r.stored-process", picket.Suspicious},
		"address":           {text("6 1 262153 3 url 254"), "model.r.stored-access", picket.Clean},
		"other package":     {text("6 6 1 262153 2 :: 2 1 262153 8 processx 2 1 262153 3 run 254 254"), "model.r.stored-process", picket.Suspicious},
		"passed on":         {text("6 1 262153 1 f 2 6 1 262153 2 :: 2 1 262153 4 base 2 1 262153 6 system 254 254"), "model.r.stored-process", picket.Suspicious},
		"harmless package":  {text("6 6 1 262153 2 :: 2 1 262153 5 stats 2 1 262153 3 glm 254 254"), "", picket.Clean},
		"code from text":    {text("6 1 262153 4 eval 2 6 1 262153 5 parse 254 254"), "model.r.stored-access", picket.Clean},
	} {
		r := detecttest.Run(t, c.content, formats(), rdata.Detector{})
		var ids []string
		for _, f := range r.Findings {
			if !slices.Contains(ids, f.Rule.ID) {
				ids = append(ids, f.Rule.ID)
			}
		}
		slices.Sort(ids)
		if got := strings.Join(ids, " "); r.Verdict != c.verdict || got != c.rules {
			t.Errorf("%s: want %q and %v, got %q and %v, gaps %v", name, c.rules, c.verdict, got, r.Verdict, r.Coverage.Gaps)
		}
	}
}

func TestTechniqueAndTrace(t *testing.T) {
	r := detecttest.Run(t, text("5 252 6 1 262153 6 system 254"), formats(), rdata.Detector{})
	if len(r.Findings) != 1 || r.Findings[0].Technique != "CVE-2024-27322" || len(r.Trace) != 1 || !strings.Contains(r.Trace[0], "system()") {
		t.Errorf("findings %+v, trace %v", r.Findings, r.Trace)
	}
}

func TestContentOfUnknownSize(t *testing.T) {
	set, err := detect.NewSet(formats(), []detect.Detector{rdata.Detector{}})
	if err != nil {
		t.Fatal(err)
	}
	for extra, want := range map[int]picket.Verdict{0: picket.Clean, 100: picket.Incomplete} {
		long := []byte("X\n\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x18\x00\x20\x00\x00") // 2 MiB of raw bytes
		content := append(long, make([]byte, 2<<20+extra)...)
		blob := format.StreamBlob(-1, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
		r, err := detect.NewEngine(set, limits.Default()).Scan(context.Background(), detect.Entry{Name: "x", Blob: blob})
		if err != nil || r.Verdict != want {
			t.Errorf("%d more bytes: %v, %v, gaps %v", extra, r.Verdict, err, r.Coverage.Gaps)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, rdata.Detector{}, formats(), map[string][]byte{"late": sample(t, "late.rds"), "lm": sample(t, "lm.rds"), "text": sample(t, "values-ascii.rds")})
}
