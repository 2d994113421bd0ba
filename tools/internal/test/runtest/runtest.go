// Package runtest runs a command in an image with the first container runtime that works here, and compares what comes
// of it with what is expected.
package runtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// ErrNoRuntime says that no container runtime works here: there is nothing to run the image with.
var ErrNoRuntime = errors.New("no container runtime works here")

// ErrImage says that no runtime can run the image: it lacks something, which is a failure of the test.
var ErrImage = errors.New("the image cannot be run")

// Expectation is what a run has to come to. Its JSON is the member "expect" of a test's spec (docs/formats.md, "Run
// test").
type Expectation struct {
	ExitCode int `json:"exit_code"`
	// Output and Error are texts that standard output and standard error contain.
	Output []string `json:"expected_output"`
	Error  []string `json:"expected_error"`
}

// Result is what a command left.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Check returns what differs from the expectation, a line each.
func (e *Expectation) Check(r *Result) []string {
	var found []string
	if r.Code != e.ExitCode {
		found = append(found, fmt.Sprintf("exit code is %d, want %d", r.Code, e.ExitCode))
	}
	for _, stream := range []struct {
		name, got string
		want      []string
	}{{"standard output", r.Stdout, e.Output}, {"standard error", r.Stderr, e.Error}} {
		for _, text := range stream.want {
			if !strings.Contains(stream.got, text) {
				found = append(found, fmt.Sprintf("%s has no %q", stream.name, text))
			}
		}
	}
	return found
}

// Exec runs a program to its end, whatever its exit code. An error means that it could not be run.
type Exec func(ctx context.Context, stdin io.Reader, name string, args ...string) (*Result, error)

// Runtime is a container runtime. An error of Run that is not ErrImage means that the runtime does not work here, not
// that the command failed.
type Runtime interface {
	Name() string
	Run(ctx context.Context, image v1.Image, command []string) (*Result, error)
}

// Run runs command, or the image's own entrypoint and cmd if it is empty, with the first of runtimes that works. It
// returns that one's name. Without any, the error is ErrNoRuntime and says what became of each.
func Run(ctx context.Context, runtimes []Runtime, image v1.Image, command []string) (*Result, string, error) {
	var tried []string
	for _, r := range runtimes {
		result, err := r.Run(ctx, image, command)
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		if err == nil || errors.Is(err, ErrImage) {
			return result, r.Name(), err
		}
		tried = append(tried, r.Name()+": "+err.Error())
	}
	return nil, "", fmt.Errorf("%w (%s)", ErrNoRuntime, strings.Join(tried, "; "))
}
