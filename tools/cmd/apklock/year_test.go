package main

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkresolve"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

var yearArchs = []string{"x86_64", "aarch64"}

// A year is a workspace beside a distribution that goes on: what there is in its repository, what apk.yaml asks for,
// and the lock.
type year struct {
	t       *testing.T
	f       *fixture
	dir     string
	r       *rand.Rand
	files   map[string]*yearPackage // by "arch name version"
	newest  map[string]int          // by name
	world   []string
	moved   int // entries that changed
	kept    int // entries that could have moved, and did not
	refused int // changes that leave no answer
}

type yearPackage struct {
	words   []string
	indexed *apkindex.Package
}

// Locks through 50 changes of apk.yaml and of the repository, for several years.
func TestYear(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	moved, kept, refused := 0, 0, 0
	for seed := range uint64(4) {
		y := &year{t: t, f: newFixture(t), dir: t.TempDir(), r: rand.New(rand.NewPCG(seed, 20)), files: make(map[string]*yearPackage), newest: make(map[string]int)}
		y.begin()
		for week := range 50 {
			world, files := slices.Clone(y.world), maps.Clone(y.files)
			what := y.change()
			y.publish()
			if !y.step(fmt.Sprintf("year %d, week %d: %s", seed, week, what)) {
				y.world, y.files = world, files // somebody noticed
			}
			if t.Failed() {
				return
			}
		}
		moved, kept, refused = moved+y.moved, kept+y.kept, refused+y.refused
	}
	t.Logf("%d entries moved, %d could have and did not, %d changes had no answer", moved, kept, refused)
	if moved < 30 || kept < 500 || refused > 20 {
		t.Error("these years show too little")
	}
}

func (y *year) begin() {
	if err := y.f.writeKey(filepath.Join(y.dir, "test.rsa.pub"), "test"); err != nil {
		y.t.Fatal(err)
	}
	for n := range 19 {
		y.release(fmt.Sprintf("p%d", n), yearArchs)
	}
	y.world = []string{"p15", "p14", "p13", "p12", "v0"}
	y.publish()
	y.step("the beginning")
}

// release adds the next version of a package, which may need others that are there, one of its own release, or what
// several provide.
func (y *year) release(name string, archs []string) {
	y.newest[name]++
	version := fmt.Sprintf("%d-r0", y.newest[name])
	var number int
	fmt.Sscanf(name, "p%d", &number)
	var words []string
	for range 1 + y.r.IntN(3) {
		if number == 0 {
			break
		}
		dep := fmt.Sprintf("p%d", y.r.IntN(min(number, 16)))
		switch y.r.IntN(10) {
		case 0:
			dep += fmt.Sprintf(">=%d-r0", max(1, y.newest[dep]-y.r.IntN(2)))
		case 1:
			dep += fmt.Sprintf("<%d-r0", y.newest[dep]+1)
		}
		words = append(words, "depend="+dep)
	}
	// Odd ones are of the source of the even ones before them.
	if number%2 == 1 && number < 16 && y.r.IntN(2) == 0 {
		words = append(words, fmt.Sprintf("depend=p%d", number-1))
	}
	if number >= 16 {
		words = append(words, fmt.Sprintf("provides=v0=%d", y.newest[name]))
	}
	for _, arch := range archs {
		y.files[arch+" "+name+" "+version] = &yearPackage{words: append([]string{arch, name, version}, words...)}
	}
}

// change changes the repository or apk.yaml, and says how.
func (y *year) change() string {
	name := fmt.Sprintf("p%d", y.r.IntN(19))
	keys := slices.Sorted(maps.Keys(y.files))
	key := keys[y.r.IntN(len(keys))]
	switch y.r.IntN(11) {
	case 0, 1, 2, 3:
		archs := yearArchs
		if y.r.IntN(4) == 0 {
			archs = yearArchs[:1] // the other one lags behind
		}
		y.release(name, archs)
		return fmt.Sprintf("%s %d for %s", name, y.newest[name], archs)
	case 4, 5, 6:
		// The oldest one that is not the only one.
		id := ""
		for version := 1; version < y.newest[name] && id == ""; version++ {
			if old := fmt.Sprintf("%s %d-r0", name, version); y.files["x86_64 "+old] != nil {
				id = old
			}
		}
		for _, arch := range yearArchs {
			if y.r.IntN(8) > 0 {
				delete(y.files, arch+" "+id)
			}
		}
		return id + " is deleted"
	case 7:
		y.files[key] = &yearPackage{words: append(slices.Clone(y.files[key].words), fmt.Sprintf("url=%d", y.r.Int()))}
		return key + " is built again"
	case 8:
		if len(y.world) > 2 {
			at := y.r.IntN(len(y.world))
			gone := y.world[at]
			y.world = slices.Delete(slices.Clone(y.world), at, at+1)
			return "apk.yaml drops " + gone
		}
	case 9:
		y.world = append(slices.DeleteFunc(slices.Clone(y.world), func(s string) bool { return strings.HasPrefix(s, name+">") }), fmt.Sprintf("%s>=%d-r0", name, y.newest[name]))
		return "apk.yaml wants the newest " + name
	}
	if !slices.Contains(y.world, name) {
		y.world = append(slices.Clone(y.world), name)
	}
	return "apk.yaml has " + name
}

