package transfer

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/picketsec/picket/evidence"
)

// one trusts a single key, for everything or for nothing.
type one struct {
	key *evidence.PublicKey
	may error
}

func (o one) Verify(b *evidence.Bundle) (string, *evidence.Proof, error) {
	if b.KeyHint() != o.key.Hint() {
		return "", nil, evidence.ErrForeign
	}
	payload, err := b.Verify(o.key)
	return "publisher", &evidence.Proof{Payload: payload}, err
}

func (o one) May(string, string, *evidence.Proof) error { return o.may }

var when = time.Date(2026, 11, 21, 3, 4, 5, 0, time.UTC)

func newKey(t testing.TB) *evidence.PrivateKey {
	t.Helper()
	key, err := evidence.GenerateKey(evidence.P256)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// file writes a file and returns its name.
func file(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// exported makes a transfer of two parts.
func exported(t testing.TB, key *evidence.PrivateKey, number int64, policy string) []byte {
	t.Helper()
	var b bytes.Buffer
	sources := []Source{{Policy, "release", number, file(t, policy)}, {Pack, "acme", 1, file(t, "acme.models.Net\n")}}
	if _, err := Export(context.Background(), &b, sources, when, key); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// install opens and installs a transfer.
func install(s Store, data []byte, a Authority) ([]Change, error) {
	t, err := Open(bytes.NewReader(data), a)
	if err != nil {
		return nil, err
	}
	return s.Install(context.Background(), t, when)
}

func TestRoundTrip(t *testing.T) {
	key := newKey(t)
	s := Store{Dir: filepath.Join(t.TempDir(), "store")}
	changes, err := install(s, exported(t, key, 3, "rules: 1"), one{key: key.Public()})
	if err != nil || len(changes) != 2 || changes[0].ID() != "policy/release" || changes[0].Before != 0 {
		t.Fatalf("%v %v", changes, err)
	}
	installed, err := s.Installed()
	if err != nil || len(installed) != 2 || installed[0].ID() != "pack/acme" || installed[1].Number != 3 || installed[1].Signer != "publisher" {
		t.Fatalf("%+v %v", installed, err)
	}
	if text, err := s.Content(installed[1].Part, 100); err != nil || string(text) != "rules: 1" {
		t.Errorf("%q %v", text, err)
	}
	if _, err := install(s, exported(t, key, 4, "rules: 2"), one{key: key.Public()}); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(filepath.Join(s.Dir, "content")); err != nil || len(files) != 2 {
		t.Errorf("old contents stay: %v %v", files, err)
	}
	if installed, err = s.Installed(); err != nil || installed[1].Number != 4 {
		t.Errorf("%+v %v", installed, err)
	}
	if err := os.WriteFile(s.Path(installed[1].Part), []byte("rules: 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Content(installed[1].Part, 100); !errors.Is(err, ErrContent) {
		t.Errorf("edited content is read: %v", err)
	}
}

func TestNoFolderHoldsNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	key := newKey(t)
	if _, err := install(Store{}, exported(t, key, 1, "version: 1"), one{key: key.Public()}); err == nil {
		t.Error("something was installed in no folder")
	}
	if parts, err := (Store{}).Installed(); err != nil || len(parts) != 0 {
		t.Errorf("%v %v", parts, err)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 0 {
		t.Errorf("the current folder holds %v %v", entries, err)
	}
}

func TestNothingGetsOlder(t *testing.T) {
	key := newKey(t)
	s := Store{Dir: t.TempDir()}
	trusted := one{key: key.Public()}
	third := exported(t, key, 3, "three")
	if _, err := install(s, third, trusted); err != nil {
		t.Fatal(err)
	}
	if changes, err := install(s, third, trusted); err != nil || changes[0].Before != 3 {
		t.Errorf("the same again: %v %v", changes, err)
	}
	for name, data := range map[string][]byte{
		"a lower number":                exported(t, key, 2, "two"),
		"a lower number, same content":  exported(t, key, 2, "three"),
		"the number with other content": exported(t, key, 3, "drei"),
	} {
		if _, err := install(s, data, trusted); !errors.Is(err, ErrOlder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	installed, err := s.Installed()
	if err != nil || installed[1].Number != 3 {
		t.Fatalf("%+v %v", installed, err)
	}
	if text, err := s.Content(installed[1].Part, 100); err != nil || string(text) != "three" {
		t.Errorf("%q %v", text, err)
	}
}

// rewrite passes every entry of an archive through change, which may drop it by returning nil.
func rewrite(t *testing.T, data []byte, change func(h *tar.Header, body []byte) []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, r := tar.NewWriter(&out), tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if body = change(h, body); body == nil {
			continue
		}
		h.Size = int64(len(body))
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTamperedTransfersAreRefused(t *testing.T) {
	key, foreign := newKey(t), newKey(t)
	good := exported(t, key, 3, "rules: 1")
	at := func(name string, change func([]byte) []byte) []byte {
		return rewrite(t, good, func(h *tar.Header, body []byte) []byte {
			if h.Name == name {
				return change(body)
			}
			return body
		})
	}
	rename := func(old, name string, kind byte) []byte {
		return rewrite(t, good, func(h *tar.Header, body []byte) []byte {
			if h.Name == old {
				h.Name, h.Typeflag = name, kind
			}
			return body
		})
	}
	refused := errors.New("may not")
	for name, tt := range map[string]struct {
		data []byte
		a    one
		want error
	}{
		"a foreign key":          {exported(t, foreign, 3, "x"), one{key: key.Public()}, evidence.ErrForeign},
		"no permission":          {good, one{key: key.Public(), may: refused}, refused},
		"a changed part":         {at("policy/release", func(b []byte) []byte { return bytes.Replace(b, []byte("1"), []byte("2"), 1) }), one{key: key.Public()}, ErrContent},
		"a longer part":          {at("policy/release", func(b []byte) []byte { return append(b, 'x') }), one{key: key.Public()}, ErrContent},
		"a missing part":         {at("pack/acme", func([]byte) []byte { return nil }), one{key: key.Public()}, ErrContent},
		"no list":                {at(listName, func([]byte) []byte { return nil }), one{key: key.Public()}, ErrContent},
		"a renamed part":         {rename("policy/release", "policy/other", tar.TypeReg), one{key: key.Public()}, ErrContent},
		"a path out of it":       {rename("policy/release", "../../etc/passwd", tar.TypeReg), one{key: key.Public()}, ErrContent},
		"a changed list":         {at(listName, func(b []byte) []byte { return bytes.Replace(b, []byte("payload\":\"e"), []byte("payload\":\"f"), 1) }), one{key: key.Public()}, nil},
		"an empty file":          {nil, one{key: key.Public()}, ErrContent},
		"no archive":             {[]byte(strings.Repeat("not a tar", 100)), one{key: key.Public()}, evidence.ErrMalformed},
		"half an archive":        {good[:len(good)/2], one{key: key.Public()}, nil},
		"something behind it":    {append(bytes.Clone(good[:len(good)-1024]), at("pack/acme", func(b []byte) []byte { return b })...), one{key: key.Public()}, ErrContent},
		"a statement about else": {exportedAs(t, key, "https://example.com/x"), one{key: key.Public()}, evidence.ErrMalformed},
	} {
		s := Store{Dir: t.TempDir()}
		_, err := install(s, tt.data, tt.a)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if installed, err := s.Installed(); err != nil || len(installed) != 0 {
			t.Errorf("%s: installed %v %v", name, installed, err)
		}
	}
}

// exportedAs signs a list under another predicate type.
func exportedAs(t *testing.T, key *evidence.PrivateKey, predicate string) []byte {
	t.Helper()
	list := &List{Schema: schema, Parts: []Part{{Kind: Policy, Name: "p", Number: 1, Digest: "sha256:" + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}}
	statement, err := evidence.NewStatement("", list.digest(), predicate, list)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := evidence.Sign(context.Background(), statement, key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := bundle.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := errors.Join(writeEntry(w, listName, int64(len(text)), when), func() error { _, err := w.Write(text); return err }(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestListsThatMakeNoSense(t *testing.T) {
	ok := Part{Kind: Pack, Name: "a", Number: 1, Digest: "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
	change := func(f func(*Part)) []Part {
		p := ok
		f(&p)
		return []Part{p}
	}
	for name, parts := range map[string][]Part{
		"none":         nil,
		"twice":        {ok, ok},
		"unknown kind": change(func(p *Part) { p.Kind = "program" }),
		"a path":       change(func(p *Part) { p.Name = "../a" }),
		"upper case":   change(func(p *Part) { p.Name = "A" }),
		"no number":    change(func(p *Part) { p.Number = 0 }),
		"too large":    change(func(p *Part) { p.Size = MaxPart + 1 }),
		"no digest":    change(func(p *Part) { p.Digest = "" }),
	} {
		if err := (&List{Schema: schema, Parts: parts}).validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := (&List{Schema: schema, Parts: []Part{ok}}).validate(); err != nil {
		t.Error(err)
	}
}

func TestExportIsDeterministicButForTheSignature(t *testing.T) {
	key := newKey(t)
	strip := func(data []byte) []byte {
		return rewrite(t, data, func(h *tar.Header, body []byte) []byte {
			if h.Name == listName {
				b, err := evidence.ParseBundle(body)
				if err != nil {
					t.Fatal(err)
				}
				return b.Payload()
			}
			return body
		})
	}
	if a, b := strip(exported(t, key, 3, "x")), strip(exported(t, key, 3, "x")); !bytes.Equal(a, b) {
		t.Error("two exports of the same parts differ")
	}
}

// FuzzOpen: whatever is offered as a transfer, nothing is installed that the key did not sign.
func FuzzOpen(f *testing.F) {
	key := newKey(f)
	good := exported(f, key, 3, "rules: 1")
	f.Add(good)
	f.Add(good[:700])
	f.Fuzz(func(t *testing.T, data []byte) {
		s := Store{Dir: t.TempDir()}
		_, err := install(s, data, one{key: key.Public()})
		installed, listErr := s.Installed()
		if listErr != nil {
			t.Fatal(listErr)
		}
		if err != nil && len(installed) != 0 {
			t.Errorf("refused with %v and installed %v", err, installed)
		}
		for _, p := range installed {
			if _, err := s.Content(p.Part, MaxPart); err != nil {
				t.Error(err)
			}
		}
	})
}
