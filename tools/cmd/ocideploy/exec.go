package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociload"
)

// execute runs a program of a container runtime.
func execute(ctx context.Context, stdin io.Reader, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%s %w", name, ociload.ErrNoProgram)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		// What the program says itself comes first: it knows best.
		why := strings.Join(strings.Fields(stderr.String()), " ")
		if why == "" {
			return nil, fmt.Errorf("%s %s: %w", name, args[0], err)
		}
		return nil, fmt.Errorf("%s %s: %s (%w)", name, args[0], why, err)
	}
	return stdout.Bytes(), nil
}
