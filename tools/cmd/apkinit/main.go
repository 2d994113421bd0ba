// Command apkinit starts a workspace that builds images: the lines of MODULE.bazel, an apk.yaml, a first image. What is
// there stays as it is, so to run it again changes nothing. `bazel run @rules_apk//:init` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
)

const usage = `usage: bazel run @rules_apk//:init -- [--distribution=wolfi|alpine]

Adds to the workspace, where it lacks them: the apk extension in MODULE.bazel, apk.yaml, an empty apk.lock.json, and
images/BUILD.bazel with a first image and its test. Nothing that is there is changed.
`

func main() { cli.Main("apkinit", nil, run) }

func run(_ context.Context, p *cli.Process, args []string) error {
	flags := cli.NewFlags("apkinit")
	name := flags.String("distribution", "wolfi", "")
	if err := flags.Parse(args); err != nil {
		if err == flag.ErrHelp {
			_, err = fmt.Fprint(p.Stdout, usage)
			return err
		}
		return cli.FlagError(flags, err, "bazel run @rules_apk//:init -- --help")
	}
	if flags.NArg() > 0 {
		return cli.Usagef("got the argument %q, want flags only", flags.Arg(0))
	}
	d, err := findDistribution(*name)
	if err != nil {
		return err
	}
	w := &workspace{dir: p.WorkspacePath(".")}
	if err := w.start(d); err != nil {
		return err
	}
	for _, done := range w.done {
		fmt.Fprintln(p.Stdout, done)
	}
	if len(w.done) == 0 {
		fmt.Fprintln(p.Stdout, "nothing to do: everything is there")
	}
	fmt.Fprintf(p.Stdout, `
next:  bazel run @%[1]s//:lock
       bazel build //images:%[2]s
in CI: bazel test //...
`, d.name, d.image)
	return nil
}

// distribution is what packages come from.
type distribution struct{ name, image string }

func distributions() []distribution {
	return []distribution{{"wolfi", "static"}, {"alpine", "static"}}
}

func findDistribution(name string) (distribution, error) {
	var names []string
	for _, d := range distributions() {
		if d.name == name {
			return d, nil
		}
		names = append(names, d.name)
	}
	return distribution{}, cli.Usagef("--distribution is %q, want one of %s", name, strings.Join(names, ", "))
}
