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

// rewriteOptions are for the commands that make a lock.
type rewriteOptions struct {
	repositoryOptions
	noRollback bool
}

func (o *rewriteOptions) define(flags *flag.FlagSet) {
	o.repositoryOptions.define(flags)
	flags.BoolVar(&o.noRollback, "no-rollback", false, "fail, instead of warning, if an index is older than the one that was locked")
}

func lockCommand() cli.Command {
	return cli.Command{
		Name:    "lock",
		Summary: "resolve apk.yaml, verify every package, and write apk.lock.json",
		Example: "apklock lock --config apk.yaml --lock apk.lock.json\nbazel run @alpine//:lock",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o rewriteOptions
			o.define(flags)
			return func(ctx context.Context, p *cli.Process, _ []string) error {
				return lock(ctx, o, p)
			}
		},
	}
}

func lock(ctx context.Context, o rewriteOptions, p *cli.Process) error {
	config, dir, err := readConfig(p, o.config)
	if err != nil {
		return err
	}
	return o.rewrite(ctx, config, dir, p, func(locker *locker.Locker) (*lockfile.Lock, error) {
		return locker.Lock(ctx, config)
	})
}

// rewrite replaces the lock by what make returns, and shows progress meanwhile.
func (o *rewriteOptions) rewrite(ctx context.Context, config *apkconfig.Config, dir string, p *cli.Process, make func(*locker.Locker) (*lockfile.Lock, error)) error {
	show := newDisplay(p)
	defer show.Close()
	// A lock that cannot be read is none: it is made anew.
	old, err := readLock(p, o.lock)
	if err != nil {
		old = nil
	}
	locker, err := o.locker(ctx, config, dir, p, show, old)
	if err != nil {
		return err
	}
	made, err := make(locker)
	if err != nil {
		return err
	}
	if err := o.checkRollbacks(old, made, show); err != nil {
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

// locker reads the keyring of a config whose paths start at dir. The lock that there was, which may be nil, knows keys.
func (o *repositoryOptions) locker(ctx context.Context, config *apkconfig.Config, dir string, p *cli.Process, show *display, lock *lockfile.Lock) (*locker.Locker, error) {
	var keys []string
	for _, location := range config.Keyring {
		keys = append(keys, urlpath.From(dir, location))
	}
	reader, err := openReader(ctx, p, o.Options, keys, lock, show.Say)
	if err != nil {
		return nil, err
	}
	return &locker.Locker{Reader: reader, Dir: dir, Jobs: network.Jobs, Progress: show}, nil
}

// checkRollbacks warns of indexes that are older than those of the lock that there was, or refuses them.
func (o *rewriteOptions) checkRollbacks(old, made *lockfile.Lock, show *display) error {
	back := locker.FindRollbacks(old, made)
	if len(back) > 0 && o.noRollback {
		return back
	}
	for _, each := range back {
		show.Say("warning: %s (--no-rollback makes this an error)", each)
	}
	return nil
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
