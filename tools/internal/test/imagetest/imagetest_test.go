package imagetest

import (
	"archive/tar"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

const (
	installed = "P:musl\nV:1.2-r0\n\nP:zlib\nV:1.3-r0\n"
	accounts  = "root:x:0:0:root:/root:/bin/sh\nweb:x:8:9::/:\napp:x:1:2::/:\n"
)

func layer(t *testing.T, compression ocilayer.Compression, headers ...*tar.Header) Layer {
	t.Helper()
	var out bytes.Buffer
	w, err := ocilayer.NewCompressedWriter(&out, compression)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		var content io.Reader
		for suffix, text := range map[string]string{"/installed": installed, "/passwd": accounts} {
			if strings.HasSuffix(h.Name, suffix) {
				h.Size, content = int64(len(text)), strings.NewReader(text)
			}
		}
		if err := w.Add(h, content); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(""); err != nil {
		t.Fatal(err)
	}
	return Layer{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil }}
}

func image(t *testing.T) *Image {
	return &Image{
		Manifest: v1.Manifest{Layers: []v1.Descriptor{{Size: 60}, {Size: 50}}},
		Config: v1.ConfigFile{OS: "linux", Architecture: "arm", Variant: "v7", Config: v1.Config{
			Entrypoint: []string{"/app"}, Env: []string{"A=1=2"}, User: "65532", Labels: map[string]string{"k": "v"},
		}},
		Layers: []Layer{
			layer(t, ocilayer.Gzip,
				&tar.Header{Name: "usr/bin/su", Typeflag: tar.TypeReg, Mode: 0o4755},
				&tar.Header{Name: "usr/bin/gone", Typeflag: tar.TypeReg, Mode: 0o755},
				&tar.Header{Name: "bin", Typeflag: tar.TypeSymlink, Linkname: "usr/bin"},
				&tar.Header{Name: "opt/", Typeflag: tar.TypeDir, Mode: 0o755},
				&tar.Header{Name: "opt/old", Typeflag: tar.TypeReg},
				&tar.Header{Name: "etc/passwd", Typeflag: tar.TypeReg},
				&tar.Header{Name: "lib/apk/db/installed", Typeflag: tar.TypeReg}),
			layer(t, ocilayer.Zstd,
				&tar.Header{Name: "usr/bin/.wh.gone", Typeflag: tar.TypeReg},
				&tar.Header{Name: "opt/.wh..wh..opq", Typeflag: tar.TypeReg},
				&tar.Header{Name: "opt/new", Typeflag: tar.TypeReg, Uid: 1, Gid: 2, Mode: 0o640},
				&tar.Header{Name: "usr/bin/sh", Typeflag: tar.TypeSymlink, Linkname: "busybox"}),
		},
	}
}

// A layer can be known by a list of what is in it.
func TestEntries(t *testing.T) {
	image := &Image{Layers: []Layer{
		{Entries: []apkfacts.Entry{
			{Path: imagepath.Must("bin"), Type: apkfacts.Symlink, Link: "usr/bin", Mode: 0o777},
			{Path: imagepath.Must("usr"), Type: apkfacts.Dir, Mode: 0o755},
			{Path: imagepath.Must("usr/bin/su"), Mode: 0o4755, GID: 7, Size: 3},
			{Path: imagepath.Must("usr/bin/su2"), Type: apkfacts.Hardlink, File: imagepath.Must("usr/bin/su"), Mode: 0o4755},
			{Path: imagepath.Must("usr/bin/gone")},
			{Path: imagepath.Must("etc/passwd"), Content: []byte(accounts)},
		}},
		layer(t, ocilayer.Gzip, &tar.Header{Name: "usr/bin/.wh.gone", Typeflag: tar.TypeReg}),
	}}
	expect := Expectation{
		Files: []string{"/bin/su"}, Absent: []string{"/bin/gone"}, Modes: map[string]string{"/usr/bin/su": "4755"},
		Owners: map[string]string{"/usr/bin/su": "0:7"}, Links: map[string]string{"/bin": "usr/bin"},
		Users: map[string]string{"web": "8:9"}, Forbid: []string{"setuid"},
	}
	want := []string{"/usr/bin/su is there, want no setuid"}
	if got, err := expect.Check(image); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	image.Layers = []Layer{{Entries: []apkfacts.Entry{{Path: imagepath.Must("x"), Type: "door"}}}}
	if _, err := expect.Check(image); err == nil || !strings.Contains(err.Error(), `layer 0: x: type is "door"`) {
		t.Errorf("got %v", err)
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		expect Expectation
		want   []string
	}{
		{"nothing", Expectation{}, nil},
		{"all that holds", Expectation{
			Entrypoint: []string{"/app"}, Env: map[string]string{"A": "1=2"}, Labels: map[string]string{"k": "v"}, User: "65532",
			Platform: "linux/arm/v7", Files: []string{"/usr/bin/su", "/bin/su"}, Absent: []string{"/usr/bin/gone", "/opt/old", "/bin/gone"},
			Modes: map[string]string{"/bin/su": "4755"}, Owners: map[string]string{"/opt/new": "1:2"},
			Links: map[string]string{"/bin": "usr/bin"}, Packages: map[string]string{"musl": "1.2-r0", "zlib": ""},
			MaxLayers: 2, MaxSize: 110,
		}, nil},
		{"config", Expectation{
			Entrypoint: []string{"/b"}, Cmd: []string{"x"}, Env: map[string]string{"A": "2", "B": ""},
			Labels: map[string]string{"k": "w"}, User: "root", WorkingDir: "/w", Platform: "linux/amd64",
		}, []string{
			`entrypoint is ["/app"], want ["/b"]`, `cmd is [], want ["x"]`, `env A is "1=2", want "2"`,
			`env B is not there, want ""`, `label k is "v", want "w"`, `user is "65532", want "root"`,
			`workdir is "", want "/w"`, `platform is "linux/arm/v7", want "linux/amd64"`,
		}},
		{"files", Expectation{
			Files: []string{"/none", "/opt/old"}, Absent: []string{"/bin/su"}, Modes: map[string]string{"/opt/new": "0600"},
			Owners: map[string]string{"/opt/new": "0:0"}, Links: map[string]string{"/bin": "/usr/bin", "/sbin": "bin"},
		}, []string{
			"/none is not there", "/opt/old is not there", "/bin/su is there, want it absent",
			`/opt/new: mode is "0640", want "0600"`, `/opt/new: owner is "1:2", want "0:0"`,
			`/bin: link is "usr/bin", want "/usr/bin"`, "/sbin is not there, want link bin",
		}},
		{"packages", Expectation{Packages: map[string]string{"musl": "2", "bash": ""}}, []string{
			"package bash is not installed", `package musl is "1.2-r0", want "2"`,
		}},
		{"users", Expectation{Users: map[string]string{"root": "0:0", "app": "", "gone": "", "web": "80:80"}}, []string{
			"/etc/passwd has no user gone", `user web is "8:9", want "80:80"`,
		}},
		{"limits", Expectation{MaxLayers: 1, MaxSize: 109}, []string{
			"it has 2 layers, want at most 1", "its layers have 110 bytes, want at most 109",
		}},
		{"what is forbidden", Expectation{Forbid: []string{"setuid", "shell"}}, []string{
			"/usr/bin/su is there, want no setuid", "/usr/bin/sh is there, want no shell",
		}},
	} {
		got, err := test.expect.Check(image(t))
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v\n%s\nwant\n%s", test.name, err, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
	if _, err := (&Expectation{Forbid: []string{"fun"}}).Check(image(t)); err == nil {
		t.Error("an unknown kind of files is no error")
	}
}
