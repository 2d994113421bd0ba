package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"apklock": main})
}

// TestScripts runs testdata/*.txtar. fixture_test.go has the commands that they use beside testscript's own.
func TestScripts(t *testing.T) {
	f := newFixture(t)
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: f.commands(),
		Setup: func(env *testscript.Env) error {
			// Caches go to the script's own folder.
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_CACHE_HOME", "")
			return nil
		},
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

func TestHelp(t *testing.T) {
	if err := program().CheckHelp(); err != nil {
		t.Error(err)
	}
}
