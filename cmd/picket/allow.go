package main

import (
	"fmt"
	"io"
	"sort"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
)

// unknownGlobal is the rule whose findings an allow-list entry answers.
const unknownGlobal = "model.pickle.unknown-global"

func newAllowCmd(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "allow",
		Short: "Work on the list of names that models may use",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAllowSuggestCmd(env))
	return cmd
}

func newAllowSuggestCmd(env Env) *cobra.Command {
	var flags scanFlags
	cmd := &cobra.Command{
		Use:   "suggest PATH... | -",
		Short: "Print the exact names that models need and no pack knows, for review",
		Long: "Suggest scans and prints a configuration that allows the unknown names, one per line with the files that use them.\n" +
			"It is a list to review, not a verdict: allow a name only after reading what its class does when it is unpickled.\n" +
			"Names of known attacks are never suggested.",
		Example: "  picket allow suggest model.pkl > picket.yaml\n  picket scan --config picket.yaml model.pkl",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, _, err := flags.scan(cmd.Context(), env, args)
			if err != nil {
				return err
			}
			if err := writeSuggestion(env.Stdout, s); err != nil {
				return err
			}
			for _, r := range s.Results {
				if r.Verdict == picket.Malicious {
					fmt.Fprintf(env.Stderr, "picket: %s is malicious; no list of names makes it safe\n",
						picket.Printable(r.Artifact.Name, picket.MaxExcerpt))
				}
			}
			return nil
		},
	}
	flags.add(cmd)
	return cmd
}

// writeSuggestion writes the names as a configuration, sorted, each with the first file that uses it.
func writeSuggestion(w io.Writer, s picket.Scan) error {
	users := map[string]string{}
	var order []string
	for _, r := range s.Results {
		for _, f := range r.Findings {
			if f.Rule.ID != unknownGlobal || f.Subject == "" {
				continue
			}
			if _, seen := users[f.Subject]; !seen {
				order = append(order, f.Subject)
				users[f.Subject] = r.Artifact.Name
			}
		}
	}
	sort.Strings(order)
	if len(order) == 0 {
		_, err := fmt.Fprintln(w, "# Every name is known already; there is nothing to allow.")
		return err
	}
	if _, err := fmt.Fprintln(w, "# Review each name before you allow it: what does its class do when it is unpickled?\nallow:\n  globals:"); err != nil {
		return err
	}
	for _, name := range order {
		if _, err := fmt.Fprintf(w, "    - %q # used by %s\n", picket.Printable(name, picket.MaxExcerpt),
			picket.Printable(users[name], picket.MaxExcerpt)); err != nil {
			return err
		}
	}
	return nil
}
