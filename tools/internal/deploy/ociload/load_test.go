package ociload_test

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociarchive"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociload"
)

func read(t *testing.T, tags []string, archs ...string) (*deployment.Deployment, []deploytest.Manifest) {
	t.Helper()
	files := deploytest.New(t)
	spec := deployspec.Spec{Images: []deployspec.Image{{Repository: "example.com/app", Tags: tags}}}
	image := &spec.Images[0]
	var manifests []deploytest.Manifest
	for _, arch := range archs {
		m := files.Image(arch, "one", "two "+arch)
		manifests = append(manifests, m)
		image.Manifests = append(image.Manifests, m.Manifest)
		spec.Layers = append(spec.Layers, m.Layers...)
		image.Descriptor = m.Descriptor
	}
	if len(archs) > 1 {
		index := files.Index(manifests...)
		image.Index, image.Descriptor = index.Index, index.Descriptor
	}
	d, err := deployment.Read(&spec)
	if err != nil {
		t.Fatal(err)
	}
	return d, manifests
}

func TestSelect(t *testing.T) {
	host := v1.Platform{OS: "linux", Architecture: "amd64"}
	platform := func(text string) *v1.Platform {
		p, err := v1.ParsePlatform(text)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, test := range []struct {
		archs  []string
		wanted *v1.Platform
		want   string
	}{
		{[]string{"arm64", "amd64"}, nil, "amd64 [example.com/app:v1]"},
		{[]string{"arm64", "amd64"}, platform("linux/arm64"), "arm64 [example.com/app:v1]"},
		{[]string{"arm64"}, nil, "arm64 [example.com/app:v1]"},
		{[]string{"arm64", "amd64"}, platform("linux/arm64/v8"), "arm64 [example.com/app:v1]"},
		{[]string{"arm64", "amd64"}, platform("linux/amd64/v1"), "amd64 [example.com/app:v1]"},
		{[]string{"arm64", "amd64"}, platform("linux/amd64/v3"), "images[0]: is for linux/arm64, linux/amd64, not for linux/amd64/v3"},
		{[]string{"arm64"}, platform("linux/amd64"), "images[0]: is for linux/arm64, not for linux/amd64"},
		{[]string{"arm64", "riscv64"}, nil, "images[0]: is for linux/arm64, linux/riscv64, not for linux/amd64"},
	} {
		d, _ := read(t, []string{"v1"}, test.archs...)
		images, err := ociload.Select(d, test.wanted, host)
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprint(images[0].Config.Architecture, " ", images[0].Names)
		}
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%v, %v: got %s, want %s", test.archs, test.wanted, got, test.want)
		}
	}
}

// program answers for a container runtime's program: by the beginning of the command line, "name arg arg".
type program struct {
	answers map[string]string // "error: …" is an error
	calls   []string
	sent    [][]string // the names in each archive that was read to its end
	ended   bool       // it was told to end before an archive broke off
}

func (p *program) exec(ctx context.Context, stdin io.Reader, name string, args ...string) ([]byte, error) {
	line := name + " " + strings.Join(args, " ")
	p.calls = append(p.calls, line)
	if stdin != nil {
		var names []string
		r := tar.NewReader(stdin)
		for {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				p.ended = ctx.Err() != nil
				return nil, err
			}
			names = append(names, h.Name)
		}
		p.sent = append(p.sent, names)
	}
	longest := ""
	for prefix := range p.answers {
		if strings.HasPrefix(line, prefix) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	// An answer may be used up.
	answer := p.answers[longest]
	if text, ok := strings.CutPrefix(answer, "once "); ok {
		delete(p.answers, longest)
		answer = text
	}
	if text, ok := strings.CutPrefix(answer, "error: "); ok {
		return nil, errors.New(text)
	}
	return []byte(answer), nil
}

func load(t *testing.T, runtime string, p *program, tags ...string) (ociload.Result, ociarchive.Image, error) {
	t.Helper()
	d, _ := read(t, tags, "amd64")
	images, err := ociload.Select(d, nil, v1.Platform{})
	if err != nil {
		t.Fatal(err)
	}
	loader := &ociload.Loader{Runtime: ociload.New(runtime, p.exec)}
	results, err := loader.Load(context.Background(), ociarchive.Archive{Images: images, Blobs: d.Blobs})
	if err != nil {
		return ociload.Result{}, images[0], err
	}
	return results[0], images[0], nil
}

