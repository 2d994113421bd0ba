package deployspec

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStamp(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	stable := write("stable", "STABLE_COMMIT abc123\nSTABLE_TITLE a b\nEMPTY \n")
	volatile := write("volatile", "BUILD_TIMESTAMP 17\n")
	tags := write("tags", "one\n two-{BUILD_TIMESTAMP}\n")
	for _, test := range []struct {
		name  string
		image Image
		stamp []string
		want  string
	}{
		{"literal", Image{Repository: "r/x", Tags: []string{"latest"}}, nil, "r/x [latest]"},
		{"keys", Image{Repository: "r/x-{STABLE_COMMIT}", Tags: []string{"v{EMPTY}1-{BUILD_TIMESTAMP}"}}, []string{stable, volatile}, "r/x-abc123 [v1-17]"},
		{"file", Image{Repository: "r/x", Tags: []string{"latest"}, TagFiles: []string{tags}}, []string{volatile}, "r/x [latest one two-17]"},
		{"no such key", Image{Repository: "r/x", Tags: []string{"{NOPE}"}}, []string{stable}, `images[0]: tag "{NOPE}" wants NOPE, which Bazel's status files lack`},
		{"not stamped", Image{Repository: "r/{NOPE}"}, nil, `images[0]: repository "r/{NOPE}" wants NOPE, but the spec names no stamp_files`},
		{"no such file", Image{TagFiles: []string{dir + "/none"}}, nil, "images[0]: reading tags"},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := Spec{Images: []Image{test.image}, StampFiles: test.stamp}
			err := spec.Stamp()
			got := fmt.Sprint(err)
			if err == nil {
				got = fmt.Sprint(spec.Images[0].Repository, " ", spec.Images[0].Tags)
			}
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
