// Package bazel runs Bazel in workspaces and says how long it took, and for what.
package bazel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Workspace is a Bazel workspace with an output base of its own.
type Workspace struct {
	Launcher string // the program that is called as bazel
	Dir      string // the workspace's root
	Base     string // the output base; another one may be set between calls
	Log      string // file that every call and its output is added to
}

// Call is a finished call of Bazel.
type Call struct {
	Wall           time.Duration // from the start of the launcher to its end
	Stdout, Stderr string
}

// Run runs a command of Bazel, which must succeed.
func (w *Workspace) Run(ctx context.Context, command string, args ...string) (*Call, error) {
	line := slices.Concat([]string{"--output_base=" + w.Base, command}, args)
	cmd := exec.CommandContext(ctx, w.Launcher, line...)
	cmd.Dir = w.Dir
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	call := &Call{Wall: time.Since(start), Stdout: stdout.String(), Stderr: stderr.String()}
	if logErr := w.log(line, call); logErr != nil {
		return nil, logErr
	}
	if err != nil {
		return nil, fmt.Errorf("bazel %s: %w\n%s", strings.Join(line[1:], " "), err, call.Stderr)
	}
	return call, nil
}

func (w *Workspace) log(line []string, call *Call) error {
	f, err := os.OpenFile(w.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "%.3f s: bazel %s\n%s\n", call.Wall.Seconds(), strings.Join(line, " "), call.Stderr)
	return err
}

// Write writes a file of the workspace.
func (w *Workspace) Write(name, content string) error {
	path := filepath.Join(w.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o644)
}

// Shutdown stops the server of the output base, if there is one.
func (w *Workspace) Shutdown(ctx context.Context) error {
	if _, err := os.Stat(w.Base); err != nil {
		return nil
	}
	_, err := w.Run(ctx, "shutdown")
	return err
}

// Discard stops the server of the output base and deletes it.
func (w *Workspace) Discard(ctx context.Context) error {
	return errors.Join(w.Shutdown(ctx), RemoveAll(w.Base))
}

// RemoveAll deletes a folder in which Bazel has made folders read-only.
func RemoveAll(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o755)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