func TestDocker(t *testing.T) {
	_, image, _ := load(t, "docker", &program{answers: map[string]string{"docker image inspect": "error: no such image"}}, "v1")
	diff := image.Config.RootFS.DiffIDs
	layers := image.Manifest.Manifest.Layers
	inspect := "docker image inspect --format {{json .RootFS.Layers}}"
	for _, test := range []struct {
		name    string
		answers map[string]string
		want    string // layers sent in each load
	}{
		{"empty", map[string]string{"docker image inspect": "error: no such image"}, "[2]"},
		{"lowest layer there", map[string]string{
			"docker image inspect": "error: no such image", "docker image ls": "sha256:b sha256:a\nsha256:b\n",
			inspect + " sha256:a sha256:b": fmt.Sprintf("[%q]\n[%q]\n", diff[1], diff[0]),
		}, "[1]"},
		{"other layers there", map[string]string{
			"docker image inspect": "error: no such image", "docker image ls": "sha256:a", inspect: fmt.Sprintf("[%q,%q]\n", diff[1], diff[0]),
		}, "[2]"},
		{"images kept in containerd", map[string]string{
			"docker image inspect": "error: no such image", "docker image ls": "sha256:a", inspect: fmt.Sprintf("[%q]\n", diff[0]),
			"docker info": `[["driver-type","io.containerd.snapshotter.v1"]]`,
		}, "[2]"},
		{"said it was there, but", map[string]string{
			"docker image inspect": "error: no such image", "docker image ls": "sha256:a", inspect: fmt.Sprintf("[%q]\n", diff[0]),
			"docker load": "once error: no such layer",
		}, "[1 2]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &program{answers: test.answers}
			result, _, err := load(t, "docker", p, "v1")
			if err != nil {
				t.Fatal(err)
			}
			var sent []int
			for _, names := range p.sent {
				n := 0
				for _, desc := range layers {
					if strings.Contains(fmt.Sprint(names), desc.Digest.Hex) {
						n++
					}
				}
				sent = append(sent, n)
			}
			if fmt.Sprint(sent) != test.want || result.Sent != sent[len(sent)-1] {
				t.Errorf("sent %v, result %d, want %s", sent, result.Sent, test.want)
			}
		})
	}
}

// What goes wrong in finding out what is there means that nothing is.
func TestWhatIsHeldIsNotKnown(t *testing.T) {
	for _, answers := range []map[string]string{
		{"docker image inspect": "error: none", "docker info": "error: can't evaluate field DriverStatus"},
		{"docker image inspect": "error: none", "docker image ls": "error: broken"},
		{"docker image inspect --format {{.Id}}": "error: none", "docker image ls": "sha256:a", "docker image inspect --format {{json": "error: no such image: a"},
		{"docker image inspect --format {{.Id}}": "error: none", "docker image ls": "sha256:a", "docker image inspect --format {{json": "no JSON"},
		{"docker image inspect": "id", "docker image tag": "error: no such image: it was deleted"},
	} {
		p := &program{answers: answers}
		result, _, err := load(t, "docker", p, "v1")
		if err != nil || result.Sent != 2 || result.Present {
			t.Errorf("%v: got %+v, %v; want everything sent", answers, result, err)
		}
	}
}

// Other programs under Docker's name.
func TestOpen(t *testing.T) {
	for version, want := range map[string]string{
		"podman version 4.3.1\n":                 "docker load --quiet",
		"nerdctl version 1.7\n":                  "docker load --quiet --all-platforms",
		"Docker version 28.2.2, build e6534b4\n": "docker load --quiet",
		"error: none":                            "docker load --quiet",
	} {
		p := &program{answers: map[string]string{"docker --version": version, "docker image inspect": "error: none"}}
		d, _ := read(t, []string{"v1"}, "amd64")
		images, err := ociload.Select(d, nil, v1.Platform{})
		if err != nil {
			t.Fatal(err)
		}
		loader := &ociload.Loader{Runtime: ociload.Open(context.Background(), "docker", p.exec)}
		if _, err := loader.Load(context.Background(), ociarchive.Archive{Images: images, Blobs: d.Blobs}); err != nil {
			t.Fatal(err)
		}
		if got := p.calls[len(p.calls)-1]; got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
		// The two read a layout, Docker an archive of its own.
		if got, want := strings.Contains(fmt.Sprint(p.sent), "index.json"), !strings.HasPrefix(version, "Docker") && !strings.HasPrefix(version, "error"); got != want {
			t.Errorf("%s: a layout: %v, want %v", version, got, want)
		}
	}
}

