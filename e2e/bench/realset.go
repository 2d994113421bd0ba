package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/bazel"
	"github.com/rules-apk/rules_apk/e2e/bench/internal/imageset"
	"github.com/rules-apk/rules_apk/e2e/internal/rebuild"
)

const (
	realArch = "x86_64"
	// Packages that an image of the real set has at least.
	realLeast = 60
	// The package that is bumped: a library that every image has.
	bumped        = "zlib"
	bumpedVersion = "1.3.1"
)

// excluded are packages that cannot be in one lock with all others.
func excluded() []string { return []string{"network-extras", "vlan"} }

// realSet is a workspace of images on real packages.
type realSet struct {
	*bazel.Workspace
	lab     *lab
	images  []imageset.Image
	release int // of the bumped package
	count   int // packages in the lock
	locking time.Duration
}

// real returns the workspace on real packages, which it makes at first.
func (l *lab) real(ctx context.Context) (*realSet, error) {
	if l.realSet != nil {
		return l.realSet, nil
	}
	s, err := l.newReal(ctx, "real", "")
	l.realSet = s
	return s, err
}

// newReal makes a workspace on real packages; fetch is the lock's attribute.
func (l *lab) newReal(ctx context.Context, name, fetch string) (*realSet, error) {
	packages := filepath.Join(l.shared, "apk", "alpine", realArch)
	if _, err := os.Stat(packages); err != nil {
		return nil, fmt.Errorf("no real packages: %w; name the folder that has apk/alpine with --shared or RULES_APK_SHARED", err)
	}
	served := filepath.Join(l.dir, "served")
	if err := os.CopyFS(filepath.Join(served, name, "alpine", realArch), os.DirFS(packages)); err != nil {
		return nil, err
	}
	keys := []string{l.builder.Key.Public}
	found, err := filepath.Glob(filepath.Join(l.shared, "apk", "keys", "*.rsa.pub"))
	if err != nil {
		return nil, err
	}
	names, err := packageNames(packages)
	if err != nil {
		return nil, err
	}
	s := &realSet{lab: l}
	url := l.host.URL + "/" + name
	s.Workspace, err = l.newWorkspace(name, fetch, []string{url + "/alpine", url + "/rebuilt"}, append(keys, found...), []string{realArch}, names)
	if err != nil {
		return nil, err
	}
	if err := s.publish(ctx); err != nil {
		return nil, err
	}
	if s.locking, err = l.lock(ctx, s.Dir, "lock"); err != nil {
		return nil, err
	}
	return s, s.writeImages()
}

var version = regexp.MustCompile(`-[0-9][^-]*-r[0-9]+\.apk$`)

// packageNames are the names of the packages in a folder that go into one lock.
func packageNames(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.apk"))
	var names []string
	for _, file := range files {
		if name := version.ReplaceAllString(filepath.Base(file), ""); !slices.Contains(excluded(), name) {
			names = append(names, name)
		}
	}
	return names, err
}

// publish rebuilds the bumped package once more.
func (s *realSet) publish(ctx context.Context) error {
	s.release++
	scratch := filepath.Join(s.lab.dir, "scratch")
	old := filepath.Join(s.lab.shared, "apk", "alpine", realArch, bumped+"-"+bumpedVersion+"-r0.apk")
	rebuilt, err := s.lab.builder.Package(ctx, old, scratch, rebuild.Change{
		Version:   fmt.Sprintf("%s-r%d", bumpedVersion, s.release),
		BuildTime: 1_700_000_000 + int64(s.release),
	})
	if err != nil {
		return err
	}
	return s.lab.builder.Repository(ctx, filepath.Join(s.lab.dir, "served", filepath.Base(s.Dir), "rebuilt"), realArch, rebuilt)
}

// bump publishes a new release and locks it, and says how long the latter took.
func (s *realSet) bump(ctx context.Context) (time.Duration, error) {
	if err := s.publish(ctx); err != nil {
		return 0, err
	}
	return s.lab.lock(ctx, s.Dir, "update", bumped)
}

// The Bazel packages of the images: //images/n100 holds those that 100 images are more than 10.
var steps = []int{1, 10, 100, 1000}

func (s *realSet) writeImages() error {
	graph, err := imageset.ReadLock(filepath.Join(s.Dir, "apk.lock.json"), realArch)
	if err != nil {
		return err
	}
	s.count = len(graph)
	if s.images, err = graph.Choose(slices.Max(steps), realLeast, []string{"alpine-baselayout", "busybox", bumped}, nil); err != nil {
		return err
	}
	if err := s.Write("app/BUILD.bazel", app); err != nil {
		return err
	}
	if err := s.Write("app/main.sh", "echo 0\n"); err != nil {
		return err
	}
	from := 0
	for _, n := range steps {
		if err := s.Write(fmt.Sprintf("images/n%d/BUILD.bazel", n), imageset.Build("alpine", s.images[from:n], from)); err != nil {
			return err
		}
		from = n
	}
	return nil
}

// targets are the patterns of the first n images; n is one of steps.
func targets(n int) []string {
	var patterns []string
	for _, step := range steps {
		if step <= n {
			patterns = append(patterns, fmt.Sprintf("//images/n%d:all", step))
		}
	}
	return patterns
}

// describe says what the images are made of.
func (s *realSet) describe() string {
	least, most := imageset.Sizes(s.images)
	return fmt.Sprintf("Images have %d to %d of the lock's %d packages; image 0, which the rows on one image are about, has %d.", least, most, s.count, s.images[0].Packages)
}
