// Package faults has no code but tests: what programs that are killed, disks that are full and networks that fail leave
// behind.
package faults

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/rules-apk/rules_apk/e2e/internal/ocideploy"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// kills is how often each program is killed.
const kills = 12

// world is what the programs work on: a repository of real packages behind a server that can fail, and an image.
type world struct {
	apklock, ocifetch string
	deploy            ocideploy.Binary
	shared            string // the folder apk of the real packages
	url               string // of the repository
	files             http.Handler
	fault             atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]
	lock              []byte // as it is to be
	image             string // a layout
}

func newWorld(t *testing.T) *world {
	root := workspace.Checkout(t)
	w := &world{
		shared:  filepath.Join(workspace.Shared(t), "apk"),
		apklock: program.Build(t, root, "./tools/cmd/apklock"), ocifetch: program.Build(t, root, "./tools/cmd/ocifetch"),
		deploy: ocideploy.Build(t), image: filepath.Join(t.TempDir(), "layout"),
	}
	w.files = http.FileServer(http.Dir(filepath.Join(w.shared, "alpine")))
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if fault := w.fault.Load(); fault == nil || !(*fault)(rw, r) {
			w.files.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(server.Close)
	w.url = server.URL

	image, err := random.Image(1<<20, 8)
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image})
	if _, err := layout.Write(w.image, index); err != nil {
		t.Fatal(err)
	}

	at := newPlace(t, w)
	run(t, w.locking(at))
	if w.lock, err = os.ReadFile(at.in("apk.lock.json")); err != nil {
		t.Fatal(err)
	}
	return w
}

// breaks has the repository fail until the test ends.
func (w *world) breaks(t *testing.T, fault func(http.ResponseWriter, *http.Request) bool) {
	w.fault.Store(&fault)
	t.Cleanup(func() { w.fault.Store(nil) })
}

// place is where one program runs: its home, its inputs and its outputs. out may lie elsewhere.
type place struct{ dir, out string }

func newPlace(t *testing.T, w *world) *place {
	p := &place{dir: t.TempDir()}
	p.out = p.dir
	config := fmt.Sprintf("repositories: [%s]\nkeyring: [%s/keys]\narchs: [x86_64]\npackages: [busybox, openssl]\n", w.url, w.shared)
	write(t, p.in("apk.yaml"), []byte(config))
	write(t, p.in("netrc"), nil)
	if w.lock != nil {
		write(t, p.in("good.lock.json"), w.lock)
	}
	return p
}

func (p *place) in(name string) string { return filepath.Join(p.dir, name) }

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *place) command(binary string, args ...string) program.Command {
	return program.Command{Name: binary, Args: args, Dir: p.dir, Env: []string{
		"HOME=" + p.dir, "XDG_CACHE_HOME=" + p.in("cache"), "DOCKER_CONFIG=", "REGISTRY_AUTH_FILE=", "XDG_RUNTIME_DIR=", "NETRC=" + p.in("netrc"),
	}}
}

func (w *world) locking(p *place) program.Command {
	return p.command(w.apklock, "lock", "--config="+p.in("apk.yaml"), "--lock="+filepath.Join(p.out, "apk.lock.json"))
}

func (w *world) mirroring(p *place) program.Command {
	return p.command(w.apklock, "mirror", "--config="+p.in("apk.yaml"), "--lock="+p.in("good.lock.json"), filepath.Join(p.out, "mirror"))
}

// largest is a package that takes a while.
const largest = "libcrypto3-3.1.4-r5.apk"

