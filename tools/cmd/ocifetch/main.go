// Command ocifetch downloads files that are pinned by digest, and hands them to another program or writes one of them.
// Build actions run it where a file is to be downloaded only if the action's result is in no cache.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/flagfile"
)

const usage = `usage: ocifetch --get=JSON --output=FILE
       ocifetch --get=JSON... --pass=FLAG -- PROGRAM ARGUMENT...

JSON is {"name":…,"urls":[…],"sha256":"sha256:…","size":…}; the first URL that has the file counts.

  ocifetch --get='{"name":"musl.apk","urls":["https://example.com/musl.apk"],"sha256":"sha256:…","size":407219}' \
      --output=musl.apk
  ocifetch --get=… --get=… --pass=--apk -- ocibuild merge --facts=…    runs: ocibuild merge --facts=… --apk=… --apk=…
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(report(err))
}

// report prints an error and returns the exit code. A program that failed has said why.
func report(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(1, exit.ExitCode())
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "ocifetch: error: %v\n", err)
	var u *usageError
	if errors.As(err, &u) {
		return 2
	}
	return 1
}

// usageError is an error in how the program was called.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

// options are the flags before PROGRAM.
type options struct {
	files   []file
	output  string
	pass    string
	program []string
}

func parse(args []string) (*options, error) {
	o := &options{}
	for i, a := range args {
		if a == "--" {
			args, o.program = args[:i], args[i+1:]
			break
		}
	}
	args, err := flagfile.Expand(args)
	if err != nil {
		return nil, err
	}
	flags := flag.NewFlagSet("ocifetch", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Func("get", "a file to download", func(value string) error {
		f, err := parseFile(value)
		o.files = append(o.files, f)
		return err
	})
	flags.StringVar(&o.output, "output", "", "where to write the file")
	flags.StringVar(&o.pass, "pass", "", "the flag of PROGRAM that takes a file")
	if err := flags.Parse(args); err != nil {
		return nil, &usageError{err.Error()}
	}
	switch {
	case flags.NArg() > 0:
		return nil, &usageError{fmt.Sprintf("argument is %q, want --flag=value, and -- before the program", flags.Arg(0))}
	case len(o.files) == 0:
		return nil, &usageError{"--get is missing; run: ocifetch help"}
	case o.output != "" && (len(o.program) > 0 || len(o.files) > 1):
		return nil, &usageError{"got --output, want one --get with it and no program"}
	case o.output == "" && (len(o.program) == 0 || !strings.HasPrefix(o.pass, "--")):
		return nil, &usageError{"want --output=FILE, or --pass=--FLAG and -- PROGRAM"}
	}
	return o, nil
}

func parseFile(value string) (file, error) {
	var f file
	dec := json.NewDecoder(strings.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return file{}, err
	}
	return f, f.check()
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && (args[0] == "help" || args[0] == "--help") {
		_, err := io.WriteString(stdout, usage)
		return err
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	d := downloader{client: client(stderr)}
	if o.output != "" {
		return d.write(ctx, o.files[0], o.output)
	}
	dir, err := os.MkdirTemp("", "ocifetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	paths, err := d.writeAll(ctx, o.files, dir)
	if err != nil {
		return err
	}
	program := o.program
	for _, path := range paths {
		program = append(program, o.pass+"="+path)
	}
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd.Run()
}

func client(stderr io.Writer) *fetch.Client {
	return &fetch.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			TLSHandshakeTimeout:   15 * time.Second,
			ResponseHeaderTimeout: time.Minute,
			MaxIdleConnsPerHost:   jobs,
			ForceAttemptHTTP2:     true,
			DisableCompression:    true,
		},
		UserAgent: "ocifetch (rules_apk)",
		Attempts:  4,
		Backoff:   500 * time.Millisecond,
		Stall:     time.Minute,
		Notify:    func(message string) { fmt.Fprintf(stderr, "ocifetch: %s\n", message) },
	}
}
