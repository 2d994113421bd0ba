package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockcost"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockdiff"
)

// A review is what there is to say of a new lock: what changed and, if somebody asked, what that costs.
type review struct {
	*lockdiff.Diff
	Cost *lockcost.Cost `json:"cost,omitempty"`
}

// A diffFormat writes a review in one way.
type diffFormat func(w io.Writer, r review) error

type diffOptions struct {
	imageOptions
	format diffFormat
	cost   bool
	limit  size
}

func diffCommand() cli.Command {
	return cli.Command{
		Name:      "diff",
		Arguments: "OLD NEW",
		Summary:   "show what changed from one lock to another, each a file or COMMIT:PATH: packages, versions, sizes, licences, new layers",
		Example: "apklock diff --markdown main:apk.lock.json apk.lock.json\n" +
			"bazel query --output=streamed_jsonproto //... > /tmp/images.json\n" +
			"bazel run @alpine//:diff -- --cost --images /tmp/images.json --limit 20MB HEAD~1:apk.lock.json apk.lock.json",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			o := diffOptions{format: writeDiffText}
			o.imageOptions.define(flags)
			flags.BoolVar(&o.cost, "cost", false, "also show the layers that each image and registry gets, without building: of all packages together, or of --images")
			flags.Var(&o.limit, "limit", "fail if the new layers of an image or registry have more than `SIZE` bytes, such as 20MB; with --cost")
			choice := ""
			choose := func(name string, f diffFormat) func(string) error {
				return func(string) error {
					if choice != "" && choice != name {
						return fmt.Errorf("--%s was given before; want one of them", choice)
					}
					choice, o.format = name, f
					return nil
				}
			}
			flags.BoolFunc("json", "write JSON (docs/formats.md)", choose("json", writeDiffJSON))
			flags.BoolFunc("markdown", "write a Markdown table, for a pull request", choose("markdown", writeDiffMarkdown))
			return func(ctx context.Context, p *cli.Process, args []string) error {
				return diff(ctx, o, args[0], args[1], p)
			}
		},
	}
}

func diff(ctx context.Context, o diffOptions, before, after string, p *cli.Process) error {
	if !o.cost && (o.limit > 0 || o.images != "") {
		return cli.Usagef("--limit and --images are for --cost")
	}
	from, err := readVersion(ctx, p, before)
	if err != nil {
		return err
	}
	to, err := readVersion(ctx, p, after)
	if err != nil {
		return err
	}
	r := review{Diff: lockdiff.Compare(from, to)}
	if o.cost {
		if r.Cost, err = o.costs(from, to, p); err != nil {
			return err
		}
	}
	if err := o.format(p.Stdout, r); err != nil {
		return err
	}
	return o.limit.check(r.Cost)
}

func writeDiffJSON(w io.Writer, r review) error {
	data, err := jsondoc.Lines(r, "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func writeDiffText(w io.Writer, r review) error {
	if err := writeChangesText(w, r.Diff); err != nil {
		return err
	}
	return writeCostText(w, r.Cost)
}

func writeChangesText(w io.Writer, d *lockdiff.Diff) error {
	if len(d.Changes) == 0 {
		fmt.Fprintln(w, "no package changed")
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range d.Changes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Kind, c.Name, versions(c.Event), strings.Join(c.Archs, ", "), growth(c.Size), cli.Escape(license(c.Event)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, s := range d.Settings {
		fmt.Fprintf(w, "%s: %s -> %s\n", s.Name, orNone(s.Old), orNone(s.New))
	}
	if len(d.Changes) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s to download, %s installed\n", growth(d.Size), growth(d.InstalledSize))
	return err
}

func writeDiffMarkdown(w io.Writer, r review) error {
	d := r.Diff
	var b strings.Builder
	if len(d.Changes) == 0 {
		b.WriteString("No package changed.\n")
	} else {
		b.WriteString("| | package | version | arch | size | licence |\n|---|---|---|---|--:|---|\n")
	}
	for _, c := range d.Changes {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.Kind, escape(c.Name), escape(versions(c.Event)),
			escape(strings.Join(c.Archs, ", ")), growth(c.Size), escape(cli.Escape(license(c.Event))))
	}
	if len(d.Settings) > 0 {
		b.WriteString("\n| setting | before | now |\n|---|---|---|\n")
	}
	for _, s := range d.Settings {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", escape(s.Name), escape(orNone(s.Old)), escape(orNone(s.New)))
	}
	if len(d.Changes) > 0 {
		fmt.Fprintf(&b, "\n%s to download, %s installed.\n", growth(d.Size), growth(d.InstalledSize))
	}
	writeCostMarkdown(&b, r.Cost)
	_, err := io.WriteString(w, b.String())
	return err
}

// escape keeps names such as gtk+3.0_x|y from being markup.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "_", `\_`, "*", `\*`, "~", `\~`, "<", "&lt;").Replace(s)
}

func versions(e lockdiff.Event) string {
	switch {
	case e.Old == "":
		return e.New
	case e.New == "":
		return e.Old
	case e.Old == e.New && e.Fields != "":
		return e.New + " (other " + e.Fields + ")"
	case e.Old == e.New:
		return e.New + " (built again)"
	}
	return e.Old + " -> " + e.New
}

func license(e lockdiff.Event) string {
	switch {
	case e.Kind == lockdiff.Added:
		return e.NewLicense
	case e.Kind == lockdiff.Removed:
		return e.OldLicense
	case e.OldLicense == e.NewLicense:
		return ""
	}
	return fmt.Sprintf("%s -> %s", orNone(e.OldLicense), orNone(e.NewLicense))
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// growth renders a difference of sizes.
func growth(bytes int64) string {
	if bytes < 0 {
		return progress.Size(bytes)
	}
	return "+" + progress.Size(bytes)
}
