package main

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/builtin"
	"github.com/picketsec/picket/internal/limits"
)

func newDoctorCmd(env Env) *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Check that this installation works, and say what is in force",
		Long:    "Doctor judges two tiny pickles in memory, one harmless and one that would run a command, and shows what applies here.",
		Example: "  picket doctor",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := builtin.Set(builtin.Config{Weights: true})
			if err != nil {
				return fmt.Errorf("load the built-in detectors: %w", err)
			}
			fmt.Fprintf(env.Stdout, "picket      %s, %s, %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			fmt.Fprintf(env.Stdout, "workers     %d, each with at most %d MiB of buffers\n", scanFlags{}.workersFor(), limits.Default().Memory>>20)
			fmt.Fprintf(env.Stdout, "knows       %d formats, %d detectors, %d rules\n", len(set.Formats()), len(set.Detectors()), len(rulesOf(set)))
			fmt.Fprintf(env.Stdout, "config      %s\n", configInForce(env))
			fmt.Fprintf(env.Stdout, "network     never used by this build's verbs\n")
			return selfTest(cmd.Context(), env, set)
		},
	}
}

// configInForce says which configuration a scan would use.
func configInForce(env Env) string {
	name := env.Getenv("PICKET_CONFIG")
	if name == "" {
		return "none (PICKET_CONFIG is not set)"
	}
	if _, err := os.Stat(name); err != nil {
		return name + " (PICKET_CONFIG), which cannot be read: " + err.Error()
	}
	return name + " (PICKET_CONFIG)"
}

// selfTest judges content whose verdict is known. A wrong verdict means that the binary must not be trusted.
func selfTest(ctx context.Context, env Env, set *detect.Set) error {
	engine := detect.NewEngine(set, limits.Default())
	for _, c := range []struct {
		name, content string
		want          picket.Verdict
	}{
		{"a harmless pickle", "\x80\x02]q\x00(K\x01K\x02K\x03e.", picket.Clean},
		{"a pickle that calls os.system", "cos\nsystem\n(S'echo picket'\ntR.", picket.Malicious},
	} {
		r, err := engine.Scan(ctx, detect.Entry{Name: c.name, Blob: format.BytesBlob([]byte(c.content))})
		if err != nil {
			return err
		}
		if r.Verdict != c.want {
			return fmt.Errorf("self-test: %s is judged %s, not %s: do not trust this binary", c.name, r.Verdict, c.want)
		}
		fmt.Fprintf(env.Stdout, "self-test   %s: %s\n", c.name, r.Verdict)
	}
	return nil
}
