package main

import "github.com/spf13/cobra"

// commands is the one list of verbs.
func commands(env Env) []*cobra.Command {
	return []*cobra.Command{}
}
