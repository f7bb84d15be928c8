package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
)

// formFlags say how a model signature lists the content.
type formFlags struct {
	hashName  string
	shards    bool
	shardSize int64
	compat    compatFlag
	ignore    ignoreFlag
	gitNames  bool
}

// add declares the flags.
func (f *formFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.hashName, "hash", string(evidence.HashSHA256), "sign digests made by `HASH`: sha256, blake2b or blake3")
	flags.BoolVar(&f.shards, "shards", false, "sign ranges of files, which leaves out empty files, instead of whole files")
	flags.Int64Var(&f.shardSize, "shard-size", evidence.DefaultShardSize, "with --shards: `BYTES` in each range")
	flags.BoolVar(&f.gitNames, "git-names", false, "sign .git, .gitattributes, .github and .gitignore at the top too")
	f.compat.add(cmd)
	f.ignore.add(cmd, "leave out `PATH`, below the folder (may be repeated); the signature says so, and nothing else vouches for it")
}

// form is the form of the signature; the content must be hashed for it, see prepare.
func (f *formFlags) form() (evidence.Form, error) {
	hash, err := evidence.ParseHash(f.hashName)
	if err != nil {
		return evidence.Form{}, usagef("--hash: %w", err)
	}
	form := evidence.Form{Serialization: evidence.Serialization{Hash: hash}, Python: f.compat.python()}
	if !f.shards {
		return form, f.compat.check()
	}
	if f.shardSize <= 0 {
		return form, usagef("--shard-size is %d bytes; give at least 1", f.shardSize)
	}
	form.ShardSize = f.shardSize
	return form, f.compat.check()
}

// prepare makes the hashing do what the form needs.
func (f *formFlags) prepare(form evidence.Form, opts *evidence.Options) error {
	if !form.Identity() {
		opts.Also = append(slices.Clone(opts.Also), form.Serialization)
	}
	opts.GitNames = f.gitNames
	opts.SkipLinkedFolders = f.compat.python()
	return f.ignore.addTo(opts)
}

// describe says what is unusual about a signature.
func (f *formFlags) describe(l *lines, m *evidence.Manifest, form evidence.Form) {
	if !form.Identity() {
		l.add("  made of %s", form.Serialization)
	}
	for _, name := range m.Excluded {
		if !evidence.Reserved(name) {
			l.add("  left out, so a gate will not accept it for the whole folder: %s", shown(name))
		}
	}
	if !form.Python && !(f.shards && form.Hash == evidence.HashBLAKE3) && (m.File || f.shards || form.Hash == evidence.HashBLAKE2b) {
		l.add("  the Python tool model_signing verifies this only when it is made with --compat python")
	}
}

// compatFlag names a tool whose ways are followed.
type compatFlag struct{ tool string }

// add declares the flag.
func (c *compatFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.tool, "compat", "", "follow the ways of `TOOL`: python, the reference tool model_signing, which passes over links to folders")
}

// check refuses other tools.
func (c *compatFlag) check() error {
	if c.tool != "" && c.tool != "python" {
		return usagef("--compat %s: only python is known", c.tool)
	}
	return nil
}

// python reports whether the Python tool is followed.
func (c *compatFlag) python() bool { return c.tool == "python" }

// ignoreFlag are paths below the folder that the operator leaves out.
type ignoreFlag struct{ paths []string }

// add declares the flag.
func (i *ignoreFlag) add(cmd *cobra.Command, usage string) {
	cmd.Flags().StringArrayVar(&i.paths, "ignore-path", nil, usage)
}

// addTo makes hashing leave the paths out.
func (i *ignoreFlag) addTo(opts *evidence.Options) error {
	for _, p := range i.paths {
		clean := filepath.ToSlash(filepath.Clean(p))
		if !filepath.IsLocal(p) || clean == "." || strings.ContainsAny(clean, "*?[") {
			return usagef("--ignore-path %q: give the path of a file or folder below the folder, without wildcards", p)
		}
		opts.Ignore = append(opts.Ignore, clean)
	}
	return nil
}
