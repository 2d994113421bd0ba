// Package publish makes a signed APK repository of converted packages, with the ocibuild program.
package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/convert"
	"github.com/rules-apk/rules_apk/e2e/debrepo/internal/deb"
)

// Publisher makes repositories.
type Publisher struct {
	Ocibuild string // path of the program
	// Key is the file of the private RSA key, and KeyName the public key's name; both empty for packages and an index
	// without signatures.
	Key, KeyName string
	Scratch      string // a folder for what is in between
	Parallel     int    // packages made at once
}

// Repository writes packages and index for an architecture, by apk's name of it, to dir/arch, and returns the packages'
// file names, in their order.
func (p *Publisher) Repository(ctx context.Context, dir, arch string, packages []*convert.Package) ([]string, error) {
	names := make([]string, len(packages))
	args := []string{"--arch=" + arch, "--description=Debian, repackaged", "--repository-out=" + dir}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(p.Parallel)
	for i, pkg := range packages {
		names[i] = pkg.Spec.Name + "-" + pkg.Spec.Version + ".apk"
		apk := filepath.Join(p.Scratch, arch+"-"+names[i])
		args = append(args, "--apk="+apk)
		group.Go(func() error { return p.pack(groupCtx, apk, pkg) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return names, p.run(ctx, "repository", filepath.Join(p.Scratch, arch+".repository"), args)
}

func (p *Publisher) pack(ctx context.Context, apk string, pkg *convert.Package) error {
	spec, err := json.Marshal(pkg.Spec)
	if err != nil {
		return err
	}
	args := []string{"--package-spec=" + string(spec), "--apk-out=" + apk}
	for _, e := range pkg.Entries {
		text, err := entry(e)
		if err != nil {
			return err
		}
		args = append(args, "--entry="+text)
		if e.File != "" {
			args = append(args, "--file="+e.File)
		}
	}
	return p.run(ctx, "package", apk, args)
}

// entry is the JSON that `ocibuild package` takes for a path.
func entry(e deb.Entry) (string, error) {
	mode := uint32(e.Mode.Perm())
	for flag, bit := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if e.Mode&flag != 0 {
			mode |= bit
		}
	}
	text, err := json.Marshal(struct {
		Path  string `json:"path"`
		Mode  string `json:"mode"`
		UID   int    `json:"uid"`
		GID   int    `json:"gid"`
		Uname string `json:"uname"`
		Gname string `json:"gname"`
		Link  string `json:"link,omitempty"`
	}{"/" + e.Path, fmt.Sprintf("%04o", mode), e.UID, e.GID, e.Uname, e.Gname, e.Link})
	return string(text), err
}

// run runs a subcommand with its arguments in a file beside output: there are more of them than fit on a command line.
func (p *Publisher) run(ctx context.Context, subcommand, output string, args []string) error {
	if p.Key != "" {
		args = append(args, "--key="+p.Key, "--key-name="+p.KeyName)
	}
	flags := output + ".flags"
	if err := os.WriteFile(flags, []byte(strings.Join(args, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, p.Ocibuild, subcommand, "--flagfile="+flags)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("ocibuild %s of %s: %w\n%s", subcommand, filepath.Base(output), err, strings.TrimSpace(stderr.String()))
	}
	return nil
}
