package alpine

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// TestBump changes one package of an image: what is rebuilt is that package's facts, the system layer and the manifest.
func TestBump(t *testing.T) {
	shared := workspace.Shared(t)
	ocibuild := program.Build(t, workspace.Checkout(t), "./tools/cmd/ocibuild")
	roots := []string{"alpine-baselayout", "openssl", "ca-certificates-bundle", "wget", "openssh-client-default", "chrony", "bumped"}
	labels := make([]string, len(roots))
	for i, root := range roots {
		labels[i] = fmt.Sprintf("%q", "@alpine//"+root)
	}
	w := workspace.New(t, map[string]string{
		"MODULE.bazel": module,
		"BUILD.bazel": `load("@rules_apk//apk:defs.bzl", "apk_image")
apk_image(name = "image", packages = [` + strings.Join(labels, ", ") + `])
`,
		"apk.yaml": fmt.Sprintf(`repositories: [%q, repo]
keyring: [%q, key.rsa.pub]
archs: [x86_64]
packages: [%s]
`, filepath.Join(shared, "apk", "alpine"), filepath.Join(shared, "apk", "keys"), strings.Join(roots, ", ")),
		"apk.lock.json":         "",
		"platforms/BUILD.bazel": platforms,
		"files/etc/bumped.conf": "content\n",
	})
	writeKey(t, w)
	ours := func() map[string]int {
		ran := map[string]int{}
		for _, spawn := range w.Spawns(t, "--platforms=//platforms:amd64", "//:image") {
			if strings.HasPrefix(spawn.Mnemonic, "Apk") || strings.HasPrefix(spawn.Mnemonic, "Oci") {
				ran[spawn.Mnemonic]++
			}
		}
		return ran
	}
	publish(t, w, ocibuild, "1.0-r0")
	w.Bazel(t, "run", "@alpine//:lock")
	if first := ours(); first["ApkFacts"] < 20 || first["ApkSystemLayer"] != 1 || first["OciManifest"] != 1 || len(first) != 3 {
		t.Fatalf("the first build ran %v, want at least 20 ApkFacts, a system layer and a manifest", first)
	}
	publish(t, w, ocibuild, "1.1-r0")
	w.Bazel(t, "run", "@alpine//:lock")
	if second := ours(); second["ApkFacts"] != 1 || second["ApkSystemLayer"] != 1 || second["OciManifest"] != 1 || len(second) != 3 {
		t.Errorf("after one package changed the build ran %v, want one ApkFacts, one ApkSystemLayer, one OciManifest", second)
	}
	if third := ours(); len(third) != 0 {
		t.Errorf("after nothing changed the build ran %v, want nothing", third)
	}
}

func writeKey(t *testing.T, w *workspace.Workspace) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(t, "key.rsa", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	w.Write(t, "key.rsa.pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
}

// publish makes the repository "repo" of the workspace: one package in version.
func publish(t *testing.T, w *workspace.Workspace, ocibuild, version string) {
	t.Helper()
	repo := filepath.Join(w.Dir, "repo")
	if err := os.RemoveAll(repo); err != nil {
		t.Fatal(err)
	}
	apk := filepath.Join(t.TempDir(), "bumped-"+version+".apk")
	program.Run(t, ocibuild, "package",
		`--package-spec={"name":"bumped","version":"`+version+`","arch":"x86_64","description":"a package that changes","license":"MIT"}`,
		`--entry={"path":"/etc/bumped.conf","mode":"0644"}`, "--file="+filepath.Join(w.Dir, "files/etc/bumped.conf"),
		"--key="+filepath.Join(w.Dir, "key.rsa"), "--key-name=key.rsa.pub", "--apk-out="+apk)
	program.Run(t, ocibuild, "repository", "--arch=x86_64", "--apk="+apk,
		"--key="+filepath.Join(w.Dir, "key.rsa"), "--key-name=key.rsa.pub", "--repository-out="+repo)
}
