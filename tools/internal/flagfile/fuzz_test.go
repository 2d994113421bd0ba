package flagfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A file's lines are the arguments, quoted or as they stand there: nothing in them is a flag file again, and nothing is
// lost but empty lines.
func FuzzExpand(f *testing.F) {
	f.Add("--a\nb c\n", "x")
	f.Add("--flagfile=again\r\n\n\xff", "")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text, after string) {
		path := filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "_"))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(after, "--flagfile=") || strings.HasPrefix(text, "'") || strings.Contains(text, "\n'") {
			return
		}
		got, err := Expand([]string{"before", "--flagfile=" + path, after})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, line := range strings.Split(text, "\n") {
			if line = strings.TrimRight(line, "\r"); line != "" {
				want = append(want, line)
			}
		}
		if want = append(append([]string{"before"}, want...), after); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		quoted := "'" + strings.ReplaceAll(text, "'", `'\''`) + "'\n"
		if err := os.WriteFile(path, []byte(quoted), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := Expand([]string{"--flagfile=" + path}); err != nil || !slices.Equal(got, []string{text}) {
			t.Errorf("%q: got %q, %v", quoted, got, err)
		}
	})
}
