// Package apt uses the machine's own apt, with its sources, keys and proxies, but with an apt root of its own: nothing
// of the machine's state, caches or configuration is changed, and the machine stays of one architecture.
package apt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/control"
)

// ErrAbsent says that this machine has no apt.
var ErrAbsent = errors.New("this machine has no apt")

// Root is a private apt root.
type Root struct {
	dir   string
	archs []string
}

// New makes a private apt root in dir, a new or empty folder, for architectures by Debian's names. The machine's
// /etc/apt is copied into it.
func New(dir string, archs []string) (*Root, error) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil, ErrAbsent
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	r := &Root{dir: dir, archs: archs}
	for _, sub := range []string{"state/lists/partial", "cache/archives/partial", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	if err := copyTree("/etc/apt", filepath.Join(dir, "etc")); err != nil {
		return nil, err
	}
	// Nothing is installed here.
	if err := os.WriteFile(filepath.Join(dir, "state", "status"), nil, 0o644); err != nil {
		return nil, err
	}
	return r, r.configure()
}

// configure writes two files: apt reads the one that APT_CONFIG names before, and etc/apt.conf after, the fragments
// that were copied from the machine.
func (r *Root) configure() error {
	own, err := os.ReadFile(filepath.Join(r.dir, "etc", "apt.conf"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	first := fmt.Sprintf(`Dir::Etc %q;
Dir::State %q;
Dir::State::status %q;
Dir::Cache %q;
Dir::Log %q;
`, r.path("etc"), r.path("state"), r.path("state/status"), r.path("cache"), r.path("log"))
	// Hooks would touch the machine: docker-clean empties its cache after every update.
	last := string(own) + `
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
APT::Architectures {"` + strings.Join(r.archs, `";"`) + `";};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
`
	return errors.Join(
		os.WriteFile(r.path("apt.conf"), []byte(first), 0o644),
		os.WriteFile(r.path("etc/apt.conf"), []byte(last), 0o644),
	)
}

func (r *Root) path(name string) string { return filepath.Join(r.dir, name) }

// Update fetches the package lists of the machine's sources.
func (r *Root) Update(ctx context.Context) error {
	_, err := r.run(ctx, r.dir, "apt-get", "--quiet=2", "update")
	return err
}

// Packages calls visit for every package of every source in every architecture.
func (r *Root) Packages(ctx context.Context, visit func(control.Stanza) error) error {
	out, err := r.run(ctx, r.dir, "apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages")
	if err != nil {
		return err
	}
	lists := strings.Fields(out)
	// One list at a time: no empty line stands between the last stanza of one and the first of the next.
	for _, list := range lists {
		text, err := r.run(ctx, r.dir, "/usr/lib/apt/apt-helper", "cat-file", list)
		if err != nil {
			return err
		}
		if err := control.Read(strings.NewReader(text), visit); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(list), err)
		}
	}
	if len(lists) == 0 {
		return errors.New("apt has no package lists; want sources of binary packages in /etc/apt")
	}
	return nil
}

// Package names a package file.
type Package struct{ Name, Arch, Version string }

// String is the package as apt-get takes it; all is any architecture to it.
func (p Package) String() string {
	if p.Arch == "all" {
		return p.Name + "=" + p.Version
	}
	return p.Name + ":" + p.Arch + "=" + p.Version
}

// FileName is the name apt-get saves the package under.
func (p Package) FileName() string {
	return p.Name + "_" + strings.ReplaceAll(p.Version, ":", "%3a") + "_" + p.Arch + ".deb"
}

// Download puts the packages' files into dir and returns their paths, in order. apt checks each against its list; files
// that are there already and pass are not downloaded again.
func (r *Root) Download(ctx context.Context, dir string, packages []Package) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	paths := make([]string, len(packages))
	args := []string{"--quiet=2", "download"}
	for i, p := range packages {
		paths[i] = filepath.Join(dir, p.FileName())
		args = append(args, p.String())
	}
	if len(packages) == 0 {
		return nil, nil
	}
	if _, err := r.run(ctx, dir, "apt-get", args...); err != nil {
		return nil, err
	}
	for i, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("apt-get download %s left no %s", packages[i], filepath.Base(path))
		}
	}
	return paths, nil
}

func (r *Root) run(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "APT_CONFIG=") }),
		"APT_CONFIG="+r.path("apt.conf"), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// copyTree copies files and folders; what this user may not read (passwords for other users' sources) is left out.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrPermission) {
			return nil
		}
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
}
