package trust

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket/evidence"
)

// file is a trust root of version 2 in YAML.
type file struct {
	Version    int                 `yaml:"version"`
	Project    string              `yaml:"project"`
	Identities []fileIdentity      `yaml:"identities"`
	Timestamps []fileAuthority     `yaml:"timestamps"`
	Separate   [][]string          `yaml:"separate"`
	People     map[string][]string `yaml:"people"`
	Signing    *fileSigning        `yaml:"signing"`
}

// fileIdentity is one signer.
type fileIdentity struct {
	Name        string           `yaml:"name"`
	Key         *fileKey         `yaml:"key"`
	Certificate *fileCertificate `yaml:"certificate"`
	Keyless     *fileKeyless     `yaml:"keyless"`
	May         []string         `yaml:"may"`
	From        fileTime         `yaml:"from"`
	Until       fileTime         `yaml:"until"`
	Revoked     *fileRevocation  `yaml:"revoked"`
	Replaces    string           `yaml:"replaces"`
}

// fileKey is a public key, in the file or beside it.
type fileKey struct {
	File string `yaml:"file"`
	PEM  string `yaml:"pem"`
}

// fileCertificate names its roots as files or holds them.
type fileCertificate struct {
	Roots   []string `yaml:"roots"`
	Subject string   `yaml:"subject"`
}

// fileKeyless names the trust root of a Sigstore instance as a file.
type fileKeyless struct {
	Issuer   string `yaml:"issuer"`
	Identity string `yaml:"identity"`
	Pattern  bool   `yaml:"pattern"`
	Sigstore string `yaml:"sigstore"`
}

// fileAuthority names its roots as files or holds them.
type fileAuthority struct {
	Name  string   `yaml:"name"`
	Roots []string `yaml:"roots"`
}

// fileRevocation ends an identity.
type fileRevocation struct {
	At     fileTime `yaml:"at"`
	Reason string   `yaml:"reason"`
}

// fileSigning says who signs the root.
type fileSigning struct {
	Signers   []string `yaml:"signers"`
	Threshold int      `yaml:"threshold"`
	Expires   fileTime `yaml:"expires"`
}

// fileTime is a day, which stands for its first second in UTC, or a time as RFC 3339 writes it.
type fileTime struct{ time.Time }

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *fileTime) UnmarshalYAML(node *yaml.Node) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, node.Value); err == nil {
			t.Time = at.UTC()
			return nil
		}
	}
	return fmt.Errorf("line %d: %q is neither a day like 2027-01-31 nor a time like 2027-01-31T15:00:00Z", node.Line, clip(node.Value))
}

// readDefinition turns YAML into a definition that needs no other file.
func readDefinition(dir fs.FS, name string, text []byte) (*Definition, error) {
	var f file
	if err := decodeStrict(text, &f); err != nil {
		return nil, err
	}
	d := &Definition{Project: f.Project, Separate: f.Separate, People: f.People}
	if s := f.Signing; s != nil {
		d.Signing = &Signing{Signers: s.Signers, Threshold: s.Threshold, Expires: s.Expires.Time}
	}
	for _, a := range f.Timestamps {
		roots, err := readAll(dir, name, a.Roots)
		if err != nil {
			return nil, fmt.Errorf("timestamps: %s: %w", clip(a.Name), err)
		}
		d.Timestamps = append(d.Timestamps, Authority{Name: a.Name, Roots: roots})
	}
	lines := identityLines(text)
	for n := range f.Identities {
		i, err := f.Identities[n].define(dir, name)
		if n < len(lines) {
			i.line = lines[n]
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", i.where(), err)
		}
		d.Identities = append(d.Identities, i)
	}
	return d, nil
}

// define reads the files that an identity names.
func (f *fileIdentity) define(dir fs.FS, root string) (i Identity, err error) {
	i = Identity{Name: f.Name, May: f.May, From: f.From.Time, Until: f.Until.Time, Replaces: f.Replaces}
	if f.Revoked != nil {
		i.Revoked = &Revocation{At: f.Revoked.At.Time, Reason: f.Revoked.Reason}
	}
	if f.Key != nil {
		if i.Key, err = f.Key.read(dir, root); err != nil {
			return i, err
		}
	}
	if c := f.Certificate; c != nil {
		roots, err := readAll(dir, root, c.Roots)
		if err != nil {
			return i, fmt.Errorf("certificate: %w", err)
		}
		i.Certificate = &Certificate{Roots: roots, Subject: c.Subject}
	}
	if k := f.Keyless; k != nil {
		text, err := readBeside(dir, root, k.Sigstore)
		if err != nil {
			return i, fmt.Errorf("keyless: sigstore: %w", err)
		}
		if !json.Valid([]byte(text)) {
			return i, fmt.Errorf("keyless: sigstore: %s is not JSON: %w", clip(k.Sigstore), evidence.ErrMalformed)
		}
		i.Keyless = &Keyless{Issuer: k.Issuer, Identity: k.Identity, Pattern: k.Pattern, Sigstore: json.RawMessage(text)}
	}
	return i, nil
}

// read returns the key as PEM.
func (k fileKey) read(dir fs.FS, root string) (string, error) {
	if (k.PEM == "") == (k.File == "") {
		return "", fmt.Errorf("key: it takes either pem or file: %w", evidence.ErrMalformed)
	}
	if k.PEM != "" {
		return k.PEM, nil
	}
	return readBeside(dir, root, k.File)
}

// readAll reads certificates: each entry is a file, or PEM. A file may hold several.
func readAll(dir fs.FS, root string, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("roots: name the files with the certificates: %w", evidence.ErrMalformed)
	}
	var all []string
	for _, text := range names {
		if !strings.HasPrefix(strings.TrimSpace(text), "-----BEGIN") {
			content, err := readBeside(dir, root, text)
			if err != nil {
				return nil, fmt.Errorf("roots: %w", err)
			}
			text = content
		}
		certificates, err := splitPEM(text)
		if err != nil {
			return nil, fmt.Errorf("roots: %w", err)
		}
		all = append(all, certificates...)
	}
	return all, nil
}

// splitPEM returns the certificates of a text one by one, without what stands between them.
func splitPEM(text string) ([]string, error) {
	var all []string
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("there is a %q among the certificates: %w", clip(block.Type), evidence.ErrMalformed)
		}
		all = append(all, string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})))
	}
	if len(all) == 0 {
		return nil, errors.Join(errors.New("there is no certificate in it"), evidence.ErrMalformed)
	}
	return all, nil
}

// identityLines are the lines on which the identities begin.
func identityLines(text []byte) []int {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	var lines []int
	top := doc.Content[0]
	for n := 0; n+1 < len(top.Content); n += 2 {
		if top.Content[n].Value != "identities" {
			continue
		}
		for _, i := range top.Content[n+1].Content {
			lines = append(lines, i.Line)
		}
	}
	return lines
}
