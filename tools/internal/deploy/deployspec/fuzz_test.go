package deployspec

import (
	"strings"
	"testing"
)

// Every path of a spec that can be read is resolved, and nothing else is.
func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(`{"version":1,"command":"load","images":[{"descriptor":"d","index":"i","manifests":[{"manifest":"m","config":"c"},{"manifest":"n","config":"c"}],` +
		`"repository":"r","tags":["t"],"tag_files":["f"],"mount_from":["x"]}],"layers":[{"descriptor":{"size":1},"blob":"b"},{"descriptor_file":"e","urls":["http://x"]}],` +
		`"layouts":["l"],"pull_from":["p"],"stamp_files":["s"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := Parse(data)
		if err != nil {
			return
		}
		err = spec.Resolve(func(path string) (string, error) {
			if path == "" {
				t.Error("nothing is to be resolved")
			}
			return "/root/" + path, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range spec.paths() {
			if *path != "" && !strings.HasPrefix(*path, "/root/") {
				t.Errorf("%q is not resolved", *path)
			}
		}
	})
}
