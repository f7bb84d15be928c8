package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/bom"
	"github.com/picketsec/picket/bom/cyclonedx"
	"github.com/picketsec/picket/bom/spdx"
)

// billForm is one form in which a bill is written.
type billForm struct {
	name   string
	encode func(io.Writer, *bom.Bill) error
}

// billForms is the one list of forms.
func billForms() []billForm {
	return []billForm{
		{"table", bom.WriteText},
		{"json", bom.Encode},
		{"cyclonedx-json", func(w io.Writer, b *bom.Bill) error { return cyclonedx.Encode(w, b, cyclonedx.V1_6) }},
		{"cyclonedx-1.7", func(w io.Writer, b *bom.Bill) error { return cyclonedx.Encode(w, b, cyclonedx.V1_7) }},
		{"spdx-json", spdx.Encode},
	}
}

// billFormats are the names of the forms.
func billFormats() []string {
	var names []string
	for _, f := range billForms() {
		names = append(names, f.name)
	}
	return names
}

// billHead is what tells the forms of bills apart.
type billHead struct {
	Schema    string          `json:"schema"`
	BOMFormat string          `json:"bomFormat"`
	Context   json.RawMessage `json:"@context"`
}

// decoder finds who reads a document; nil when it is no bill.
func decoder(text []byte) func(io.Reader) (*bom.Bill, error) {
	var head billHead
	if json.Unmarshal(text, &head) != nil {
		return nil
	}
	switch {
	case head.Schema == bom.Schema:
		return bom.Decode
	case head.BOMFormat == "CycloneDX":
		return cyclonedx.Decode
	case bytes.Contains(head.Context, []byte("spdx.org/rdf/3.")):
		return spdx.Decode
	}
	return nil
}

// readBill reads a bill that is already written, whatever its form.
func readBill(name string) (*bom.Bill, error) {
	text, decode, err := openBill(name)
	if err != nil {
		return nil, err
	}
	if decode == nil {
		return nil, usagef("%s is no bill of materials that picket reads: CycloneDX JSON, SPDX 3 JSON or its own form; picket bom gen makes one",
			picket.Printable(name, 200))
	}
	b, err := decode(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

// openBill reads a file that may be a bill. The decoder is nil for a folder, and for a file that is none.
func openBill(name string) (text []byte, decode func(io.Reader) (*bom.Bill, error), err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, fmt.Errorf("find bill: %w", err)
	}
	if info.IsDir() || info.Size() > bom.MaxDocument {
		return nil, nil, nil
	}
	start, err := readStart(name, 64)
	if err != nil || len(bytes.TrimLeft(start, "\ufeff \t\r\n")) == 0 || bytes.TrimLeft(start, "\ufeff \t\r\n")[0] != '{' {
		return nil, nil, err
	}
	if text, err = readSmall(name, bom.MaxDocument); err != nil {
		return nil, nil, err
	}
	return text, decoder(text), nil
}

// readStart reads the first bytes of a file.
func readStart(name string, n int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	return io.ReadAll(io.LimitReader(f, n))
}

// bill reads a bill that is already written, or makes one of anything else.
func (f *bomFlags) bill(cmd *cobra.Command, env Env, path string) (*bom.Bill, error) {
	_, decode, err := openBill(path)
	if err != nil {
		return nil, err
	}
	if decode != nil {
		return readBill(path)
	}
	return f.build(cmd.Context(), env, path)
}

// scoreDocument is the JSON form of a score.
type scoreDocument struct {
	Schema string `json:"schema"`
	Path   string `json:"path"`
	bom.Report
}

func newBOMScoreCmd(env Env) *cobra.Command {
	var flags bomFlags
	var out plainOutput
	all, least := false, 0
	cmd := &cobra.Command{
		Use:   "score PATH|BOM",
		Short: "Score a bill against the minimum elements of the G7 for AI and of NTIA",
		Long: "Score says for each of the 50 elements of \"SBOM for AI: Minimum Elements\" (G7, 2026-05-12) and the seven of NTIA (2021)\n" +
			"whether the bill has it, where, and how to add what is missing. A PATH that is no bill has one made first.\n\n" +
			"Exit codes: 0 scored · 1 error · 2 usage · 3 fewer elements of the G7 are filled than --fail-under.",
		Example: "  picket bom score model/\n  picket bom score --all model.cdx.json\n  picket bom score --fail-under 35 model/",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			b, err := flags.bill(cmd, env, args[0])
			if err != nil {
				return err
			}
			doc := scoreDocument{Schema: "picket.bom-score/1", Path: args[0], Report: bom.Score(b)}
			if err := out.answer(env, doc, func(w io.Writer) error { return bom.WriteScore(w, doc.Report, all) }); err != nil {
				return err
			}
			if doc.Standards[0].Total.Filled < least {
				return exitCode(exitFinding)
			}
			return nil
		},
	}
	flags.add(cmd)
	out.add(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "list the elements that are there, too")
	cmd.Flags().IntVar(&least, "fail-under", 0, "exit with 3 when fewer than `N` of the 50 elements of the G7 are filled")
	return cmd
}

// bomDiffDocument is the JSON form of a comparison of bills.
type bomDiffDocument struct {
	Schema  string       `json:"schema"`
	Old     string       `json:"old"`
	New     string       `json:"new"`
	Changes []bom.Change `json:"changes"`
}

func newBOMDiffCmd(env Env) *cobra.Command {
	var flags bomFlags
	var out plainOutput
	failOn := ""
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what differs between two bills of materials, what matters for security first",
		Long: "Diff compares two bills, or the bills of two folders: licences, base models, weights, code, libraries, data, fields, and\n" +
			"values that can be believed less than before.\n\n" +
			"Exit codes: 0 compared · 1 error · 2 usage · 3 there is a change at or above --fail-on.",
		Example: "  picket bom diff approved.cdx.json candidate/\n  picket bom diff --fail-on important old/ new/",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			stop, err := bomSeverities(failOn)
			if err = errors.Join(out.check(), err); err != nil {
				return err
			}
			doc := bomDiffDocument{Schema: "picket.bom-diff/1", Old: args[0], New: args[1], Changes: []bom.Change{}}
			var bills [2]*bom.Bill
			for i, path := range args {
				if bills[i], err = flags.bill(cmd, env, path); err != nil {
					return err
				}
			}
			doc.Changes = append(doc.Changes, bom.Diff(bills[0], bills[1])...)
			if err := out.answer(env, doc, func(w io.Writer) error { return bom.WriteDiff(w, doc.Changes) }); err != nil {
				return err
			}
			if slices.ContainsFunc(doc.Changes, func(c bom.Change) bool { return slices.Contains(stop, c.Severity) }) {
				return exitCode(exitFinding)
			}
			return nil
		},
	}
	flags.add(cmd)
	out.add(cmd)
	cmd.Flags().StringVar(&failOn, "fail-on", "", "exit with 3 for a change of this `SEVERITY` or a higher one: important, notable, minor (default: never)")
	return cmd
}

// bomSeverities are the severities from the highest down to the one that a flag names; none for an empty flag.
func bomSeverities(lowest string) ([]bom.Severity, error) {
	all := []bom.Severity{bom.Important, bom.Notable, bom.Minor}
	if lowest == "" {
		return nil, nil
	}
	i := slices.Index(all, bom.Severity(lowest))
	if i < 0 {
		return nil, usagef("--fail-on %q is not one of important, notable, minor", picket.Printable(lowest, 40))
	}
	return all[:i+1], nil
}
