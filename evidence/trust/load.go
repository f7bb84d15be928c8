package trust

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket/evidence"
)

// maxTrustFile bounds a trust root and each key file, in bytes.
const maxTrustFile = 1 << 20

// Load reads the trust root of that name in dir: a YAML file, or a directory of *.pub files that are named after their keys.
// Files that it names are relative to it and stay below its directory. A root that trusts nobody is an error: it would deny
// everything, and nobody means that. Now tells the time; without it no identity with an end is in force. For a signed root
// see Open.
func Load(dir fs.FS, name string, now func() time.Time) (*Root, error) {
	t, err := load(dir, name, now)
	if err == nil && t.Len() == 0 {
		err = errors.New("it has no key")
	}
	if err != nil {
		return nil, fmt.Errorf("read trust root %s: %w", name, err)
	}
	return t, nil
}

func load(dir fs.FS, name string, now func() time.Time) (*Root, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		t := &Root{now: now}
		return t, t.loadDir(dir, name)
	}
	text, err := readBounded(dir, name, maxTrustFile)
	if err != nil {
		return nil, err
	}
	version, err := versionOf(text)
	if err != nil {
		return nil, err
	}
	if version == 1 {
		t := &Root{now: now}
		return t, t.loadFirst(dir, name, text)
	}
	d, err := readDefinition(dir, name, text)
	if err != nil {
		return nil, err
	}
	return d.build(now)
}

// LoadDefinition reads a YAML file of version 2, with the content of every file that it names, and checks it.
func LoadDefinition(dir fs.FS, name string) (*Definition, error) {
	text, err := readBounded(dir, name, maxTrustFile)
	if err != nil {
		return nil, fmt.Errorf("read trust root: %w", err)
	}
	return ParseDefinition(dir, name, text)
}

// ParseDefinition is LoadDefinition for a text that stands, or will stand, in the file of that name.
func ParseDefinition(dir fs.FS, name string, text []byte) (*Definition, error) {
	version, err := versionOf(text)
	if err == nil && version != 2 {
		err = fmt.Errorf("version %d: %w; this takes version: 2", version, evidence.ErrUnsupported)
	}
	var d *Definition
	if err == nil {
		d, err = readDefinition(dir, name, text)
	}
	if err == nil {
		_, err = d.build(nil)
	}
	if err != nil {
		return nil, fmt.Errorf("read trust root %s: %w", name, err)
	}
	return d, nil
}

// versionOf reads the version of a YAML file.
func versionOf(text []byte) (int, error) {
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) { // no message of the decoder must quote it
		return 0, evidence.ErrPrivateKey
	}
	var head struct {
		Version int `yaml:"version"`
	}
	if err := yaml.Unmarshal(text, &head); err != nil {
		return 0, fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	}
	if head.Version != 1 && head.Version != 2 {
		return 0, fmt.Errorf("version %d: %w; write version: 2", head.Version, evidence.ErrUnsupported)
	}
	return head.Version, nil
}

// decodeStrict decodes one YAML document. Unknown keys are errors with their line, and so are keys without a value: an empty
// "revoked:" would revoke nobody.
func decodeStrict(text []byte, v any) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	}
	if empty := valueless(&doc); empty != nil {
		return fmt.Errorf("line %d: there is no value; write one, or leave its key out: %w", empty.Line, evidence.ErrMalformed)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", err, evidence.ErrMalformed)
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return fmt.Errorf("more than one YAML document: %w", evidence.ErrMalformed)
	}
	return nil
}

// valueless is the first null of a document; nil when there is none.
func valueless(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return n
	}
	for _, inner := range n.Content {
		if empty := valueless(inner); empty != nil {
			return empty
		}
	}
	return nil
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

// firstFile is a root of version 1: keys that may make every kind of evidence.
type firstFile struct {
	Version int        `yaml:"version"`
	Keys    []firstKey `yaml:"keys"`
}

// firstKey is one key, in the file or beside it.
type firstKey struct {
	Name string `yaml:"name"`
	PEM  string `yaml:"pem"`
	File string `yaml:"file"`
}

// loadFirst reads a YAML file of version 1.
func (t *Root) loadFirst(dir fs.FS, name string, text []byte) error {
	var file firstFile
	if err := decodeStrict(text, &file); err != nil {
		return err
	}
	for _, k := range file.Keys {
		pem, err := fileKey{File: k.File, PEM: k.PEM}.read(dir, name)
		if err != nil {
			return fmt.Errorf("key %q: %w", clip(k.Name), err)
		}
		key, err := evidence.ParsePublicKey([]byte(pem))
		if err != nil {
			return fmt.Errorf("key %q: %w", clip(k.Name), err)
		}
		if err := t.Add(k.Name, key); err != nil {
			return err
		}
	}
	return nil
}

// readBeside reads a file that a trust root names.
func readBeside(dir fs.FS, root, name string) (string, error) {
	clean := path.Clean(name)
	if !fs.ValidPath(clean) {
		return "", fmt.Errorf("the file %q is not below the trust root: %w", clip(name), evidence.ErrMalformed)
	}
	data, err := readBounded(dir, path.Join(path.Dir(root), clean), maxTrustFile)
	if err == nil && bytes.Contains(data, []byte("PRIVATE KEY-----")) {
		err = fmt.Errorf("%s: %w", clip(name), evidence.ErrPrivateKey)
	}
	return string(data), err
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
