package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
)

// Outcomes of a check.
const (
	checkOK   = "ok"
	checkWarn = "warn" // it works, and somebody should look
	checkFail = "fail" // what Picket says or signs here cannot be relied on
)

// doctorCheck is the outcome of one check.
type doctorCheck struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail"`
	Next   string `json:"next"` // what to do; empty when there is nothing to do
}

// doctorDocument is the JSON form of all checks.
type doctorDocument struct {
	Schema  string        `json:"schema"`
	Version string        `json:"version"`
	Time    string        `json:"time"` // of the clock of this machine
	Healthy bool          `json:"healthy"`
	Checks  []doctorCheck `json:"checks"`
}

// doctorRun is what the checks look at.
type doctorRun struct {
	env     Env
	project string // folder with the keys of a project
}

// doctorChecks is the one list of checks. Each answers with one or more outcomes and changes nothing.
func doctorChecks() []func(context.Context, doctorRun) []doctorCheck {
	return []func(context.Context, doctorRun) []doctorCheck{
		checkBinary, checkSelf, checkClock, checkConfig, checkTrust, checkPolicy, checkKeys, checkData, checkTemporary, checkNetwork,
	}
}

func newDoctorCmd(env Env) *cobra.Command {
	var out plainOutput
	run := doctorRun{env: env, project: ".picket"}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check that this installation works, and say what is in force",
		Long: "Doctor judges samples whose verdict is known, and looks at the binary, the clock, the configuration, the trust root and\n" +
			"the policy in force, the keys of the project and the disk. Each line ends with what to do. It changes nothing.\n\n" +
			"Exit codes: 0 nothing fails · 1 error · 2 usage · 3 a check fails.",
		Example: "  picket doctor\n  picket doctor --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := out.check(); err != nil {
				return err
			}
			doc := run.diagnose(cmd.Context())
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if err := out.answer(env, doc, doc.write); err != nil {
				return err
			}
			if !doc.Healthy {
				return exitCode(exitFinding)
			}
			return nil
		},
	}
	out.add(cmd)
	cmd.Flags().StringVar(&run.project, "project", run.project, "folder `DIR` with the keys of the project")
	return cmd
}

// diagnose runs every check.
func (r doctorRun) diagnose(ctx context.Context) *doctorDocument {
	doc := &doctorDocument{Schema: "picket.doctor/1", Version: version(), Time: r.env.Now().UTC().Format(time.RFC3339), Healthy: true}
	for _, check := range doctorChecks() {
		doc.Checks = append(doc.Checks, check(ctx, r)...)
	}
	for _, c := range doc.Checks {
		doc.Healthy = doc.Healthy && c.Status != checkFail
	}
	return doc
}

// write is the answer for people: one line a check, and under it what to do.
func (d *doctorDocument) write(w io.Writer) error {
	var l lines
	counts := map[string]int{}
	for _, c := range d.Checks {
		counts[c.Status]++
		l.add("%-4s  %-9s  %s", c.Status, c.Name, shown(c.Detail))
		if c.Next != "" {
			l.add("%-4s  %-9s  → %s", "", "", shown(c.Next))
		}
	}
	l.add("%d ok, %s, %d failed", counts[checkOK], count(counts[checkWarn], "warning"), counts[checkFail])
	return l.writeTo(w)
}

// checkBinary says what runs.
func checkBinary(context.Context, doctorRun) []doctorCheck {
	doc, err := newVersionDocument()
	if err != nil {
		return []doctorCheck{{"binary", checkFail, err.Error(), "install Picket again"}}
	}
	return []doctorCheck{
		{"binary", checkOK, fmt.Sprintf("picket %s, %s, %s/%s, %s", doc.Version, doc.Go, doc.OS, doc.Arch, doc.Digest), ""},
		{"knows", checkOK, fmt.Sprintf("%s, %s, %s, %s, %s", count(doc.Formats, "format"), count(doc.Detectors, "detector"),
			count(doc.Rules, "rule"), count(len(doc.Packs), "pack"), count(len(doc.Claims), "kind")+" of claims"), ""},
		{"workers", checkOK, fmt.Sprintf("%d, each with at most %d MiB of buffers", scanFlags{}.workersFor(), limits.Default().Memory>>20), ""},
	}
}

// checkSelf judges content whose verdict is known. A wrong verdict means that the binary must not be trusted.
func checkSelf(ctx context.Context, _ doctorRun) []doctorCheck {
	const next = "do not trust this binary; install Picket again"
	set, err := builtin.Set(builtin.Config{Weights: true})
	if err != nil {
		return []doctorCheck{{"self-test", checkFail, err.Error(), next}}
	}
	engine := detect.NewEngine(set, limits.Default())
	var checks []doctorCheck
	for _, c := range []struct {
		name, content string
		want          picket.Verdict
	}{
		{"a harmless pickle", "\x80\x02]q\x00(K\x01K\x02K\x03e.", picket.Clean},
		{"a pickle that calls os.system", "cos\nsystem\n(S'echo picket'\ntR.", picket.Malicious},
	} {
		r, err := engine.Scan(ctx, detect.Entry{Name: c.name, Blob: format.BytesBlob([]byte(c.content))})
		switch {
		case err != nil:
			checks = append(checks, doctorCheck{"self-test", checkFail, c.name + ": " + err.Error(), next})
		case r.Verdict != c.want:
			checks = append(checks, doctorCheck{"self-test", checkFail, fmt.Sprintf("%s is judged %s, not %s", c.name, r.Verdict, c.want), next})
		default:
			checks = append(checks, doctorCheck{"self-test", checkOK, fmt.Sprintf("%s: %s", c.name, r.Verdict), ""})
		}
	}
	return checks
}
