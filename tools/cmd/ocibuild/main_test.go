package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ocibuild": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: scriptCommands(),
		// UPDATE_SCRIPTS=1 rewrites the golden files inside the scripts.
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// Actions run this program: it must not be able to reach the network, whatever it imports.
func TestCannotReachTheNetwork(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command here to list the imports with")
	}
	if _, err := os.Stat("../../../go.mod"); err != nil {
		t.Skip("not in the module's own tree")
	}
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list -deps: %v", err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 50 {
		t.Fatalf("go list shows %d packages, want all of them", len(deps))
	}
	for _, dep := range deps {
		// Package net itself comes with crypto/x509, which parses keys.
		if dep == "crypto/tls" || strings.HasPrefix(dep, "net/") && dep != "net/url" && dep != "net/netip" {
			t.Errorf("ocibuild imports %s", dep)
		}
	}
}
