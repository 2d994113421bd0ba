// Command ocifetch downloads files that are pinned by digest, and hands them to another program or writes one of them.
// Build actions run it where a file is to be downloaded only if the action's result is in no cache.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/flagfile"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

const usage = `usage: ocifetch --get=JSON --output=FILE
       ocifetch --get=JSON... --pass=FLAG -- PROGRAM ARGUMENT...

JSON is {"name":…,"urls":[…],"sha256":"sha256:…","size":…}; the first URL that has the file counts.

  ocifetch --get='{"name":"musl.apk","urls":["https://example.com/musl.apk"],"sha256":"sha256:…","size":407219}' \
      --output=musl.apk
  ocifetch --get=… --get=… --pass=--apk -- ocibuild merge --facts=…    runs: ocibuild merge --facts=… --apk=… --apk=…
`

func main() { cli.Main("ocifetch", advice, run) }

// advice says what an action cannot have.
func advice(err error) string {
	var status *fetch.StatusError
	if errors.As(err, &status) && status.Refused() {
		return `an action of Bazel reads ~/.netrc, or FILE of --host_action_env=NETRC=FILE; with a credential helper or HTTP_AUTH, let Bazel download: fetch = "repository" (docs/credentials.md)`
	}
	return ""
}

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
	flags := cli.NewFlags("ocifetch")
	flags.Func("get", "a file to download", func(value string) error {
		f, err := parseFile(value)
		o.files = append(o.files, f)
		return err
	})
	flags.StringVar(&o.output, "output", "", "where to write the file")
	flags.StringVar(&o.pass, "pass", "", "the flag of PROGRAM that takes a file")
	if err := flags.Parse(args); err != nil {
		return nil, cli.FlagError(flags, err, "ocifetch help")
	}
	switch {
	case flags.NArg() > 0:
		return nil, cli.Usagef("argument is %q, want --flag=value, and -- before the program", flags.Arg(0))
	case len(o.files) == 0:
		return nil, cli.Usagef("--get is missing; run: ocifetch help")
	case o.output != "" && (len(o.program) > 0 || len(o.files) > 1):
		return nil, cli.Usagef("got --output, want one --get with it and no program")
	case o.output == "" && (len(o.program) == 0 || !strings.HasPrefix(o.pass, "--")):
		return nil, cli.Usagef("want --output=FILE, or --pass=--FLAG and -- PROGRAM")
	}
	return o, nil
}

func parseFile(value string) (file, error) {
	var f file
	if err := jsondoc.Parse([]byte(value), &f); err != nil {
		return file{}, err
	}
	return f, f.check()
}

func run(ctx context.Context, p *cli.Process, args []string) error {
	if len(args) > 0 && (args[0] == "help" || args[0] == "--help") {
		_, err := io.WriteString(p.Stdout, usage)
		return err
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	n := &network.Network{Program: "ocifetch", Process: p, Say: progress.New("ocifetch", p.Stderr).Say}
	client, err := n.Files(network.Options{})
	if err != nil {
		return err
	}
	d := downloader{client}
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
	return execute(ctx, p, program)
}

// execute runs the program, which says itself what is wrong: its exit code becomes that of the whole.
func execute(ctx context.Context, p *cli.Process, program []string) error {
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdout, cmd.Stderr = p.Stdout, p.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return cli.Exit(max(1, exit.ExitCode()))
	}
	return err
}
