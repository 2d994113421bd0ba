// Command debrepo makes an APK repository out of Debian packages: for tests
// that want real glibc packages on machines which reach Debian's mirrors only.
//
//	debrepo --dir=REPO --ocibuild=PROGRAM --key=builder.rsa --key-name=builder.rsa.pub python3 ca-certificates
//
// It asks this machine's apt, in an apt root of its own, for the packages and
// for what they depend on (package closure says what is left out), in every
// architecture of --arch, and writes REPO/x86_64 and REPO/aarch64 with signed
// packages and a signed index each. Names may be paths of .deb files instead;
// apt is then left alone. The same .deb files and key give the same repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "debrepo: error: %v\n", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	dir, ocibuild, key, keyName, cache string
	archs, previous, names             []string
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	var archs, previous string
	flags := flag.NewFlagSet("debrepo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.dir, "dir", "", "output `folder`, of the repository")
	flags.StringVar(&o.ocibuild, "ocibuild", "", "`path` of the ocibuild program")
	flags.StringVar(&o.key, "key", "", "`file` with a private RSA key; without one nothing is signed")
	flags.StringVar(&o.keyName, "key-name", "", "`name` of the public key's file, such as builder.rsa.pub")
	flags.StringVar(&archs, "arch", "amd64,arm64", "Debian's `names` of the architectures")
	flags.StringVar(&previous, "previous", "", "`names` of packages to take in the version before the newest")
	flags.StringVar(&o.cache, "cache", "", "`folder` that keeps downloaded .deb files for the next time")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	o.names = flags.Args()
	o.archs = list(archs)
	o.previous = list(previous)
	switch {
	case o.dir == "" || o.ocibuild == "":
		return nil, errors.New("want --dir and --ocibuild")
	case (o.key == "") != (o.keyName == ""):
		return nil, errors.New("want --key and --key-name together")
	case len(o.names) == 0:
		return nil, errors.New("no packages; want names of Debian packages or paths of .deb files")
	}
	return o, nil
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return c == ',' })
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "debrepo")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	var files map[string][]string
	if strings.HasSuffix(o.names[0], ".deb") {
		files, err = given(o.names, o.archs)
	} else {
		files, err = download(ctx, o, filepath.Join(scratch, "apt"))
	}
	if err != nil {
		return err
	}
	b := &builder{options: o, scratch: scratch, parallel: runtime.NumCPU(), stdout: stdout}
	return b.build(ctx, files)
}
