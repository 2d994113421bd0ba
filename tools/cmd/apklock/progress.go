package main

import (
	"fmt"
	"io"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/rules-apk/rules_apk/tools/internal/lock/locker"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// A display shows progress. Close ends it; messages may be written to it while
// it lasts.
type display interface {
	locker.Progress
	io.WriteCloser
}

// newDisplay returns a progress bar on a terminal and a single line elsewhere.
func newDisplay(w io.Writer) display {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &bar{progress: mpb.New(mpb.WithOutput(w), mpb.WithWidth(40))}
	}
	return &lines{w}
}

type bar struct {
	progress *mpb.Progress
	packages *mpb.Bar
	bytes    *mpb.Bar
}

func (b *bar) Begin(packages int, bytes int64) {
	b.bytes = b.progress.AddBar(bytes,
		mpb.PrependDecorators(decor.Name("downloading ")),
		mpb.AppendDecorators(decor.CountersKiloByte("% .1f of % .1f"), decor.Name(" "), decor.AverageSpeed(decor.SizeB1000(0), "% .1f")))
	b.packages = b.progress.AddBar(int64(packages),
		mpb.PrependDecorators(decor.Name("verified    ")),
		mpb.AppendDecorators(decor.CountersNoUnit("%d of %d packages")))
}

func (b *bar) Advance(n int) { b.bytes.IncrBy(n) }

func (b *bar) Done(*lockfile.Package) { b.packages.Increment() }

func (b *bar) Write(p []byte) (int, error) { return b.progress.Write(p) }

func (b *bar) Close() error {
	for _, each := range []*mpb.Bar{b.bytes, b.packages} {
		// A bar that is not full would be waited for. Abort keeps what it shows.
		if each != nil && !each.Completed() {
			each.Abort(false)
		}
	}
	b.progress.Shutdown()
	return nil
}

// lines says once what is going on.
type lines struct {
	io.Writer
}

func (l *lines) Begin(packages int, bytes int64) {
	fmt.Fprintf(l, "apklock: reading %s, %s\n", count(packages, "package"), size(bytes))
}

func (l *lines) Advance(int) {}

func (l *lines) Done(*lockfile.Package) {}

func (l *lines) Close() error { return nil }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// size renders a number of bytes, at least 0, for people.
func size(bytes int64) string { return humanize.Bytes(uint64(bytes)) }
