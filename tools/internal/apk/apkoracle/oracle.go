// Package apkoracle runs the real apk 2.14 in a chroot, for tests that compare this project's answers with its answers.
// It needs root and the folder of real packages that some developers keep beside the repository; without them New says
// what is missing.
package apkoracle

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
)

// Arch is the architecture of the apk that New sets up.
const Arch = "x86_64"

// ErrUnavailable says that there is no oracle on this machine.
var ErrUnavailable = errors.New("no oracle here")

// Oracle is an apk in a chroot of its own.
type Oracle struct {
	root string
}

// New unpacks apk out of the folder of real packages into the folder root, which must be there, and sets up an empty
// system under /r.
func New(real, root string) (*Oracle, error) {
	if os.Getuid() != 0 {
		return nil, fmt.Errorf("%w: chroot needs root", ErrUnavailable)
	}
	packages := filepath.Join(real, "alpine", Arch)
	for _, name := range []string{"musl", "zlib", "libcrypto3", "libssl3", "apk-tools"} {
		files, err := filepath.Glob(filepath.Join(packages, name+"-[0-9]*.apk"))
		if err != nil || len(files) != 1 {
			return nil, fmt.Errorf("%w: %d packages %s in %s", ErrUnavailable, len(files), name, packages)
		}
		if err := unpack(files[0], root); err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", files[0], err)
		}
	}
	o := &Oracle{root: root}
	if err := os.CopyFS(filepath.Join(root, "etc", "apk", "keys"), os.DirFS(filepath.Join(real, "keys"))); err != nil {
		return nil, err
	}
	for _, dir := range []string{"r", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return nil, err
		}
	}
	out, err := o.run("add", "--initdb", "--root", "/r", "--arch", Arch, "--no-network")
	if err != nil {
		return nil, fmt.Errorf("%w: apk does not run: %w\n%s", ErrUnavailable, err, out)
	}
	return o, os.MkdirAll(filepath.Join(root, "r", "var", "cache", "apk"), 0o755)
}

func unpack(file, root string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	zipped, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return err
	}
	// The three tars read as one: only the last has an end.
	archive := tar.NewReader(zipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		target := filepath.Join(root, filepath.FromSlash(header.Name))
		switch header.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(target, 0o755)
		case tar.TypeSymlink:
			err = os.Symlink(header.Linkname, target)
		case tar.TypeReg:
			if strings.HasPrefix(header.Name, ".") {
				continue
			}
			err = writeFile(target, header.FileInfo().Mode().Perm(), archive)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

func writeFile(path string, mode fs.FileMode, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// run runs apk and gives what it printed, on both streams.
func (o *Oracle) run(args ...string) (string, error) {
	return o.runIn(nil, "/sbin/apk", args...)
}

func (o *Oracle) runIn(stdin io.Reader, program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: o.root}
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/sbin"}
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// AddSigned makes a repository with the index file at path, and gives its name for Simulate.
func (o *Oracle) AddSigned(name, path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return o.add(name, content)
}

// AddUnsigned makes or replaces a repository with these packages, in this order.
func (o *Oracle) AddUnsigned(name string, packages []*apkindex.Package) (string, error) {
	var text bytes.Buffer
	if err := apkindex.Write(&text, packages); err != nil {
		return "", err
	}
	var out bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return "", err
	}
	archive := tar.NewWriter(zipped)
	if err := archive.WriteHeader(&tar.Header{Name: "APKINDEX", Mode: 0o644, Size: int64(text.Len())}); err != nil {
		return "", err
	}
	if _, err := archive.Write(text.Bytes()); err != nil {
		return "", err
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		return "", err
	}
	return o.add(name, out.Bytes())
}

func (o *Oracle) add(name string, index []byte) (string, error) {
	dir := filepath.Join(o.root, "repo", name, Arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return "/repo/" + name, os.WriteFile(filepath.Join(dir, "APKINDEX.tar.gz"), index, 0o644)
}

// Refusal is apk's answer where it has none: what it printed.
type Refusal struct{ Output string }

func (r *Refusal) Error() string { return "apk refuses:\n" + r.Output }

var installing = regexp.MustCompile(`^\((\d+)/(\d+)\) Installing (\S+) \((\S+)\)$`)

// Simulate gives "name version" of what apk would install for the world from the repositories, in order. A repository
// may have a tag: "@edge /repo/x". The error is *Refusal where apk finds no answer.
func (o *Oracle) Simulate(repositories, world []string) ([]string, error) {
	list := strings.Join(repositories, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(o.root, "tmp", "repositories"), []byte(list), 0o644); err != nil {
		return nil, err
	}
	args := []string{
		"add", "--simulate", "--root", "/r", "--arch", Arch, "--keys-dir", "/etc/apk/keys", "--no-network",
		"--allow-untrusted", "--no-progress", "--repositories-file", "/tmp/repositories",
	}
	out, err := o.run(append(args, world...)...)
	if err != nil {
		return nil, &Refusal{Output: out}
	}
	var answer []string
	done := false
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		switch match := installing.FindStringSubmatch(line); {
		case match != nil:
			name, _, _ := strings.Cut(match[3], "@") // name@tag
			answer = append(answer, name+" "+match[4])
		case strings.HasPrefix(line, "OK: "):
			done = true
		}
	}
	if !done {
		return nil, fmt.Errorf("apk %s: cannot read its answer:\n%s", strings.Join(world, " "), out)
	}
	return answer, nil
}

// Version asks apk how two versions compare: "<", "=" or ">".
func (o *Oracle) Version(a, b string) (string, error) {
	out, err := o.run("version", "-t", a, b)
	return strings.TrimSpace(out), err
}

// InvalidVersions asks apk which of these it does not take for versions.
func (o *Oracle) InvalidVersions(versions []string) ([]string, error) {
	var invalid []string
	for len(versions) > 0 {
		some := versions[:min(1000, len(versions))]
		versions = versions[len(some):]
		// It exits with an error where there are any.
		out, err := o.run(append([]string{"version", "--check", "--"}, some...)...)
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			return nil, err
		}
		invalid = append(invalid, strings.Fields(out)...)
	}
	return invalid, nil
}

