package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ocipush"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

type pushFlags struct {
	spec       string
	to         destination
	dryRun     bool
	digestFile string
}

func pushCommand() cli.Command {
	return cli.Command{
		Name:    "push",
		Summary: "push images into registries: only what they lack",
		Example: "ocideploy push --spec=bazel-bin/server/push.deploy.json --tag=v1\nbazel run //server:push -- --tag=v1",
		Define: func(p *cli.Process, flags *flag.FlagSet) cli.Action {
			f := &pushFlags{}
			flags.StringVar(&f.spec, "spec", ownSpec(p), "the deploy spec `FILE` that an oci_push target wrote")
			flags.StringVar(&f.to.repository, "repository", "", "push to `REPOSITORY` (registry/name) and not where the target says")
			f.to.RegistryOptions.Define(flags)
			flags.Var(&f.to.tags, "tag", "set `TAG` and not the target's own tags; may be repeated")
			flags.BoolVar(&f.dryRun, "dry-run", false, "ask the registry what it lacks, and change nothing")
			flags.StringVar(&f.digestFile, "digest-file", "", "also write the lines repository@digest to `FILE`")
			return func(ctx context.Context, p *cli.Process, _ []string) error { return push(ctx, p, f) }
		},
	}
}

func push(ctx context.Context, p *cli.Process, f *pushFlags) error {
	d, err := read(p, f.spec, &f.to)
	if err != nil {
		return err
	}
	shown := progress.New("ocideploy", p.Stderr)
	defer shown.Close()
	client := registries(p, f.to.RegistryOptions, shown.Say)
	if err := remoteBlobs(p, d, client, shown.Say); err != nil {
		return err
	}
	bar := &bar{display: shown, verb: "pushing"}
	pusher := &ocipush.Pusher{Registry: client, Jobs: 8, DryRun: f.dryRun, Progress: ocipush.Progress{
		Total: bar.begin, Done: bar.add,
		Blob: func(name string, outcome registry.Outcome) {
			if outcome != registry.Existed && !f.dryRun && !shown.Terminal() {
				shown.Say("%s %s", outcome, name)
			}
		},
	}}
	results, err := pusher.Push(ctx, d)
	shown.Close()
	if err != nil {
		return err
	}
	var references strings.Builder
	for _, r := range results {
		shown.Say("%s", summary(r, f.dryRun))
		fmt.Fprintln(&references, r.Reference)
	}
	if f.digestFile != "" && !f.dryRun {
		if err := atomicfile.WriteBytes(p.Path(f.digestFile), []byte(references.String())); err != nil {
			return fmt.Errorf("pushed, but --digest-file: %w", err)
		}
	}
	_, err = fmt.Fprint(p.Stdout, references.String())
	return err
}

// summary tells in one line what a push did or, dry, would do.
func summary(r *ocipush.Result, dry bool) string {
	uploaded := r.Blobs[registry.Uploaded]
	if dry {
		return fmt.Sprintf("dry run: would upload or mount %d blobs (%s) and set %s", uploaded, progress.Size(r.Bytes), tags(r.Tagged))
	}
	text := fmt.Sprintf("uploaded %d blobs (%s)", uploaded, progress.Size(r.Bytes))
	if n := r.Blobs[registry.Mounted]; n > 0 {
		text += fmt.Sprintf(", mounted %d", n)
	}
	return text + ", set " + tags(r.Tagged)
}

func tags(list []string) string {
	if len(list) == 0 {
		return "no tag anew"
	}
	return "tag " + strings.Join(list, ", ")
}

// bar is a bar of bytes whose number is known later than the bar.
type bar struct {
	display *progress.Display
	verb    string
	bar     progress.Bar
}

func (b *bar) begin(total int64) { b.bar = b.display.Bytes(b.verb, total) }

func (b *bar) add(bytes int64) { b.bar.Add(bytes) }