// publish writes what is new of the repository, its indexes, and apk.yaml.
func (y *year) publish() {
	byArch := make(map[string][]*apkindex.Package)
	for _, key := range slices.Sorted(maps.Keys(y.files)) {
		p := y.files[key]
		arch := p.words[0]
		if p.indexed == nil {
			var err error
			if p.indexed, err = writePackage(filepath.Join(y.dir, "repo", arch), p.words); err != nil {
				y.t.Fatal(err)
			}
		}
		byArch[arch] = append(byArch[arch], p.indexed)
	}
	for _, arch := range yearArchs {
		if err := y.f.writeIndex(filepath.Join(y.dir, "repo", arch, "APKINDEX.tar.gz"), "test", byArch[arch]); err != nil {
			y.t.Fatal(err)
		}
	}
	config := fmt.Sprintf("repositories: [repo]\nkeyring: [test.rsa.pub]\narchs: [%s]\npackages: [\"%s\"]\n", strings.Join(yearArchs, ", "), strings.Join(y.world, `", "`))
	if err := os.WriteFile(filepath.Join(y.dir, "apk.yaml"), []byte(config), 0o644); err != nil {
		y.t.Fatal(err)
	}
}

// step locks, and sometimes updates a package or all, and judges what came of it. It reports whether there is an
// answer.
func (y *year) step(what string) bool {
	old, answer := y.run(what, "lock", nil)
	if !answer {
		y.refused++
		return false
	}
	if old != nil && y.r.IntN(3) == 0 {
		name := old.Packages[y.r.IntN(len(old.Packages))].Name
		y.run(what+", update "+name, "update", []string{name})
	}
	if y.r.IntN(10) == 0 {
		y.run(what+", update", "update", []string{})
	}
	return true
}

// run runs apklock and judges its result. names is nil for "lock".
func (y *year) run(what, command string, names []string) (made *lockfile.Lock, answer bool) {
	old := y.lock()
	var stdout, stderr bytes.Buffer
	p := &cli.Process{Getenv: os.Getenv, Stdout: &stdout, Stderr: &stderr}
	args := append([]string{command, "--config", filepath.Join(y.dir, "apk.yaml"), "--lock", filepath.Join(y.dir, "apk.lock.json")}, names...)
	if err := program().Run(y.t.Context(), p, args); err != nil {
		if _, resolved := y.resolve(nil); resolved == nil {
			y.t.Errorf("%s: %v, but there is an answer", what, err)
		}
		return nil, false
	}
	made = y.lock()
	if old != nil {
		y.judge(what, old, made, names, stdout.String())
	}
	if y.t.Failed() {
		y.t.Logf("%s\npackages: %q\n%s", what, y.world, stdout.String())
	}
	return made, true
}

