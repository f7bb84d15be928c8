package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/policy/exception"
	"github.com/picketsec/picket/transfer"
)

func newBundleCmd(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bundle",
		Short: "Carry packs, policies, trust roots and vulnerability data across an air gap",
		Long: "Bundle puts what Picket learns from outside into one signed file, and installs such a file where there is no network.\n" +
			"Nothing that is installed is ever replaced by something older.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBundleExportCmd(env), newBundleImportCmd(env), newBundleListCmd(env), newBundlePathCmd(env))
	return cmd
}

// dataStore is where imports are installed: below PICKET_HOME, else the user's folder for data.
func dataStore(env Env) transfer.Store {
	dir := env.Getenv("PICKET_HOME")
	if dir == "" {
		base := env.Getenv("XDG_DATA_HOME")
		if !filepath.IsAbs(base) { // as its specification demands
			base = filepath.Join(env.Home, ".local", "share")
		}
		if !filepath.IsAbs(base) {
			return transfer.Store{} // a folder below the current one would let what is inspected configure us
		}
		dir = filepath.Join(base, "picket")
	}
	return transfer.Store{Dir: filepath.Join(dir, "installed")}
}

func newBundleExportCmd(env Env) *cobra.Command {
	var parts []string
	var signer signerFlags
	var output string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write a signed file with packs, policies, trust roots or vulnerability data",
		Long: "Export writes one file with the given parts, signed. A part is KIND/NAME@NUMBER=FILE: the kind is pack, policy,\n" +
			"trust-root or vulnerabilities, and the number grows with every new content of that name.",
		Example: "  picket bundle export --part pack/acme@7=acme.txt --part policy/release@3=release.yaml \\\n" +
			"    --private-key publisher.pem --output 2026-11.picket",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(parts) == 0 {
				return usagef("--part is missing; see %s --help", cmd.CommandPath())
			}
			if err := needs(cmd, "output", output); err != nil {
				return err
			}
			sources, err := readParts(parts)
			if err != nil {
				return err
			}
			key, done, err := signer.open(cmd.Context(), env, nil)
			if err != nil {
				return err
			}
			defer done()
			var list *transfer.List
			if err := replaceFile(output, func(w io.Writer) error {
				list, err = transfer.Export(cmd.Context(), w, sources, env.Now(), key)
				return err
			}); err != nil {
				return err
			}
			var l lines
			l.add("wrote %s, signed by key %s", shown(output), key.Public().Hint())
			for _, p := range list.Parts {
				l.add("  %s number %d, %d bytes, %s", p.ID(), p.Number, p.Size, p.Digest)
			}
			return l.writeTo(env.Stdout)
		},
	}
	cmd.Flags().StringArrayVar(&parts, "part", nil, "carry `KIND/NAME@NUMBER=FILE` (may be repeated)")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to `FILE`")
	signer.add(cmd, "")
	return cmd
}

// readParts reads the parts of the command line.
func readParts(args []string) ([]transfer.Source, error) {
	sources := make([]transfer.Source, 0, len(args))
	for _, arg := range args {
		id, file, ok := strings.Cut(arg, "=")
		kind, rest, named := strings.Cut(id, "/")
		name, number, numbered := strings.Cut(rest, "@")
		n, err := strconv.ParseInt(number, 10, 64)
		if !ok || !named || !numbered || err != nil || file == "" {
			return nil, usagef("--part %q is not of the form KIND/NAME@NUMBER=FILE, such as pack/acme@7=acme.txt", arg)
		}
		switch transfer.Kind(kind) {
		case transfer.TrustRoot:
			if !isSigned(file) {
				return nil, usagef("--part %s: %s is not a signed trust root, whose name ends in .jsonl; picket trust sign makes one", id, file)
			}
		case transfer.Policy:
			if _, err := loadPolicy(file); err != nil {
				return nil, err
			}
		}
		sources = append(sources, transfer.Source{Kind: transfer.Kind(kind), Name: name, Number: n, File: file})
	}
	return sources, nil
}

func newBundleImportCmd(env Env) *cobra.Command {
	var trusted trustFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Install a file of picket bundle export",
		Long: "Import verifies the signature against the trust root, where the signer must be allowed to make claims of the kind\n" +
			"\"transfer\", and installs all parts or none. Parts go below PICKET_HOME, else the user's data folder.\n\n" +
			"Exit codes: 0 installed · 1 error · 2 usage · 3 refused: the signature, the content, or something older.",
		Example: "  picket bundle import 2026-11.picket --trust trust.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, _, err := trusted.read(env)
			if err != nil {
				return err
			}
			if root.Len() == 0 {
				return usagef("--trust is missing: it names who may sign what is installed; see %s --help", cmd.CommandPath())
			}
			return importBundle(cmd.Context(), env, args[0], root)
		},
	}
	trusted.add(cmd)
	return cmd
}

