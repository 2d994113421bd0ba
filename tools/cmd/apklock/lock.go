package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
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
	network.Options
}

func (o *repositoryOptions) define(flags *flag.FlagSet) {
	o.fileOptions.define(flags)
	o.Options.Define(flags)
}

func lockCommand() cli.Command {
	return cli.Command{
		Name:    "lock",
		Summary: "resolve apk.yaml, verify every package, and write apk.lock.json",
		Example: "apklock lock --config apk.yaml --lock apk.lock.json\nbazel run @alpine//:lock",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o repositoryOptions
			o.define(flags)
			return func(ctx context.Context, p *cli.Process, _ []string) error {
				return lock(ctx, o, p)
			}
		},
	}
}

func lock(ctx context.Context, o repositoryOptions, p *cli.Process) error {
	config, dir, err := readConfig(p, o.config)
	if err != nil {
		return err
	}
	return o.rewrite(ctx, config, dir, p, func(locker *locker.Locker) (*lockfile.Lock, error) {
		return locker.Lock(ctx, config)
	})
}

// rewrite replaces the lock by what make returns, and shows progress meanwhile.
func (o *repositoryOptions) rewrite(ctx context.Context, config *apkconfig.Config, dir string, p *cli.Process, make func(*locker.Locker) (*lockfile.Lock, error)) error {
	show := newDisplay(p)
	defer show.Close()
	locker, err := o.locker(ctx, config, dir, p, show)
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
	if err := writeLock(p, o.lock, made); err != nil {
		return err
	}
	show.Close()
	describe(p.Stdout, o.lock, made)
	return nil
}

// locker reads the keyring of a config whose paths start at dir.
func (o *repositoryOptions) locker(ctx context.Context, config *apkconfig.Config, dir string, p *cli.Process, show *display) (*locker.Locker, error) {
	var keys []string
	for _, location := range config.Keyring {
		keys = append(keys, urlpath.From(dir, location))
	}
	reader, err := openReader(ctx, p, o.Options, keys, show.Say)
	if err != nil {
		return nil, err
	}
	return &locker.Locker{Reader: reader, Dir: dir, Jobs: network.Jobs, Progress: show}, nil
}

func describe(w io.Writer, path string, l *lockfile.Lock) {
	for _, note := range l.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	packages := make(map[string]int)
	for _, p := range l.Packages {
		packages[p.Arch]++
	}
	for _, arch := range l.Config.Archs {
		fmt.Fprintf(w, "%s: %s\n", arch, progress.Count(packages[arch], "package"))
	}
	fmt.Fprintf(w, "wrote %s\n", path)
}
