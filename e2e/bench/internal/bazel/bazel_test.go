package bazel

import (
	"compress/gzip"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fake is a workspace whose Bazel is a script.
func fake(t *testing.T, script string) *Workspace {
	t.Helper()
	dir := t.TempDir()
	w := &Workspace{Launcher: filepath.Join(dir, "bazel"), Dir: dir, Base: filepath.Join(dir, "base"), Log: filepath.Join(dir, "log")}
	if err := os.WriteFile(w.Launcher, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestRun(t *testing.T) {
	w := fake(t, "echo \"$@\"\n")
	call, err := w.Run(context.Background(), "build", "//:all")
	if want := "--output_base=" + w.Base + " build //:all\n"; err != nil || call.Stdout != want {
		t.Errorf("got %q, %v, want %q", call.Stdout, err, want)
	}
	if call.Wall <= 0 {
		t.Errorf("it took %s", call.Wall)
	}
	if _, err := fake(t, "echo reason >&2; exit 1\n").Run(context.Background(), "build"); err == nil || !strings.Contains(err.Error(), "reason") {
		t.Errorf("a failure: %v, want what Bazel printed", err)
	}
}

func TestBuild(t *testing.T) {
	w := fake(t, `for arg in "$@"; do
  case $arg in
  --build_event_json_file=*) echo '{"id":{}}{"buildMetrics":{"timingMetrics":{"wallTimeInMs":"1500","analysisPhaseTimeInMs":"250","executionPhaseTimeInMs":"1000"}}}' >"${arg#*=}" ;;
  --execution_log_json_file=*) echo '{"mnemonic":"ApkFacts"}{"mnemonic":"ApkFacts","cacheHit":true}{"mnemonic":"OciManifest"}{"mnemonic":"ApkFacts"}' >"${arg#*=}" ;;
  esac
done
`)
	_, m, err := w.Build(context.Background(), "//:all")
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"ApkFacts": 2, "OciManifest": 1}; !maps.Equal(m.Executed, want) {
		t.Errorf("executed %v, want %v", m.Executed, want)
	}
	if want := (Phases{Wall: 1.5, Analysis: 0.25, Execution: 1}); m.Phases != want {
		t.Errorf("phases %+v, want %+v", m.Phases, want)
	}
}

func TestProfile(t *testing.T) {
	w := &Workspace{Base: t.TempDir()}
	f, err := os.Create(filepath.Join(w.Base, "command.profile.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	z.Write([]byte(`{"traceEvents":[
		{"cat":"action processing","name":"a","ts":0,"dur":2000000,"tid":1,"args":{"mnemonic":"ApkFacts"}},
		{"cat":"waiting for response from worker","name":"a","ts":500000,"dur":1000000,"tid":1},
		{"cat":"action processing","name":"b","ts":3000000,"dur":2000000,"tid":1,"args":{"mnemonic":"OciManifest"}},
		{"cat":"general information","name":"subprocess.run","ts":3500000,"dur":250000,"tid":1},
		{"cat":"bazel module processing","name":"evaluate module extension: @@rules_apk~//apk:extensions.bzl%apk","ts":0,"dur":125000,"tid":2},
		{"cat":"Starlark repository function call","name":"//:rules_apk~~apk~alpine","ts":0,"dur":500000,"tid":2},
		{"cat":"Starlark repository function call","name":"//:rules_apk~~apk~alpine.x86_64.musl","ts":0,"dur":500000,"tid":2}
	]}`))
	z.Close()
	f.Close()
	p, err := w.Profile()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Programs(), map[string]float64{"ApkFacts": 1, "OciManifest": 0.25}; !maps.Equal(got, want) {
		t.Errorf("programs took %v, want %v", got, want)
	}
	if got := p.Extension("apk:extensions.bzl"); got != 0.125 {
		t.Errorf("the extension took %v, want 0.125", got)
	}
	if got := p.Repository("apk~alpine"); got != 0.5 {
		t.Errorf("the repository took %v, want 0.5", got)
	}
}
