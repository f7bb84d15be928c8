package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence"
)

func newKeygenCmd(env Env) *cobra.Command {
	prefix, curve := "picket", string(evidence.P256)
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Make a key pair that signs models and claims",
		Long: "Keygen writes PREFIX.pem, the private key that signs (readable by you alone), and PREFIX.pub, the public key that\n" +
			"verifies. It never replaces a file and never prints a key. Keep the private key out of the model's folder.",
		Example: "  picket keygen\n  picket keygen --out ~/keys/release --curve p384",
		Args:    cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if !isCurve(curve) {
				return usagef("--curve %q is not one of p256, p384, p521", curve)
			}
			public, err := writeKeyPair(prefix+".pem", prefix+".pub", evidence.Curve(curve))
			if err != nil {
				return err
			}
			var l lines
			l.add("private key  %s  (keep it secret; it is not shown anywhere)", shown(prefix+".pem"))
			l.add("public key   %s", shown(prefix+".pub"))
			l.add("fingerprint  %s", public.Hint())
			return l.writeTo(env.Stdout)
		},
	}
	cmd.Flags().StringVar(&prefix, "out", prefix, "write `PREFIX`.pem and PREFIX.pub")
	cmd.Flags().StringVar(&curve, "curve", curve, "elliptic `CURVE`: p256, p384, p521")
	return cmd
}

// isCurve reports whether a word names a curve.
func isCurve(word string) bool {
	c := evidence.Curve(word)
	return c == evidence.P256 || c == evidence.P384 || c == evidence.P521
}

// writeKeyPair makes a key and both of its files, or neither.
func writeKeyPair(private, public string, curve evidence.Curve) (*evidence.PublicKey, error) {
	key, err := evidence.GenerateKey(curve)
	if err != nil {
		return nil, err
	}
	secret, err := key.PEM()
	if err != nil {
		return nil, err
	}
	text, err := key.Public().PEM()
	if err != nil {
		return nil, err
	}
	if err := writeNew(private, secret, 0o600); err != nil {
		return nil, err
	}
	if err := writeNew(public, text, 0o644); err != nil {
		return nil, errors.Join(err, os.Remove(private))
	}
	return key.Public(), nil
}

// writeNew writes a file that must not exist yet, with exactly this mode whatever the umask is.
func writeNew(name string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already; it is never replaced", name)
	}
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(name))
		}
	}()
	_, err = f.Write(data)
	for _, step := range []func() error{func() error { return f.Chmod(mode) }, f.Sync} {
		if err == nil {
			err = step()
		}
	}
	return errors.Join(err, f.Close())
}
