package flagfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The name of a file in a tree may hold anything but NUL and a slash: it is one argument all the same, and no other
// flag.
func TestExpandQuoted(t *testing.T) {
	want := []string{
		"--in-tree=a\n--file=b", "--in-tree=ends in \r", "", "--entry={\"path\":\"/it's\"}", "'", "''", "'\n'", `\''`, "plain", "a'b", "\n",
	}
	quoted := func(arg string) string {
		if arg == "plain" || arg == "a'b" {
			return arg
		}
		return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	var text strings.Builder
	for _, arg := range want {
		text.WriteString(quoted(arg) + "\n")
	}
	path := filepath.Join(t.TempDir(), "flags")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := Expand([]string{"--flagfile=" + path}); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestExpandErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags")
	for text, want := range map[string]string{
		"--a\n'--b\n":    `an argument begins with "'--b\n", want a quote at its end`,
		"'--a'b\n":       `an argument has "b\n" behind a quote, want the line's end or \''`,
		"'--a'\\'b\n--c": `an argument has "\\'b\n--c" behind a quote`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := Expand([]string{"--flagfile=" + path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want an error with %q", text, got, err, want)
		}
	}
}
