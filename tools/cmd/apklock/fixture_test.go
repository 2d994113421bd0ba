package main

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// fixture makes what scripts need: keys and repositories.
type fixture struct {
	servers servers
	t       *testing.T
	mu      sync.Mutex
	keys    map[string]*rsa.PrivateKey
}

func newFixture(t *testing.T) *fixture {
	return &fixture{t: t, keys: make(map[string]*rsa.PrivateKey)}
}

func (f *fixture) commands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	all := map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"key":        f.key,
		"repository": f.repository,
		"tamper":     tamper,
		"damage":     damage,
		"image":      image,
		"reindex":    f.reindex,
		"restate":    f.restate,
		"serve":      f.servers.serve,
		"requests":   f.servers.requests,
		"stall":      f.servers.stall,
		"await":      await,
		"privatekey": f.privatekey,
		"indexes":    indexesOf,
		"status":     status,
		"envsubst":   envsubst,
		"edit":       edit,
		"versions":   versionsOf,
		"push":       push,
	}
	maps.Copy(all, deploytest.Commands())
	return all
}

// privateKey returns the key of that name, the same in all scripts.
func (f *fixture) privateKey(name string) (*rsa.PrivateKey, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if key, ok := f.keys[name]; ok {
		return key, nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	f.keys[name] = key
	return key, err
}

// key FILE [NAME] writes a public key: that which signs as NAME, or as the file's own name.
func (f *fixture) key(ts *testscript.TestScript, neg bool, args []string) {
	file := ts.MkAbs(args[0])
	name := strings.TrimSuffix(filepath.Base(file), apksign.KeySuffix)
	if len(args) > 1 {
		name = args[1]
	}
	ts.Check(f.writeKey(file, name))
}

// writeKey writes the public key that signs as name.
func (f *fixture) writeKey(file, name string) error {
	key, err := f.privateKey(name)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o644)
}

// privatekey FILE writes the private key that signs as FILE with ".pub".
func (f *fixture) privatekey(ts *testscript.TestScript, neg bool, args []string) {
	key, err := f.privateKey(strings.TrimSuffix(filepath.Base(args[0]), ".rsa"))
	ts.Check(err)
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(block), 0o600))
}

func (f *fixture) signer(name string) (*apksign.Signer, error) {
	key, err := f.privateKey(name)
	if err != nil {
		return nil, err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return apksign.NewSigner(pem.EncodeToMemory(block), name+apksign.KeySuffix, apksign.RSASHA256)
}

// repository DIR KEY FILE makes the repository that FILE describes, its indexes
// signed by KEY ("-": unsigned). A line of FILE is a package:
//
//	x86_64 busybox 1.36-r0 depend=musl "provides=/bin/sh" license=GPL-2.0-only
//
// Besides fields it may have file=PATH and link=PATH:TARGET.
func (f *fixture) repository(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: repository DIR KEY FILE")
	}
	dir := ts.MkAbs(args[0])
	byArch := make(map[string][]*apkindex.Package)
	for line := range strings.Lines(ts.ReadFile(args[2])) {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		arch := words[0]
		p, err := writePackage(filepath.Join(dir, arch), words)
		ts.Check(err)
		byArch[arch] = append(byArch[arch], p)
	}
	for _, arch := range slices.Sorted(maps.Keys(byArch)) {
		ts.Check(f.writeIndex(filepath.Join(dir, arch, "APKINDEX.tar.gz"), args[1], byArch[arch]))
	}
}

func (f *fixture) writeIndex(path, key string, packages []*apkindex.Package) error {
	var archive, signed bytes.Buffer
	if err := apkindex.WriteArchive(&archive, &apkindex.Index{Description: "test", Packages: packages}); err != nil {
		return err
	}
	if key == "-" {
		return os.WriteFile(path, archive.Bytes(), 0o644)
	}
	signer, err := f.signer(key)
	if err != nil {
		return err
	}
	if err := signer.SignArchive(&signed, 0, archive.Bytes()); err != nil {
		return err
	}
	return os.WriteFile(path, signed.Bytes(), 0o644)
}

