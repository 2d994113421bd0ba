// Package rebuild makes a package anew under another version, as a distribution does with the same sources: the files
// are the same, their times are not.
package rebuild

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rules-apk/rules_apk/e2e/internal/signingkey"
)

// Builder makes packages.
type Builder struct {
	Ocibuild string // path of the program
	Key      signingkey.Key
}

// Change says what is different about a package.
type Change struct {
	Version   string
	BuildTime int64 // Unix seconds
}

// Package reads the package file from and writes it, changed, to the folder dir. It returns the new file's path.
func (b *Builder) Package(ctx context.Context, from, dir string, change Change) (string, error) {
	scratch, err := os.MkdirTemp(dir, "rebuild")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	content, err := unpack(from, scratch)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", from, err)
	}
	content.spec["version"], content.spec["build_time"] = change.Version, change.BuildTime
	spec, err := json.Marshal(content.spec)
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, fmt.Sprintf("%s-%s.apk", content.spec["name"], change.Version))
	return to, b.Run(ctx, append([]string{"package", "--package-spec=" + string(spec), "--apk-out=" + to}, content.args...)...)
}

// Repository writes an index of packages, and copies of them, to dir/arch.
func (b *Builder) Repository(ctx context.Context, dir, arch string, packages ...string) error {
	args := []string{"repository", "--arch=" + arch, "--repository-out=" + dir}
	for _, p := range packages {
		args = append(args, "--apk="+p)
	}
	return b.Run(ctx, args...)
}

// Run runs ocibuild on what is to be signed. Its arguments travel in a file: there may be more than fit on a command
// line.
func (b *Builder) Run(ctx context.Context, args ...string) error {
	flags, err := os.CreateTemp("", "flags")
	if err != nil {
		return err
	}
	defer os.Remove(flags.Name())
	_, err = flags.WriteString(strings.Join(append(args[1:], b.Key.Flags()...), "\n") + "\n")
	if err := errors.Join(err, flags.Close()); err != nil {
		return err
	}
	output, err := exec.CommandContext(ctx, b.Ocibuild, args[0], "--flagfile="+flags.Name()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ocibuild %s: %w\n%s", args[0], err, output)
	}
	return nil
}

// content is what ocibuild is told of a package.
type content struct {
	spec map[string]any
	args []string // --entry and --file
}

// unpack reads a package; its files' contents go to the folder scratch.
func unpack(from, scratch string) (*content, error) {
	f, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The sections are gzip members of one file, and their archives parts of one archive.
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	c := &content{spec: map[string]any{}}
	scripts := map[string]string{}
	data := false // whether the control section was left
	archive := tar.NewReader(z)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		data = data || !strings.HasPrefix(header.Name, ".")
		switch {
		case data:
			err = c.entry(header, archive, scratch)
		case header.Name == ".PKGINFO":
			err = c.info(archive)
		case !strings.HasPrefix(header.Name, ".SIGN."):
			var text bytes.Buffer
			_, err = text.ReadFrom(archive)
			scripts[header.Name[1:]] = text.String()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	if len(scripts) > 0 {
		c.spec["scripts"] = scripts
	}
	if c.spec["name"] == nil {
		return nil, errors.New("it has no .PKGINFO with a pkgname")
	}
	return c, nil
}

// info translates the lines of .PKGINFO that matter to who installs a package.
func (c *content) info(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	fields := map[string]string{"pkgname": "name", "arch": "arch", "pkgdesc": "description", "license": "license", "origin": "origin"}
	repeated := map[string]string{"depend": "depends", "provides": "provides", "replaces": "replaces"}
	lists := map[string]string{"install_if": "install_if", "triggers": "triggers"}
	for _, line := range strings.Split(string(text), "\n") {
		key, value, _ := strings.Cut(line, " = ")
		if name, ok := fields[key]; ok {
			c.spec[name] = value
		} else if name, ok := repeated[key]; ok {
			list, _ := c.spec[name].([]string)
			c.spec[name] = append(list, value)
		} else if name, ok := lists[key]; ok {
			c.spec[name] = strings.Fields(value)
		}
	}
	return nil
}

func (c *content) entry(header *tar.Header, body io.Reader, scratch string) error {
	entry := map[string]any{
		"path": "/" + strings.TrimSuffix(header.Name, "/"), "mode": fmt.Sprintf("%04o", header.Mode&0o7777),
		"uid": header.Uid, "gid": header.Gid, "uname": header.Uname, "gname": header.Gname,
	}
	file := ""
	switch header.Typeflag {
	case tar.TypeDir:
	case tar.TypeSymlink:
		entry["link"] = header.Linkname
	case tar.TypeReg:
		file = filepath.Join(scratch, fmt.Sprint(len(c.args)))
		out, err := os.Create(file)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, body)
		if err := errors.Join(err, out.Close()); err != nil {
			return err
		}
	default:
		return fmt.Errorf("type %q: want directories, files and symbolic links only", header.Typeflag)
	}
	text, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	c.args = append(c.args, "--entry="+string(text))
	if file != "" {
		c.args = append(c.args, "--file="+file)
	}
	return nil
}
