package release

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// From a line in MODULE.bazel to an image that is built and tested: init, and what it says comes next.
func TestInit(t *testing.T) {
	shared := workspace.Shared(t)
	r := publish(t)
	if err := os.CopyFS(filepath.Join(filepath.Dir(r.dir), "alpine"), os.DirFS(filepath.Join(shared, "apk", "alpine"))); err != nil {
		t.Fatal(err)
	}
	w := workspace.NewOfRegistry(t, map[string]string{
		"MODULE.bazel": fmt.Sprintf("bazel_dep(name = \"rules_apk\", version = %q)\n", r.version(t)),
	}, "", []string{r.registry}, r.module(t))
	out := w.Bazel(t, "run", "@rules_apk//:init", "--", "--distribution=alpine")
	for _, command := range []string{"bazel run @alpine//:lock", "bazel build //images:static", "bazel test //..."} {
		if !strings.Contains(out, command) {
			t.Errorf("init does not name the command %q:\n%s", command, out)
		}
	}
	// Alpine's mirror is out of reach.
	w.Write(t, "apk.yaml", fmt.Sprintf("repositories: [%s/alpine]\nkeyring: [%s]\narchs: [x86_64]\n", r.host.URL, filepath.Join(shared, "apk", "keys"))+
		w.Read(t, "apk.yaml")[strings.Index(w.Read(t, "apk.yaml"), "packages:"):])
	// Without a lock, and with one that is stale or broken, the tests are red.
	lockTest := func(want string) {
		t.Helper()
		r := w.Try(t, "test", "--test_output=errors", "//...")
		out := r.Stdout + r.Stderr
		if r.Err == nil {
			t.Error("bazel test //... is green")
		}
		for _, each := range []string{want, "hint: write a new lock: bazel run @alpine//:lock\n"} {
			if !strings.Contains(out, each) {
				t.Errorf("bazel test //...: got\n%s\nwant %q", out, each)
			}
		}
	}
	lockTest("apklock: error: reading the lock: ")
	w.Bazel(t, "run", "@alpine//:lock")
	w.Bazel(t, "build", "//images:static")
	w.Bazel(t, "test", "//...")
	yaml, lock := w.Read(t, "apk.yaml"), w.Read(t, "apk.lock.json")
	w.Write(t, "apk.yaml", strings.Replace(yaml, "tzdata]", "tzdata, openssl]", 1))
	lockTest("apk.lock.json is not what apk.yaml asks for")
	w.Write(t, "apk.yaml", yaml)
	w.Write(t, "apk.lock.json", "<<<<<<< HEAD\n"+lock)
	lockTest("apklock: error: apk.lock.json: line 1: ")
	w.Bazel(t, "run", "@alpine//:update")
	w.Bazel(t, "test", "//...")

	// Where the host wants a login, Bazel's downloader takes that of HTTP_AUTH, as apklock does.
	t.Run("HTTP_AUTH", func(t *testing.T) { httpAuth(t, w, r.host.URL) })

	misspelt(t, w)

	// Which images have it: Bazel is asked while it runs the question.
	w.Write(t, "bazel.sh", fmt.Sprintf("#!/bin/sh\nexec %s/bazelw --output_base=%s \"$@\"\n", workspace.Checkout(t), w.Base))
	if err := os.Chmod(filepath.Join(w.Dir, "bazel.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^//images:static\n  has tzdata \S+ \(x86_64\)\n1 of 1 image affected$`)
	if out := w.Bazel(t, "run", "@alpine//:affected", "--", "--bazel=./bazel.sh", "tzdata", "<9999"); !want.MatchString(out) {
		t.Errorf("affected: got\n%s\nwant %s", out, want)
	}

	files := []string{"MODULE.bazel", "BUILD.bazel", "apk.yaml", "apk.lock.json", "images/BUILD.bazel"}
	before := map[string]string{}
	for _, name := range files {
		before[name] = w.Read(t, name)
	}
	if out := w.Bazel(t, "run", "@rules_apk//:init", "--", "--distribution=alpine"); !strings.Contains(out, "nothing to do") {
		t.Errorf("the second time: %s", out)
	}
	for _, name := range files {
		if after := w.Read(t, name); after != before[name] {
			t.Errorf("the second init changed %s", name)
		}
	}
}

// misspelt names packages that are not locked, in each way that there is.
func misspelt(t *testing.T, w *workspace.Workspace) {
	t.Helper()
	build, yaml := w.Read(t, "images/BUILD.bazel"), w.Read(t, "apk.yaml")
	defer func() { w.Write(t, "images/BUILD.bazel", build); w.Write(t, "apk.yaml", yaml) }()
	check := func(want string, args ...string) {
		t.Helper()
		r := w.Try(t, args...)
		if r.Err == nil || !strings.Contains(r.Stderr, want) {
			t.Errorf("got %v\nwant an error with %q", r, want)
		}
	}
	const byName = "load(\"@alpine//:packages.bzl\", \"packages\")\n"
	named := func(names string) string {
		start, end := strings.Index(build, "packages = ["), strings.Index(build, "],\n    visibility")
		return byName + build[:start] + "packages = packages([" + names + "])" + build[end+1:]
	}
	w.Write(t, "images/BUILD.bazel", named(`"alpine-release", "tzdata"`))
	w.Bazel(t, "build", "--nobuild", "//images:static")
	w.Write(t, "images/BUILD.bazel", named(`"tzdtaa"`))
	check(`@alpine has no package "tzdtaa"; did you mean "tzdata"? If not, add it to packages in apk.yaml and run: bazel run @alpine//:lock`, "build", "//images:static")
	check(`apklock: error: package "tzdtaa" is not locked for x86_64; did you mean "tzdata"?`, "run", "@alpine//:why", "--", "tzdtaa")
	// In apk.yaml, and not locked since.
	w.Write(t, "apk.yaml", strings.Replace(yaml, "tzdata]", "tzdata, wget]", 1))
	w.Write(t, "images/BUILD.bazel", strings.Replace(build, "@alpine//tzdata", "@alpine//wget", 1))
	check(`//wget:wget: apk.yaml asks for "wget", which apk.lock.json lacks; run: bazel run @alpine//:lock`, "build", "//images:static")
}

// httpAuth locks and builds from a host that shows nothing without a login.
func httpAuth(t *testing.T, w *workspace.Workspace, open string) {
	target, err := url.Parse(open)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if user, password, _ := in.BasicAuth(); user != "me" || password != "a:b" {
			out.WriteHeader(http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(out, in)
	}))
	defer s.Close()
	yaml, lock := w.Read(t, "apk.yaml"), w.Read(t, "apk.lock.json")
	defer func() { w.Write(t, "apk.yaml", yaml); w.Write(t, "apk.lock.json", lock) }()
	w.Write(t, "apk.yaml", strings.ReplaceAll(yaml, open, s.URL))
	w.Write(t, "apk.lock.json", strings.ReplaceAll(lock, open, s.URL))
	if r := w.Try(t, "build", "--repository_cache=", "//images:static"); r.Err == nil || !strings.Contains(r.Stderr, "401") {
		t.Errorf("without HTTP_AUTH: %v, want 401", r)
	}
	host := strings.TrimPrefix(s.URL, "http://")
	t.Setenv("HTTP_AUTH", "basic:"+host+":me:a:b")
	w.Bazel(t, "build", "--repository_cache=", "//images:static")
	w.Bazel(t, "run", "@alpine//:update")
	if strings.Contains(w.Read(t, "apk.lock.json"), "a:b") {
		t.Error("the password is in the lock")
	}

	// Actions have a netrc file, and no password in their environment.
	module := w.Read(t, "MODULE.bazel")
	defer w.Write(t, "MODULE.bazel", module)
	w.Write(t, "MODULE.bazel", strings.Replace(module, "lock = \"//:apk.lock.json\",\n", "lock = \"//:apk.lock.json\",\n    fetch = \"action\",\n", 1))
	layout := []string{"build", "--disk_cache=", "--output_groups=oci_layout", "//images:static"}
	for _, tt := range []struct{ flag, want string }{
		{"--host_action_env=HTTP_AUTH=basic:" + host + ":me:a:b", "HTTP_AUTH in the environment of actions: the password would be part of each action"},
		{"--host_action_env=NETRC=/dev/null", "ocifetch: hint: an action of Bazel reads ~/.netrc, or FILE of --host_action_env=NETRC=FILE"},
	} {
		if r := w.Try(t, append(layout, tt.flag)...); r.Err == nil || !strings.Contains(r.Stderr, tt.want) {
			t.Errorf("%s: got %v, want %q", tt.flag, r, tt.want)
		}
	}
	w.Write(t, "netrc", "machine 127.0.0.1\nlogin me\npassword a:b\n")
	w.Bazel(t, append(layout, "--host_action_env=NETRC="+filepath.Join(w.Dir, "netrc"))...)
}