// importBundle installs a file. Whatever is wrong with it is an answer about the file: it is refused.
func importBundle(ctx context.Context, env Env, name string, authority transfer.Authority) (err error) {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("open bundle: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	refuse := func(err error) error {
		if ctx.Err() != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "picket: refused %s: %s\n", shown(name), shown(err.Error()))
		return exitCode(exitFinding)
	}
	t, err := transfer.Open(f, authority)
	if err != nil {
		return refuse(err)
	}
	store := dataStore(env)
	changes, err := store.Install(ctx, t, env.Now())
	if err != nil {
		return refuse(err)
	}
	var l lines
	l.add("installed %s, signed by %s, in %s", shown(name), shown(t.Signer), shown(store.Dir))
	for _, c := range changes {
		switch c.Before {
		case 0:
			l.add("  new        %s number %d", c.ID(), c.Number)
		case c.Number:
			l.add("  unchanged  %s number %d", c.ID(), c.Number)
		default:
			l.add("  updated    %s from number %d to %d", c.ID(), c.Before, c.Number)
		}
	}
	return l.writeTo(env.Stdout)
}

func newBundleListCmd(env Env) *cobra.Command {
	var out plainOutput
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List what is installed",
		Long:    "List shows every installed part with its number, digest, signer and age.",
		Example: "  picket bundle list",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := out.check(); err != nil {
				return err
			}
			store := dataStore(env)
			parts, err := store.Installed()
			if err != nil {
				return err
			}
			doc := struct {
				Schema string               `json:"schema"`
				Dir    string               `json:"dir"`
				Parts  []transfer.Installed `json:"parts"`
			}{"picket.installed/1", store.Dir, append([]transfer.Installed{}, parts...)}
			return out.answer(env, doc, func(w io.Writer) error {
				var l lines
				for _, p := range parts {
					l.add("%-28s number %-8d %s  signed by %s, made %s", p.ID(), p.Number, p.Digest, shown(p.Signer), p.Time.Format("2006-01-02"))
				}
				if len(parts) == 0 {
					l.add("nothing is installed in %s", shown(store.Dir))
				}
				return l.writeTo(w)
			})
		},
	}
	out.add(cmd)
	return cmd
}

func newBundlePathCmd(env Env) *cobra.Command {
	return &cobra.Command{
		Use:     "path KIND/NAME",
		Short:   "Print the file of an installed part",
		Long:    "Path checks that the installed part is what was signed and prints where it lies, for --policy and --trust.",
		Example: "  picket gate model/ --policy \"$(picket bundle path policy/release)\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			store := dataStore(env)
			parts, err := store.Installed()
			if err != nil {
				return err
			}
			for _, p := range parts {
				if p.ID() != args[0] {
					continue
				}
				if _, err := store.Content(p.Part, transfer.MaxPart); err != nil {
					return err
				}
				_, err := fmt.Fprintln(env.Stdout, store.Path(p.Part))
				return err
			}
			return fmt.Errorf("%s is not installed; picket bundle list shows what is", shown(args[0]))
		},
	}
}

// maxPack bounds an installed pack, in bytes.
const maxPack = 8 << 20

// installedPacks are the names that installed packs know to be safe. A pack is text: one exact qualified name a line, and
// comments behind #.
func installedPacks(env Env) (exception.Allow, error) {
	store := dataStore(env)
	parts, err := store.Installed()
	if err != nil {
		return exception.Allow{}, err
	}
	var allow exception.Allow
	for _, p := range parts {
		if p.Kind != transfer.Pack {
			continue
		}
		text, err := store.Content(p.Part, maxPack)
		if err != nil {
			return exception.Allow{}, err
		}
		for line := range strings.Lines(string(text)) {
			name, _, _ := strings.Cut(line, "#")
			if name = strings.TrimSpace(name); name != "" {
				allow.Globals = append(allow.Globals, name)
			}
		}
		if err := (exception.Config{Allow: allow}).Validate(); err != nil {
			return exception.Allow{}, fmt.Errorf("installed %s: %w", p.ID(), err)
		}
	}
	return allow, nil
}
