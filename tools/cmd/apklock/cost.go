package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockcost"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// size is a number of bytes, as a flag.
type size int64

func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }

// Set reads "500", "500kB", "20MB" or "1GB".
func (s *size) Set(text string) error {
	number, unit := text, int64(1)
	for _, each := range []struct {
		suffix string
		bytes  int64
	}{{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}} {
		if rest, ok := strings.CutSuffix(text, each.suffix); ok {
			number, unit = rest, each.bytes
		}
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n <= 0 {
		return errors.New("want a number of bytes such as 500kB, 20MB or 1GB")
	}
	*s = size(n * unit)
	return nil
}

// check returns an error for what costs more.
func (s size) check(c *lockcost.Cost) error {
	if s == 0 || c == nil {
		return nil
	}
	var over []string
	for _, image := range c.Images {
		if image.NewBytes > int64(s) {
			over = append(over, fmt.Sprintf("%s (%s): %s", image.Image, image.Arch, progress.Size(image.NewBytes)))
		}
	}
	for _, registry := range c.Registries {
		if registry.NewBytes > int64(s) {
			over = append(over, fmt.Sprintf("%s: %s", registry.Registry, progress.Size(registry.NewBytes)))
		}
	}
	if over == nil {
		return nil
	}
	return fmt.Errorf("new layers have more than %s:\n  - %s", progress.Size(int64(s)), strings.Join(over, "\n  - "))
}

// readVersion reads a lock from a file or, if there is none, from a commit: "main:apk.lock.json".
func readVersion(ctx context.Context, p *cli.Process, name string) (*lockfile.Lock, error) {
	path := p.Path(name)
	commit, file, ok := strings.Cut(name, ":")
	if _, err := os.Lstat(path); err == nil || !ok || commit == "" || strings.HasPrefix(commit, "-") {
		return readLock(p, path)
	}
	cmd := exec.CommandContext(ctx, "git", "show", commit+":./"+strings.TrimPrefix(file, "./"))
	cmd.Dir = p.Path(".")
	data, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = errors.New(strings.TrimSpace(string(exit.Stderr)))
		}
		return nil, cli.Hinted(fmt.Errorf("reading the lock %s: %w", name, err), "want a file, or COMMIT:PATH with a path that starts here")
	}
	lock, err := lockfile.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return lock, nil
}

// costs are those of the images or, without --images, of one that has all packages of apk.yaml.
func (o *diffOptions) costs(from, to *lockfile.Lock, p *cli.Process) (*lockcost.Cost, error) {
	images := []lockcost.Image{{Label: "all packages", Roots: names(from, to)}}
	if o.images != "" {
		found, err := o.imageOptions.read(p)
		if err != nil {
			return nil, err
		}
		images = priced(found)
	}
	return lockcost.Of(from, to, images)
}

// names are those of all packages of locks.
func names(locks ...*lockfile.Lock) []string {
	var all []string
	for _, lock := range locks {
		for _, p := range lock.Packages {
			all = append(all, p.Name)
		}
	}
	return all
}

func writeCostText(w io.Writer, c *lockcost.Cost) error {
	if c == nil {
		return nil
	}
	fmt.Fprintln(w, "\nnew layers, without the system layer:")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, image := range c.Images {
		fmt.Fprintf(table, "%s\t%s\t%s of %s\t%s\n", image.Image, image.Arch, progress.Size(image.NewBytes), progress.Size(image.Bytes), layerNames(image.Layers))
	}
	for _, registry := range c.Registries {
		fmt.Fprintf(table, "%s\tto push\t%s\t%s\n", registry.Registry, progress.Size(registry.NewBytes), progress.Count(registry.Layers, "layer"))
	}
	return table.Flush()
}

func writeCostMarkdown(b *strings.Builder, c *lockcost.Cost) {
	if c == nil {
		return
	}
	b.WriteString("\n| image | arch | new bytes | of | new layers |\n|---|---|--:|--:|---|\n")
	for _, image := range c.Images {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", escape(image.Image), escape(image.Arch), progress.Size(image.NewBytes), progress.Size(image.Bytes), escape(layerNames(image.Layers)))
	}
	if len(c.Registries) > 0 {
		b.WriteString("\n| registry | to push | layers |\n|---|--:|--:|\n")
	}
	for _, registry := range c.Registries {
		fmt.Fprintf(b, "| %s | %s | %d |\n", escape(registry.Registry), progress.Size(registry.NewBytes), registry.Layers)
	}
}

// layerNames says whose layers they are: "openssl 3.3.2-r0, zlib 1.3-r0".
func layerNames(layers []lockcost.Layer) string {
	var all []string
	for _, l := range layers {
		all = append(all, l.Package+" "+l.Version)
	}
	return strings.Join(all, ", ")
}
