package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/release/build"
)

// indexClaims holds the claims about the index of the container image, whose digest a registry shows.
const indexClaims = imageDir + ".index." + evidence.ClaimsFile

// signing adds what a key vouches for to the folder of a release.
type signing struct {
	dir        string
	key        *evidence.PrivateKey
	provenance *claim.Provenance
}

// sign writes the claims about each file that people download alone, then the signature and the claims about the whole folder:
// picket verify and picket claims find both where they look for them.
func sign(ctx context.Context, r *record, source build.Source, by, dir string, key *evidence.PrivateKey, w io.Writer) error {
	p, err := newProvenance(ctx, r, source, by)
	if err != nil {
		return err
	}
	s := &signing{dir: dir, key: key, provenance: p}
	for _, built := range r.Programs {
		if err := s.program(ctx, built); err != nil {
			return err
		}
	}
	for _, name := range r.downloads() {
		digest, err := build.Digest(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("sign release: %w", err)
		}
		if err := s.claim(ctx, name, digest, p, name+"."+evidence.ClaimsFile); err != nil {
			return err
		}
	}
	if r.Image.Digest != "" {
		index, err := picket.ParseDigest(r.Image.Digest)
		if err != nil {
			return fmt.Errorf("sign image: %w", err)
		}
		if err := s.claim(ctx, "picket:"+r.Version, index, p, indexClaims); err != nil {
			return err
		}
	}
	m, err := hashRelease(ctx, dir, nil)
	if err != nil {
		return err
	}
	if err := s.claim(ctx, m.Name, m.Digest(), p, evidence.ClaimsFile); err != nil {
		return err
	}
	if err := s.model(ctx, m); err != nil {
		return err
	}
	fmt.Fprintf(w, "signed %d files, %s, by key %s\n", len(m.Resources), m.Digest(), key.Public().Hint())
	return nil
}

// downloads are the files that people take alone.
func (r *record) downloads() []string {
	var all []string
	for _, p := range r.Programs {
		all = append(all, p.Archive)
	}
	if r.Image.Archive != "" {
		all = append(all, r.Image.Archive)
	}
	return all
}

// program signs what the binary is made of, and how it was built.
func (s *signing) program(ctx context.Context, p program) error {
	document, err := os.ReadFile(filepath.Join(s.dir, p.BOM))
	if err != nil {
		return fmt.Errorf("sign %s: %w", p.BOM, err)
	}
	name := strings.TrimSuffix(p.BOM, bomSuffix)
	return errors.Join(s.claim(ctx, name, p.Digest, &claim.BOM{Format: "CycloneDX", Document: document}, p.claims()),
		s.claim(ctx, name, p.Digest, s.provenance, p.claims()))
}

// claim signs a statement about a subject.
func (s *signing) claim(ctx context.Context, name string, subject picket.Digest, predicate claim.Predicate, file string) error {
	statement, err := claim.NewStatement(name, subject, predicate)
	if err != nil {
		return fmt.Errorf("sign %s: %w", name, err)
	}
	bundle, err := evidence.Sign(ctx, statement, s.key)
	if err != nil {
		return fmt.Errorf("sign %s: %w", name, err)
	}
	return claimstore.Append(filepath.Join(s.dir, file), bundle)
}

// model writes the OpenSSF signature over the folder.
func (s *signing) model(ctx context.Context, m *evidence.Manifest) error {
	bundle, err := evidence.SignModel(ctx, m, s.key)
	if err != nil {
		return err
	}
	text, err := bundle.Marshal()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.dir, evidence.SignatureFile), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write signature: %w", err)
	}
	return nil
}

// hashRelease hashes the folder of a release; a signature, when given, says what it covers.
func hashRelease(ctx context.Context, dir string, sig *evidence.ModelSignature) (m *evidence.Manifest, err error) {
	opts := evidence.Options{Name: "dist"}
	if sig != nil {
		opts = sig.Options(opts)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("hash release: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	tree, ok := root.FS().(evidence.Tree)
	if !ok {
		return nil, errors.New("hash release: this file system does not tell links from files")
	}
	return evidence.HashTree(ctx, tree, opts)
}

// signed are the files of a release that hold signatures: they differ each time a release is made.
func (r *record) signed() []string {
	all := []string{evidence.SignatureFile, evidence.ClaimsFile, indexClaims}
	for _, p := range r.Programs {
		all = append(all, p.claims())
	}
	for _, name := range r.downloads() {
		all = append(all, name+"."+evidence.ClaimsFile)
	}
	return all
}
