package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockdiff"
)

// A diffFormat writes a diff in one way.
type diffFormat func(w io.Writer, d *lockdiff.Diff) error

func diffCommand() command {
	return command{
		name:      "diff",
		arguments: "OLD NEW",
		summary:   "show what changed from one lock to another: packages, versions, sizes, licences",
		example:   "git show main:apk.lock.json > /tmp/old.json\napklock diff --markdown /tmp/old.json apk.lock.json",
		define: func(flags *flag.FlagSet) action {
			format := diffFormat(writeDiffText)
			choice := ""
			choose := func(name string, f diffFormat) func(string) error {
				return func(string) error {
					if choice != "" && choice != name {
						return fmt.Errorf("--%s was given before; want one of them", choice)
					}
					choice, format = name, f
					return nil
				}
			}
			flags.BoolFunc("json", "write JSON (docs/formats.md)", choose("json", writeDiffJSON))
			flags.BoolFunc("markdown", "write a Markdown table, for a pull request", choose("markdown", writeDiffMarkdown))
			return func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
				if len(args) != 2 {
					return usagef("diff: got %q, want OLD and NEW (see: apklock diff --help)", args)
				}
				return diff(args[0], args[1], format, stdout)
			}
		},
	}
}

func diff(before, after string, format diffFormat, stdout io.Writer) error {
	from, err := readLock(workingPath(before))
	if err != nil {
		return err
	}
	to, err := readLock(workingPath(after))
	if err != nil {
		return err
	}
	return format(stdout, lockdiff.Compare(from, to))
}

func writeDiffJSON(w io.Writer, d *lockdiff.Diff) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

func writeDiffText(w io.Writer, d *lockdiff.Diff) error {
	if len(d.Changes) == 0 {
		_, err := fmt.Fprintln(w, "no package changed")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range d.Changes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Kind, c.Name, versions(c.Event), strings.Join(c.Archs, ", "), growth(c.Size), license(c.Event))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s to download, %s installed\n", growth(d.Size), growth(d.InstalledSize))
	return err
}

func writeDiffMarkdown(w io.Writer, d *lockdiff.Diff) error {
	if len(d.Changes) == 0 {
		_, err := fmt.Fprintln(w, "No package changed.")
		return err
	}
	var b strings.Builder
	b.WriteString("| | package | version | arch | size | licence |\n|---|---|---|---|--:|---|\n")
	for _, c := range d.Changes {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.Kind, escape(c.Name), escape(versions(c.Event)),
			escape(strings.Join(c.Archs, ", ")), growth(c.Size), escape(license(c.Event)))
	}
	fmt.Fprintf(&b, "\n%s to download, %s installed.\n", growth(d.Size), growth(d.InstalledSize))
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

func orNone(license string) string {
	if license == "" {
		return "none"
	}
	return license
}

// growth renders a difference of sizes.
func growth(bytes int64) string {
	if bytes < 0 {
		return "-" + size(-bytes)
	}
	return "+" + size(bytes)
}
