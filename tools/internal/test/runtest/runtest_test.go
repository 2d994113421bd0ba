package runtest

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
)

func TestCheck(t *testing.T) {
	expectation := &Expectation{ExitCode: 3, Output: []string{"hello"}, Error: []string{"oh", "no"}}
	for name, test := range map[string]struct {
		result Result
		want   []string
	}{
		"as expected": {Result{Code: 3, Stdout: "well, hello", Stderr: "oh no"}, nil},
		"exit code":   {Result{Code: 0, Stdout: "hello", Stderr: "oh no"}, []string{"exit code is 0, want 3"}},
		"streams": {Result{Code: 3, Stdout: "oh no", Stderr: "oh hello"}, []string{
			`standard output has no "hello"`, `standard error has no "no"`,
		}},
	} {
		if got := expectation.Check(&test.result); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// engine is the calls of a pretended podman; it answers by the first argument.
type engine struct {
	answers map[string]Result
	calls   []string
}

func (e *engine) exec(_ context.Context, stdin io.Reader, name string, args ...string) (*Result, error) {
	e.calls = append(e.calls, strings.Join(args, " "))
	if stdin != nil {
		if n, err := io.Copy(io.Discard, stdin); err != nil || n == 0 {
			return nil, errors.New("no archive")
		}
	}
	r, ok := e.answers["absent"]
	if ok {
		return nil, errors.New("is not installed")
	}
	r = e.answers[args[0]]
	return &r, nil
}

func TestRun(t *testing.T) {
	const tag = "rules-apk.invalid/run-test:1"
	for name, test := range map[string]struct {
		answers map[string]Result
		command []string
		want    Result
		err     string
		run     string
	}{
		"entrypoint": {
			answers: map[string]Result{"run": {Code: 7, Stdout: "out"}}, want: Result{Code: 7, Stdout: "out"},
			run: "run --rm --network=none --name=rules-apk-run-test-1 " + tag,
		},
		"command": {
			command: []string{"/bin/x", "a", "b"},
			run:     "run --rm --network=none --name=rules-apk-run-test-1 --entrypoint=/bin/x " + tag + " a b",
		},
		"absent": {answers: map[string]Result{"absent": {}}, err: "podman: is not installed"},
		"load":   {answers: map[string]Result{"load": {Code: 1, Stderr: "no\nspace"}}, err: "podman: load: no space"},
		"run":    {answers: map[string]Result{"run": {Code: 125, Stderr: "no cgroups"}}, err: "podman: run: no cgroups"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &engine{answers: test.answers}
			got, by, err := Run(t.Context(), []Runtime{&Engine{Program: "podman", Exec: e.exec, Unique: "1"}}, empty.Image, test.command)
			if test.err != "" {
				if !errors.Is(err, ErrNoRuntime) || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || *got != test.want || by != "podman" {
				t.Errorf("got %v by %q, %v, want %v", got, by, err, test.want)
			}
			if want := []string{"version", "load --quiet", test.run, "rmi --force " + tag}; !slices.Equal(e.calls, want) {
				t.Errorf("got calls %q, want %q", e.calls, want)
			}
		})
	}
}

// broken is a runtime whose every run ends in err.
type broken struct{ err error }

func (broken) Name() string { return "broken" }

func (b broken) Run(context.Context, v1.Image, []string) (*Result, error) { return nil, b.err }

func TestRunOfABadImageIsNotSkipped(t *testing.T) {
	e := &engine{}
	_, _, err := Run(t.Context(), []Runtime{broken{ErrImage}, &Engine{Program: "docker", Exec: e.exec}}, empty.Image, nil)
	if !errors.Is(err, ErrImage) || errors.Is(err, ErrNoRuntime) || len(e.calls) > 0 {
		t.Errorf("got %v and calls %q, want ErrImage and none", err, e.calls)
	}
}

func TestRunTriesTheNext(t *testing.T) {
	e := &engine{}
	if _, by, err := Run(t.Context(), []Runtime{broken{errors.New("does not answer")}, &Engine{Program: "docker", Exec: e.exec, Unique: "1"}}, empty.Image, nil); err != nil || by != "docker" {
		t.Errorf("got %q, %v, want docker", by, err)
	}
}

func TestLookUpUser(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nweb:x:100:101:web:/:/bin/false\n",
		"etc/group":  "root:x:0:\nlog:x:4:\n",
	} {
		if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]user{
		"": {}, "root": {}, "web": {100, 101}, "100": {100, 101}, "web:log": {100, 4}, "65532": {65532, 0}, "7:8": {7, 8},
	} {
		if got, err := lookUpUser(root, text); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"nobody", "web:nogroup"} {
		if got, err := lookUpUser(root, text); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: got %v, %v, want an error", text, got, err)
		}
	}
}
