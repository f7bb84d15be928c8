package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
)

// Exit codes of every verb.
const (
	exitOK      = 0 // clean, or allowed
	exitError   = 1 // something went wrong that is not about the content
	exitUsage   = 2 // the command line or a configuration file is wrong
	exitFinding = 3 // a finding at or above --fail-on, or a decision to deny
	exitUnread  = 4 // neither, but something that can execute was not read
)

// Env is what a command needs of the world around it.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
	Getenv         func(string) string
	Home           string // folder of the user, for the credentials of places; may be empty
	OutTerm        bool   // Stdout is a terminal: colour
	ErrTerm        bool   // Stderr is a terminal: progress
	OutColumns     int
}

// exitCode is returned by a command that has said all there is to say and only needs its exit code set.
type exitCode int

// Error implements error.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// usageError marks a mistake of the user that the usage exit code stands for.
type usageError struct{ error }

// Unwrap gives access to the cause.
func (e usageError) Unwrap() error { return e.error }

// usagef makes a usage error: one line that says what is wrong and what to do.
func usagef(message string, args ...any) error { return usageError{fmt.Errorf(message, args...)} }

// Execute runs one command line and returns its exit code.
func Execute(ctx context.Context, env Env, args []string) int {
	root := newRoot(env)
	root.SetArgs(args)
	return conclude(ctx, env, root.ExecuteContext(ctx))
}

// conclude prints what went wrong, once, and maps it to an exit code. It is the only place that does.
func conclude(ctx context.Context, env Env, err error) int {
	if err == nil {
		return exitOK
	}
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code)
	}
	if errors.Is(err, syscall.EPIPE) {
		return exitError // the reader of our output went away: nobody is left to tell
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		fmt.Fprintln(env.Stderr, "picket: stopped; what was not finished is not reported")
		return exitError
	}
	fmt.Fprintf(env.Stderr, "picket: %s\n", legible(err))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitError
}

// legible is the text of an error, line by line as a terminal shows it: errors of the operating system quote names that someone
// else chose.
func legible(err error) string {
	var text []string
	for line := range strings.SplitSeq(strings.TrimSpace(err.Error()), "\n") {
		text = append(text, shown(line))
	}
	return strings.Join(text, "\n")
}

// newRoot makes the command tree.
func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "picket",
		Short: "Guards machine learning from the data that trains a model to the answers it gives",
		Long: "Picket tells whether a model is safe to load, without loading it, signs what it learned as claims about the\n" +
			"model's digest, and decides on the claims. Nothing leaves this machine unless a command names where to.",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command %q; picket --help lists them", picket.Printable(args[0], 40))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetIn(env.Stdin)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%s; see %s --help", err.Error(), cmd.CommandPath())
	})
	root.AddCommand(commands(env)...)
	for _, cmd := range root.Commands() {
		wrapArgs(cmd)
	}
	return root
}

// wrapArgs makes complaints about arguments usage errors, in all subcommands.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	if check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usagef("%s; see %s --help", err.Error(), cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}

// tuneMemory keeps the resident size of any scan on two processors under 128 MiB: the collector runs earlier when little is
// free.
func tuneMemory() {
	const base, perWorker = 52 << 20, 20 << 20 // leaves room for stacks, the binary and what is not yet returned
	debug.SetMemoryLimit(base + perWorker*int64(runtime.GOMAXPROCS(0)))
	debug.SetGCPercent(400)
}
