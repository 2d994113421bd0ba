package main

import (
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli/progress"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// display shows how far the packages are: it is a locker.Progress.
type display struct {
	*progress.Display
	packages, bytes progress.Bar
}

func newDisplay(p *cli.Process) *display {
	return &display{Display: progress.New("apklock", p.Stderr)}
}

func (d *display) Begin(packages int, bytes int64) {
	if !d.Terminal() {
		d.Say("reading %s, %s", progress.Count(packages, "package"), progress.Size(bytes))
		return
	}
	d.bytes = d.Bytes("downloading", bytes)
	d.packages = d.Count("verified   ", "packages", packages)
}

func (d *display) Advance(n int) { d.bytes.Add(int64(n)) }

func (d *display) Done(*lockfile.Package) { d.packages.Add(1) }
