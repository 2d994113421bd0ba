package runtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/rootfs"
)

// Runc is runc, which takes no image but a folder.
type Runc struct {
	Exec Exec
	// Dir is an empty folder of this run, for the image's files. Unique names the container.
	Dir, Unique string
	// Probe is a static program that does nothing when it is started with the one argument ProbeArg.
	Probe string
}

// ProbeArg is what the probe is started with.
const ProbeArg = "probe"

// Name is "runc".
func (r *Runc) Name() string { return "runc" }

// Run first runs the probe. If that works, so does runc, and what goes wrong then is the image's own doing: the exit
// codes of runc itself and of commands cannot be told apart.
func (r *Runc) Run(ctx context.Context, image v1.Image, command []string) (*Result, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("needs root")
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	if config.Architecture != runtime.GOARCH {
		return nil, fmt.Errorf("the image is for %s, this machine is %s", config.Architecture, runtime.GOARCH)
	}
	if err := r.probe(ctx); err != nil {
		return nil, err
	}
	root := filepath.Join(r.Dir, "image", "rootfs")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	if err := rootfs.Unpack(image, root); errors.Is(err, syscall.EINVAL) || errors.Is(err, fs.ErrPermission) {
		return nil, err // root of a user namespace, who has not the owners that files are to get
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrImage, err)
	}
	p := process{Args: command, Env: config.Config.Env, Cwd: config.Config.WorkingDir}
	if len(command) == 0 {
		p.Args = append(append([]string{}, config.Config.Entrypoint...), config.Config.Cmd...)
	}
	if len(p.Args) == 0 {
		return nil, fmt.Errorf("%w: it has neither entrypoint nor cmd, and the test no command", ErrImage)
	}
	if p.User, err = lookUpUser(root, config.Config.User); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrImage, err)
	}
	return r.start(ctx, filepath.Dir(root), p)
}

func (r *Runc) probe(ctx context.Context) error {
	root := filepath.Join(r.Dir, "probe", "rootfs")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	program, err := os.ReadFile(r.Probe)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "probe"), program, 0o755); err != nil {
		return err
	}
	for _, dir := range []string{"proc", "dev"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	result, err := r.start(ctx, filepath.Dir(root), process{Args: []string{"/probe", ProbeArg}})
	if err != nil {
		return err
	}
	if result.Code != 0 {
		return fmt.Errorf("cannot run a container: %s", oneLine(result.Stderr))
	}
	return nil
}

// start runs the container of a bundle (OCI runtime spec), whose files are in its folder rootfs.
func (r *Runc) start(ctx context.Context, bundle string, p process) (*Result, error) {
	text, err := json.Marshal(runtimeConfig(p))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), text, 0o644); err != nil {
		return nil, err
	}
	state := filepath.Join(bundle, "state")
	id := "rules-apk-run-test-" + r.Unique + "-" + filepath.Base(bundle)
	result, err := r.Exec(ctx, nil, "runc", "--root", state, "run", "--bundle", bundle, id)
	if ctx.Err() != nil {
		_, _ = r.Exec(context.WithoutCancel(ctx), nil, "runc", "--root", state, "delete", "--force", id)
	}
	return result, err
}