// reindex FILE KEY OLD NEW replaces text in an index, which KEY then signs again: an index that is signed, but not as
// apk would write it. In NEW, | is a line end.
func (f *fixture) reindex(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	old, err := os.ReadFile(path)
	ts.Check(err)
	_, signed, err := apksign.Split(old)
	ts.Check(err)
	plain, err := gunzip(signed)
	ts.Check(err)
	archive := tar.NewReader(bytes.NewReader(plain))
	var text []byte
	for {
		h, err := archive.Next()
		ts.Check(err)
		if h.Name == "APKINDEX" {
			text, err = io.ReadAll(archive)
			ts.Check(err)
			break
		}
	}
	line := func(s string) string { return strings.ReplaceAll(s, "|", "\n") }
	changed := strings.Replace(string(text), line(args[2]), line(args[3]), 1)
	if changed == string(text) {
		ts.Fatalf("no %q in %s", args[2], text)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(slices.Concat(file("APKINDEX", changed), end()))
	ts.Check(err)
	ts.Check(w.Close())
	signer, err := f.signer(args[1])
	ts.Check(err)
	var out bytes.Buffer
	ts.Check(signer.SignArchive(&out, 0, packed.Bytes()))
	ts.Check(os.WriteFile(path, out.Bytes(), 0o644))
}

// restate DIR KEY FILE makes the index of a folder state checksum and size of a package as its file is now, and signs
// it.
func (f *fixture) restate(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	apk, err := os.ReadFile(filepath.Join(dir, args[2]))
	ts.Check(err)
	old, err := os.ReadFile(filepath.Join(dir, "APKINDEX.tar.gz"))
	ts.Check(err)
	_, signed, err := apksign.Split(old)
	ts.Check(err)
	index, err := apkindex.Read(verified.Trust(signed, "the test that wrote it"))
	ts.Check(err)
	for _, p := range index.Packages {
		if p.FileName() == args[2] {
			// The first stream of these packages is their control section.
			r := bytes.NewReader(apk)
			z, err := gzip.NewReader(r)
			ts.Check(err)
			z.Multistream(false)
			_, err = io.Copy(io.Discard, z)
			ts.Check(err)
			sum := sha1.Sum(apk[:len(apk)-r.Len()])
			p.Size, p.Checksum = int64(len(apk)), "Q1"+base64.StdEncoding.EncodeToString(sum[:])
		}
	}
	ts.Check(f.writeIndex(filepath.Join(dir, "APKINDEX.tar.gz"), args[1], index.Packages))
}

func writePackage(dir string, words []string) (*apkindex.Package, error) {
	arch, name, version := words[0], words[1], words[2]
	info := apkfile.Info{{Key: "pkgname", Value: name}, {Key: "pkgver", Value: version}, {Key: "arch", Value: arch}}
	content := name + " " + version + "\n"
	file := func(path string) apkfile.Entry {
		return apkfile.Entry{
			Path: path, Mode: 0o644, Uname: "root", Gname: "root", Size: int64(len(content)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
		}
	}
	entries := []apkfile.Entry{file("usr/share/" + name)}
	for _, word := range words[3:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "file":
			entries = append(entries, file(value))
		case "link":
			path, target, _ := strings.Cut(value, ":")
			entries = append(entries, apkfile.Entry{Path: path, Mode: fs.ModeSymlink | 0o777, Link: target})
		default:
			info = append(info, apkfile.Pair{Key: key, Value: value})
		}
	}
	p := &apkfile.Package{Info: info, Entries: entries}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	scratch, err := os.CreateTemp(dir, ".scratch")
	if err != nil {
		return nil, err
	}
	defer os.Remove(scratch.Name())
	defer scratch.Close()
	var apk bytes.Buffer
	if err := apkfile.Write(&apk, scratch, p); err != nil {
		return nil, err
	}
	read, err := apkfile.Read(bytes.NewReader(apk.Bytes()), apkfile.Built(), nil)
	if err != nil {
		return nil, err
	}
	indexed := &apkindex.Package{
		Name: name, Version: version, Arch: arch, Description: info.Value("pkgdesc"), License: info.Value("license"),
		Origin: info.Value("origin"), Checksum: read.Checksum, Size: read.Size,
		Depends: info.List("depend"), Provides: info.List("provides"), InstallIf: info.List("install_if"),
	}
	if indexed.InstalledSize, err = read.Info.Int("size"); err != nil {
		return nil, err
	}
	if indexed.BuildTime, err = info.Int("builddate"); err != nil {
		return nil, err
	}
	return indexed, os.WriteFile(filepath.Join(dir, indexed.FileName()), apk.Bytes(), 0o644)
}

// status N PROGRAM ARGUMENT... runs a program and wants the exit status N; "! exec" only wants one that is not 0.
func status(ts *testscript.TestScript, neg bool, args []string) {
	want := args[0]
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != want {
		ts.Fatalf("status %s, want %s", got, want)
	}
}

// envsubst FILE... replaces $NAME in files by the script's environment.
func envsubst(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(os.Expand(ts.ReadFile(name), ts.Getenv)), 0o644))
	}
}

// edit FILE OLD NEW replaces the first OLD in a file, which must have one.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	old := ts.ReadFile(args[0])
	if !strings.Contains(old, args[1]) {
		ts.Fatalf("no %s in %s", args[1], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(old, args[1], args[2], 1)), 0o644))
}

// versions LOCK ARCH prints what is locked, for "cmp stdout".
func versionsOf(ts *testscript.TestScript, neg bool, args []string) {
	lock, err := lockfile.Parse([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	for _, p := range lock.Packages {
		if p.Arch == args[1] {
			fmt.Fprintf(ts.Stdout(), "%s %s\n", p.Name, p.Version)
		}
	}
}

// indexes LOCK prints the digest and key of the x86_64 index of each repository.
func indexesOf(ts *testscript.TestScript, neg bool, args []string) {
	lock, err := lockfile.Parse([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	for _, r := range lock.Repositories {
		for _, index := range r.Indexes {
			if index.Arch == "x86_64" {
				fmt.Fprintln(ts.Stdout(), index.Digest, index.Key)
			}
		}
	}
}
