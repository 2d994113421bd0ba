package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = `module example.com/fuzzed

go 1.24
`

const fuzzed = `package fuzzed

import "testing"

func FuzzHolds(f *testing.F) {
	f.Add("a")
	f.Fuzz(func(t *testing.T, s string) {})
}

func FuzzBreaks(f *testing.F) {
	f.Add("a")
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1 {
			t.Error("too long")
		}
	})
}
`

func TestRun(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"go.mod": module, "fuzzed_test.go": fuzzed} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv("GOFLAGS", "-mod=mod")
	if _, err := os.UserCacheDir(); err != nil { // as in a sandbox of Bazel
		t.Setenv("GOCACHE", filepath.Join(t.TempDir(), "cache"))
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--time=100ms", "--run=Holds"}, &out); err != nil {
		t.Errorf("a target that holds: %v\n%s", err, &out)
	}
	if !strings.HasPrefix(out.String(), "ok: example.com/fuzzed FuzzHolds: execs: ") {
		t.Errorf("printed %q", &out)
	}
	out.Reset()
	err := run(t.Context(), []string{"--time=5s"}, &out)
	if err == nil || err.Error() != "1 of 2 targets failed" || !strings.Contains(out.String(), "FAILED: example.com/fuzzed FuzzBreaks: ") {
		t.Errorf("a target that breaks: %v\n%s", err, &out)
	}
	if seeds, _ := filepath.Glob(filepath.Join(dir, "testdata", "fuzz", "FuzzBreaks", "*")); len(seeds) != 1 {
		t.Errorf("%d seeds are kept, want the one that fails", len(seeds))
	}
	if err := run(t.Context(), []string{"--run=Nothing"}, &out); err == nil || err.Error() != "no fuzz target in ./..." {
		t.Errorf("no target: error is %v", err)
	}
}

func TestOnlyTimeIsUp(t *testing.T) {
	const late = "fuzz: elapsed: 5s, execs: 84047 (25329/sec), new interesting: 1 (total: 248)\n--- FAIL: FuzzRead (5.19s)\n    context deadline exceeded\nFAIL\nexit status 1\n"
	for printed, want := range map[string]bool{
		late: true,
		"Failing input written to testdata/fuzz/FuzzRead/1\n" + late:                                                               false,
		"--- FAIL: FuzzRead (1.75s)\n    --- FAIL: FuzzRead (0.00s)\n        a_test.go:1: context deadline exceeded\n    \nFAIL\n": false,
		"panic: context deadline exceeded\nFAIL\n":                                                                                 false,
	} {
		if got := onlyTimeIsUp(printed); got != want {
			t.Errorf("%q: got %t, want %t", printed, got, want)
		}
	}
}
