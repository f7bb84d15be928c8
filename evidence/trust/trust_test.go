package trust

import (
	"strings"
	"testing"
	"testing/fstest"

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

func TestTrustRoots(t *testing.T) {
	key, other := newKey(t, evidence.P256), newKey(t, evidence.P384)
	private, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	pem := func(k *evidence.PrivateKey) string {
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
		"version.yaml":      {Data: []byte(strings.Replace(good, "version: 1", "version: 3", 1))},
		"both.yaml":         {Data: []byte(strings.Replace(good, "    pem", "    file: x\n    pem", 1))},
		"neither.yaml":      {Data: []byte("version: 1\nkeys:\n  - name: ci\n")},
		"same-name.yaml":    {Data: []byte(strings.Replace(good, "release", "ci", 1))},
		"nameless.yaml":     {Data: []byte(strings.Replace(good, "name: ci", "name: ''", 1))},
		"escape.yaml":       {Data: []byte(strings.Replace(good, "keys/ci", "../keys/ci", 1))},
		"private-file.yaml": {Data: []byte(strings.Replace(good, "keys/ci.pub", "bad/private.pub", 1))},
		"two.yaml":          {Data: []byte(good + "---\n" + good)},
	}
	for _, name := range []string{"trust.yaml", "keys"} {
		trust, err := Load(files, name, nil)
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
		if _, err := Load(files, name, nil); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: the error shows a key: %v", name, err)
		}
	}
}
