package stamp

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadAndExpand(t *testing.T) {
	dir := t.TempDir()
	stable, volatile := filepath.Join(dir, "stable"), filepath.Join(dir, "volatile")
	for path, text := range map[string]string{stable: "STABLE_TITLE a b\nEMPTY \nBOTH 1\n", volatile: "BUILD_TIMESTAMP 17\r\nBOTH 2\n"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	status, err := Read([]string{stable, volatile})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                                  "",
		"x-{STABLE_TITLE}{EMPTY}-{BOTH}":    "x-a b-2",
		"{BUILD_TIMESTAMP}":                 "17",
		`{"json": {}} {id} {A-B} $ {} {1A}`: `{"json": {}} {id} {A-B} $ {} {1A}`,
	} {
		if got, err := status.Expand(text); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
	if _, err := status.Expand("v{NOPE}-{NEITHER}"); err == nil || !strings.HasPrefix(err.Error(), `"v{NOPE}-{NEITHER}" wants NOPE, which`) {
		t.Errorf("got %v", err)
	}
	if _, err := Read([]string{dir + "/none"}); err == nil {
		t.Error("a file that is not there is no error")
	}
}

func TestExpandAll(t *testing.T) {
	values := map[string]string{"fixed": "1", "commit": "{C}"}
	for name, test := range map[string]struct {
		status Status
		want   map[string]string
	}{
		"stamped":   {Status{"C": "abc"}, map[string]string{"fixed": "1", "commit": "abc"}},
		"unstamped": {nil, map[string]string{"fixed": "1"}},
	} {
		if got, err := test.status.ExpandAll(values); err != nil || !maps.Equal(got, test.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, test.want)
		}
	}
	if _, err := (Status{"D": ""}).ExpandAll(values); err == nil || !strings.HasPrefix(err.Error(), "commit: ") {
		t.Errorf("got %v, want the missing key named", err)
	}
	if got, err := Status(nil).ExpandAll(map[string]string{"commit": "{C}"}); got != nil || err != nil {
		t.Errorf("got %v, %v, want nil: an empty object would be written down", got, err)
	}
}
