package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
)

func checkCommand() command {
	return command{
		name:    "check",
		summary: "say, offline, whether apk.lock.json is what apk.yaml asks for",
		example: "apklock check --config apk.yaml --lock apk.lock.json\nbazel test @alpine//:lock_test",
		define: func(flags *flag.FlagSet) action {
			var o fileOptions
			o.define(flags)
			return noArguments("check", func(ctx context.Context, stdout, stderr io.Writer) error {
				return check(o, stdout)
			})
		},
	}
}

func check(o fileOptions, stdout io.Writer) error {
	config, _, err := readConfig(o.config)
	if err != nil {
		return err
	}
	lock, err := readLock(o.lock)
	if err != nil {
		return err
	}
	if reasons := locker.Drift(config, lock); len(reasons) > 0 {
		return &hinted{
			fmt.Errorf("%s is not what %s asks for:\n  - %s", o.lock, o.config, strings.Join(reasons, "\n  - ")),
			lockHint,
		}
	}
	_, err = fmt.Fprintf(stdout, "%s is what %s asks for\n", o.lock, o.config)
	return err
}
