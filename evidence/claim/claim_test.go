package claim

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// newKey makes a key for a test.
func newKey(t testing.TB, c evidence.Curve) *evidence.PrivateKey {
	t.Helper()
	k, err := evidence.GenerateKey(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// tree is a file system in memory.
func tree(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, content := range files {
		m[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return m
}

// sample is a small model whose names the specification and the Python tool put in different orders.
func sample() map[string]string {
	return map[string]string{
		"x/a": "one\n", "x-b": "two\n", "x.c": "three\n", "x/b/c": "", "config.json": "{}", ".hidden": "h",
		"ü/ñ name.bin": "unicode",
	}
}

// hash makes the manifest of files in memory.
func hash(t testing.TB, files map[string]string) *evidence.Manifest {
	t.Helper()
	m, err := evidence.HashTree(context.Background(), tree(files), evidence.Options{Name: "model"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bend changes the payload of a bundle without its signer.
func bend(t testing.TB, b *evidence.Bundle, old, new string) *evidence.Bundle {
	t.Helper()
	text, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.StdEncoding.EncodeToString
	payload := string(b.Payload())
	forged := strings.Replace(string(text), encode([]byte(payload)), encode([]byte(strings.Replace(payload, old, new, 1))), 1)
	bent, err := evidence.ParseBundle([]byte(forged))
	if err != nil || forged == string(text) {
		t.Fatalf("bend: %v", err)
	}
	return bent
}

// scanOf is a scan that inspected every file of a manifest.
func scanOf(m *evidence.Manifest, verdict picket.Verdict) picket.Scan {
	s := picket.Scan{Tool: "picket test", Target: "dir/model"}
	for _, r := range m.Resources {
		s.Results = append(s.Results, picket.Result{
			Artifact: picket.Artifact{Name: "dir/model/" + r.Name, Digest: r.Digest, Format: "pickle"}, Verdict: verdict,
		})
	}
	if verdict == picket.Malicious {
		s.Results[0].Findings = []picket.Finding{{
			Rule:     picket.Rule{ID: "model.pickle.code-execution", Severity: picket.Critical, Class: picket.Execution},
			Location: picket.At("data.pkl", 7), Subject: "os.system",
			Evidence: picket.NewEvidence("calls os.system(\"echo x\") when loaded", ""),
		}}
	}
	return s
}

var when = time.Date(2026, 11, 21, 3, 4, 5, 6, time.UTC)

func details() ScanDetails {
	return ScanDetails{Time: when, Configuration: picket.SHA256([32]byte{1})}
}

// claimed signs a scan of m.
func claimed(t testing.TB, key *evidence.PrivateKey, scan picket.Scan, m *evidence.Manifest) *evidence.Bundle {
	t.Helper()
	statement, err := NewScanStatement(scan, m, details())
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.Sign(context.Background(), statement, key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestScanClaimCounts(t *testing.T) {
	key := newKey(t, evidence.P256)
	m := hash(t, sample())
	c := Check("here", claimed(t, key, scanOf(m, picket.Clean), m), Options{trusting(t, key), m, when})
	if !c.Counts() || c.Signer != "key-a" || c.Scan() == nil || c.Scan().Verdict != picket.Clean || c.Broken || c.Condemns {
		t.Fatalf("got %+v", c)
	}
	if !c.Scan().Time.Equal(when.Truncate(time.Second)) || len(c.Scan().Resources) != len(m.Resources) {
		t.Errorf("got %+v", c.Scan())
	}
	bad := Check("here", claimed(t, key, scanOf(m, picket.Malicious), m), Options{trusting(t, key), m, when})
	if !bad.Counts() || !bad.Condemns || bad.Scan().Counts.Critical != 1 || bad.Scan().Findings[0].Subject != "os.system" {
		t.Errorf("got %+v", bad.Scan())
	}
}

func TestScanClaimOfAFile(t *testing.T) {
	key := newKey(t, evidence.P256)
	m, err := evidence.HashFile(context.Background(), tree(map[string]string{"m.pt": "x"}), "m.pt", evidence.Options{Name: "m.pt"})
	if err != nil {
		t.Fatal(err)
	}
	scan := picket.Scan{Target: "./d/m.pt", Results: []picket.Result{{
		Artifact: picket.Artifact{Name: "d/m.pt", Digest: m.Digest()}, Verdict: picket.Clean}}}
	if c := Check("", claimed(t, key, scan, m), Options{trusting(t, key), m, when}); !c.Counts() {
		t.Errorf("got %v", c.Failure)
	}
}

func TestClaimsThatDoNotCount(t *testing.T) {
	key, foreign := newKey(t, evidence.P256), newKey(t, evidence.P256)
	m := hash(t, sample())
	clean := scanOf(m, picket.Clean)
	fewer := clean
	fewer.Results = clean.Results[1:]
	other := sample()
	other["x/a"] = "changed"
	// The same contents in the same order under another name: the root digest is the same, the files are not.
	renamed := sample()
	renamed["configs.json"] = renamed["config.json"]
	delete(renamed, "config.json")
	otherM, renamedM := hash(t, other), hash(t, renamed)
	if renamedM.Digest() != m.Digest() {
		t.Fatal("the renamed model was meant to have the same root digest")
	}
	impostor := claimed(t, foreign, clean, m)
	impostor.Hint = key.Public().Hint()
	bent := bend(t, claimed(t, key, clean, m), `"clean"`, `"Clean"`)
	text := string(claimed(t, key, clean, m).Payload())
	resign := func(old, new string) *evidence.Bundle {
		forged := strings.Replace(text, old, new, 1)
		if forged == text {
			t.Fatalf("%q is not in %s", old, text)
		}
		b, err := evidence.Sign(context.Background(), []byte(forged), key)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const exploit = `{"rule":"x","severity":"critical","class":"execution","artifact":"a","member":"","offset":0,"line":0,"subject":"","summary":"",` +
		`"technique":"","fingerprint":"f"}`
	nobody := claimed(t, key, clean, m)
	nobody.Hint = ""
	for name, tt := range map[string]struct {
		bundle *evidence.Bundle
		want   error
		broken bool
	}{
		"a foreign key":               {claimed(t, foreign, clean, m), evidence.ErrForeign, false},
		"no key named":                {nobody, evidence.ErrForeign, false},
		"a foreign key's signature":   {impostor, evidence.ErrSignature, true},
		"a changed payload":           {bent, evidence.ErrSignature, true},
		"other content":               {claimed(t, key, scanOf(otherM, picket.Clean), otherM), ErrSubject, false},
		"the same under other names":  {claimed(t, key, scanOf(renamedM, picket.Clean), renamedM), ErrCoverage, false},
		"one file less":               {claimed(t, key, fewer, m), ErrCoverage, false},
		"an unknown predicate":        {resign(TypeScanResult, "https://example.com/x"), evidence.ErrUnsupported, false},
		"a newer schema":              {resign(ScanSchema, "picket.scan-result/2"), evidence.ErrUnsupported, true},
		"an unknown field":            {resign(`"suppressed"`, `"but":"not really","suppressed"`), evidence.ErrMalformed, true},
		"an unknown verdict":          {resign(`"verdict":"clean"`, `"verdict":"fine"`), evidence.ErrMalformed, true},
		"no verdict":                  {resign(`"verdict":"clean","configuration"`, `"configuration"`), evidence.ErrMalformed, true},
		"a file worse than the whole": {resign(`"format":"pickle","verdict":"clean"`, `"format":"pickle","verdict":"malicious"`), evidence.ErrMalformed, true},
		"fewer than none":             {resign(`"critical":0`, `"critical":-1`), evidence.ErrMalformed, true},
		"less read than nothing":      {resign(`"gaps":0`, `"gaps":-1`), evidence.ErrMalformed, true},
		"an exploit that is clean":    {resign(`"findings":[`, `"findings":[`+exploit), evidence.ErrMalformed, true},
		"findings that nobody counts": {resign(`"findings":[`, `"findings":[`+strings.Replace(exploit, "critical", "high", 1)), evidence.ErrMalformed, true},
		"a file twice":                {resign(`"name":"x.c"`, `"name":"x-b"`), evidence.ErrMalformed, true},
	} {
		c := Check("here", tt.bundle, Options{trusting(t, key), m, when})
		if !errors.Is(c.Failure, tt.want) || c.Counts() || c.Scan() != nil || c.Broken != tt.broken {
			t.Errorf("%s: %v (broken %v)", name, c.Failure, c.Broken)
		}
	}
}

// TestPartialClaimStillCondemns: a scan that did not cover everything cannot clear, but what it found stays found.
func TestPartialClaimStillCondemns(t *testing.T) {
	key := newKey(t, evidence.P256)
	m := hash(t, sample())
	scan := scanOf(m, picket.Malicious)
	scan.Results = scan.Results[:1]
	c := Check("here", claimed(t, key, scan, m), Options{trusting(t, key), m, when})
	if c.Counts() || !c.Condemns {
		t.Errorf("counts %v, condemns %v: %v", c.Counts(), c.Condemns, c.Failure)
	}
}

func TestModelSignatureAsClaim(t *testing.T) {
	key, foreign := newKey(t, evidence.P256), newKey(t, evidence.P256)
	m := hash(t, sample())
	for name, tt := range map[string]struct {
		key  *evidence.PrivateKey
		m    *evidence.Manifest
		want error
	}{
		"good":          {key, m, nil},
		"foreign key":   {foreign, m, evidence.ErrForeign},
		"other content": {key, hash(t, map[string]string{"a": "b"}), ErrSubject},
	} {
		b, err := evidence.SignModel(context.Background(), tt.m, tt.key)
		if err != nil {
			t.Fatal(err)
		}
		c := Check("model.sig", b, Options{trusting(t, key), m, when})
		if !errors.Is(c.Failure, tt.want) || (c.Model() != nil) != (tt.want == nil) {
			t.Errorf("%s: %v", name, c.Failure)
		}
	}
}

func TestFileThatChangedBetweenHashAndScan(t *testing.T) {
	m := hash(t, sample())
	scan := scanOf(m, picket.Clean)
	scan.Results[2].Artifact.Digest = picket.SHA256([32]byte{9})
	if _, err := NewScanStatement(scan, m, details()); !errors.Is(err, evidence.ErrChanged) {
		t.Errorf("got %v", err)
	}
}

func TestManyFindingsAreBounded(t *testing.T) {
	key := newKey(t, evidence.P256)
	m := hash(t, map[string]string{"a": "b"})
	scan := scanOf(m, picket.Malicious)
	one := scan.Results[0].Findings[0]
	for i := range 3 * maxClaimFindings {
		low := one
		low.Rule.Severity = picket.Low
		low.Location.Offset = int64(i)
		scan.Results[0].Findings = append(scan.Results[0].Findings, low)
	}
	c := Check("", claimed(t, key, scan, m), Options{trusting(t, key), m, when})
	if !c.Counts() || len(c.Scan().Findings) != maxClaimFindings || c.Scan().Omitted != 2*maxClaimFindings+1 {
		t.Fatalf("got %v", c.Failure)
	}
	if c.Scan().Findings[0].Severity != picket.Critical || c.Scan().Counts.Low != 3*maxClaimFindings {
		t.Errorf("the worst is not first: %+v", c.Scan().Findings[0])
	}
}

// TestScanStatementMatchesItsSchema keeps docs/reference in step with what is written.
func TestScanStatementMatchesItsSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "reference", "scan-result-v1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	m := hash(t, sample())
	for _, verdict := range []picket.Verdict{picket.Clean, picket.Malicious} {
		statement, err := NewScanStatement(scanOf(m, verdict), m, details())
		if err != nil {
			t.Fatal(err)
		}
		again, err := NewScanStatement(scanOf(m, verdict), m, details())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(statement), string(again)); diff != "" {
			t.Errorf("not deterministic: %s", diff)
		}
		var doc struct{ Predicate any }
		if err := json.Unmarshal(statement, &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc.Predicate); err != nil {
			t.Errorf("%s: %v", verdict, err)
		}
		predicate, _ := doc.Predicate.(map[string]any)
		for _, name := range []string{"schema", "verdict", "resources", "configuration"} {
			value := predicate[name]
			delete(predicate, name)
			if err := schema.Validate(predicate); err == nil {
				t.Errorf("the schema accepts a claim without %s", name)
			}
			predicate[name] = value
		}
		predicate["extra"] = 1
		if err := schema.Validate(predicate); err == nil {
			t.Error("the schema accepts an unknown field")
		}
	}
}

// FuzzScanResult: a predicate of any content is refused or keeps its promises.
func FuzzScanResult(f *testing.F) {
	m, err := evidence.HashTree(context.Background(), tree(map[string]string{"a": "b"}), evidence.Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, verdict := range []picket.Verdict{picket.Clean, picket.Malicious} {
		statement, err := NewScanStatement(scanOf(m, verdict), m, details())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(statement)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		st, err := evidence.ParseStatement(payload)
		if err != nil {
			return
		}
		predicate, err := parseScanResult(st)
		if err != nil {
			return
		}
		scan, _ := predicate.(*ScanResult)
		for _, r := range scan.Resources {
			if r.Verdict.Worse(scan.Verdict) || strings.HasPrefix(r.Name, "/") || strings.HasPrefix(r.Name, "../") {
				t.Errorf("accepted %+v", r)
			}
		}
	})
}
