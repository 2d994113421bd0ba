// Package progress shows on standard error how far work is: bars on a terminal, lines elsewhere.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
)

// Display shows progress, and lines above it. It is an io.Writer for these. Close ends it.
type Display struct {
	program string
	lines   sync.Mutex // several workers say things at a time
	out     io.Writer
	bars    *mpb.Progress // nil where there is no terminal
	all     []*mpb.Bar
}

// New begins a display on the standard error of a program.
func New(program string, stderr io.Writer) *Display {
	d := &Display{program: program, out: stderr}
	escaped, ok := stderr.(*cli.Writer)
	if !ok {
		return d
	}
	if f, ok := escaped.Unwrap().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		d.bars = mpb.New(mpb.WithOutput(f), mpb.WithWidth(40))
		d.out = cli.Escaped(d.bars)
	}
	return d
}

// Terminal tells whether there are bars.
func (d *Display) Terminal() bool { return d.bars != nil }

// Write writes whole lines above the bars.
func (d *Display) Write(p []byte) (int, error) {
	d.lines.Lock()
	defer d.lines.Unlock()
	return d.out.Write(p)
}

// Say writes a line with the program's name.
func (d *Display) Say(format string, args ...any) {
	fmt.Fprintf(d, d.program+": "+format+"\n", args...)
}

// Bar is one bar, or nothing.
type Bar struct{ bar *mpb.Bar }

// Bytes adds a bar for so many bytes.
func (d *Display) Bytes(verb string, total int64) Bar {
	return d.add(verb, total, decor.CountersKiloByte("% .1f of % .1f"), decor.Name(" "), decor.AverageSpeed(decor.SizeB1000(0), "% .1f"))
}

// Count adds a bar for so many things.
func (d *Display) Count(verb, things string, total int) Bar {
	return d.add(verb, int64(total), decor.CountersNoUnit("%d of %d "+things))
}

func (d *Display) add(verb string, total int64, counters ...decor.Decorator) Bar {
	if d.bars == nil || total == 0 {
		return Bar{}
	}
	bar := d.bars.AddBar(total, mpb.PrependDecorators(decor.Name(verb+" ")), mpb.AppendDecorators(counters...))
	d.all = append(d.all, bar)
	return Bar{bar}
}

// Add says that so much more is done; below zero, that so much has to be done again.
func (b Bar) Add(n int64) {
	if b.bar != nil {
		b.bar.IncrInt64(n)
	}
}

// Close takes the bars away, finished or not, before anything else is printed. It may be called again.
func (d *Display) Close() {
	if d.bars == nil {
		return
	}
	for _, bar := range d.all {
		// A bar that is not full would be waited for. Abort keeps what it shows.
		if !bar.Completed() {
			bar.Abort(false)
		}
	}
	d.bars.Shutdown()
}

// Size writes a number of bytes as people read it.
func Size(bytes int64) string {
	switch {
	case bytes < 0:
		return "-" + Size(-bytes)
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	}
	// The unit of a thousand is a small k.
	return strings.Replace(fmt.Sprintf("% .1f", decor.SizeB1000(bytes)), "K", "k", 1)
}

// Count writes a number of things: "1 package", "2 packages".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
