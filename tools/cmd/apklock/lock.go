package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// fileOptions are the two files that most commands work on.
type fileOptions struct {
	config, lock string
}

func (o *fileOptions) define(flags *flag.FlagSet) {
	flags.StringVar(&o.config, "config", "apk.yaml", "`FILE` that says what to lock")
	flags.StringVar(&o.lock, "lock", "apk.lock.json", "lock `FILE`")
}

// repositoryOptions are for the commands that also look at the repositories.
type repositoryOptions struct {
	fileOptions
	networkOptions
}

func (o *repositoryOptions) define(flags *flag.FlagSet) {
	o.fileOptions.define(flags)
	o.networkOptions.define(flags)
}

func lockCommand() command {
	return command{
		name:    "lock",
		summary: "resolve apk.yaml, verify every package, and write apk.lock.json",
		example: "apklock lock --config apk.yaml --lock apk.lock.json\nbazel run @alpine//:lock",
		define: func(flags *flag.FlagSet) action {
			var o repositoryOptions
			o.define(flags)
			return noArguments("lock", func(ctx context.Context, stdout, stderr io.Writer) error {
				return lock(ctx, o, stdout, stderr)
			})
		},
	}
}

func lock(ctx context.Context, o repositoryOptions, stdout, stderr io.Writer) error {
	config, dir, err := readConfig(o.config)
	if err != nil {
		return err
	}
	return o.rewrite(ctx, config, dir, stdout, stderr, func(locker *locker.Locker) (*lockfile.Lock, error) {
		return locker.Lock(ctx, config)
	})
}

// rewrite replaces the lock by what make returns, and shows progress meanwhile.
func (o *repositoryOptions) rewrite(ctx context.Context, config *apkconfig.Config, dir string, stdout, stderr io.Writer, make func(*locker.Locker) (*lockfile.Lock, error)) error {
	show := newDisplay(stderr)
	defer show.Close()
	locker, err := o.locker(ctx, config, dir, show)
	if err != nil {
		return err
	}
	made, err := make(locker)
	if err != nil {
		return err
	}
	// Who interrupts now must find the lock that was there before.
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := writeLock(o.lock, made); err != nil {
		return err
	}
	if err := show.Close(); err != nil {
		return err
	}
	describe(stdout, o.lock, made)
	return nil
}

// locker reads the keyring of a config whose paths start at dir.
func (o *networkOptions) locker(ctx context.Context, config *apkconfig.Config, dir string, show display) (*locker.Locker, error) {
	reader, err := o.reader(ctx, config, dir, show)
	if err != nil {
		return nil, err
	}
	return &locker.Locker{Reader: reader, Dir: dir, Jobs: jobs, Progress: show}, nil
}

func (o *networkOptions) reader(ctx context.Context, config *apkconfig.Config, dir string, stderr io.Writer) (*apkrepo.Reader, error) {
	n, err := o.open(stderr)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, location := range config.Keyring {
		keys = append(keys, locker.Locate(dir, location))
	}
	return n.reader(ctx, keys)
}

func (n *network) reader(ctx context.Context, keys []string) (*apkrepo.Reader, error) {
	keyring, err := apkrepo.ReadKeyring(ctx, n.fetcher, keys)
	if err != nil {
		return nil, err
	}
	return n.newReader(keyring), nil
}

func (n *network) newReader(keyring *apksign.Keyring) *apkrepo.Reader {
	r := &apkrepo.Reader{Fetcher: n.fetcher, Keyring: keyring}
	if n.packages != nil {
		r.Store = n.packages
	}
	return r
}

func describe(w io.Writer, path string, l *lockfile.Lock) {
	for _, note := range l.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	for _, arch := range l.Config.Archs {
		fmt.Fprintf(w, "%s: %s\n", arch, count(len(l.InstallOrder[arch]), "package"))
	}
	fmt.Fprintf(w, "wrote %s\n", path)
}
