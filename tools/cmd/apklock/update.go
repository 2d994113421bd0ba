package main

import (
	"context"
	"flag"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkconfig"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

func updateCommand() cli.Command {
	return cli.Command{
		Name:      "update",
		Arguments: "[NAME...]",
		Summary:   "lock the newest version of every package, or of NAME... only and what they force",
		Example:   "apklock update\napklock update openssl\nbazel run @alpine//:update -- openssl",
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
	return o.rewrite(ctx, p, func(l *locker.Locker, config *apkconfig.Config, old *lockfile.Lock) (*locker.Made, error) {
		return l.Update(ctx, config, old, names)
	})
}
