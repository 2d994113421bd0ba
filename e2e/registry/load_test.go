package registry

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/ocideploy"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/runtimes"
)

const hello = `package main

import ("fmt"; "os")

func main() {
	greeting, err := os.ReadFile("/greeting")
	if err != nil { panic(err) }
	fmt.Println(string(greeting))
}
`

// Two images that share their lower layers, for both architectures.
type images struct{ one, two v1.ImageIndex }

func makeImages(t *testing.T) images {
	t.Helper()
	build := func(greeting string) v1.ImageIndex {
		var list []v1.Image
		for _, arch := range []string{"amd64", "arm64"} {
			list = append(list, image.New(t, arch, []string{"/hello"},
				image.Layer(t, image.File{Name: "hello", Mode: 0o755, Body: image.Program(t, arch, hello)}),
				image.Layer(t, image.File{Name: "noise", Mode: 0o644, Body: noise(20, 4<<20)}),
				image.Layer(t, image.File{Name: "greeting", Mode: 0o644, Body: []byte(greeting)})))
		}
		return image.Index(t, list...)
	}
	return images{build("hello, one"), build("hello, two")}
}

// manifest returns the digests of the amd64 image's manifest and config.
func manifest(t *testing.T, index v1.ImageIndex) (manifest, config string) {
	t.Helper()
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	image, err := index.Image(list.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	name, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	return digestOf(t, image), name.String()
}

func TestLoad(t *testing.T) {
	deploy := ocideploy.Build(t)
	made := makeImages(t)
	one, two := image.Write(t, made.one), image.Write(t, made.two)
	load := func(t *testing.T, dir string, env []string, tag string, flags ...string) program.Result {
		t.Helper()
		spec := ocideploy.Spec(t, dir, "load", "example.com/hello", tag)
		c := deploy.Command(t.TempDir(), append([]string{"load", "--spec=" + spec}, flags...)...)
		c.Env = append(c.Env, env...)
		return c.Run(t)
	}
	want := func(t *testing.T, r program.Result, stderr string) {
		t.Helper()
		if r.Err != nil || !strings.Contains(r.Stderr, stderr) {
			t.Fatalf("want %q, got %s", stderr, r)
		}
	}
	_, config := manifest(t, made.one)
	oneManifest, _ := manifest(t, made.one)
	twoManifest, _ := manifest(t, made.two)

	t.Run("docker", func(t *testing.T) {
		env := []string{"DOCKER_HOST=unix://" + runtimes.Dockerd(t, t.TempDir())}
		docker := func(args ...string) string {
			t.Helper()
			r := program.Command{Name: "docker", Args: args, Env: env}.Run(t)
			if r.Err != nil {
				t.Fatal(r)
			}
			return strings.TrimSpace(r.Stdout)
		}
		want(t, load(t, one, env, "one", "--runtime=docker"), "sent 3 of 3 layers")
		if got := docker("run", "--rm", "--network=none", "example.com/hello:one"); got != "hello, one" {
			t.Errorf("it says %q", got)
		}
		if got := docker("image", "inspect", "--format={{.Id}}", "example.com/hello:one"); got != config {
			t.Errorf("got image ID %s, want the config's digest, %s", got, config)
		}
		// Detected; the image is there; a new name only.
		want(t, load(t, one, env, "again"), oneManifest+" was there already")
		want(t, load(t, two, env, "two"), "sent 1 of 3 layers")
		if got := docker("run", "--rm", "--network=none", "example.com/hello:two"); got != "hello, two" {
			t.Errorf("it says %q", got)
		}
		if got := docker("image", "inspect", "--format={{.Id}}", "example.com/hello:again"); got != config {
			t.Errorf("got image ID %s, want %s", got, config)
		}
		want(t, load(t, one, env, "arm", "--platform=linux/arm64"), "loaded sha256:")
		if got := docker("image", "inspect", "--format={{.Architecture}}", "example.com/hello:arm"); got != "arm64" {
			t.Errorf("got an image for %s, want arm64", got)
		}
	})

	t.Run("docker's disk full", func(t *testing.T) {
		env := []string{"DOCKER_HOST=unix://" + runtimes.Dockerd(t, smallDisk(t, "4m"))}
		r := load(t, one, env, "one", "--runtime=docker")
		if r.Code != 1 || !strings.Contains(r.Stderr, "no space left on device") || !strings.Contains(r.Stderr, "the disk is full") {
			t.Errorf("want the full disk named, got %s", r)
		}
		left := program.Command{Name: "docker", Args: []string{"image", "ls", "-aq"}, Env: env}.Run(t)
		if left.Stdout != "" {
			t.Errorf("something is half loaded: %s", left)
		}
	})

	t.Run("podman", func(t *testing.T) {
		env := runtimes.PodmanEnv(t, runtimes.ShortDir(t))
		podman := func(args ...string) string {
			t.Helper()
			r := program.Command{Name: "podman", Args: args, Env: env}.Run(t)
			if r.Err != nil {
				t.Fatal(r)
			}
			return strings.TrimSpace(r.Stdout)
		}
		want(t, load(t, one, env, "one", "--runtime=podman"), "sent 3 of 3 layers")
		want(t, load(t, one, env, "again", "--runtime=podman"), "was there already")
		want(t, load(t, two, env, "two", "--runtime=podman"), "sent 3 of 3 layers") // it does not say what it has
		for _, tag := range []string{"one", "again"} {
			got := podman("image", "inspect", "--format={{.Digest}} {{.Id}}", "example.com/hello:"+tag)
			if want := oneManifest + " " + strings.TrimPrefix(config, "sha256:"); got != want {
				t.Errorf("%s: got %s, want %s", tag, got, want)
			}
		}
		run := runtimes.PodmanRun(t, env, "example.com/hello:one")
		if run.Err != nil || run.Stdout != "hello, one\n" {
			t.Error(run)
		}
	})

	// As distributions have it that ship no Docker.
	t.Run("docker that is podman", func(t *testing.T) {
		env := runtimes.PodmanEnv(t, runtimes.ShortDir(t))
		bin := t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, "docker"), []byte("#!/bin/sh\nexec podman \"$@\"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		env = append(env, "PATH="+bin+":"+os.Getenv("PATH"))
		want(t, load(t, one, env, "one"), "loading into docker")
		want(t, load(t, one, env, "again"), "was there already")
		want(t, load(t, two, env, "two"), "sent 3 of 3 layers")
		list := program.Command{Name: "podman", Args: []string{"image", "ls", "--digests", "--noheading"}, Env: env}.Run(t).Stdout
		for tag, digest := range map[string]string{"one": oneManifest, "again": oneManifest, "two": twoManifest} {
			if !containsLine(list, "example.com/hello", tag, digest) {
				t.Errorf("got %s\nwant %s to be %s", list, tag, digest)
			}
		}
	})

	t.Run("podman's disk full", func(t *testing.T) {
		env := runtimes.PodmanEnv(t, smallDisk(t, "5m"))
		r := load(t, one, env, "one", "--runtime=podman")
		if r.Code != 1 || !strings.Contains(r.Stderr, "the disk is full") {
			t.Errorf("want the full disk named, got %s", r)
		}
		if left := (program.Command{Name: "podman", Args: []string{"image", "ls", "-q"}, Env: env}).Run(t); left.Stdout != "" {
			t.Errorf("something is half loaded: %s", left)
		}
	})

	t.Run("containerd", func(t *testing.T) {
		socket := runtimes.Containerd(t, t.TempDir())
		env := []string{"CONTAINERD_ADDRESS=" + socket, "CONTAINERD_NAMESPACE=test"}
		ctr := func(args ...string) string {
			t.Helper()
			return program.Run(t, "ctr", append([]string{"--address", socket, "--namespace", "test"}, args...)...)
		}
		want(t, load(t, one, env, "one", "--runtime=containerd"), "sent 3 of 3 layers")
		want(t, load(t, two, env, "two", "--runtime=containerd"), "sent 1 of 3 layers")
		want(t, load(t, one, env, "again", "--runtime=containerd"), "sent 0 of 3 layers")
		list := ctr("image", "ls")
		for tag, digest := range map[string]string{"one": oneManifest, "two": twoManifest, "again": oneManifest} {
			if !containsLine(list, "example.com/hello:"+tag, digest) {
				t.Errorf("got %s\nwant %s to be %s", list, tag, digest)
			}
		}
		want(t, load(t, one, env, "arm", "--runtime=containerd", "--platform=linux/arm64"), "loaded sha256:")
		// Containers get their snapshot from the default snapshotter.
		if got := ctr("run", "--rm", "example.com/hello:two", "hello"); got != "hello, two\n" {
			t.Errorf("it says %q", got)
		}
	})

	t.Run("containerd's disk full", func(t *testing.T) {
		socket := runtimes.Containerd(t, smallDisk(t, "4m"))
		env := []string{"CONTAINERD_ADDRESS=" + socket, "CONTAINERD_NAMESPACE=test"}
		r := load(t, one, env, "one", "--runtime=containerd")
		if r.Code != 1 || !strings.Contains(r.Stderr, "no space left on device") || !strings.Contains(r.Stderr, "the disk is full") {
			t.Errorf("want the full disk named, got %s", r)
		}
		if left := program.Run(t, "ctr", "--address", socket, "--namespace", "test", "image", "ls", "-q"); left != "" {
			t.Errorf("something is half loaded: %s", left)
		}
	})

	t.Run("tar", func(t *testing.T) {
		program.Require(t, "skopeo")
		out := filepath.Join(t.TempDir(), "image.tar")
		want(t, load(t, one, nil, "one", "--output="+out), "")
		if got := strings.TrimSpace(program.Run(t, "skopeo", "inspect", "--format={{.Digest}}", "oci-archive:"+out+":example.com/hello:one")); got != oneManifest {
			t.Errorf("oci: got %s, want %s", got, oneManifest)
		}
		want(t, load(t, one, nil, "one", "--output="+out, "--format=docker"), "")
		var inspected struct{ Architecture string }
		if err := json.Unmarshal([]byte(program.Run(t, "skopeo", "inspect", "docker-archive:"+out)), &inspected); err != nil || inspected.Architecture != "amd64" {
			t.Errorf("docker: got %+v, %v", inspected, err)
		}
	})

	t.Run("tar on a full disk", func(t *testing.T) {
		dir := smallDisk(t, "2m")
		old := filepath.Join(dir, "image.tar")
		if err := os.WriteFile(old, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		r := load(t, one, nil, "one", "--output="+old)
		if r.Code != 1 || !strings.Contains(r.Stderr, "writing "+old) || !strings.Contains(r.Stderr, "the disk is full") {
			t.Errorf("want the full disk named, got %s", r)
		}
		if data, err := os.ReadFile(old); err != nil || string(data) != "old" {
			t.Errorf("the old file is %q, %v", data, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("something is left behind: %v", entries)
		}
	})
}

func containsLine(text string, words ...string) bool {
	for line := range strings.Lines(text) {
		all := true
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			return true
		}
	}
	return false
}
