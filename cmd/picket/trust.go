package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/evidence/trust"
)

func newTrustCmd(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Show, change and sign the trust root: who may make which claims",
		Long: "A trust root says whose claims count, which kinds each may make, until when, and who was revoked. It is a YAML file, a\n" +
			"folder of public keys, or a signed file (trust.jsonl) whose versions are numbered, signed by the signers of the version\n" +
			"before, and cannot be rolled back.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTrustShowCmd(env), newTrustVerifyCmd(env), newTrustSignCmd(env), newTrustCountersignCmd(env),
		newTrustAddCmd(env), newTrustRotateCmd(env), newTrustRevokeCmd(env))
	return cmd
}

// trustDocument is the JSON form of a trust root.
type trustDocument struct {
	Schema     string           `json:"schema"`
	Path       string           `json:"path"`
	Project    string           `json:"project"`
	Signed     *trust.Signed    `json:"signed"` // null for a root that is not signed
	Identities []trust.Standing `json:"identities"`
	Separate   [][]string       `json:"separate"`
	Notes      []string         `json:"notes"` // what ends soon, and what cannot be told
}

// newTrustDocument is the JSON form of a trust root.
func newTrustDocument(path string, root *trust.Root, notes []string) *trustDocument {
	return &trustDocument{
		Schema: "picket.trust/1", Path: path, Project: root.Project(), Signed: root.Signed(), Identities: root.Standings(),
		Separate: append([][]string{}, root.Separate()...), Notes: append([]string{}, notes...),
	}
}

func newTrustShowCmd(env Env) *cobra.Command {
	var out plainOutput
	var trusted trustFlags
	cmd := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Say who may make which claims, until when, and what ends soon",
		Long: "Show reads a trust root as every other verb does, and says for each identity what it may do and whether a claim that it\n" +
			"signs now counts. FILE is a YAML file, a folder of public keys or a signed trust root.",
		Example: "  picket trust show .picket/trust.yaml\n  picket trust show trust.jsonl --trust-pin sha256:… --format json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			if trusted.file = env.Getenv("PICKET_TRUST"); len(args) == 1 {
				trusted.file = args[0]
			}
			if trusted.file == "" {
				return usagef("name the trust root: picket trust show FILE")
			}
			root, notes, err := trusted.read(env)
			if err != nil {
				return err
			}
			doc := newTrustDocument(trusted.file, root, notes)
			return out.answer(env, doc, doc.write)
		},
	}
	out.add(cmd)
	trusted.addSigned(cmd)
	return cmd
}

func newTrustVerifyCmd(env Env) *cobra.Command {
	var out plainOutput
	var trusted trustFlags
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check every version of a signed trust root, and that it was not rolled back",
		Long: "Verify checks the numbers, the signatures and the links of all versions, the first against --trust-pin and the newest\n" +
			"against what was accepted before.\n\nExit codes: 0 verified · 1 error · 2 usage · 3 not verified.",
		Example: "  picket trust verify trust.jsonl --trust-pin sha256:…\n  picket trust verify trust.jsonl --trust-pin owner.pub",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			trusted.file = args[0]
			if !isSigned(trusted.file) {
				return usagef("%s is not a signed trust root, whose name ends in .jsonl; see picket trust sign", trusted.file)
			}
			root, notes, err := trusted.readSigned(env)
			if errors.Is(err, trust.ErrUnpinned) {
				return usagef("%w", err)
			}
			if err != nil {
				return refuse(env, args[0], err)
			}
			doc := newTrustDocument(args[0], root, append(notes, root.Warnings()...))
			return out.answer(env, doc, doc.write)
		},
	}
	out.add(cmd)
	trusted.addSigned(cmd)
	return cmd
}

// refuse says why a signed trust root is not verified. A file that cannot be read is an error, not an answer.
func refuse(env Env, name string, err error) error {
	if _, mistake := errors.AsType[usageError](err); mistake || !trust.IsRefusal(err) {
		return err
	}
	var l lines
	l.add("NOT verified  %s", shown(name))
	l.add("  %s", shown(err.Error()))
	if err := l.writeTo(env.Stdout); err != nil {
		return err
	}
	return exitCode(exitFinding)
}

// write is the trust root for people.
func (d *trustDocument) write(w io.Writer) error {
	var l lines
	l.add("trust root  %s", shown(d.Path))
	if d.Project != "" {
		l.add("  project   %s", shown(d.Project))
	}
	if s := d.Signed; s != nil {
		l.add("  version   %d, %s", s.Number, s.Digest)
		l.add("  first     %s (for --trust-pin)", s.First)
		l.add("  signed by %d of %s, until %s", s.Threshold, shown(strings.Join(s.Signers, ", ")), s.Expires.UTC().Format("2006-01-02"))
	} else {
		l.add("  not signed: whoever can write the file decides whom to trust")
	}
	for _, i := range d.Identities {
		writeStanding(&l, i)
	}
	for _, list := range d.Separate {
		l.add("never by one person about the same content: %s", strings.Join(list, ", "))
	}
	for _, note := range d.Notes {
		l.add("note: %s", shown(note))
	}
	return l.writeTo(w)
}

// writeStanding is one identity for people.
func writeStanding(l *lines, i trust.Standing) {
	l.add("%s", shown(i.Name))
	l.add("  is        %s", shown(i.Who))
	if i.Person != i.Name {
		l.add("  held by   %s", shown(i.Person))
	}
	may := strings.Join(i.May, ", ")
	switch {
	case may == "":
		may = "nothing but sign this trust root"
	case i.Default:
		may += " (nobody chose; with version: 2 may says it)"
	}
	l.add("  may       %s", may)
	l.add("  validity  %s", shown(i.Validity))
	if i.ReplacedBy != "" {
		l.add("  replaced  by %s", shown(i.ReplacedBy))
	}
	if i.Signer {
		l.add("  signs     the next version of this trust root")
	}
	if i.Now != "" {
		l.add("  now       what it signs does not count: %s", shown(i.Now))
	}
}
