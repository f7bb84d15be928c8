package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/policy"
)

// trustText is the trust root of a new project.
const trustText = `# The keys whose claims count. Everyone who may sign needs a key of their own: picket keygen --out NAME
version: 1
keys:
  - name: project
    file: key.pub
`

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
	files := map[string][]byte{"trust.yaml": []byte(trustText), ".gitignore": []byte("*.pem\n")}
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
	l.add("  trust.yaml       the keys whose claims count")
	for _, name := range policy.Shipped() {
		l.add("  %-16s a policy in audit mode: says what it would deny", name+".yaml")
	}
	l.add("next: picket scan DIR --attest --private-key %s", shown(filepath.Join(dir, "key.pem")))
	l.add("      picket gate DIR --policy %s", shown(filepath.Join(dir, "development.yaml")))
	return l.writeTo(env.Stdout)
}
