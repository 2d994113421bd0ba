package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/rules-apk/rules_apk/tools/internal/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/apklocker"
	"github.com/rules-apk/rules_apk/tools/internal/apklockfile"
	"github.com/rules-apk/rules_apk/tools/internal/apkrepo"
)

// fileOptions are the two files that most commands work on.
type fileOptions struct {
	config, lock string
}

func (o *fileOptions) define(flags *flag.FlagSet) {
	flags.StringVar(&o.config, "config", "apk.yaml", "`FILE` that says what to lock")
	flags.StringVar(&o.lock, "lock", "apk.lock.json", "lock `FILE`")
}

func lockCommand() command {
	return command{
		name:    "lock",
		summary: "resolve apk.yaml, verify every package, and write apk.lock.json",
		example: "apklock lock --config apk.yaml --lock apk.lock.json\nbazel run @alpine//:lock",
		define: func(flags *flag.FlagSet) action {
			var o fileOptions
			o.define(flags)
			return noArguments("lock", func(ctx context.Context, stdout, stderr io.Writer) error {
				return lock(ctx, o, stdout, stderr)
			})
		},
	}
}

func lock(ctx context.Context, o fileOptions, stdout, stderr io.Writer) error {
	config, dir, err := readConfig(o.config)
	if err != nil {
		return err
	}
	return rewrite(ctx, o.lock, config, dir, stdout, stderr, func(locker *apklocker.Locker) (*apklockfile.Lock, error) {
		return locker.Lock(ctx, config)
	})
}

// rewrite replaces a lock by what make returns, and shows progress meanwhile.
func rewrite(ctx context.Context, path string, config *apkconfig.Config, dir string, stdout, stderr io.Writer, make func(*apklocker.Locker) (*apklockfile.Lock, error)) error {
	show := newDisplay(stderr)
	defer show.Close()
	locker, err := newLocker(ctx, config, dir, show)
	if err != nil {
		return err
	}
	made, err := make(locker)
	if err != nil {
		return err
	}
	if err := writeLock(path, made); err != nil {
		return err
	}
	if err := show.Close(); err != nil {
		return err
	}
	describe(stdout, path, made)
	return nil
}

// newLocker reads the keyring of a config whose paths start at dir.
func newLocker(ctx context.Context, config *apkconfig.Config, dir string, show display) (*apklocker.Locker, error) {
	fetcher := newFetcher(show)
	var keys []string
	for _, location := range config.Keyring {
		keys = append(keys, apklocker.Locate(dir, location))
	}
	keyring, err := apkrepo.ReadKeyring(ctx, fetcher, keys)
	if err != nil {
		return nil, err
	}
	return &apklocker.Locker{
		Reader: &apkrepo.Reader{Fetcher: fetcher, Keyring: keyring}, Dir: dir, Jobs: jobs, Progress: show,
	}, nil
}

func describe(w io.Writer, path string, l *apklockfile.Lock) {
	for _, note := range l.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	for _, arch := range l.Config.Archs {
		fmt.Fprintf(w, "%s: %s\n", arch, count(len(l.InstallOrder[arch]), "package"))
	}
	fmt.Fprintf(w, "wrote %s\n", path)
}
