package python

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// repositories makes the repository of real packages in two states, one with a library in the version before its
// newest, and serves the former.
func (e *env) repositories(t *testing.T) {
	t.Helper()
	ocibuild := program.Build(t, workspace.Checkout(t), "./tools/cmd/ocibuild")
	debrepo := program.Build(t, filepath.Join(workspace.Checkout(t), "e2e"), "./debrepo")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	key := e.writeKey(t)
	state := func(name string, flags ...string) (string, program.Result) {
		dir := filepath.Join(t.TempDir(), name)
		args := append([]string{"--dir=" + dir, "--ocibuild=" + ocibuild, "--key=" + key, "--key-name=debian.rsa.pub",
			"--cache=" + filepath.Join(cache, "rules_apk", "e2e-debs")}, flags...)
		r := program.Command{Name: debrepo, Args: append(args, packages()...), Timeout: 5 * time.Minute}.Run(t)
		return dir, r
	}
	start := time.Now()
	dir, r := state("after")
	if r.Err != nil {
		if strings.Contains(r.Stderr, "apt-get --quiet=2 update") {
			t.Skipf("SKIPPED: apt reaches no source: %s", r.Stderr)
		}
		t.Fatal(r)
	}
	e.after, e.before = dir, dir
	t.Logf("the repository, %d packages, took %.1f s", strings.Count(r.Stdout, "\n"), time.Since(start).Seconds())
	for _, library := range []string{"libssl3", "libexpat1", "libgssapi-krb5-2"} {
		dir, r := state("before", "--previous="+library)
		if r.Err == nil {
			e.before, e.library = dir, library
			break
		}
		t.Logf("no previous version of %s: %s", library, r.Stderr)
	}
	e.start(t)
}

// packages are those of apk.yaml, by Debian's names.
func packages() []string {
	return []string{"base-files", "ca-certificates", "libc-bin", "python3", "dash", "dpkg"}
}

// start starts the HTTP server.
func (e *env) start(t *testing.T) {
	var handler atomic.Value
	e.serve = func(dir string) { handler.Store(http.StripPrefix("/debian", http.FileServer(http.Dir(dir)))) }
	e.serve(e.before)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.Load().(http.Handler).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	e.url = server.URL + "/debian"
}

func (e *env) writeKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	e.publicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	name := filepath.Join(t.TempDir(), "debian.rsa")
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(name, private, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
