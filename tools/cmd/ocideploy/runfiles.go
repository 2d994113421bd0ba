package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// programs are the paths of a program: that by which it was called, and those of what symbolic links on the way point
// at. One that stands nowhere, as that of a spec may, has its path all the same.
func programs(argv0 string) []string {
	path := argv0
	if filepath.Base(path) == path {
		if found, err := exec.LookPath(path); err == nil {
			path = found
		}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return []string{argv0}
	}
	var paths []string
	// No system follows more links than these.
	for range 40 {
		paths = append(paths, path)
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return paths
}

// runfiles finds the files that Bazel put beside a program, by their runfiles paths.
type runfiles struct {
	manifests []map[string]string
	roots     []string
}

// openRunfiles looks where Bazel may have put the runfiles of a program: into a directory or a manifest named by the
// environment, beside the program, or around it, where it is a runfile of another program itself. The program is the
// one that runs, or that which the spec was written for.
func openRunfiles(programs []string, getenv func(string) string) (*runfiles, error) {
	r := &runfiles{}
	if dir := getenv("RUNFILES_DIR"); dir != "" {
		r.roots = append(r.roots, dir)
	}
	manifests := []string{getenv("RUNFILES_MANIFEST_FILE")}
	for _, program := range programs {
		if dir := program + ".runfiles"; isDir(dir) {
			r.roots = append(r.roots, dir)
		}
		if i := strings.LastIndex(filepath.ToSlash(program), ".runfiles/"); i >= 0 {
			r.roots = append(r.roots, program[:i+len(".runfiles")])
		}
		manifests = append(manifests, program+".runfiles_manifest")
	}
	for _, path := range manifests {
		if path == "" {
			continue
		}
		manifest, err := readManifest(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading runfiles manifest: %w", err)
		}
		if err == nil {
			r.manifests = append(r.manifests, manifest)
		}
	}
	return r, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func readManifest(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	manifest := map[string]string{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		// A line that begins with a space has spaces, newlines and backslashes of its paths escaped.
		escaped := strings.HasPrefix(line, " ")
		key, file, _ := strings.Cut(strings.TrimPrefix(line, " "), " ")
		if escaped {
			key = strings.NewReplacer(`\s`, " ", `\n`, "\n", `\b`, `\`).Replace(key)
			file = strings.NewReplacer(`\n`, "\n", `\b`, `\`).Replace(file)
		}
		manifest[key] = file
	}
	return manifest, lines.Err()
}

// Resolve returns the file that a runfiles path stands for. The file need not exist: a layer that nobody wanted was
// never downloaded.
func (r *runfiles) Resolve(path string) (string, error) {
	if filepath.IsAbs(path) {
		return path, nil
	}
	// Those in the environment may be another program's, so each is asked. An entry may be for a directory that the
	// path lies in.
	for _, manifest := range r.manifests {
		for key := path; key != ""; key = parent(key) {
			if file := manifest[key]; file != "" {
				return file + path[len(key):], nil
			}
		}
	}
	for _, root := range r.roots {
		file := filepath.Join(root, path)
		if _, err := os.Lstat(file); err == nil {
			return file, nil
		}
	}
	if len(r.roots) > 0 {
		return filepath.Join(r.roots[0], path), nil
	}
	if r.manifests != nil {
		return path, nil
	}
	return "", fmt.Errorf("%s: there are no runfiles beside the program, and neither RUNFILES_DIR nor RUNFILES_MANIFEST_FILE is set; use bazel run on the target", path)
}

func parent(path string) string {
	return path[:max(strings.LastIndexByte(path, '/'), 0)]
}
