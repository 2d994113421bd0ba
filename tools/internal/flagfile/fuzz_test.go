package flagfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A file's lines are the arguments, as they stand there: nothing in them is a flag file again, and nothing is lost but empty lines.
func FuzzExpand(f *testing.F) {
	f.Add("--a\nb c\n", "x")
	f.Add("--flagfile=again\r\n\n\xff", "")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text, after string) {
		path := filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "_"))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(after, "--flagfile=") {
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
	})
}
