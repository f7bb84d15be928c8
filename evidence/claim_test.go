package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/picketsec/picket"
)

// scanOf is a scan that inspected every file of a manifest.
func scanOf(m *Manifest, verdict picket.Verdict) picket.Scan {
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
func claimed(t testing.TB, key *PrivateKey, scan picket.Scan, m *Manifest) *Bundle {
	t.Helper()
	statement, err := NewScanStatement(scan, m, details())
	if err != nil {
		t.Fatal(err)
	}
	b, err := Sign(context.Background(), statement, key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func trusting(t testing.TB, keys ...*PrivateKey) *Trust {
	t.Helper()
	trust := &Trust{}
	for i, k := range keys {
		if err := trust.Add("key-"+string(rune('a'+i)), k.Public()); err != nil {
			t.Fatal(err)
		}
	}
	return trust
}

func TestScanClaimCounts(t *testing.T) {
	key := newKey(t, P256)
	m := hash(t, sample())
	c := Check("here", claimed(t, key, scanOf(m, picket.Clean), m), trusting(t, key), m)
	if !c.Counts() || c.Key != "key-a" || c.Scan == nil || c.Scan.Verdict != picket.Clean || c.Broken || c.Condemns {
		t.Fatalf("got %+v", c)
	}
	if !c.Scan.Time.Equal(when.Truncate(time.Second)) || len(c.Scan.Resources) != len(m.Resources) {
		t.Errorf("got %+v", c.Scan)
	}
	bad := Check("here", claimed(t, key, scanOf(m, picket.Malicious), m), trusting(t, key), m)
	if !bad.Counts() || !bad.Condemns || bad.Scan.Counts.Critical != 1 || bad.Scan.Findings[0].Subject != "os.system" {
		t.Errorf("got %+v", bad.Scan)
	}
}

func TestScanClaimOfAFile(t *testing.T) {
	key := newKey(t, P256)
	m, err := HashFile(context.Background(), tree(map[string]string{"m.pt": "x"}), "m.pt", Options{Name: "m.pt"})
	if err != nil {
		t.Fatal(err)
	}
	scan := picket.Scan{Target: "./d/m.pt", Results: []picket.Result{{
		Artifact: picket.Artifact{Name: "d/m.pt", Digest: m.Digest()}, Verdict: picket.Clean}}}
	if c := Check("", claimed(t, key, scan, m), trusting(t, key), m); !c.Counts() {
		t.Errorf("got %v", c.Failure)
	}
}

func TestClaimsThatDoNotCount(t *testing.T) {
	key, foreign := newKey(t, P256), newKey(t, P256)
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
	bent := claimed(t, key, clean, m)
	bent.payload = []byte(strings.Replace(string(bent.payload), `"clean"`, `"Clean"`, 1))
	text := string(claimed(t, key, clean, m).payload)
	resign := func(old, new string) *Bundle {
		forged := strings.Replace(text, old, new, 1)
		if forged == text {
			t.Fatalf("%q is not in %s", old, text)
		}
		b, err := Sign(context.Background(), []byte(forged), key)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	nobody := claimed(t, key, clean, m)
	nobody.Hint = ""
	for name, tt := range map[string]struct {
		bundle *Bundle
		want   error
		broken bool
	}{
		"a foreign key":               {claimed(t, foreign, clean, m), ErrForeignKey, false},
		"no key named":                {nobody, ErrForeignKey, false},
		"a foreign key's signature":   {impostor, ErrSignature, true},
		"a changed payload":           {bent, ErrSignature, true},
		"other content":               {claimed(t, key, scanOf(otherM, picket.Clean), otherM), ErrSubject, false},
		"the same under other names":  {claimed(t, key, scanOf(renamedM, picket.Clean), renamedM), ErrCoverage, false},
		"one file less":               {claimed(t, key, fewer, m), ErrCoverage, false},
		"an unknown predicate":        {resign(PredicateScanResult, "https://example.com/x"), ErrUnsupported, false},
		"a newer schema":              {resign(ScanSchema, "picket.scan-result/2"), ErrUnsupported, true},
		"an unknown field":            {resign(`"suppressed"`, `"but":"not really","suppressed"`), ErrMalformed, true},
		"an unknown verdict":          {resign(`"verdict":"clean"`, `"verdict":"fine"`), ErrMalformed, true},
		"no verdict":                  {resign(`"verdict":"clean","configuration"`, `"configuration"`), nil, true},
		"a file worse than the whole": {resign(`"format":"pickle","verdict":"clean"`, `"format":"pickle","verdict":"malicious"`), ErrMalformed, true},
		"a file twice":                {resign(`"name":"x.c"`, `"name":"x-b"`), ErrMalformed, true},
	} {
		c := Check("here", tt.bundle, trusting(t, key), m)
		if name == "no verdict" { // it reads as incomplete, the worst that still counts
			if !c.Counts() || c.Scan.Verdict != picket.Incomplete {
				t.Errorf("%s: %v", name, c.Failure)
			}
			continue
		}
		if !errors.Is(c.Failure, tt.want) || c.Counts() || c.Scan != nil || c.Broken != tt.broken {
			t.Errorf("%s: %v (broken %v)", name, c.Failure, c.Broken)
		}
	}
}

// TestPartialClaimStillCondemns: a scan that did not cover everything cannot clear, but what it found stays found.
func TestPartialClaimStillCondemns(t *testing.T) {
	key := newKey(t, P256)
	m := hash(t, sample())
	scan := scanOf(m, picket.Malicious)
	scan.Results = scan.Results[:1]
	c := Check("here", claimed(t, key, scan, m), trusting(t, key), m)
	if c.Counts() || !c.Condemns {
		t.Errorf("counts %v, condemns %v: %v", c.Counts(), c.Condemns, c.Failure)
	}
}

func TestModelSignatureAsClaim(t *testing.T) {
	key, foreign := newKey(t, P256), newKey(t, P256)
	m := hash(t, sample())
	for name, tt := range map[string]struct {
		key  *PrivateKey
		m    *Manifest
		want error
	}{
		"good":          {key, m, nil},
		"foreign key":   {foreign, m, ErrForeignKey},
		"other content": {key, hash(t, map[string]string{"a": "b"}), ErrSubject},
	} {
		b, err := SignModel(context.Background(), tt.m, tt.key)
		if err != nil {
			t.Fatal(err)
		}
		c := Check("model.sig", b, trusting(t, key), m)
		if !errors.Is(c.Failure, tt.want) || (c.Model != nil) != (tt.want == nil) {
			t.Errorf("%s: %v", name, c.Failure)
		}
	}
}

func TestFileThatChangedBetweenHashAndScan(t *testing.T) {
	m := hash(t, sample())
	scan := scanOf(m, picket.Clean)
	scan.Results[2].Artifact.Digest = picket.SHA256([32]byte{9})
	if _, err := NewScanStatement(scan, m, details()); !errors.Is(err, errChanged) {
		t.Errorf("got %v", err)
	}
}

func TestManyFindingsAreBounded(t *testing.T) {
	key := newKey(t, P256)
	m := hash(t, map[string]string{"a": "b"})
	scan := scanOf(m, picket.Malicious)
	one := scan.Results[0].Findings[0]
	for i := range 3 * maxClaimFindings {
		low := one
		low.Rule.Severity = picket.Low
		low.Location.Offset = int64(i)
		scan.Results[0].Findings = append(scan.Results[0].Findings, low)
	}
	c := Check("", claimed(t, key, scan, m), trusting(t, key), m)
	if !c.Counts() || len(c.Scan.Findings) != maxClaimFindings || c.Scan.Omitted != 2*maxClaimFindings+1 {
		t.Fatalf("got %v", c.Failure)
	}
	if c.Scan.Findings[0].Severity != picket.Critical || c.Scan.Counts.Low != 3*maxClaimFindings {
		t.Errorf("the worst is not first: %+v", c.Scan.Findings[0])
	}
}

// TestScanStatementMatchesItsSchema keeps docs/reference in step with what is written.
func TestScanStatementMatchesItsSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "docs", "reference", "scan-result-v1.schema.json"))
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

func TestTrustRoots(t *testing.T) {
	key, other := newKey(t, P256), newKey(t, P384)
	private, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	pem := func(k *PrivateKey) string {
		text, err := k.Public().PEM()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	indent := strings.ReplaceAll(strings.TrimSpace(pem(other)), "\n", "\n      ")
	good := "version: 1\nkeys:\n  - name: ci\n    file: keys/ci.pub\n  - name: release\n    pem: |\n      " + indent + "\n"
	files := fstest.MapFS{
		"trust.yaml":        {Data: []byte(good)},
		"keys/ci.pub":       {Data: []byte(pem(key))},
		"keys/release.pub":  {Data: []byte(pem(other))},
		"keys/README":       {Data: []byte("not a key")},
		"bad/private.pub":   {Data: private},
		"twice/a.pub":       {Data: []byte(pem(key))},
		"twice/b.pub":       {Data: []byte(pem(key))},
		"none/README":       {},
		"large.yaml":        {Data: make([]byte, maxTrustFile+1)},
		"empty.yaml":        {},
		"no-keys.yaml":      {Data: []byte("version: 1\n")},
		"unknown.yaml":      {Data: []byte(strings.Replace(good, "keys:", "allow_all: true\nkeys:", 1))},
		"version.yaml":      {Data: []byte(strings.Replace(good, "version: 1", "version: 2", 1))},
		"both.yaml":         {Data: []byte(strings.Replace(good, "    pem", "    file: x\n    pem", 1))},
		"neither.yaml":      {Data: []byte("version: 1\nkeys:\n  - name: ci\n")},
		"same-name.yaml":    {Data: []byte(strings.Replace(good, "release", "ci", 1))},
		"nameless.yaml":     {Data: []byte(strings.Replace(good, "name: ci", "name: ''", 1))},
		"escape.yaml":       {Data: []byte(strings.Replace(good, "keys/ci", "../keys/ci", 1))},
		"private-file.yaml": {Data: []byte(strings.Replace(good, "keys/ci.pub", "bad/private.pub", 1))},
		"two.yaml":          {Data: []byte(good + "---\n" + good)},
	}
	for _, name := range []string{"trust.yaml", "keys"} {
		trust, err := LoadTrust(files, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, _, ok := trust.Lookup(other.Public().Hint()); !ok || got != "release" || trust.Len() != 2 {
			t.Errorf("%s: %q %v", name, got, ok)
		}
	}
	for _, name := range []string{"bad", "twice", "none", "large.yaml", "empty.yaml", "no-keys.yaml", "unknown.yaml", "version.yaml",
		"both.yaml", "neither.yaml", "same-name.yaml", "nameless.yaml", "escape.yaml", "private-file.yaml", "two.yaml", "nowhere"} {
		if _, err := LoadTrust(files, name); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: the error shows a key: %v", name, err)
		}
	}
}

// FuzzScanResult: a predicate of any content is refused or keeps its promises.
func FuzzScanResult(f *testing.F) {
	m, err := HashTree(context.Background(), tree(map[string]string{"a": "b"}), Options{})
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
		st, err := ParseStatement(payload)
		if err != nil {
			return
		}
		scan, err := ParseScanResult(st)
		if err != nil {
			return
		}
		for _, r := range scan.Resources {
			if r.Verdict.Worse(scan.Verdict) || strings.HasPrefix(r.Name, "/") || strings.HasPrefix(r.Name, "../") {
				t.Errorf("accepted %+v", r)
			}
		}
	})
}

// BenchmarkHashTree compares with BenchmarkSHA256Limit, the speed of the hash alone.
func BenchmarkHashTree(b *testing.B) {
	dir := b.TempDir()
	const files, size = 8, 16 << 20
	block := make([]byte, size)
	for i := range files {
		block[0] = byte(i)
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))), block, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	content := onDisk(b, dir)
	for _, workers := range []int{1, 2} {
		b.Run("workers="+string(rune('0'+workers)), func(b *testing.B) {
			b.SetBytes(files * size)
			for b.Loop() {
				if _, err := HashTree(context.Background(), content, Options{Workers: workers}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
