package main

import (
	"fmt"
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// progress shows how far the work is: a bar on a terminal, elsewhere a line for
// each thing done. Lines that are printed while the bar is there go above it.
type progress struct {
	out  io.Writer
	verb string
	bars *mpb.Progress
	bar  *mpb.Bar
}

func newProgress(stderr io.Writer, verb string) *progress {
	p := &progress{out: stderr, verb: verb}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bars = mpb.New(mpb.WithOutput(stderr), mpb.WithWidth(40))
		p.out = p.bars
	}
	return p
}

// total begins the bar; before it the size of the work is not known.
func (p *progress) total(bytes int64) {
	if p.bars == nil || bytes == 0 {
		return
	}
	p.bar = p.bars.AddBar(bytes,
		mpb.PrependDecorators(decor.Name(p.verb+" ")),
		mpb.AppendDecorators(decor.CountersKiloByte("% .1f of % .1f"), decor.Name(" "), decor.AverageSpeed(decor.SizeB1000(0), "% .1f")))
}

func (p *progress) done(bytes int64) {
	if p.bar != nil {
		p.bar.IncrInt64(bytes)
	}
}

// item is a line for one thing done, where there is no bar to show it.
func (p *progress) item(format string, args ...any) {
	if p.bars == nil {
		p.say(format, args...)
	}
}

func (p *progress) say(format string, args ...any) {
	fmt.Fprintf(p.out, "ocideploy: "+format+"\n", args...)
}

// end takes the bar away, finished or not, before anything else is printed.
func (p *progress) end() {
	if p.bars == nil {
		return
	}
	if p.bar != nil && !p.bar.Completed() {
		p.bar.Abort(false)
	}
	p.bars.Wait()
}

// size writes a number of bytes as people read it.
func size(bytes int64) string {
	if bytes < 1000 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("% .1f", decor.SizeB1000(bytes))
}
