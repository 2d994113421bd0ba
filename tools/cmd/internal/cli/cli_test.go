package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
)

func program(got *[]string) *Program {
	return &Program{Name: "prog", Summary: "does things.", Commands: []Command{
		{Name: "copy", Arguments: "OLD NEW", Summary: "copies", Example: "prog copy --jobs 3 a b", Define: func(_ *Process, flags *flag.FlagSet) Action {
			jobs := flags.Int("jobs", 8, "so `MANY` at once")
			return func(_ context.Context, _ *Process, args []string) error {
				*got = append([]string{fmt.Sprint(*jobs)}, args...)
				return nil
			}
		}},
		{Name: "show", Arguments: "NAME...", Summary: "shows", Example: "prog show a", Define: func(*Process, *flag.FlagSet) Action {
			return func(context.Context, *Process, []string) error { return nil }
		}},
	}}
}

func TestRun(t *testing.T) {
	for _, test := range []struct{ args, got, out, err string }{
		{args: "copy a b", got: "8 a b"},
		{args: "copy a --jobs 2 b", got: "2 a b"},
		{args: "copy a -- --b", got: "8 a --b"},
		{args: "", err: "no subcommand; want one of copy, show (see: prog --help)"},
		{args: "cpy", err: `unknown subcommand "cpy", want one of copy, show; did you mean "copy"?`},
		{args: "copy a", err: `copy: got 1 arguments, want OLD NEW: ["a"] (see: prog copy --help)`},
		{args: "show", err: `show: got 0 arguments, want NAME...: [] (see: prog show --help)`},
		{args: "show a b"},
		{args: "copy --jbos=1 a b", err: "copy: unknown flag --jbos; did you mean --jobs? (see: prog copy --help)"},
		{args: "copy --jobs=x a b", err: `copy: invalid value "x" for flag -jobs: parse error (see: prog copy --help)`},
		{args: "help", out: "prog does things.\n\n  prog copy  copies\n  prog show  shows\n\n\"prog SUBCOMMAND --help\" shows its flags and an example.\n"},
		{args: "copy -h", out: "usage: prog copy [flags] OLD NEW\n\ncopies\n\nflags:\n  --jobs MANY\n      so MANY at once (default 8)\n\nexample:\n  prog copy --jobs 3 a b\n"},
	} {
		var got []string
		var stdout bytes.Buffer
		err := program(&got).Run(context.Background(), &Process{Stdout: &stdout}, strings.Fields(test.args))
		if text := fmt.Sprint(err); text != test.err && (err != nil || test.err != "") {
			t.Errorf("%s: got error %v, want %s", test.args, err, test.err)
		}
		if strings.Join(got, " ") != test.got || stdout.String() != test.out {
			t.Errorf("%s: got %q, %q; want %q, %q", test.args, got, stdout.String(), test.got, test.out)
		}
		var usage *UsageError
		if err != nil && !errors.As(err, &usage) {
			t.Errorf("%s: %v is no *UsageError", test.args, err)
		}
	}
}

func TestImplied(t *testing.T) {
	var got []string
	g := program(&got)
	g.Implied = func(p *Process) (string, error) { return p.Argv0, nil }
	if err := g.Run(context.Background(), &Process{Argv0: "copy"}, []string{"a", "b"}); err != nil || len(got) != 3 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestReport(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
		text string
	}{
		{nil, 0, ""},
		{errors.New("x"), 1, "prog: error: x\n"},
		{fmt.Errorf("y: %w", Usagef("x")), 2, "prog: error: y: x\n"},
		{fmt.Errorf("y: %w", context.Canceled), 1, "prog: error: interrupted\n"},
		{fmt.Errorf("y: %w", Hinted(errors.New("x"), "do")), 1, "prog: error: y: x\nprog: hint: do\n"},
		{flag.ErrHelp, 1, "prog: error: flag: help requested\nprog: hint: advice\n"},
		{fmt.Errorf("y: %w", Exit(3)), 3, ""},
		{errors.New("HTTP://user:pass@host/a: gone"), 1, "prog: error: HTTP://…@host/a: gone\n"},
		{errors.New("a\x1b[2Jb\u202e"), 1, "prog: error: a\\u001b[2Jb\\u202e\n"},
	} {
		var stderr bytes.Buffer
		advice := func(err error) string {
			if errors.Is(err, flag.ErrHelp) {
				return "advice"
			}
			return ""
		}
		if got := Report("prog", advice, Escaped(&stderr), test.err); got != test.want || stderr.String() != test.text {
			t.Errorf("%v: got %d, %q; want %d, %q", test.err, got, stderr.String(), test.want, test.text)
		}
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"plain ünï 包":                 "plain ünï 包",
		"a\nb\tc\rd":                  `a\u000ab\u0009c\u000dd`,
		"\x1b[2J\x07\x7f":             `\u001b[2J\u0007\u007f`,
		"\u009b31m":                   `\u009b31m`,
		"a\u202eb\u2066c\u2028":       `a\u202eb\u2066c\u2028`,
		"\xff\xfea":                   `\xff\xfea`,
		"\ufffd stands for something": "\ufffd stands for something",
	} {
		if got := Escape(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// What is written in pieces is what would have been written at once.
func TestWriterPieces(t *testing.T) {
	text := "ü包\n\t\x1b\xff\u009b𐍈."
	var whole bytes.Buffer
	if _, err := Escaped(&whole).Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if want := "ü包\n\t\\u001b\\xff\\u009b𐍈."; whole.String() != want {
		t.Errorf("got %s, want %s", whole.String(), want)
	}
	var pieces bytes.Buffer
	w := Escaped(&pieces)
	for i := range len(text) {
		if n, err := w.Write([]byte{text[i]}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if pieces.String() != whole.String() {
		t.Errorf("got %s, want %s", pieces.String(), whole.String())
	}
}

func TestCheckHelp(t *testing.T) {
	g := program(new([]string))
	if err := g.CheckHelp(); err != nil {
		t.Error(err)
	}
	g.Commands[0].Example = "prog copy --jbos 3 a b"
	g.Commands[1].Example = "another"
	err := g.CheckHelp()
	for _, want := range []string{"copy: example \"prog copy --jbos 3 a b\": flag provided but not defined: -jbos", `show: no line of its example begins with "prog show"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestPaths(t *testing.T) {
	p := &Process{Getenv: func(key string) string {
		return map[string]string{"BUILD_WORKING_DIRECTORY": "/w", "BUILD_WORKSPACE_DIRECTORY": "/space"}[key]
	}}
	if p.Path("a") != "/w/a" || p.WorkspacePath("a") != "/space/a" || p.Path("/a") != "/a" {
		t.Error(p.Path("a"), p.WorkspacePath("a"), p.Path("/a"))
	}
}
