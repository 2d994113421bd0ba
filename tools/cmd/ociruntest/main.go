// Command ociruntest is what oci_run_test targets run: it runs a command in an image with runc, podman or docker and
// compares what comes of it with what the test expects. Where none of them works it fails, or says so first if the test
// may be skipped. It reads the spec (docs/formats.md, "Run test") in the file beside it that has its name and
// ".ociruntest.json".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
	"github.com/rules-apk/rules_apk/tools/internal/test/runtest"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == runtest.ProbeArg {
		return // in a container of its own: it could be started, and that is all that is asked
	}
	// Bazel interrupts a test that takes too long: the container must not outlive it.
	cli.Main("ociruntest", nil, func(ctx context.Context, p *cli.Process, _ []string) error {
		return run(ctx, p.Argv0, p.Stdout)
	})
}

// spec is what oci_run_test writes. Layout is relative to the working directory of tests, which is where runfiles are.
type spec struct {
	Layout  string               `json:"layout"`
	Command []string             `json:"command"`
	Expect  *runtest.Expectation `json:"expect"`
	// Skip says that the test succeeds where no runtime works.
	Skip bool `json:"skip_without_runtime"`
}

func run(ctx context.Context, program string, stdout io.Writer) error {
	s, err := readSpec(program + ".ociruntest.json")
	if err != nil {
		return err
	}
	image, err := openImage(ctx, s.Layout)
	if err != nil {
		return err
	}
	probe, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(os.Getenv("TEST_TMPDIR"), "run")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	unique := strconv.Itoa(os.Getpid()) + "-" + filepath.Base(dir)
	result, name, err := runtest.Run(ctx, []runtest.Runtime{
		&runtest.Runc{Exec: execute, Dir: dir, Unique: unique, Probe: probe},
		&runtest.Engine{Program: "podman", Exec: execute, Unique: unique},
		&runtest.Engine{Program: "docker", Exec: execute, Unique: unique},
	}, image, s.Command)
	if errors.Is(err, runtest.ErrNoRuntime) {
		if s.Skip {
			fmt.Fprintf(stdout, "SKIPPED: nothing was run and nothing was tested: %v\n", err)
			return nil
		}
		return fmt.Errorf("%w; install one of them, leave the test out where there is none, or say skip_without_runtime = True", err)
	}
	if err != nil {
		return err
	}
	problems := s.Expect.Check(result)
	fmt.Fprintf(stdout, "ran with %s: exit code %d\nstandard output:\n%s\nstandard error:\n%s\n", name, result.Code, result.Stdout, result.Stderr)
	for _, problem := range problems {
		fmt.Fprintln(stdout, problem)
	}
	if len(problems) > 0 {
		return fmt.Errorf("the run is not as expected: %d differences, listed above", len(problems))
	}
	return nil
}

func readSpec(path string) (*spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the test's spec: %w", err)
	}
	var s spec
	if err := jsondoc.Parse(data, &s); err != nil {
		return nil, fmt.Errorf("reading the test's spec: %w", err)
	}
	if s.Expect == nil {
		s.Expect = &runtest.Expectation{}
	}
	return &s, nil
}
