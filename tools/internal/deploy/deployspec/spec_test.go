package deployspec

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const minimal = `{"version":1,"command":"push","images":[{"descriptor":"d","manifests":[{"manifest":"m","config":"c"}],"repository":"r.example.com/x"}]}`

func TestParse(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"minimal", "", "", ""},
		{"version", `"version":1`, `"version":2`, "version is 2, want 1"},
		{"command", `"push"`, `"pull"`, `command is "pull", want "push" or "load"`},
		{"unknown field", `"version":1`, `"version":1,"verison":1`, `unknown field "verison"`},
		{"text after the end", `"}]}`, `"}]}{}`, "got more after the first JSON value"},
		{"no images", strings.TrimSuffix(minimal[strings.Index(minimal, `"images"`):], "}"), `"images":[]`, "images is empty"},
		{"no descriptor", `"descriptor":"d",`, "", "images[0]: descriptor is missing"},
		{"no config", `,"config":"c"`, "", "images[0]: manifests[0]: wants both"},
		{"two manifests and no index", `"manifests":[`, `"manifests":[{"manifest":"m2","config":"c2"},`, "has 2 manifests, want one, or an index"},
		{"layer", `"command"`, `"layers":[{"descriptor":{"size":1},"blob":"b"}],"command"`, ""},
		{"layer by file", `"command"`, `"layers":[{"descriptor_file":"f","urls":["http://x"]}],"command"`, ""},
		{"layer with both", `"command"`, `"layers":[{"descriptor":{},"descriptor_file":"f","blob":"b"}],"command"`, "layers[0]: wants one of"},
		{"layer without bytes", `"command"`, `"layers":[{"descriptor":{}}],"command"`, "layers[0]: wants blob or urls"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(strings.Replace(minimal, test.old, test.new, 1)))
			if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestReadResolvesEveryPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "push.deploy.json")
	text := `{"version":1,"command":"load",
"images":[{"descriptor":"d","index":"i","manifests":[{"manifest":"m","config":"c"}],"repository":"x","tags":["t"],"tag_files":["tf"],"mount_from":["mf"]}],
"layers":[{"descriptor_file":"df","blob":"b","urls":["http://x"]}],"layouts":["l"],"pull_from":["pf"],"stamp_files":["sf"],"insecure_registries":["vm:1"]}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	spec, err := Read(path, func(p string) (string, error) { return "/r/" + p, nil })
	if err != nil {
		t.Fatal(err)
	}
	want := `{1 load [{/r/d /r/i [{/r/m /r/c}] x [t] [/r/tf] [mf]}] [{[] /r/df /r/b [http://x] }] [/r/l] [pf] [/r/sf] [vm:1]}`
	if got := fmt.Sprint(*spec); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
