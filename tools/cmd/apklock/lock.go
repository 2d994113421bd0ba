package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/network"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockdiff"
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
		Summary: "write the apk.lock.json of apk.yaml; what was locked before keeps its version if it can",
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
	return o.rewrite(ctx, p, func(l *locker.Locker, config *apkconfig.Config, old *lockfile.Lock) (*locker.Made, error) {
		return l.Lock(ctx, config, old)
	})
}

// rewrite replaces the lock by what make returns, and shows progress meanwhile. The lock that make is given is nil
// where there is none that can be read.
func (o *rewriteOptions) rewrite(ctx context.Context, p *cli.Process, make func(*locker.Locker, *apkconfig.Config, *lockfile.Lock) (*locker.Made, error)) error {
	config, dir, err := readConfig(p, o.config)
	if err != nil {
		return err
	}
	show := newDisplay(p)
	defer show.Close()
	old, err := o.oldLock(p, show)
	if err != nil {
		return err
	}
	locker, err := o.locker(ctx, config, dir, p, show, old)
	if err != nil {
		return err
	}
	made, err := make(locker, config, old)
	if err != nil {
		return err
	}
	if err := o.checkRollbacks(old, made.Lock, show); err != nil {
		return err
	}
	// Who interrupts now must find the lock that was there before.
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := writeLock(p, o.lock, made.Lock); err != nil {
		return err
	}
	show.Close()
	return describe(p.Stdout, o.lock, old, made)
}

// oldLock reads the lock that there is. One that is no lock counts as none: what is to be done about it is what the
// caller does.
func (o *rewriteOptions) oldLock(p *cli.Process, show *display) (*lockfile.Lock, error) {
	data, err := os.ReadFile(p.WorkspacePath(o.lock))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lock: %w", err)
	}
	old, err := lockfile.Parse(data)
	if err != nil && !errors.Is(err, lockfile.ErrEmpty) {
		show.Say("warning: %s: %v; no version in it can be kept", o.lock, err)
	}
	return old, nil
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

// describe says what came of it. What an earlier lock said, too, is not said again.
func describe(w io.Writer, path string, old *lockfile.Lock, made *locker.Made) error {
	var known []string
	if old != nil {
		known = old.Notes
		if err := writeChangesText(w, lockdiff.Compare(old, made.Lock)); err != nil {
			return err
		}
	}
	for _, lost := range made.Lost {
		what := "the repositories no longer have it"
		if lost.Rebuilt {
			what = "it was built again, and the repositories have only that"
		}
		fmt.Fprintf(w, "%s %s could not stay: %s (%s)\n", lost.Name, lost.Locked, what, strings.Join(lost.Archs, ", "))
	}
	for _, note := range made.Notes {
		if !slices.Contains(known, note) {
			fmt.Fprintf(w, "note: %s\n", note)
		}
	}
	packages := make(map[string]int)
	for _, p := range made.Packages {
		packages[p.Arch]++
	}
	for _, arch := range made.Config.Archs {
		fmt.Fprintf(w, "%s: %s\n", arch, progress.Count(packages[arch], "package"))
	}
	_, err := fmt.Fprintf(w, "wrote %s\n", path)
	return err
}