// Listed gives "name-version" of what apk finds in an index, which it trusts by the distribution's keys alone. The
// error is
// *Refusal where it takes none of it.
func (o *Oracle) Listed(index []byte) ([]string, error) {
	if err := writeFile(filepath.Join(o.root, "tmp", "listed", Arch, "APKINDEX.tar.gz"), 0o644, bytes.NewReader(index)); err != nil {
		return nil, err
	}
	if err := writeFile(filepath.Join(o.root, "tmp", "repositories"), 0o644, strings.NewReader("/tmp/listed\n")); err != nil {
		return nil, err
	}
	out, err := o.run("search", "--root", "/r", "--arch", Arch, "--keys-dir", "/etc/apk/keys", "--no-network", "--repositories-file", "/tmp/repositories")
	if err != nil || strings.Contains(out, "WARNING") || strings.Contains(out, "ERROR") {
		return nil, &Refusal{Output: out}
	}
	return strings.Fields(out), nil
}

// Install installs a package file into an empty system, whoever signed it, without running its scripts, and gives the
// folder of that system. The error is *Refusal where apk does not install it as it is.
func (o *Oracle) Install(apk []byte) (dir string, err error) {
	if err := os.WriteFile(filepath.Join(o.root, "tmp", "p.apk"), apk, 0o644); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(o.root, "tmp", "none"), nil, 0o644); err != nil {
		return "", err
	}
	dir, err = os.MkdirTemp(o.root, "install")
	if err != nil {
		return "", err
	}
	out, err := o.run("add", "--root", "/"+filepath.Base(dir), "--initdb", "--arch", Arch, "--allow-untrusted", "--no-network",
		"--no-scripts", "--no-progress", "--repositories-file", "/tmp/none", "/tmp/p.apk")
	if err != nil || !strings.Contains(out, "OK: ") {
		return dir, &Refusal{Output: out}
	}
	return dir, nil
}

// AddRaw makes or replaces a repository with the file of an index.
func (o *Oracle) AddRaw(name string, index []byte) (string, error) { return o.add(name, index) }
