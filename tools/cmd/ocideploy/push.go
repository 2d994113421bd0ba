package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

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

func parsePush(p *process, spec string, args []string) (*pushFlags, error) {
	f := &pushFlags{}
	set := flag.NewFlagSet("push", flag.ContinueOnError)
	set.StringVar(&f.spec, "spec", spec, "the deploy spec `FILE` that an oci_push target wrote")
	set.StringVar(&f.to.repository, "repository", "", "push to `REPOSITORY` (registry/name) and not where the target says")
	set.Var(&f.to.tags, "tag", "set `TAG` and not the target's own tags; may be repeated")
	set.BoolVar(&f.dryRun, "dry-run", false, "ask the registry what it lacks, and change nothing")
	set.StringVar(&f.digestFile, "digest-file", "", "also write the lines repository@digest to `FILE`")
	_, err := p.parse(set, args, 0)
	return f, err
}

func runPush(ctx context.Context, p *process, spec string, args []string) error {
	f, err := parsePush(p, spec, args)
	if err != nil {
		return err
	}
	d, err := p.read(f.spec, f.to)
	if err != nil {
		return err
	}
	shown := newProgress(p.stderr, "pushing")
	client := p.registry(shown.say)
	remoteBlobs(d, client, shown.say)
	pusher := &ocipush.Pusher{Registry: client, Jobs: 8, DryRun: f.dryRun, Progress: ocipush.Progress{
		Total: shown.total, Done: shown.done,
		Blob: func(name string, outcome registry.Outcome) {
			if outcome != registry.Existed && !f.dryRun {
				shown.item("%s %s", outcome, name)
			}
		},
	}}
	results, err := pusher.Push(ctx, d)
	shown.end()
	if err != nil {
		return err
	}
	var references strings.Builder
	for _, r := range results {
		fmt.Fprintf(p.stderr, "ocideploy: %s\n", summary(r, f.dryRun))
		fmt.Fprintln(&references, r.Reference)
	}
	if f.digestFile != "" && !f.dryRun {
		if err := atomicfile.WriteBytes(p.path(f.digestFile), []byte(references.String())); err != nil {
			return fmt.Errorf("pushed, but --digest-file: %w", err)
		}
	}
	_, err = fmt.Fprint(p.stdout, references.String())
	return err
}

// summary tells in one line what a push did or, dry, would do.
func summary(r *ocipush.Result, dry bool) string {
	uploaded := r.Blobs[registry.Uploaded]
	if dry {
		return fmt.Sprintf("dry run: would upload or mount %d blobs (%s) and set %s", uploaded, size(r.Bytes), tags(r.Tagged))
	}
	text := fmt.Sprintf("uploaded %d blobs (%s)", uploaded, size(r.Bytes))
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
