// Package program runs other programs for tests: it skips where one is absent, stops them after a time, and ends
// servers when their test ends.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Require skips the test unless every one of names is on the PATH.
func Require(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("SKIPPED: %s is not installed", name)
		}
	}
}

// RequireRoot skips the test unless it runs as root.
func RequireRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: needs root")
	}
}

// Result is what a finished program left. Err is nil if it exited with 0.
type Result struct {
	Command        string
	Stdout, Stderr string
	Code           int
	Err            error
}

// String shows all of r, for messages.
func (r Result) String() string {
	return fmt.Sprintf("%s\nexit code %d (%v)\nstdout:\n%s\nstderr:\n%s", r.Command, r.Code, r.Err, r.Stdout, r.Stderr)
}

// Command is a program to run. Env is added to the test's own environment.
type Command struct {
	Name    string
	Args    []string
	Dir     string
	Env     []string
	Stdin   []byte
	Timeout time.Duration // 2 minutes if 0
}

// Run runs c to its end, whatever its exit code.
func (c Command) Run(t testing.TB) Result {
	t.Helper()
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 2 * time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Name, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	// A grandchild that holds the pipes must not hold up the test.
	cmd.WaitDelay = 5 * time.Second
	if c.Stdin != nil {
		cmd.Stdin = bytes.NewReader(c.Stdin)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("did not end within %s: %w", timeout, err)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil && cmd.ProcessState == nil {
		t.Fatalf("starting %s: %v", c.Name, err)
	}
	return Result{strings.Join(cmd.Args, " "), stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), err}
}

// Run runs a program that must succeed and returns its standard output.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	r := Command{Name: name, Args: args}.Run(t)
	if r.Err != nil {
		t.Fatal(r)
	}
	return r.Stdout
}

// Build builds the Go main package pkg, seen from dir, and returns the binary.
func Build(t testing.TB, dir, pkg string) string {
	t.Helper()
	Require(t, "go")
	out := t.TempDir() + "/" + pkg[strings.LastIndex(pkg, "/")+1:]
	r := Command{Name: "go", Args: []string{"build", "-o", out, pkg}, Dir: dir, Env: []string{"CGO_ENABLED=0"}, Timeout: 15 * time.Minute}.Run(t)
	if r.Err != nil {
		t.Fatal(r)
	}
	return out
}

// Server is a program that runs until its test ends.
type Server struct {
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan struct{}
	stop sync.Once
}

// Start starts a server and waits until ready says nil. It is interrupted, and killed 10 s later, when the test ends; a
// failed test prints its output.
func (c Command) Start(t testing.TB, ready func() error) *Server {
	t.Helper()
	cmd := exec.Command(c.Name, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	s := &Server{cmd: cmd, log: &lockedBuffer{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", c.Name, err)
	}
	go func() {
		_ = cmd.Wait()
		close(s.done)
	}()
	t.Cleanup(func() {
		s.end(os.Interrupt)
		if t.Failed() {
			t.Logf("output of %s:\n%s", c.Name, s.log)
		}
	})
	deadline := time.Now().Add(time.Minute)
	for {
		err := ready()
		if err == nil {
			return s
		}
		select {
		case <-s.done:
			t.Fatalf("%s ended before it was ready: %v\n%s", c.Name, err, s.log)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not ready after a minute: %v\n%s", c.Name, err, s.log)
		}
	}
}

// Kill ends the server at once.
func (s *Server) Kill() { s.end(os.Kill) }

func (s *Server) end(sig os.Signal) {
	s.stop.Do(func() {
		_ = s.cmd.Process.Signal(sig)
		select {
		case <-s.done:
		case <-time.After(10 * time.Second):
			_ = s.cmd.Process.Kill()
			<-s.done
		}
	})
}

// FreeAddress returns a loopback address, host:port, that nobody listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Listening is a ready function: something accepts connections on address, "tcp" host:port or "unix" path.
func Listening(network, address string) func() error {
	return func() error {
		conn, err := net.DialTimeout(network, address, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
