package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/policy"
)

func newPolicyCmd(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "List, explain and test policies, and see what they would block",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPolicyListCmd(env), newPolicyExplainCmd(env), newPolicyTestCmd(env), newPolicyReportCmd(env))
	return cmd
}

func newPolicyTestCmd(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "test PATH",
		Short: "Check that policies decide as their tests say",
		Long: "Test runs every *.test.yaml in a folder and below it, or one such file. A test gives facts about a model and says\n" +
			"which decision must follow and which rules must deny or warn. The policy is a file beside the tests or the name of a\n" +
			"shipped one. With complete: true every rule must deny, or warn, in one of the tests of the file.\n\n" +
			"Exit codes: 0 all as expected · 1 error · 2 usage · 3 a policy decides otherwise.",
		Example: "  picket policy test policies/",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := caseFiles(args[0])
			if err != nil {
				return err
			}
			if len(files) == 0 {
				return usagef("there is no *.test.yaml in %s", args[0])
			}
			return runCases(cmd.Context(), env, files)
		},
	}
}

// caseFiles lists the files with tests under a path, in order.
func caseFiles(path string) (files []string, err error) {
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (name == path || strings.HasSuffix(name, ".test.yaml")) {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list policy tests: %w", err)
	}
	return files, nil
}

// runCases runs all tests, says which fail, and counts.
func runCases(ctx context.Context, env Env, files []string) error {
	var l lines
	ran, failed := 0, 0
	for _, file := range files {
		cases, err := loadCases(file)
		if err != nil {
			return err
		}
		name := cases.Policy
		if !shipped(name) {
			name = filepath.Join(filepath.Dir(file), filepath.FromSlash(name))
		}
		p, err := readPolicy(name)
		if err != nil {
			return err
		}
		for _, c := range cases.Tests {
			ran++
			if err := c.Check(ctx, p); err != nil {
				failed++
				l.add("FAIL  %s  %s: %s", shown(file), shown(c.Name), shown(err.Error()))
			}
		}
		if missing := cases.Untested(p); cases.Complete && len(missing) > 0 {
			failed++
			l.add("FAIL  %s  it is to be complete, and no test shows that these rules deny: %s", shown(file), shown(strings.Join(missing, ", ")))
		}
	}
	l.add("%s, %d failed", count(ran, "test"), failed)
	if err := l.writeTo(env.Stdout); err != nil {
		return err
	}
	if failed > 0 {
		return exitCode(exitFinding)
	}
	return nil
}

// loadCases reads one file of tests.
func loadCases(name string) (*policy.Cases, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open policy tests: %w", err)
	}
	cases, err := policy.LoadCases(f, name)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, usageError{err}
	}
	return cases, nil
}
