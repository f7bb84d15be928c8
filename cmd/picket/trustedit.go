package main

import (
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence/trust"
)

// editRoot changes a YAML trust root.
type editRoot struct {
	file      string
	publicKey string
	may       []string
	until     string
	name      string
	reason    string
	at        string
}

func newTrustAddCmd(env Env) *cobra.Command {
	e := editRoot{}
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Add an identity with a public key to a YAML trust root",
		Example: "  picket trust add ci --public-key ci.pub --may scan-result,bom --file .picket/trust.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "public-key", e.publicKey); err != nil {
				return err
			}
			if len(e.may) == 0 {
				return usagef("--may is missing: say which kinds of claims it may make; see %s --help", cmd.CommandPath())
			}
			return e.change(env, "added "+args[0], func(text []byte) ([]byte, error) { return e.add(text, args[0], "") })
		},
	}
	e.flags(cmd)
	e.keyFlags(cmd)
	return cmd
}

func newTrustRotateCmd(env Env) *cobra.Command {
	e := editRoot{}
	cmd := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Replace the key of an identity in a YAML trust root",
		Long: "Rotate adds an identity with the new key and gives the old one an end, so that both are valid while signers change over.\n" +
			"Both count as one person. What the old key provably signed before its end counts on.",
		Example: "  picket trust rotate ci --to ci-2027 --public-key new.pub --until 2027-01-31",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, given := range [][2]string{{"to", e.name}, {"public-key", e.publicKey}, {"until", e.until}} {
				if err := needs(cmd, given[0], given[1]); err != nil {
					return err
				}
			}
			until, err := parseDay("until", e.until)
			if err != nil {
				return err
			}
			e.until = ""
			return e.change(env, "replaced "+args[0]+" by "+e.name, func(text []byte) ([]byte, error) {
				return e.rotate(text, args[0], until)
			})
		},
	}
	e.flags(cmd)
	e.keyFlags(cmd)
	cmd.Flags().StringVar(&e.name, "to", "", "`NAME` of the identity with the new key")
	cmd.Flags().Lookup("may").Usage = "`KINDS` of claims that it may make (default: those of the old one)"
	cmd.Flags().Lookup("until").Usage = "the `DAY` on which the old key ends, such as 2027-01-31"
	return cmd
}

func newTrustRevokeCmd(env Env) *cobra.Command {
	e := editRoot{}
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "Revoke an identity in a YAML trust root",
		Long: "Revoke ends an identity. With a reason that begins with rotation, superseded or retired, what it provably signed before\n" +
			"counts on; with any other, such as compromise, nothing that it signed does.",
		Example: "  picket trust revoke alice-laptop --reason \"lost on the train\"\n  picket trust revoke ci-2026 --reason rotation",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "reason", e.reason); err != nil {
				return err
			}
			r := trust.Revocation{At: env.Now().UTC().Truncate(time.Second), Reason: e.reason}
			if e.at != "" {
				at, err := parseDay("at", e.at)
				if err != nil {
					return err
				}
				r.At = at
			}
			return e.change(env, "revoked "+args[0], func(text []byte) ([]byte, error) { return trust.Revoke(text, args[0], r) })
		},
	}
	e.flags(cmd)
	cmd.Flags().StringVar(&e.reason, "reason", "", "`WHY`: rotation, superseded or retired for a key that is in no wrong hands")
	cmd.Flags().StringVar(&e.at, "at", "", "`TIME` from which it is revoked: 2026-05-01 or 2026-05-01T10:00:00Z (default: now)")
	return cmd
}

// flags declares the flags of all verbs that edit.
func (e *editRoot) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.file, "file", filepath.Join(".picket", trustFile), "the YAML `FILE` to change")
}

// keyFlags declares the flags of a new key.
func (e *editRoot) keyFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.publicKey, "public-key", "", "PEM `FILE` with the public key")
	cmd.Flags().StringSliceVar(&e.may, "may", nil, "`KINDS` of claims that it may make, or evidence, decisions, all")
	cmd.Flags().StringVar(&e.until, "until", "", "the `DAY` on which it ends, such as 2027-01-31 (default: no end)")
}

// add adds an identity.
func (e *editRoot) add(text []byte, name, replaces string) ([]byte, error) {
	key, err := readPublicKey(e.publicKey)
	if err != nil {
		return nil, err
	}
	pem, err := key.PEM()
	if err != nil {
		return nil, err
	}
	i := trust.Identity{Name: name, Key: string(pem), May: e.may, Replaces: replaces}
	if e.until != "" {
		if i.Until, err = parseDay("until", e.until); err != nil {
			return nil, err
		}
	}
	return trust.AddKey(text, i)
}

// rotate ends one identity and adds the one that replaces it, which may do the same unless --may says something else.
func (e *editRoot) rotate(text []byte, old string, until time.Time) ([]byte, error) {
	if len(e.may) == 0 {
		may, err := trust.PowersOf(text, old)
		if err != nil {
			return nil, err
		}
		e.may = may
	}
	text, err := trust.End(text, old, until)
	if err != nil {
		return nil, err
	}
	return e.add(text, e.name, old)
}

// change edits the file, unless what comes out is not a good trust root.
func (e *editRoot) change(env Env, done string, edit func([]byte) ([]byte, error)) error {
	text, err := readSmall(e.file, maxTrustText)
	if err != nil {
		return usagef("--file: %w", err)
	}
	full, err := filepath.Abs(e.file)
	if err != nil {
		return usagef("--file: %w", err)
	}
	next, err := edit(text)
	if err != nil {
		return usagef("%s: %w", e.file, err)
	}
	if _, err := trust.ParseDefinition(os.DirFS(filepath.Dir(full)), filepath.Base(full), next); err != nil {
		return usagef("the change would not be accepted, and nothing was written: %w", err)
	}
	if err := replaceFile(e.file, func(w io.Writer) error {
		_, err := w.Write(next)
		return err
	}); err != nil {
		return err
	}
	var l lines
	l.add("%s in %s", shown(done), shown(e.file))
	if _, err := os.Lstat(filepath.Join(filepath.Dir(e.file), signedFile)); err == nil {
		l.add("it holds when it is signed: picket trust sign %s --private-key KEY.pem", shown(e.file))
	}
	return l.writeTo(env.Stdout)
}

// maxTrustText bounds a YAML trust root, in bytes.
const maxTrustText = 1 << 20
