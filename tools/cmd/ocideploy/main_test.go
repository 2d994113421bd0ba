package main

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ocideploy": main})
}

func TestScripts(t *testing.T) {
	commands := deploytest.Commands()
	commands["edit"] = cmdEdit
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			// No credentials of the machine.
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_RUNTIME_DIR", "")
			return nil
		},
		Cmds: commands,
	})
}

func TestHelp(t *testing.T) {
	if err := program().CheckHelp(); err != nil {
		t.Error(err)
	}
}

// edit FILE OLD NEW replaces text that must be there, all of it.
func cmdEdit(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o644))
}
