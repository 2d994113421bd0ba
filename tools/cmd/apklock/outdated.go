package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
)

func outdatedCommand() cli.Command {
	return cli.Command{
		Name:    "outdated",
		Summary: "compare the locked versions with those that the repositories have now",
		Example: "apklock outdated",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o repositoryOptions
			o.define(flags)
			return func(ctx context.Context, p *cli.Process, _ []string) error {
				return outdated(ctx, o, p)
			}
		},
	}
}

func outdated(ctx context.Context, o repositoryOptions, p *cli.Process) error {
	config, dir, err := readConfig(p, o.config)
	if err != nil {
		return err
	}
	lock, err := readLock(p, o.lock)
	if err != nil {
		return err
	}
	locker, err := o.locker(ctx, config, dir, p, newDisplay(p), lock)
	if err != nil {
		return err
	}
	all, err := locker.Outdated(ctx, config, lock)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(p.Stdout, "everything is up to date")
		return err
	}
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	for _, each := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", each.Name, each.Locked, state(each), strings.Join(each.Archs, ", "))
	}
	return table.Flush()
}

func state(p locker.Outdated) string {
	switch {
	case p.Newest == "":
		return "gone"
	case p.Gone:
		return "gone, now " + p.Newest
	case p.Rebuilt && p.Newest == p.Locked:
		return "built again; the locked file is gone"
	case p.Rebuilt:
		return "built again; the locked file is gone; -> " + p.Newest
	}
	return "-> " + p.Newest
}
