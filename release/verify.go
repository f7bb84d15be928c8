package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/release/build"
)

// verifyRelease builds the release again from the source and compares every byte, then checks the signatures.
func verifyRelease(ctx context.Context, o options, w io.Writer) error {
	r, err := readRecord(o.verify)
	if err != nil {
		return err
	}
	signatures := verifySignatures(ctx, o, r, w)
	rebuilt := verifyBytes(ctx, o, r, w)
	if err := errors.Join(signatures, rebuilt); err != nil {
		return err
	}
	fmt.Fprintf(w, "verified: %s is what commit %s gives\n", o.verify, r.Commit)
	return nil
}

// verifyBytes builds again and compares.
func verifyBytes(ctx context.Context, o options, r *record, w io.Writer) (err error) {
	toolchain, err := build.FindToolchain(ctx)
	if err != nil {
		return err
	}
	if toolchain.Version != r.Go {
		return fmt.Errorf("the release was built with %s and this is %s: another Go gives other bytes; install that one and run again",
			picket.Printable(r.Go, 40), toolchain.Version)
	}
	scratch, err := os.MkdirTemp("", "picket-release-verify-")
	if err != nil {
		return fmt.Errorf("make temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	o.revision, o.version = r.Commit, r.Version
	source, err := checkOut(ctx, o, filepath.Join(scratch, "source"), w)
	if err != nil {
		return err
	}
	if source.Commit != r.Commit {
		return fmt.Errorf("%s names commit %q, which is %s here", recordFile, picket.Printable(r.Commit, 60), source.Commit)
	}
	source.Time = r.Time // the release may have been made with SOURCE_DATE_EPOCH
	targets, err := r.targets()
	if err != nil {
		return err
	}
	again := filepath.Join(scratch, "dist")
	if err := os.Mkdir(again, 0o755); err != nil {
		return fmt.Errorf("make release folder: %w", err)
	}
	rebuilt, err := assemble(ctx, source, targets, again, w)
	if err != nil {
		return err
	}
	return compare(o.verify, again, rebuilt.signed(), w)
}

// compare fails when a folder holds anything but what was built again and the files with signatures.
func compare(dir, again string, signed []string, w io.Writer) error {
	found, err := digests(dir)
	if err != nil {
		return err
	}
	want, err := digests(again)
	if err != nil {
		return err
	}
	var wrong []string
	for _, name := range names(want) {
		switch got, ok := found[name]; {
		case !ok:
			wrong = append(wrong, name+" is missing")
		case got != want[name]:
			wrong = append(wrong, fmt.Sprintf("%s has %s; the source gives %s", name, got, want[name]))
		default:
			fmt.Fprintf(w, "same  %s  %s\n", got, name)
		}
		delete(found, name)
	}
	for _, name := range names(found) {
		if !slices.Contains(signed, name) {
			wrong = append(wrong, picket.Printable(name, 100)+" does not come from the source")
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s is not what the source gives:\n  %s", dir, strings.Join(wrong, "\n  "))
	}
	return nil
}

// verifySignatures checks the signature over the folder and every claim, when there is a key to check with.
func verifySignatures(ctx context.Context, o options, r *record, w io.Writer) error {
	text, err := readSmall(filepath.Join(o.verify, evidence.SignatureFile))
	unsigned := errors.Is(err, fs.ErrNotExist)
	switch {
	case o.publicKey == "" && unsigned:
		fmt.Fprintln(w, "NOT SIGNED: nobody can tell who made this release")
		return nil
	case o.publicKey == "":
		fmt.Fprintln(w, "SIGNATURES NOT CHECKED: give the maintainers' key with --public-key")
		return nil
	case err != nil:
		return fmt.Errorf("verify signature: %w", err)
	}
	pem, err := readSmall(o.publicKey)
	if err != nil {
		return fmt.Errorf("--public-key: %w", err)
	}
	key, err := evidence.ParsePublicKey(pem)
	if err != nil {
		return fmt.Errorf("--public-key %s: %w", o.publicKey, err)
	}
	sig, err := evidence.VerifyModel(text, key)
	if err != nil {
		return err
	}
	m, err := hashRelease(ctx, o.verify, sig)
	if err != nil {
		return err
	}
	if diffs := sig.Compare(m); len(diffs) > 0 {
		return fmt.Errorf("%s is not what was signed: %s (%d differences)", o.verify, diffs[0], len(diffs))
	}
	fmt.Fprintf(w, "signature over %d files holds, by %s\n", len(m.Resources), key)
	return verifyClaims(o.verify, r, m, key, w)
}

// verifyClaims checks that each file of claims is there, signed, and about what it stands beside.
func verifyClaims(dir string, r *record, m *evidence.Manifest, key *evidence.PublicKey, w io.Writer) error {
	subjects := map[string]picket.Digest{evidence.ClaimsFile: m.Digest()}
	for _, p := range r.Programs {
		subjects[p.claims()] = p.Digest
	}
	for _, name := range r.downloads() {
		for _, resource := range m.Resources {
			if resource.Name == name {
				subjects[name+"."+evidence.ClaimsFile] = resource.Digest
			}
		}
	}
	if r.Image.Digest != "" {
		subjects[indexClaims] = picket.Digest(r.Image.Digest)
	}
	checked := 0
	for _, file := range names(subjects) {
		entries, err := claimstore.Load(filepath.Join(dir, file))
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return fmt.Errorf("%s is missing or empty", file)
		}
		for _, e := range entries {
			if err := verifyClaim(e.Bundle, key, subjects[file]); err != nil {
				return fmt.Errorf("%s line %d: %w", file, e.Line, err)
			}
			checked++
		}
	}
	fmt.Fprintf(w, "%d claims hold\n", checked)
	return nil
}

// verifyClaim checks who signed a claim and what it is about.
func verifyClaim(b *evidence.Bundle, key *evidence.PublicKey, subject picket.Digest) error {
	payload, err := b.Verify(key)
	if err != nil {
		return err
	}
	st, err := evidence.ParseStatement(payload)
	if err != nil {
		return err
	}
	if st.Subject != subject || subject == "" {
		return fmt.Errorf("it is about %s, not %s", st.Subject, subject)
	}
	return nil
}
