package layerproof_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deploytest"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
	"github.com/rules-apk/rules_apk/tools/internal/lock/apkrepo"
	"github.com/rules-apk/rules_apk/tools/internal/lock/layerproof"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
	"github.com/rules-apk/rules_apk/tools/internal/verified"
)

// world is a signed repository in a directory, a lock of its packages, and an image made of them and of a layer that is
// none.
type world struct {
	t       *testing.T
	dir     string
	key     *rsa.PrivateKey
	signer  *apksign.Signer
	indexed []*apkindex.Package
	lock    *lockfile.Lock
	blobs   []ociimage.Blob
}

func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir(), key: key}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if w.signer, err = apksign.NewSigner(private, "test.rsa.pub", apksign.RSASHA256); err != nil {
		t.Fatal(err)
	}
	w.must(os.MkdirAll(filepath.Join(w.dir, "x86_64"), 0o755))
	w.lock = &lockfile.Lock{Repositories: []lockfile.Repository{{URL: "repo"}}}
	w.add("plain", "content", nil)
	w.add("signed", "content", w.signer)
	w.writeIndex()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) path(name string) string {
	return filepath.Join(w.dir, "x86_64", name+"-1-r0.apk")
}

// add writes a package, and notes it for index, lock and image.
func (w *world) add(name, content string, signer *apksign.Signer) {
	w.t.Helper()
	scratch, err := os.CreateTemp(w.t.TempDir(), "")
	w.must(err)
	defer scratch.Close()
	var apk bytes.Buffer
	w.must(apkfile.Write(&apk, scratch, &apkfile.Package{
		Info:   apkfile.Info{{Key: "pkgname", Value: name}, {Key: "pkgver", Value: "1-r0"}, {Key: "arch", Value: "x86_64"}},
		Signer: signer,
		Entries: []apkfile.Entry{{Path: name, Mode: 0o644, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(content)), nil
		}}},
	}))
	w.must(os.WriteFile(w.path(name), apk.Bytes(), 0o644))
	file, err := apkfile.Read(&apk, apkfile.Built(), nil)
	w.must(err)
	w.indexed = append(w.indexed, &apkindex.Package{Name: name, Version: "1-r0", Arch: "x86_64", Checksum: file.Checksum, Size: file.Size})
	w.lock.Packages = append(w.lock.Packages, lockfile.Package{
		Name: name, Version: "1-r0", Arch: "x86_64", URL: w.path(name), Layer: file.LayerDigest, DiffID: file.DiffID,
	})
	digest, err := v1.NewHash(file.LayerDigest)
	w.must(err)
	diffID, err := v1.NewHash(file.DiffID)
	w.must(err)
	w.blobs = append(w.blobs, ociimage.Blob{File: w.path(name), Layer: ocilayer.Descriptor{
		MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", Digest: digest, DiffID: diffID,
		Size: file.Data.Size, Offset: file.Data.Offset, Name: name + "-1-r0",
	}})
}

func (w *world) writeIndex() {
	w.t.Helper()
	var archive, signed bytes.Buffer
	w.must(apkindex.WriteArchive(&archive, &apkindex.Index{Packages: w.indexed}))
	w.must(w.signer.SignArchive(&signed, 0, archive.Bytes()))
	w.must(os.WriteFile(filepath.Join(w.dir, "x86_64", apkrepo.IndexName), signed.Bytes(), 0o644))
}

// image writes the image and reads it back.
func (w *world) image() v1.Image {
	w.t.Helper()
	desc, layer := deploytest.New(w.t).Layer("system")
	blobs := append(w.blobs, ociimage.Blob{Layer: desc, File: layer.Blob})
	request := ociimage.Request{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Created: time.Unix(0, 0)}
	for _, b := range blobs {
		request.Layers = append(request.Layers, b.Layer)
	}
	made, err := ociimage.Build(request)
	w.must(err)
	dir := w.t.TempDir()
	documents, err := ocidoc.BuiltImage(made.Manifest, made.Config)
	w.must(err)
	w.must((&ociimage.Layout{Root: made.Descriptor, Images: []*ocidoc.Image{documents}, Blobs: blobs}).Write(dir))
	path, err := layout.FromPath(dir)
	w.must(err)
	image, err := path.Image(made.Descriptor.Digest)
	w.must(err)
	return image
}

