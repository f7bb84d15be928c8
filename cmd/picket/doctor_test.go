package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/trust"
	"github.com/picketsec/picket/transfer"
)

// doctorAt is a run of the doctor at a time, with an environment.
func doctorAt(t *testing.T, now time.Time, env map[string]string) doctorRun {
	t.Helper()
	return doctorRun{env: Env{Now: func() time.Time { return now }, Getenv: func(name string) string { return env[name] }}, project: t.TempDir()}
}

func TestClockIsComparedWithTheBinary(t *testing.T) {
	defer func(before string) { built = before }(built)
	made := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	built = "1772600767"
	if got, ok := sourceTime(); !ok || !got.Equal(made) {
		t.Fatalf("the source is from %v, %v", got, ok)
	}
	for _, tt := range []struct {
		now    time.Time
		status string
	}{{made, checkOK}, {made.Add(-time.Second), checkFail}, {time.Unix(0, 0), checkFail}, {made.AddDate(1, 0, 0), checkOK}, {made.AddDate(11, 0, 0), checkWarn}} {
		got := checkClock(t.Context(), doctorAt(t, tt.now, nil))
		if len(got) != 1 || got[0].Status != tt.status || (tt.status == checkOK) != (got[0].Next == "") {
			t.Errorf("at %v: %+v, want %s", tt.now, got, tt.status)
		}
	}
	built = ""
	_, known := sourceTime() // go test -buildvcs=true records one, too
	if got := checkClock(t.Context(), doctorAt(t, made, nil)); !known && got[0].Status != checkWarn {
		t.Errorf("without a time of its own: %+v", got)
	}
}

// TestDoctorWarnsBeforeTrustEnds: an identity that ends within 30 days is a warning, one that ends later is not.
func TestDoctorWarnsBeforeTrustEnds(t *testing.T) {
	dir := t.TempDir()
	if _, err := writeKeyPair(filepath.Join(dir, "key.pem"), filepath.Join(dir, "key.pub"), "p256"); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "trust.yaml")
	text := "version: 2\nproject: test\nidentities:\n  - name: release\n    key: {file: key.pub}\n    may: [signature]\n    until: 2026-06-01T00:00:00Z\n"
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{"2026-01-01": checkOK, "2026-05-20": checkWarn, "2026-07-01": checkWarn} {
		at, err := time.Parse(time.DateOnly, now)
		if err != nil {
			t.Fatal(err)
		}
		checks := checkTrust(t.Context(), doctorAt(t, at, map[string]string{"PICKET_TRUST": name}))
		got := checks[len(checks)-1]
		if got.Status != want || want == checkWarn && !strings.Contains(got.Detail, "release end") {
			t.Errorf("on %s: %+v, want %s", now, checks, want)
		}
	}
}

// TestDoctorNamesEveryVerbWithANetwork: a verb that takes addresses is in the list, a verb that does not is not.
func TestDoctorNamesEveryVerbWithANetwork(t *testing.T) {
	c := checkNetwork(t.Context(), doctorAt(t, time.Now(), nil))
	for verb, want := range map[string]bool{"scan": true, "pull": true, "diff": true, " gate": true, " verify": false, "keygen": false} {
		if strings.Contains(c[0].Detail, verb) != want {
			t.Errorf("%s is listed: %v, want %v\n%s", verb, !want, want, c[0].Detail)
		}
	}
}

// TestDoctorChecksAnswer: every check says something, with a known status, and what to do whenever it is not ok.
func TestDoctorChecksAnswer(t *testing.T) {
	run := doctorAt(t, time.Now(), map[string]string{"PICKET_TRUST": "/nowhere", "PICKET_POLICY": "/nowhere", "PICKET_CONFIG": "/nowhere"})
	run.project = filepath.Join(run.project, "gone")
	for _, check := range doctorChecks() {
		answers := check(t.Context(), run)
		if len(answers) == 0 {
			t.Error("a check does not answer")
		}
		for _, a := range answers {
			if a.Status != checkOK && a.Status != checkWarn && a.Status != checkFail || a.Name == "" || a.Detail == "" {
				t.Errorf("not an answer: %+v", a)
			}
			if (a.Status == checkOK) != (a.Next == "") {
				t.Errorf("%+v: what to do belongs to what is not ok", a)
			}
		}
	}
}

// TestTemporaryFolder: one that cannot be written is a warning.
func TestTemporaryFolder(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "gone"))
	if got := checkTemporary(t.Context(), doctorRun{}); got[0].Status != checkWarn || got[0].Next == "" {
		t.Errorf("a folder that is not there: %+v", got)
	}
	if _, err := os.CreateTemp("", "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the test does not test: %v", err)
	}
}

// TestDoctorReadsImportedData: what was imported is compared with what was signed, and old vulnerability data is a warning.
func TestDoctorReadsImportedData(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	home := t.TempDir()
	run := doctorAt(t, now, map[string]string{"PICKET_HOME": home})
	if got := checkData(t.Context(), run); got[0].Status != checkOK || !strings.Contains(got[0].Detail, "nothing was imported") {
		t.Errorf("an empty store: %+v", got)
	}
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		t.Fatal(err)
	}
	root := &trust.Root{}
	if err := root.Add("publisher", key.Public(), transfer.Permission); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, []byte("reports"), 0o644); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := transfer.Export(t.Context(), &b, []transfer.Source{{Kind: transfer.Vulnerabilities, Name: "osv", Number: 7, File: file}}, now, key); err != nil {
		t.Fatal(err)
	}
	carried, err := transfer.Open(&b, root)
	if err != nil {
		t.Fatal(err)
	}
	store := dataStore(run.env)
	if _, err := store.Install(t.Context(), carried, now); err != nil {
		t.Fatal(err)
	}
	if got := checkData(t.Context(), run); len(got) != 1 || got[0].Status != checkOK || !strings.Contains(got[0].Detail, "osv number 7, signed by publisher") {
		t.Errorf("what was imported: %+v", got)
	}
	later := doctorAt(t, now.AddDate(0, 2, 0), map[string]string{"PICKET_HOME": home})
	if got := checkData(t.Context(), later); got[0].Status != checkWarn {
		t.Errorf("two months later: %+v", got)
	}
	parts, err := store.Installed()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(store.Path(parts[0].Part), []byte("Reports"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := checkData(t.Context(), run); got[0].Status != checkFail {
		t.Errorf("changed after the import: %+v", got)
	}
	if err := os.WriteFile(filepath.Join(store.Dir, "installed.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := checkData(t.Context(), run); got[0].Status != checkFail {
		t.Errorf("a damaged list: %+v", got)
	}
}
