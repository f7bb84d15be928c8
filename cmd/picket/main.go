// Command picket guards machine learning from the data that trains a model to the answers it gives. This package wires the
// parts together, one file per verb; it holds no domain logic. See docs/reference/cli.md for every verb and flag.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() {
	os.Exit(run())
}

// run is main without os.Exit, so that deferred calls happen and tests can call it in the process.
func run() int {
	tuneMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // then no file in it is looked for
	}
	env := Env{
		Home:  home,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Now:        time.Now,
		Getenv:     os.Getenv,
		OutTerm:    term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerm:    term.IsTerminal(int(os.Stderr.Fd())),
		OutColumns: columns(os.Stdout),
	}
	return Execute(ctx, env, os.Args[1:])
}

// columns is the width of a terminal, 100 for anything else.
func columns(f *os.File) int {
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width >= 40 {
		return width
	}
	return 100
}
