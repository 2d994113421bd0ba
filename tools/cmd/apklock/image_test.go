package main

import (
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocidoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// image DIR LOCK writes the OCI layout of an image whose layers are the x86_64 packages of a lock, which are files.
func image(ts *testscript.TestScript, neg bool, args []string) {
	lock, err := lockfile.Parse([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	request := ociimage.Request{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Created: time.Unix(0, 0)}
	var blobs []ociimage.Blob
	for _, p := range lock.Packages {
		if p.Arch != "x86_64" {
			continue
		}
		digest, err := v1.NewHash(p.Layer)
		ts.Check(err)
		diffID, err := v1.NewHash(p.DiffID)
		ts.Check(err)
		layer := ocilayer.Descriptor{
			MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", Digest: digest, DiffID: diffID,
			Size: p.Sections.Data.Size(), Offset: p.Sections.Data.Offset(), Name: p.Name + "-" + p.Version,
		}
		request.Layers = append(request.Layers, layer)
		blobs = append(blobs, ociimage.Blob{Layer: layer, File: ts.MkAbs(p.URL)})
	}
	made, err := ociimage.Build(request)
	ts.Check(err)
	documents, err := ocidoc.BuiltImage(made.Manifest, made.Config)
	ts.Check(err)
	layout := &ociimage.Layout{Root: made.Descriptor, Images: []*ocidoc.Image{documents}, Blobs: blobs}
	ts.Check(layout.Write(ts.MkAbs(args[0])))
}
