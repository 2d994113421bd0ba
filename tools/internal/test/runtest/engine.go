package runtest

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Engine is podman or docker: Program is its name, and the two take the same arguments.
type Engine struct {
	Program string
	Exec    Exec
	// Unique tells this run from others at the same time.
	Unique string
}

// notRun is the exit code by which both say that not the command but they themselves failed.
const notRun = 125

// Name is the program's name.
func (e *Engine) Name() string { return e.Program }

// Run loads the image under a name of its own, which it removes afterwards.
func (e *Engine) Run(ctx context.Context, image v1.Image, command []string) (*Result, error) {
	if err := e.must(ctx, nil, "version"); err != nil {
		return nil, err
	}
	container := "rules-apk-run-test-" + e.Unique
	tag, err := name.NewTag("rules-apk.invalid/run-test:" + e.Unique)
	if err != nil {
		return nil, err
	}
	reader, writer := io.Pipe()
	defer reader.Close()
	go func() { writer.CloseWithError(tarball.Write(tag, image, writer)) }()
	if err := e.must(ctx, reader, "load", "--quiet"); err != nil {
		return nil, err
	}
	// Not with ctx: they are to go even if the test is interrupted.
	defer func() { _, _ = e.Exec(context.WithoutCancel(ctx), nil, e.Program, "rmi", "--force", tag.Name()) }()
	args := []string{"run", "--rm", "--network=none", "--name=" + container}
	if len(command) > 0 {
		args = append(args, "--entrypoint="+command[0])
	}
	args = append(args, tag.Name())
	if len(command) > 1 {
		args = append(args, command[1:]...)
	}
	defer func() {
		if ctx.Err() != nil {
			_, _ = e.Exec(context.WithoutCancel(ctx), nil, e.Program, "rm", "--force", container)
		}
	}()
	result, err := e.Exec(ctx, nil, e.Program, args...)
	if err != nil {
		return nil, err
	}
	if result.Code == notRun {
		return nil, fmt.Errorf("run: %s", oneLine(result.Stderr))
	}
	return result, nil
}

// must runs a command of the engine that has to succeed.
func (e *Engine) must(ctx context.Context, stdin io.Reader, args ...string) error {
	result, err := e.Exec(ctx, stdin, e.Program, args...)
	if err != nil {
		return err
	}
	if result.Code != 0 {
		return fmt.Errorf("%s: %s", args[0], oneLine(result.Stderr))
	}
	return nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