func (w *world) prover() *layerproof.Prover {
	w.t.Helper()
	public, err := x509.MarshalPKIXPublicKey(&w.key.PublicKey)
	w.must(err)
	var keyring apksign.Keyring
	w.must(keyring.Add("test.rsa.pub", verified.Trust(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), "test")))
	return &layerproof.Prover{
		Lock: w.lock, Jobs: 2, Reader: &apkrepo.Reader{Fetcher: &fetch.Client{}, Keyring: &keyring},
		Locate: func(location string) string {
			if location != "repo" {
				w.t.Errorf("located %q, want the lock's repository", location)
			}
			return w.dir
		},
	}
}

func TestLayers(t *testing.T) {
	const proven, none = "proven by test.rsa.pub", "no package"
	for _, test := range []struct {
		name   string
		change func(*world) // before the image is made
		tamper func(*world) // after it
		want   []string     // of plain, signed and the system layer
	}{
		{"all is well", nil, nil, []string{proven, proven, none}},
		{"superseded in the index", func(w *world) {
			for _, p := range w.indexed {
				p.Version = "2-r0"
			}
			w.writeIndex()
		}, nil, []string{"the index no longer lists plain 1-r0, and by itself: ", proven, none}},
		{"other bytes in the repository", nil, func(w *world) {
			w.must(os.Rename(w.path("signed"), w.path("plain")))
			w.must(os.WriteFile(w.path("signed"), nil, 0o644))
		}, []string{`package "plain" (x86_64), version 1-r0: `, `package "signed" (x86_64), version 1-r0: `, none}},
		{"lock and image agree on what was never signed", func(w *world) {
			blobs, packages, indexed := w.blobs, w.lock.Packages, w.indexed
			old, err := os.ReadFile(w.path("plain"))
			w.must(err)
			w.add("plain", "evil", nil)
			w.must(os.Rename(w.path("plain"), w.path("evil")))
			w.must(os.WriteFile(w.path("plain"), old, 0o644))
			packages[0], blobs[0], w.indexed = w.lock.Packages[2], w.blobs[2], indexed
			blobs[0].File = w.path("evil")
			w.blobs, w.lock.Packages = blobs, packages
		}, nil, []string{"the signed plain 1-r0 has the layer sha256:", proven, none}},
		{"another diff_id", func(w *world) { w.lock.Packages[0].DiffID = "sha256:0" }, nil, []string{"the config says its diff_id is ", proven, none}},
		{"not in the lock", func(w *world) { w.lock.Packages = w.lock.Packages[:1] }, nil, []string{proven, none, none}},
		{"unknown key", func(w *world) {
			w.key = newWorld(w.t).key
		}, nil, []string{"index ", "index ", none}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			if test.change != nil {
				test.change(w)
			}
			image := w.image()
			if test.tamper != nil {
				test.tamper(w)
			}
			layers, err := w.prover().Layers(context.Background(), image)
			if err != nil {
				t.Fatal(err)
			}
			for i, layer := range layers {
				got := "as locked"
				switch {
				case layer.Err != nil:
					got = layer.Err.Error()
				case layer.Package == nil:
					got = none
				case layer.Key != "":
					got = "proven by " + layer.Key
				}
				if !strings.HasPrefix(got, test.want[i]) {
					t.Errorf("layer %d (%s): got %s, want %s", i, layer.Name, got, test.want[i])
				}
			}
		})
	}
}

func TestLayersByTheLockAlone(t *testing.T) {
	w := newWorld(t)
	p := w.prover()
	p.Reader = nil
	layers, err := p.Layers(context.Background(), w.image())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, layer := range layers {
		got = append(got, fmt.Sprint(layer.Name, " ", layer.Package != nil, " ", layer.Key, layer.Err))
	}
	if want := "[plain-1-r0 true <nil> signed-1-r0 true <nil> layer-system false <nil>]"; fmt.Sprint(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
