package main

import (
	"context"
	"flag"
	"io"

	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

func updateCommand() command {
	return command{
		name:      "update",
		arguments: "NAME...",
		summary:   "lock the newest versions of NAME... and what they force, and keep all others that still exist",
		example:   "apklock update openssl\nbazel run @alpine//:update -- openssl",
		define: func(flags *flag.FlagSet) action {
			var o repositoryOptions
			o.define(flags)
			return func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
				if len(args) == 0 {
					return usagef("update: no NAME; want at least one (see: apklock update --help), or \"apklock lock\" for all")
				}
				return update(ctx, o, args, stdout, stderr)
			}
		},
	}
}

func update(ctx context.Context, o repositoryOptions, names []string, stdout, stderr io.Writer) error {
	config, dir, err := readConfig(o.config)
	if err != nil {
		return err
	}
	old, err := readLock(o.lock)
	if err != nil {
		return err
	}
	return o.rewrite(ctx, config, dir, stdout, stderr, func(locker *locker.Locker) (*lockfile.Lock, error) {
		return locker.Update(ctx, config, old, names)
	})
}
