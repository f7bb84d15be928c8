package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/policy"
)

// trustText is the trust root of a new project, whose name goes where "NAME" stands.
const trustText = `# Whose claims count, and for what. picket trust show says what it means; picket trust add adds an identity.
version: 2
project: "NAME"
identities:
  - name: project
    key: {file: key.pub}
    # The kinds of claims that it may make, by name, or a group: evidence is what programs find out, decisions is what
    # people answer for (review, approval, exception, vendor-assessment), all is both.
    may: [evidence]
    # until: 2030-01-01 # from then on it counts only for what a trusted clock saw before
    # revoked: {at: 2029-05-01T10:00:00Z, reason: laptop lost} # or rotation, superseded, retired: what was proven before stays

# Everyone who may sign needs a key of their own (picket keygen --out alice):
#  - name: alice
#    key: {file: alice.pub}
#    may: [review, approval]

# Never by one person about the same content, besides approving or reviewing one's own training run:
# separate: [[scan-result, approval]]

# Identities of one person, who counts once:
# people: {alice: [alice, alice-yubikey]}

# Clocks that are believed (RFC 3161):
# timestamps: [{name: tsa, roots: [tsa.pem]}]

# Who signs this file, so that nobody else can change it or bring an old one back: picket trust sign
# signing: {signers: [alice, project], threshold: 2, expires: 2030-01-01}
`

// projectName is the name of the folder that a project lies in, in the letters that a trust root allows.
func projectName(dir string) string {
	full, err := filepath.Abs(dir)
	if err != nil {
		return "project"
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, strings.ToLower(filepath.Base(filepath.Dir(full))))
	if name = strings.TrimLeft(name, "._-"); name == "" {
		return "project"
	}
	return name[:min(len(name), 64)]
}

func newInitCmd(env Env) *cobra.Command {
	dir := ".picket"
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Set a project up: a key pair, a trust root and policies that only audit",
		Long: "Init makes a folder with a key pair, the trust root that names its public key, and policies that say what they would\n" +
			"deny without denying it. It replaces nothing. The private key is kept out of git by a .gitignore beside it.",
		Example: "  picket init\n  picket scan model/ --attest --private-key .picket/key.pem\n" +
			"  picket gate model/ --policy .picket/development.yaml",
		Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error { return initProject(env, dir) },
	}
	cmd.Flags().StringVar(&dir, "out", dir, "make the folder `DIR`, which must not exist")
	return cmd
}

// initProject makes the folder, or leaves nothing behind.
func initProject(env Env, dir string) (err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s exists already; nothing in it is ever replaced", dir)
		}
		return fmt.Errorf("make project folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir)) // made a moment ago, by us
		}
	}()
	public, err := writeKeyPair(filepath.Join(dir, "key.pem"), filepath.Join(dir, "key.pub"), evidence.P256)
	if err != nil {
		return err
	}
	files := map[string][]byte{trustFile: []byte(strings.Replace(trustText, `"NAME"`, strconv.Quote(projectName(dir)), 1)), ".gitignore": []byte("*.pem\n")}
	for _, name := range policy.Shipped() {
		if files[name+".yaml"], err = fs.ReadFile(policy.Defaults(), name+".yaml"); err != nil {
			return fmt.Errorf("read policy: %w", err)
		}
	}
	for name, data := range files {
		if err := writeNew(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	var l lines
	l.add("made %s", shown(dir))
	l.add("  key.pem          the private key: signs, stays with you, is not in git")
	l.add("  key.pub          the public key, fingerprint %s", public.Hint())
	l.add("  trust.yaml       whose claims count, and for what")
	for _, name := range policy.Shipped() {
		l.add("  %-16s a policy in audit mode: says what it would deny", name+".yaml")
	}
	l.add("next: picket scan DIR --attest --private-key %s", shown(filepath.Join(dir, "key.pem")))
	l.add("      picket gate DIR --policy %s", shown(filepath.Join(dir, "development.yaml")))
	return l.writeTo(env.Stdout)
}
