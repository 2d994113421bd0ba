package alpine

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-apk/rules_apk/e2e/internal/filetree"
	"github.com/rules-apk/rules_apk/e2e/internal/image"
	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/realapk"
	"github.com/rules-apk/rules_apk/e2e/internal/runc"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
	"github.com/rules-apk/rules_apk/tools/rootfs"
)

const attributesBuild = `
load("@rules_apk//apk:defs.bzl", "apk_group", "apk_image", "apk_package", "apk_path", "apk_user")

apk_package(
    name = "links",
    description = "a directory and a name for it",
    directories = ["/srv/data"],
    license = "Apache-2.0",
    symlinks = {"/data": "srv/data"},
    version = "1-r0",
)

# It has files in what is a symlink in the other package.
apk_package(
    name = "linked",
    depends = ["links"],
    description = "files below the name",
    files = {"greeting.txt": "/data/in/greeting"},
    license = "Apache-2.0",
    modes = {"/data/in/greeting": "4750"},
    version = "1-r0",
    deps = [":links"],
)

PACKAGES = [
    ":linked",
    "@alpine//alpine-baselayout",
    "@alpine//busybox",
    "@alpine//ca-certificates-bundle",
    "@alpine//openssl",
]

apk_image(
    name = "image",
    certificates = ["company.pem"],
    exclude = ["usr/share/udhcpc", "etc/{network,logrotate.d}/**"],
    files = {"greeting.txt": "/etc/greeting"},
    groups = [apk_group("staff", gid = 5000)],
    keys = ["local.rsa.pub"],
    layering = "5",
    normalise = ["linked"],
    packages = PACKAGES,
    paths = [
        apk_path.directory("/var/app", group = "staff", mode = "2770", user = "app"),
        apk_path.empty_file("/var/app/state", user = "app"),
        apk_path.hardlink("/etc/hello", to = "/etc/greeting"),
        apk_path.hardlink("/usr/bin/box", to = "/bin/busybox"),
        apk_path.permissions("/usr/bin/openssl", group = "staff", mode = "0750"),
        apk_path.permissions("/srv", mode = "0711"),
        apk_path.permissions("/data/in/greeting", group = "staff"),
        apk_path.symlink("/usr/bin/ssl", to = "openssl"),
    ],
    run_as = "app:staff",
    scripts = ["alpine-baselayout"],
    users = [apk_user("app", gid = 5000, uid = 1000)],
)

apk_image(
    name = "not_normalised",
    packages = PACKAGES,
)
`

