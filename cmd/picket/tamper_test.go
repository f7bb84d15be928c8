package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var updateTampers = flag.Bool("update-tampers", false, "rewrite testdata/tampers.md")

// tamperNow is the time of every run: the same tampers give the same answers on any day.
func tamperNow() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// leastTampers is how many tampers each class has at least.
const leastTampers = 20

// tamperClass is one way to weaken the chain, in all its variants.
type tamperClass struct {
	name  string
	check string // what the answers name, for the table
	list  func(*specimen) []attempt
}

// tamperClasses is the one list of them.
func tamperClasses() []tamperClass {
	return []tamperClass{
		{"bytes", "the file that was changed", byteTampers},
		{"names", "the files that are missing and were added", nameTampers},
		{"case", "the files that are missing and were added", caseTampers},
		{"Unicode forms", "the files that are missing and were added", unicodeTampers},
		{"order", "digest, head, root of the listed resources, issuer", orderTampers},
		{"symbolic links", "the link, and where it leads", linkTampers},
		{"base64", "base64 of the field", base64Tampers},
		{"swapped keys", "signature, permission", keyTampers},
		{"wrong subject", "digest, schema", subjectTampers},
		{"algorithm confusion", "hash, algorithm, type, signature", algorithmTampers},
		{"expired certificates", "the certificate, and when it expired", expiredTampers},
		{"certificates that are not yet valid", "the certificate, and from when it is valid", earlyTampers},
		{"replay onto another digest", "digest, coverage", replayTampers},
		{"removed claims", "head", removedTampers},
		{"rolled-back claims", "head", rollbackTampers},
		{"forged heads", "head, permission, signature, schema", headTampers},
		{"signers who may not", "permission, signature", permissionTampers},
		{"claims that make no sense", "schema, time, coverage, signers", nonsenseTampers},
	}
}

// attempt is one tamper, and what the commands must say about it. A verb without a text is not run.
type attempt struct {
	name   string
	tamper func(*scene)
	verify string // pattern of what picket verify says
	gate   string
	claims string
	check  string         // of picket claims check
	code   map[string]int // other exit codes than 3, by verb
}

// scene is a copy of the specimen that one tamper changes.
type scene struct {
	*specimen
	t     *testing.T
	base  string
	model string
	args  map[string][]string // by verb
}

// newScene copies the specimen.
func newScene(t *testing.T, sp *specimen) *scene {
	t.Helper()
	base := t.TempDir()
	if err := os.CopyFS(base, os.DirFS(sp.base)); err != nil {
		t.Fatal(err)
	}
	s := &scene{specimen: sp, t: t, base: base, model: filepath.Join(base, "model")}
	trusted := []string{"--trust", s.at("trust.yaml")}
	s.args = map[string][]string{
		"verify": trusted, "claims": trusted,
		"gate":  append([]string{"--policy", "release", "--impact", "fraud=high", "--head", s.at("head.json")}, trusted...),
		"check": append([]string{"--head", s.at("head.json")}, trusted...),
	}
	return s
}

// at is a file beside the model; in is one in it.
func (s *scene) at(name string) string { return filepath.Join(s.base, name) }
func (s *scene) in(name string) string { return filepath.Join(s.model, filepath.FromSlash(name)) }

// run runs a verb and returns its exit code and everything that it wrote.
func (s *scene) run(verb string) (code int, output string) {
	s.t.Helper()
	args := append(strings.Fields(map[string]string{"check": "claims check"}[verb]), s.model)
	if verb != "check" {
		args = []string{verb, s.model}
	}
	var out, errs bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: tamperNow, Getenv: func(string) string { return "" }, OutColumns: 100}
	defer func() {
		if r := recover(); r != nil {
			s.t.Errorf("%s panics: %v", verb, r)
		}
	}()
	code = Execute(context.Background(), env, append(args, s.args[verb]...))
	return code, out.String() + errs.String()
}

// TestSpecimen: what the tampers start from is accepted by every verb.
func TestSpecimen(t *testing.T) {
	s := newScene(t, newSpecimen(t))
	for _, verb := range []string{"verify", "gate", "claims", "check"} {
		if code, output := s.run(verb); code != exitOK {
			t.Errorf("%s: exit code %d\n%s", verb, code, output)
		}
	}
}

// TestTampers: every tamper of every class is rejected by the commands, with a message that names the check.
func TestTampers(t *testing.T) {
	sp, classes := newSpecimen(t), tamperClasses()
	rows := make([]string, len(classes))
	var bits []string
	t.Run("classes", func(t *testing.T) {
		for i, class := range classes {
			t.Run(class.name, func(t *testing.T) {
				t.Parallel()
				rows[i] = class.run(t, sp)
			})
		}
		t.Run("every bit", func(t *testing.T) {
			t.Parallel()
			bits = flipTable(t, sp)
		})
	})
	table := slices.Concat([]string{"class | tampers | rejected | check named", "--- | --- | --- | ---"}, rows, bits)
	text := strings.Join(table, "\n") + "\n"
	t.Log("\n" + text)
	if !slices.Contains(rows, "") && bits != nil { // -run can select a part
		goldenTampers(t, text)
	}
}

// run makes all tampers of a class, and is its row of the table.
func (c tamperClass) run(t *testing.T, sp *specimen) string {
	list, rejected := c.list(sp), 0
	seen := map[string]bool{}
	for _, a := range list {
		if seen[a.name] {
			t.Errorf("two tampers are called %s", a.name)
		}
		seen[a.name] = true
		if t.Run(a.name, func(t *testing.T) { a.attempt(t, sp) }) {
			rejected++
		}
	}
	if len(list) < leastTampers {
		t.Errorf("%d tampers are fewer than %d", len(list), leastTampers)
	}
	return fmt.Sprintf("%s | %d | %d | %s", c.name, len(list), rejected, c.check)
}

// goldenTampers compares the table with the one that is kept.
func goldenTampers(t *testing.T, text string) {
	t.Helper()
	name := filepath.Join("testdata", "tampers.md")
	if *updateTampers && !t.Failed() {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got), -update-tampers rewrites it:\n%s", name, diff)
	}
}

// attempt tampers with a copy and runs the verbs.
func (a attempt) attempt(t *testing.T, sp *specimen) {
	s := newScene(t, sp)
	a.tamper(s)
	ran := 0
	for verb, says := range map[string]string{"verify": a.verify, "gate": a.gate, "claims": a.claims, "check": a.check} {
		if says == "" {
			continue
		}
		ran++
		want, other := a.code[verb]
		if !other {
			want = exitFinding
		}
		code, output := s.run(verb)
		if code != want || code == exitOK {
			t.Errorf("%s: exit code %d, not %d\n%s", verb, code, want, output)
		}
		if !regexp.MustCompile(says).MatchString(output) {
			t.Errorf("%s does not say %q:\n%s", verb, says, output)
		}
		if i := slices.IndexFunc(sp.secrets, func(secret string) bool { return strings.Contains(output, secret) }); i >= 0 {
			t.Errorf("%s shows key material", verb)
		}
	}
	if ran == 0 {
		t.Error("no verb is run")
	}
}

// The exit codes of what is no answer about the content: it cannot be hashed or read (1), or a file that the operator named is
// wrong (2).
func unread(verbs ...string) map[string]int { return coded(exitError, verbs) }
func wrong(verbs ...string) map[string]int  { return coded(exitUsage, verbs) }

func coded(code int, verbs []string) map[string]int {
	codes := map[string]int{}
	for _, v := range verbs {
		codes[v] = code
	}
	return codes
}