func (w *world) fetching(t *testing.T, p *place) program.Command {
	content, err := os.ReadFile(filepath.Join(w.shared, "alpine", "x86_64", largest))
	if err != nil {
		t.Fatal(err)
	}
	get, err := json.Marshal(map[string]any{
		"name": largest, "urls": []string{w.url + "/x86_64/" + largest}, "size": len(content), "sha256": fmt.Sprintf("sha256:%x", sha256.Sum256(content)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p.command(w.ocifetch, "--get="+string(get), "--output="+filepath.Join(p.out, largest))
}

func (w *world) loading(t *testing.T, p *place) program.Command {
	spec := ocideploy.Spec(t, w.image, "load", "example.com/image", "v1")
	c := w.deploy.Command(p.dir, "load", "--spec="+spec, "--output="+filepath.Join(p.out, "image.tar"))
	c.Env = append(c.Env, p.command("").Env...)
	return c
}

func run(t *testing.T, c program.Command) {
	t.Helper()
	if r := c.Run(t); r.Err != nil {
		t.Fatal(r)
	}
}

// whole says whether what is under a name is all of what is to be there; a name that is not there is none.
func whole(path string, want []byte) error {
	got, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%s has %d bytes, want %d, or that it is not there", path, len(got), len(want))
	}
	return err
}

// sameAsShipped checks every package below dir.
func (w *world) sameAsShipped(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".apk" {
			return err
		}
		want, err := os.ReadFile(filepath.Join(w.shared, "alpine", "x86_64", filepath.Base(path)))
		if err != nil {
			return err
		}
		return whole(path, want)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// temporary is the name of a file that is not finished.
var temporary = regexp.MustCompile(`^\..*\.[0-9]+$`)

func leftOver(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && temporary.MatchString(d.Name()) {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// killed starts a program again and again and kills it at some moment, then lets it run to its end: whatever it has
// left must be whole each time, and in the end nothing unfinished is there.
func killed(t *testing.T, p *place, c program.Command, check func() error) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	length := 300 * time.Millisecond
	early := 0
	for range kills {
		cmd := exec.Command(c.Name, c.Args...)
		cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
		start := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		moment := time.Duration(random.Int64N(int64(length)))
		timer := time.AfterFunc(moment, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		if timer.Stop() && err == nil {
			length = time.Since(start) // it takes that long at most: kill earlier
			t.Logf("ended by itself after %s", length)
		} else {
			early++
		}
		if err := check(); err != nil {
			t.Fatalf("killed after %s: %v", moment, err)
		}
	}
	if early == 0 {
		t.Errorf("it was never killed before its end, in %d runs", kills)
	}
	left := leftOver(t, p.dir)
	run(t, c)
	if err := check(); err != nil {
		t.Error(err)
	}
	if after := leftOver(t, p.dir); len(after) > 0 {
		t.Errorf("%d unfinished files, %d after a whole run: %q", len(left), len(after), after)
	}
	t.Logf("killed %d times; %d unfinished files were swept up", early, len(left))
}

// slow is an answer that comes in pieces.
type slow struct{ http.ResponseWriter }

func (s slow) Write(p []byte) (int, error) {
	time.Sleep(2 * time.Millisecond)
	return s.ResponseWriter.Write(p)
}

func TestKilled(t *testing.T) {
	w := newWorld(t)
	// A network that takes its time, so that programs are killed while they read and write.
	w.breaks(t, func(rw http.ResponseWriter, r *http.Request) bool {
		time.Sleep(5 * time.Millisecond)
		w.files.ServeHTTP(slow{rw}, r)
		return true
	})
	t.Run("lock", func(t *testing.T) {
		p := newPlace(t, w)
		killed(t, p, w.locking(p), func() error { return whole(p.in("apk.lock.json"), w.lock) })
	})
	t.Run("mirror", func(t *testing.T) {
		p := newPlace(t, w)
		killed(t, p, w.mirroring(p), func() error { return w.sameAsShipped(p.in("mirror")) })
	})
	t.Run("fetch", func(t *testing.T) {
		p := newPlace(t, w)
		killed(t, p, w.fetching(t, p), func() error { return w.sameAsShipped(p.dir) })
	})
	t.Run("load", func(t *testing.T) {
		p := newPlace(t, w)
		run(t, w.loading(t, p))
		want, err := os.ReadFile(p.in("image.tar"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(p.in("image.tar")); err != nil {
			t.Fatal(err)
		}
		killed(t, p, w.loading(t, p), func() error { return whole(p.in("image.tar"), want) })
	})
	t.Run("push", func(t *testing.T) {
		p := newPlace(t, w)
		r := registry.Build(t).Start(t, registry.Options{})
		spec := ocideploy.Spec(t, w.image, "push", r.Host+"/image", "v1")
		ref, err := name.ParseReference(r.Host+"/image:v1", name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		killed(t, p, w.deploy.Command(p.dir, "push", "--spec="+spec), func() error {
			image, err := remote.Image(ref)
			if err != nil {
				return nil // no tag yet
			}
			return validate.Image(image)
		})
		if _, err := remote.Image(ref); err != nil {
			t.Errorf("the image is not there after a whole run: %v", err)
		}
	})
}

// A disk that is full is an error that says so; nothing half is left under a name, and with room the same command
// works.
func TestFullDisk(t *testing.T) {
	program.RequireRoot(t)
	program.Require(t, "mount", "umount")
	w := newWorld(t)
	for name, c := range map[string]struct {
		command func(*testing.T, *place) program.Command
		size    string
		check   func(*place) error
	}{
		"lock":   {func(_ *testing.T, p *place) program.Command { return w.locking(p) }, "4k", func(p *place) error { return whole(filepath.Join(p.out, "apk.lock.json"), w.lock) }},
		"mirror": {func(_ *testing.T, p *place) program.Command { return w.mirroring(p) }, "1m", func(p *place) error { return w.sameAsShipped(p.out) }},
		"fetch":  {w.fetching, "1m", func(p *place) error { return w.sameAsShipped(p.out) }},
		"load": {w.loading, "1m", func(p *place) error {
			if _, err := os.Stat(filepath.Join(p.out, "image.tar")); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("image.tar: %v, want that it is not there", err)
			}
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, w)
			p.out = p.in("small")
			if err := os.Mkdir(p.out, 0o755); err != nil {
				t.Fatal(err)
			}
			program.Run(t, "mount", "-t", "tmpfs", "-o", "size="+c.size, "tmpfs", p.out)
			t.Cleanup(func() { program.Run(t, "umount", p.out) })
			command := c.command(t, p)
			r := command.Run(t)
			if r.Err == nil || !strings.Contains(r.Stderr, "no space left on device") {
				t.Errorf("want an error that says that the disk is full, got %s", r)
			}
			if err := c.check(p); err != nil {
				t.Error(err)
			}
			if left := leftOver(t, p.out); len(left) > 0 {
				t.Errorf("unfinished files: %q", left)
			}
			program.Run(t, "mount", "-o", "remount,size=64m", p.out)
			run(t, command)
		})
	}
}

func TestNetwork(t *testing.T) {
	w := newWorld(t)
	commands := map[string]func(*testing.T, *place) program.Command{
		"lock":   func(_ *testing.T, p *place) program.Command { return w.locking(p) },
		"mirror": func(_ *testing.T, p *place) program.Command { return w.mirroring(p) },
		"fetch":  w.fetching,
	}
	for name, command := range commands {
		t.Run(name+", cut connections", func(t *testing.T) {
			p := newPlace(t, w)
			var asked atomic.Int32
			w.breaks(t, func(rw http.ResponseWriter, r *http.Request) bool {
				if asked.Add(1)%2 == 0 {
					return false
				}
				rw.Header().Set("Content-Length", "1000000")
				_, _ = rw.Write([]byte("half of"))
				panic(http.ErrAbortHandler)
			})
			run(t, command(t, p))
			if err := w.sameAsShipped(p.dir); err != nil {
				t.Error(err)
			}
		})
		t.Run(name+", too many requests", func(t *testing.T) {
			p := newPlace(t, w)
			var refused atomic.Int32
			w.breaks(t, func(rw http.ResponseWriter, r *http.Request) bool {
				if refused.Add(1) > 2 {
					return false
				}
				rw.Header().Set("Retry-After", "1")
				rw.WriteHeader(http.StatusTooManyRequests)
				return true
			})
			start := time.Now()
			run(t, command(t, p))
			if took := time.Since(start); took < time.Second {
				t.Errorf("it took %s, want that it waits for the second that the server asks for", took)
			}
		})
		t.Run(name+", credentials", func(t *testing.T) {
			p := newPlace(t, w)
			w.breaks(t, func(rw http.ResponseWriter, r *http.Request) bool {
				if user, password, _ := r.BasicAuth(); user == "me" && password == "se:cret" {
					return false
				}
				rw.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				rw.WriteHeader(http.StatusUnauthorized)
				return true
			})
			write(t, p.in("netrc"), []byte("machine 127.0.0.1 login me password wr:ong\n"))
			r := command(t, p).Run(t)
			if r.Err == nil || !strings.Contains(r.Stderr, "401") {
				t.Errorf("want an error that says that the password is wrong, got %s", r)
			}
			if strings.Contains(r.Stdout+r.Stderr, "wr:ong") {
				t.Errorf("it prints the password: %s", r)
			}
			write(t, p.in("netrc"), []byte("machine 127.0.0.1 login me password se:cret\n"))
			run(t, command(t, p))
		})
	}
}
