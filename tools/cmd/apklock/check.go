package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
)

func checkCommand() cli.Command {
	return cli.Command{
		Name:    "check",
		Summary: "say, offline, whether apk.lock.json is what apk.yaml asks for",
		Example: "apklock check --config apk.yaml --lock apk.lock.json\nbazel test @alpine//:lock_test",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o fileOptions
			o.define(flags)
			return func(ctx context.Context, p *cli.Process, _ []string) error {
				return check(o, p)
			}
		},
	}
}

func check(o fileOptions, p *cli.Process) error {
	config, _, err := readConfig(p, o.config)
	if err != nil {
		return err
	}
	lock, err := readLock(p, o.lock)
	if err != nil {
		return err
	}
	if reasons := locker.Drift(config, lock); len(reasons) > 0 {
		return cli.Hinted(fmt.Errorf("%s is not what %s asks for:\n  - %s", o.lock, o.config, strings.Join(reasons, "\n  - ")), lockHint(p))
	}
	_, err = fmt.Fprintf(p.Stdout, "%s is what %s asks for\n", o.lock, o.config)
	return err
}
