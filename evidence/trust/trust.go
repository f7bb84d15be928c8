// Package trust says whose signatures count and for what. It is for every command that verifies or decides.
//
// A trust root names identities. It comes from the operator, never from the content that is verified.
package trust

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// maxTrustFile bounds a trust root and each key file, in bytes.
const maxTrustFile = 1 << 20

// Root is a set of keys whose claims count, by the names that policies use for them.
type Root struct {
	keys map[string]*evidence.PublicKey // by fingerprint
	name map[string]string              // fingerprint to name
}

// Lookup returns the key with a fingerprint and its name.
func (t *Root) Lookup(hint string) (name string, key *evidence.PublicKey, ok bool) {
	key, ok = t.keys[hint]
	return t.name[hint], key, ok
}

// Verify checks the signature of a bundle and returns the name of its signer. The error wraps evidence.ErrForeign when no
// identity of the root signed, evidence.ErrSignature when the bundle names one that did not.
func (t *Root) Verify(b *evidence.Bundle) (string, *evidence.Proof, error) {
	hint := b.KeyHint()
	name, key, ok := t.Lookup(hint)
	switch {
	case ok:
		payload, err := b.Verify(key)
		if err != nil {
			return "", nil, err
		}
		return name, &evidence.Proof{Payload: payload, Signatory: evidence.Signatory{Method: evidence.ByKey, Key: key.Hint()}}, nil
	case hint == "":
		return "", nil, fmt.Errorf("it names no key: %w", evidence.ErrForeign)
	}
	return "", nil, fmt.Errorf("key %q: %w", clip(hint), evidence.ErrForeign)
}

// May returns nil when a signer may make claims of a kind.
func (t *Root) May(string, string, *evidence.Proof) error { return nil }

// Len is the number of keys.
func (t *Root) Len() int { return len(t.keys) }

// Add adds a key under a name. A name and a key each appear once.
func (t *Root) Add(name string, key *evidence.PublicKey) error {
	if name == "" || len(name) > 100 || strings.TrimSpace(name) != name {
		return fmt.Errorf("trust key: %q is not a name of 1 to 100 characters: %w", clip(name), evidence.ErrMalformed)
	}
	for hint, other := range t.name {
		if other == name || hint == key.Hint() {
			return fmt.Errorf("trust key %q: the name or the key is there already, as %q: %w", clip(name), clip(other), evidence.ErrMalformed)
		}
	}
	if t.keys == nil {
		t.keys, t.name = map[string]*evidence.PublicKey{}, map[string]string{}
	}
	t.keys[key.Hint()], t.name[key.Hint()] = key, name
	return nil
}

// trustFile is the form of a trust root on disk.
type trustFile struct {
	Version int        `yaml:"version"`
	Keys    []trustKey `yaml:"keys"`
}

// trustKey is one key, in the file or beside it.
type trustKey struct {
	Name string `yaml:"name"`
	PEM  string `yaml:"pem"`
	File string `yaml:"file"`
}

// Load reads the trust root of that name in dir: a YAML file with keys, or a directory of *.pub files that are named
// after their keys. Key files are named relative to the trust root and stay below its directory. A root without keys is an
// error: it would deny everything, and nobody means that.
func Load(dir fs.FS, name string) (*Root, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, fmt.Errorf("read trust root: %w", err)
	}
	t := &Root{}
	if info.IsDir() {
		err = t.loadDir(dir, name)
	} else {
		err = t.loadFile(dir, name)
	}
	if err == nil && t.Len() == 0 {
		err = errors.New("it has no key")
	}
	if err != nil {
		return nil, fmt.Errorf("read trust root %s: %w", name, err)
	}
	return t, nil
}

// loadDir takes every *.pub file of a directory.
func (t *Root) loadDir(dir fs.FS, name string) error {
	entries, err := fs.ReadDir(dir, name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		keyName, ok := strings.CutSuffix(e.Name(), ".pub")
		if !ok || e.IsDir() {
			continue
		}
		if err := t.loadKey(dir, path.Join(name, e.Name()), keyName); err != nil {
			return err
		}
	}
	return nil
}

// loadKey takes one key file.
func (t *Root) loadKey(dir fs.FS, file, name string) error {
	data, err := readBounded(dir, file, maxTrustFile)
	if err != nil {
		return err
	}
	key, err := evidence.ParsePublicKey(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return t.Add(name, key)
}

// loadFile reads a YAML file. Unknown keys are errors with their line.
func (t *Root) loadFile(dir fs.FS, name string) error {
	data, err := readBounded(dir, name, maxTrustFile)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var file trustFile
	if err := dec.Decode(&file); err != nil {
		return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	}
	if err := dec.Decode(&trustFile{}); !errors.Is(err, io.EOF) {
		return fmt.Errorf("more than one YAML document: %w", evidence.ErrMalformed)
	}
	if file.Version != 1 {
		return fmt.Errorf("version %d: %w; write version: 1", file.Version, evidence.ErrUnsupported)
	}
	for _, k := range file.Keys {
		if (k.PEM == "") == (k.File == "") {
			return fmt.Errorf("key %q needs either pem or file: %w", clip(k.Name), evidence.ErrMalformed)
		}
		if k.File != "" {
			if err := t.loadKey(dir, path.Join(path.Dir(name), k.File), k.Name); err != nil {
				return err
			}
			continue
		}
		key, err := evidence.ParsePublicKey([]byte(k.PEM))
		if err != nil {
			return fmt.Errorf("key %q: %w", clip(k.Name), err)
		}
		if err := t.Add(k.Name, key); err != nil {
			return err
		}
	}
	return nil
}

// readBounded reads a whole file of at most limit bytes.
func readBounded(dir fs.FS, name string, limit int64) (data []byte, err error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes: %w", name, limit, evidence.ErrMalformed)
	}
	return data, nil
}

// clip bounds text from the outside for use in a message.
func clip(s string) string { return picket.Printable(s, 80) }
