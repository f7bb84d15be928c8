package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run the real main as the command picket.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"picket": func() { os.Exit(run()) }})
}

// TestScripts runs every script of testdata/script. A script's files hold hostile pickles as text where protocol 0 allows it.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	signers, instance := signerFixtures(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ROOT", root)
			for _, name := range []string{"XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"} { // never those of who runs the test
				env.Setenv(name, filepath.Join(env.WorkDir, ".user", name))
			}
			env.Setenv("SIGNERS", signers)
			env.Setenv("INSTANCE", instance)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits},
	})
}

// exits runs picket and checks its exit code: exits 3 scan model.pkl
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARG...")
	}
	err := ts.Exec("picket", args[1:]...)
	code := 0
	if err != nil {
		code = -1
		if exit, ok := err.(interface{ ExitCode() int }); ok {
			code = exit.ExitCode()
		}
	}
	if got := string(rune('0' + code)); got != args[0] {
		ts.Fatalf("picket %v: exit code %d, want %s (%v)\nstdout: %s\nstderr: %s", args[1:], code, args[0], err,
			ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}