func TestNamesThatNoDaemonTakes(t *testing.T) {
	d, _ := read(t, []string{"v1"}, "amd64")
	d.Images[0].Repository = "Up/Per/image"
	_, err := ociload.Select(d, nil, v1.Platform{})
	if want := `images[0]: repository "Up/Per/image": its part "Up" has capitals, want lower case: up`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestPresentImageGetsItsNames(t *testing.T) {
	for _, runtime := range []string{"docker", "podman"} {
		p := &program{answers: map[string]string{runtime + " image inspect": "id\n"}}
		result, _, err := load(t, runtime, p, "v1", "v2")
		if err != nil || !result.Present || p.sent != nil {
			t.Errorf("%s: got %+v, %v", runtime, result, err)
		}
		if n := strings.Count(strings.Join(p.calls, "\n"), runtime+" image tag "); n != 2 {
			t.Errorf("%s: got %q, want two tags", runtime, p.calls)
		}
	}
}

func TestContainerdSendsWhatItLacks(t *testing.T) {
	_, image, _ := load(t, "containerd", &program{}, "v1")
	held := image.Manifest.Manifest.Layers[1].Digest
	p := &program{answers: map[string]string{"ctr content ls": held.String() + "\n"}}
	result, _, err := load(t, "containerd", p, "v1")
	if err != nil || result.Sent != 1 || strings.Contains(fmt.Sprint(p.sent), held.Hex) {
		t.Errorf("got %+v, %v, sent %q", result, err, p.sent)
	}
}

func TestLoadErrors(t *testing.T) {
	// The runtime's own error, without another try if nothing was left out.
	p := &program{answers: map[string]string{"docker image inspect": "error: none", "docker load": "error: no space left on device"}}
	if _, _, err := load(t, "docker", p, "v1"); err == nil || err.Error() != "loading example.com/app:v1: no space left on device" || len(p.sent) != 1 {
		t.Errorf("got %v after %d loads", err, len(p.sent))
	}
	// A layer that changed: its own error, and the runtime never sees the end of the archive.
	d, manifests := read(t, []string{"v1"}, "amd64")
	if err := os.Truncate(manifests[0].Layers[1].Blob, 30); err != nil {
		t.Fatal(err)
	}
	images, _ := ociload.Select(d, nil, v1.Platform{})
	p = &program{}
	loader := &ociload.Loader{Runtime: ociload.New("containerd", p.exec)}
	_, err := loader.Load(context.Background(), ociarchive.Archive{Images: images, Blobs: d.Blobs})
	var corrupt *ociblob.CorruptError
	if !errors.As(err, &corrupt) || p.sent != nil || !p.ended {
		t.Errorf("got %v, sent %q, program ended: %v", err, p.sent, p.ended)
	}
}

func TestDetect(t *testing.T) {
	for _, test := range []struct {
		answers map[string]string
		want    string
	}{
		{nil, "docker"},
		{map[string]string{"docker": "error: no daemon"}, "podman"},
		{map[string]string{"docker": "error: no daemon", "podman": "error: none"}, "containerd"},
		{map[string]string{"docker": "error: no daemon", "podman": "error: none", "ctr": "error: no socket"}, "nerdctl"},
		{map[string]string{"docker": "error: no daemon", "podman": "error: none", "ctr": "error: no socket", "nerdctl": "error: none"},
			"no container runtime answers (docker: no daemon; podman: none; containerd: no socket; nerdctl: none)"},
	} {
		got, err := ociload.Detect(context.Background(), (&program{answers: test.answers}).exec)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