// Every attribute of apk_image has its effect, and apk finds the image as its database says.
func testAttributes(t *testing.T, w *workspace.Workspace, shared string, packages []lockedPackage) {
	apk := realapk.New(t, shared)
	w.Write(t, "attributes/BUILD.bazel", attributesBuild)
	w.Write(t, "attributes/greeting.txt", "hello\n")
	w.Write(t, "attributes/local.rsa.pub", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n")
	w.Write(t, "attributes/company.pem", certificate(t))
	image, err := image.FromLayout(copyLayout(t, w, "//attributes:image"), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "1000:5000" || len(config.RootFS.DiffIDs) != 5 {
		t.Errorf("user is %q, layers are %d, want 1000:5000 and 5", config.Config.User, len(config.RootFS.DiffIDs))
	}
	root := filepath.Join(apk.Root, "image")
	if err := rootfs.Unpack(image, root); err != nil {
		t.Fatal(err)
	}
	tree := filetree.Read(t, root)
	for path, want := range map[string]string{
		"usr/bin/openssl": "-rwxr-x--- 0:5000 sha256:", "srv": "drwx--x--x 0:0", "var/app": "dgrwxrwx--- 1000:5000", "var/app/state": "-rw-r--r-- 1000:0",
		"etc/hello": tree["etc/greeting"] + " = etc/greeting", "usr/bin/box": tree["bin/busybox"] + " = bin/busybox", "usr/bin/ssl": "Lrwxrwxrwx 0:0 -> openssl", "data": "Lrwxrwxrwx 0:0 -> srv/data",
		"srv/data/in/greeting": "urwxr-x--- 0:5000", "usr/share/udhcpc": "", "etc/network/if-up.d": "", "home/app": "drwxr-xr-x 1000:5000",
		"etc/apk/keys/local.rsa.pub": "-rw-r--r-- 0:0", "usr/local/share/ca-certificates/company.crt": "-rw-r--r-- 0:0",
	} {
		if got := tree[path]; !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if out := apk.Run(t, "audit", "--root", "/image", "--system", "--check-permissions"); out != "" {
		t.Errorf("apk audit prints:\n%s", out)
	}
	want := []string{"linked-1-r0", "links-1-r0"}
	for _, p := range packages {
		if p.Arch == realapk.Arch {
			want = append(want, p.Name+"-"+p.Version)
		}
	}
	var got []string
	for line := range strings.Lines(apk.Run(t, "info", "--root", "/image", "-vv")) {
		got = append(got, strings.Fields(line)[0])
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("apk info lists %q, want the lock's packages and two more: %q", got, want)
	}
	r := w.Try(t, "build", "--platforms=//platforms:amd64", "//attributes:not_normalised")
	for _, want := range []string{"package linked-1-r0", "its directory data is a symlink to srv/data in package links-1-r0", `normalise = ["linked"]`} {
		if r.Err == nil || !strings.Contains(r.Stderr, want) {
			t.Errorf("want an error with %q, got %s", want, r)
		}
	}
}

// copyLayout builds a target's OCI layout for amd64 and returns a copy of it.
func copyLayout(t *testing.T, w *workspace.Workspace, target string) string {
	t.Helper()
	args := []string{"--platforms=//platforms:amd64", "--output_groups=oci_layout", target}
	w.Bazel(t, append([]string{"build"}, args...)...)
	files := strings.Fields(w.Bazel(t, append([]string{"cquery", "--output=files"}, args...)...))
	if len(files) != 1 {
		t.Fatalf("output group oci_layout holds %q, want one folder", files)
	}
	dir := filepath.Join(t.TempDir(), "layout")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(w.Dir, files[0]))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Company"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// testGlibc packs a program of this machine's Debian, its libraries and its dynamic linker with apk_package. In the
// image it starts without LD_LIBRARY_PATH, although its libraries are where only etc/ld.so.conf says.
func testGlibc(t *testing.T, w *workspace.Workspace) {
	const linker, expr = "/lib64/ld-linux-x86-64.so.2", "/usr/bin/expr"
	for _, p := range []string{linker, expr, "/usr/bin/ldd", "/sbin/ldconfig"} {
		if _, err := os.Stat(p); err != nil {
			t.Skipf("SKIPPED: no glibc for x86_64 here: %v", err)
		}
	}
	files := map[string]string{linker: linker, expr: expr}
	for _, m := range regexp.MustCompile(`=> (/\S+)`).FindAllStringSubmatch(program.Run(t, "/usr/bin/ldd", expr), -1) {
		files["/opt/libraries/"+filepath.Base(m[1])] = m[1]
	}
	w.Write(t, "glibc/ld.so.conf", "/opt/libraries\n")
	var lines, modes []string
	for to, from := range files {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(t, "glibc/"+filepath.Base(to), string(data))
		lines = append(lines, fmt.Sprintf("        %q: %q,\n", filepath.Base(to), to))
		modes = append(modes, fmt.Sprintf("        %q: \"0755\",\n", to))
	}
	w.Write(t, "glibc/BUILD.bazel", `
load("@rules_apk//apk:defs.bzl", "apk_image", "apk_package")

apk_package(
    name = "debian",
    arch = "x86_64",
    description = "a program and glibc",
    files = {
        "ld.so.conf": "/etc/ld.so.conf",
`+strings.Join(lines, "")+`    },
    license = "GPL-3.0-or-later AND LGPL-2.1-or-later",
    modes = {
`+strings.Join(modes, "")+`    },
    version = "1-r0",
)

apk_image(
    name = "image",
    entrypoint = ["/usr/bin/expr"],
    packages = [":debian"],
)
`)
	c := runc.New(t, copyLayout(t, w, "//glibc:image"), "amd64")
	if r := c.Run(t, "/usr/bin/expr", "20", "+", "22"); r.Err != nil || r.Stdout != "42\n" {
		t.Errorf("want 42, got %s", r)
	}
	list := program.Run(t, "/sbin/ldconfig", "-p", "-C", filepath.Join(c.Root, "etc/ld.so.cache"))
	if !strings.Contains(list, "libc.so.6 (libc6,x86-64") || !strings.Contains(list, "=> /opt/libraries/libc.so.6") {
		t.Errorf("ldconfig reads\n%s", list)
	}
}
