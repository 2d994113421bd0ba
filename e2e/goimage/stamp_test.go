package goimage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
)

var stamped = map[string]string{
	"stamped/BUILD.bazel": `
load("@rules_apk//oci:defs.bzl", "oci_image", "oci_layout", "oci_push")

oci_image(
    name = "image",
    annotations = {"commit": "{STABLE_COMMIT}"},
    base = "//:base",
    created = "{BUILD_TIMESTAMP}",
    healthcheck = ["CMD", "/app/hello", "--check"],
    healthcheck_interval = "1m30s",
    healthcheck_retries = 3,
    labels = {"commit": "v-{STABLE_COMMIT}", "fixed": "1"},
)

oci_layout(name = "layout", image = ":image")

oci_push(name = "push", image = ":image", remote_tags = ["v-{STABLE_COMMIT}"], repository = "registry.invalid/image")
`,
	"status.sh":  "#!/bin/sh\ncat status.txt\n",
	"status.txt": "STABLE_COMMIT one\n",
}

func (e *env) stamping(t *testing.T) {
	if err := os.Chmod(filepath.Join(e.w.Dir, "status.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	status := "--workspace_status_command=" + filepath.Join(e.w.Dir, "status.sh")
	build := func(args ...string) (manifests int, manifest *v1.Manifest, config *v1.ConfigFile) {
		t.Helper()
		for _, spawn := range e.w.Spawns(t, append(args, status, "//stamped:layout")...) {
			if spawn.Mnemonic == "OciManifest" && strings.HasSuffix(spawn.TargetLabel, "//stamped:image") {
				manifests++
			}
		}
		image, err := image.FromLayout(filepath.Join(e.w.Dir, "bazel-bin/stamped/layout"), "amd64")
		if err != nil {
			t.Fatal(err)
		}
		if manifest, err = image.Manifest(); err != nil {
			t.Fatal(err)
		}
		if config, err = image.ConfigFile(); err != nil {
			t.Fatal(err)
		}
		return manifests, manifest, config
	}

	n, manifest, config := build()
	if labels := config.Config.Labels; n != 1 || len(labels) != 1 || labels["fixed"] != "1" || len(manifest.Annotations) != 0 || config.Created.Unix() != 0 {
		t.Errorf("unstamped: %d actions, labels %v, annotations %v, created %s", n, labels, manifest.Annotations, config.Created)
	}
	if h := config.Config.Healthcheck; h == nil || strings.Join(h.Test, " ") != "CMD /app/hello --check" || h.Interval.String() != "1m30s" || h.Retries != 3 {
		t.Errorf("healthcheck is %+v", h)
	}
	e.w.Write(t, "status.txt", "STABLE_COMMIT two\n")
	if n, _, _ := build(); n != 0 {
		t.Error("unstamped, the image was made again because the status changed")
	}

	n, manifest, config = build("--stamp")
	if n != 1 || config.Config.Labels["commit"] != "v-two" || manifest.Annotations["commit"] != "two" || config.Created.Unix() < 1700000000 {
		t.Errorf("stamped: %d actions, labels %v, annotations %v, created %s", n, config.Config.Labels, manifest.Annotations, config.Created)
	}
	if n, _, _ := build("--stamp"); n != 0 {
		t.Error("stamped, the image was made again because the time has changed")
	}
	e.w.Write(t, "status.txt", "STABLE_COMMIT three\n")
	if n, _, config = build("--stamp"); n != 1 || config.Config.Labels["commit"] != "v-three" {
		t.Errorf("stamped anew: %d actions, labels %v", n, config.Config.Labels)
	}
	e.w.Write(t, "status.txt", "OTHER x\n")
	if r := e.w.Try(t, "build", "--stamp", status, "//stamped:layout"); r.Err == nil || !strings.Contains(r.Stderr, "wants STABLE_COMMIT, which Bazel's status files lack") {
		t.Errorf("want the missing key named, got %s", r)
	}

	// Tags are set by the run, and repositories found, stamped or not; several images go in one run.
	e.w.Write(t, "status.txt", "STABLE_COMMIT four\n")
	r := e.server.Start(t, registry.Options{})
	e.w.Bazel(t, "run", status, "//stamped:push", "--", "--repository="+r.Host+"/image")
	if writes := r.Writes(); count(writes, "PUT /v2/image/manifests/v-four") != 1 {
		t.Errorf("got %q, want the tag v-four", writes)
	}
	e.w.Write(t, "status.txt", "REGISTRY "+r.Host+"\n")
	out := e.w.Bazel(t, "run", status, "//server:both")
	for _, repository := range []string{"one", "two"} {
		if !strings.Contains(out, r.Host+"/"+repository+"@sha256:") {
			t.Errorf("got %q, want %s", out, repository)
		}
	}
	// Three layers, one of them for both architectures, and three configs; two layers are in both repositories.
	writes := r.Writes()
	if blobs := count(writes, "PUT /v2/one/blobs/") + count(writes, "PUT /v2/two/blobs/"); blobs != 6 {
		t.Errorf("got %q, want 6 blobs uploaded", writes)
	}
	for _, tag := range []string{"one/manifests/latest", "one/manifests/v1", "two/manifests/latest"} {
		if count(writes, "PUT /v2/"+tag) != 1 {
			t.Errorf("got %q, want %s", writes, tag)
		}
	}
}

var server = map[string]string{
	"server/BUILD.bazel": `
load("@rules_apk//oci:defs.bzl", "oci_binary_image", "oci_push", "oci_push_all", "oci_substitute")

oci_binary_image(name = "image", base = "//:base", binary = "//:hello")

oci_push(name = "push", image = ":image", repository = "registry.invalid/server")

oci_push(name = "one", image = "//:index", remote_tags = ["latest", "v1"], repository = "{REGISTRY}/one")

oci_push(name = "two", image = ":image", remote_tags = ["latest"], repository = "{REGISTRY}/two")

oci_push_all(name = "both", pushes = [":one", ":two"])

oci_substitute(
    name = "deployment",
    src = "deployment.yaml",
    images = {":image": "registry/server", "//:index": "registry/all"},
)
`,
	"server/deployment.yaml": "a: //server:image\nb: '//server:image2'\nc: \"@//server:image\"\nd: [//:index]\n",
}

func (e *env) substituted(t *testing.T) {
	r := e.server.Start(t, registry.Options{})
	out := e.w.Bazel(t, "run", "//server:push", "--", "--repository="+r.Host+"/server")
	_, pushed, ok := strings.Cut(strings.TrimSpace(out), "@")
	if !ok {
		t.Fatalf("the push says %q, want an image by digest", out)
	}
	want := "a: registry/server@" + pushed + "\nb: '//server:image2'\nc: \"registry/server@" + pushed + "\"\nd: [registry/all@" + digest(t, e.first) + "]\n"
	if got := e.w.Read(t, "bazel-bin/server/deployment/deployment.yaml"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
