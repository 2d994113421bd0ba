package layerspec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const descriptor = `{"mediaType":"m","digest":"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","size":5,"diff_id":"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}`

func TestRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "d.json")
	if err := os.WriteFile(file, []byte(descriptor+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		layer Layer
		want  string // in the error; empty: none
	}{
		{"inline", Layer{Descriptor: []byte(descriptor), Blob: "b"}, ""},
		{"in a file", Layer{DescriptorFile: file, URLs: []string{"https://x"}}, ""},
		{"with facts", Layer{DescriptorFile: file, Facts: "f"}, ""},
		{"both", Layer{Descriptor: []byte(descriptor), DescriptorFile: file, Blob: "b"}, "wants one of descriptor and descriptor_file"},
		{"neither", Layer{Blob: "b"}, "wants one of descriptor and descriptor_file"},
		{"nowhere", Layer{DescriptorFile: file}, "wants blob or urls"},
		{"no descriptor", Layer{Descriptor: []byte(`{}`), Blob: "b"}, "layer descriptor: mediaType is missing"},
		{"no file", Layer{DescriptorFile: file + "x", Blob: "b"}, "no such file"},
	} {
		desc, err := test.layer.Read()
		switch {
		case test.want == "" && (err != nil || desc.Size != 5):
			t.Errorf("%s: got %+v, %v", test.name, desc, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}
