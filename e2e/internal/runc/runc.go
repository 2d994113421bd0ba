// Package runc runs programs of unpacked images with the real runc, those of other architectures under
// qemu-user-static.
package runc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/tools/rootfs"
)

// Emulators by OCI architecture, as Debian's qemu-user-static names them.
var emulators = map[string]string{"amd64": "qemu-x86_64-static", "arm64": "qemu-aarch64-static"}

// Container is an unpacked image to run programs in. Every run is a new container on the same files.
type Container struct {
	Root     string // its root directory
	Config   *v1.ConfigFile
	emulator string // path in the container, "" for the machine's own architecture
}

// New unpacks the image for linux/arch of the OCI layout directory dir. It skips the test where runc, root or the
// emulator is missing.
func New(t testing.TB, dir, arch string) *Container {
	t.Helper()
	image, err := image.FromLayout(dir, arch)
	if err != nil {
		t.Fatal(err)
	}
	return NewImage(t, image)
}

// NewImage is New for an image that is at hand.
func NewImage(t testing.TB, image v1.Image) *Container {
	t.Helper()
	program.RequireRoot(t)
	program.Require(t, "runc")
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := &Container{Root: filepath.Join(t.TempDir(), "rootfs"), Config: config}
	if config.Architecture != runtime.GOARCH {
		name := emulators[config.Architecture]
		if name == "" {
			t.Skipf("SKIPPED: no emulator known for %s", config.Architecture)
		}
		program.Require(t, name)
		c.emulator = "/.emulator"
	}
	if err := rootfs.Unpack(image, c.Root); err != nil {
		t.Fatalf("unpacking: %v", err)
	}
	if c.emulator != "" {
		host := strings.TrimSpace(program.Run(t, "sh", "-c", "command -v "+emulators[config.Architecture]))
		data, err := os.ReadFile(host)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(c.Root+c.emulator, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Run runs args in the container, or the image's own entrypoint and cmd if there are none, as the image's user
// (numeric, or root or nobody by name) and without network. It is for args[0] to be an absolute path: an emulator
// searches no PATH.
func (c *Container) Run(t testing.TB, args ...string) program.Result {
	t.Helper()
	if len(args) == 0 {
		args = append(append([]string{}, c.Config.Config.Entrypoint...), c.Config.Config.Cmd...)
	}
	if c.emulator != "" {
		args = append([]string{c.emulator}, args...)
	}
	bundle := t.TempDir()
	spec, err := json.Marshal(c.spec(t, args))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), spec, 0o644); err != nil {
		t.Fatal(err)
	}
	id := "rules-apk-" + strconv.Itoa(os.Getpid()) + "-" + filepath.Base(bundle) + "-" + filepath.Base(filepath.Dir(bundle))
	command := program.Command{Name: "runc", Args: []string{"--root", filepath.Join(bundle, "state"), "run", "--bundle", bundle, id}}
	result := command.Run(t)
	if result.Code == -1 { // it did not end by itself
		program.Command{Name: "runc", Args: []string{"--root", filepath.Join(bundle, "state"), "delete", "--force", id}}.Run(t)
	}
	return result
}

func (c *Container) spec(t testing.TB, args []string) map[string]any {
	t.Helper()
	cwd := c.Config.Config.WorkingDir
	if cwd == "" {
		cwd = "/"
	}
	env := c.Config.Config.Env
	if len(env) == 0 {
		env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	uid, gid := user(t, c.Config.Config.User)
	mount := func(where, kind string, options ...string) map[string]any {
		return map[string]any{"destination": where, "type": kind, "source": kind, "options": options}
	}
	return map[string]any{
		"ociVersion": "1.0.2",
		"process": map[string]any{
			"user": map[string]any{"uid": uid, "gid": gid},
			"args": args, "env": env, "cwd": cwd, "noNewPrivileges": true,
		},
		"root":     map[string]any{"path": c.Root, "readonly": false},
		"hostname": "container",
		"mounts": []any{
			mount("/proc", "proc"),
			mount("/dev", "tmpfs", "nosuid", "mode=755", "size=65536k"),
			mount("/tmp", "tmpfs", "mode=1777"),
		},
		"linux": map[string]any{"namespaces": []any{
			map[string]any{"type": "pid"}, map[string]any{"type": "network"}, map[string]any{"type": "ipc"},
			map[string]any{"type": "uts"}, map[string]any{"type": "mount"},
		}},
	}
}

func user(t testing.TB, name string) (uid, gid int) {
	t.Helper()
	name, group, _ := strings.Cut(name, ":")
	number := func(s string) int {
		switch s {
		case "", "root":
			return 0
		case "nobody":
			return 65534
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("the image's user is %q, want a number", s)
		}
		return n
	}
	uid = number(name)
	if group == "" {
		group = name
	}
	return uid, number(group)
}