func (y *year) lock() *lockfile.Lock {
	data, err := os.ReadFile(filepath.Join(y.dir, "apk.lock.json"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		y.t.Fatal(err)
	}
	lock, err := lockfile.Parse(data)
	if err != nil {
		y.t.Fatal(err)
	}
	return lock
}

// resolve is a fresh resolution of apk.yaml with more constraints for each architecture.
func (y *year) resolve(more map[string][]string) (map[string][]string, error) {
	var requests []apkresolve.Request
	for _, arch := range yearArchs {
		request := apkresolve.Request{Arch: arch}
		for _, text := range slices.Concat(y.world, more[arch]) {
			c, err := apkconstraint.Parse(text)
			if err != nil {
				y.t.Fatal(err)
			}
			request.World = append(request.World, c)
		}
		var packages []*apkindex.Package
		for _, key := range slices.Sorted(maps.Keys(y.files)) {
			if p := y.files[key]; p.words[0] == arch {
				packages = append(packages, p.indexed)
			}
		}
		request.Repositories = []apkresolve.Repository{{URL: "repo", Packages: packages}}
		requests = append(requests, request)
	}
	solutions, err := apkresolve.ResolveAll(requests)
	if err != nil {
		return nil, err
	}
	found := make(map[string][]string)
	for i, arch := range yearArchs {
		for _, p := range solutions[i].Packages {
			found[arch] = append(found[arch], p.Name+"="+p.Version)
		}
		slices.Sort(found[arch])
	}
	return found, nil
}

type yearID struct{ name, arch string }

func entriesOf(l *lockfile.Lock) map[yearID]lockfile.Package {
	all := make(map[yearID]lockfile.Package)
	for _, p := range l.Packages {
		all[yearID{p.Name, p.Arch}] = p
	}
	return all
}

// judge compares a lock with the one before.
func (y *year) judge(what string, old, made *lockfile.Lock, names []string, printed string) {
	before, now := entriesOf(old), entriesOf(made)
	pinned := make(map[string][]string)
	locked := make(map[string][]string)
	var moved []yearID
	for id, p := range now {
		was, there := before[id]
		locked[id.arch] = append(locked[id.arch], p.Name+"="+p.Version)
		if there && was.Version == p.Version || slices.Contains(names, id.name) {
			pinned[id.arch] = append(pinned[id.arch], p.Name+"="+p.Version)
			if y.newer(p) {
				y.kept++
			}
		}
		if there && was.Version != p.Version {
			moved = append(moved, id)
		}
		y.wantPrinted(what, printed, "added", id, !there)
		y.wantPrinted(what, printed, "changed", id, there && was.SHA256 != p.SHA256)
	}
	for id, was := range before {
		_, stays := now[id]
		y.wantPrinted(what, printed, "removed", id, !stays)
		_, exists := y.files[id.arch+" "+id.name+" "+was.Version]
		if told := strings.Contains(printed, id.name+" "+was.Version+" could not stay: the repositories no longer have it"); !exists && !told {
			y.t.Errorf("%s: %v: not told that it was deleted", what, id)
		}
	}
	if len(names) == 0 && names != nil {
		pinned = nil // all may move
	}
	fresh, err := y.resolve(pinned)
	for _, arch := range yearArchs {
		slices.Sort(locked[arch])
		if err != nil || !slices.Equal(fresh[arch], locked[arch]) {
			y.t.Errorf("%s (%s):\nthe lock has %q,\nfresh with   %q\npinned it is %q, %v", what, arch, locked[arch], pinned[arch], fresh[arch], err)
		}
	}
	y.moved += len(moved)
	for _, id := range moved {
		if pinned != nil && !slices.Contains(names, id.name) && !y.mustMove(id, before, now, pinned) {
			y.t.Errorf("%s: %v moved from %s to %s and need not", what, id, before[id].Version, now[id].Version)
		}
	}
}

func (y *year) newer(p lockfile.Package) bool {
	for key := range y.files {
		if words := strings.Fields(key); words[0] == p.Arch && words[1] == p.Name && len(words[2]) >= len(p.Version) && words[2] > p.Version {
			return true
		}
	}
	return false
}

func (y *year) wantPrinted(what, printed, kind string, id yearID, want bool) {
	got := false
	for line := range strings.Lines(printed) {
		fields := strings.Fields(line)
		got = got || len(fields) > 2 && fields[0] == kind && fields[1] == id.name && strings.Contains(line, id.arch)
	}
	if got != want {
		y.t.Errorf("%s: %v %s: printed %v, want %v", what, id, kind, got, want)
	}
}

// mustMove reports whether what moved could not stay, or moved along with what could not stay on the other
// architecture.
func (y *year) mustMove(id yearID, before, now map[yearID]lockfile.Package, pinned map[string][]string) bool {
	for _, arch := range yearArchs {
		other := yearID{id.name, arch}
		was, there := before[other]
		if !there || now[other].Version == was.Version || now[other].Version != now[id].Version {
			continue
		}
		tried := maps.Clone(pinned)
		tried[arch] = append(slices.Clone(pinned[arch]), id.name+"="+was.Version)
		if _, err := y.resolve(tried); err != nil {
			return true
		}
	}
	return false
}
