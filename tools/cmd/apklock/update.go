package main

import (
	"context"
	"flag"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

func updateCommand() cli.Command {
	return cli.Command{
		Name:      "update",
		Arguments: "NAME...",
		Summary:   "lock the newest versions of NAME... and what they force, and keep all others that still exist",
		Example:   "apklock update openssl\nbazel run @alpine//:update -- openssl",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o rewriteOptions
			o.define(flags)
			return func(ctx context.Context, p *cli.Process, args []string) error {
				return update(ctx, o, args, p)
			}
		},
	}
}

func update(ctx context.Context, o rewriteOptions, names []string, p *cli.Process) error {
	config, dir, err := readConfig(p, o.config)
	if err != nil {
		return err
	}
	old, err := readLock(p, o.lock)
	if err != nil {
		return err
	}
	return o.rewrite(ctx, config, dir, p, func(locker *locker.Locker) (*lockfile.Lock, error) {
		return locker.Update(ctx, config, old, names)
	})
}
