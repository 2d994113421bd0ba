package stamp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever a status file says, a text without keys stays, and one with keys has none left or is refused.
func FuzzExpand(f *testing.F) {
	f.Add("STABLE_A b c\r\nEMPTY \n\nX\n", "v{STABLE_A}-{EMPTY}")
	f.Add("BUILD_TIMESTAMP 17\n", `{"a": 1} {BUILD_TIMESTAMP}`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, lines, text string) {
		path := filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "_"))
		if err := os.WriteFile(path, []byte(lines), 0o644); err != nil {
			t.Fatal(err)
		}
		status, err := Read([]string{path})
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range status {
			if strings.ContainsAny(key, " \n") || strings.ContainsAny(value, "\n") {
				t.Errorf("key %q, value %q", key, value)
			}
		}
		got, err := status.Expand(text)
		switch {
		case err != nil && !HasKey(text):
			t.Errorf("%q has no key, but %v", text, err)
		case err == nil && !HasKey(text) && got != text:
			t.Errorf("%q became %q, want no change", text, got)
		}
		for key := range status {
			status[key] = "value"
		}
		if got, err := status.Expand(text); err == nil && HasKey(strings.ReplaceAll(got, "value", "")) && !HasKey(text) {
			t.Errorf("%q became %q, which has keys", text, got)
		}
	})
}
