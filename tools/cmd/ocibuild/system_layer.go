package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
	"github.com/rules-apk/rules_apk/tools/internal/system/apksystem"
)

type systemLayerFlags struct {
	spec                      *apksystem.Spec
	facts                     []string
	layer, descriptor, report string
	configFragment            string
	paths                     []apksystem.Path
	keys, certificates        []apksystem.Named
	packages, apks            []string
}

func parseSystemLayerFlags(args []string) (*systemLayerFlags, error) {
	f := &systemLayerFlags{}
	fs := newFlags("system-layer")
	fs.spec(&f.spec)
	fs.strings(&f.facts, "facts", "file: the facts of a package, in install order; may be repeated")
	fs.Func("path", "JSON: a path that the image declares; may be repeated", func(value string) error {
		data, err := argument(value)
		if err != nil {
			return err
		}
		p, err := apksystem.ParsePath(data)
		f.paths = append(f.paths, p)
		return err
	})
	fs.Func("file", "file with the content of the path before it", func(value string) (err error) {
		n := len(f.paths)
		if n == 0 || f.paths[n-1].Type != "file" || f.paths[n-1].Content != nil {
			return fmt.Errorf("want one --path of type \"file\" before each --file")
		}
		f.paths[n-1].Content, err = os.ReadFile(value)
		return err
	})
	fs.strings(&f.packages, "package", "name of a package, for paths that change the permissions of its files; may be repeated")
	fs.strings(&f.apks, "apk", "file: the package named before it; may be repeated")
	fs.named(&f.keys, "key-file", "file: a public key for etc/apk/keys; may be repeated")
	fs.named(&f.certificates, "certificate", "file: certificates in PEM to trust; may be repeated")
	fs.need(&f.layer, "blob-out", "output file")
	fs.need(&f.descriptor, "layer-out", "output file: the layer's descriptor")
	fs.need(&f.report, "report-out", "output file: what was done, in JSON")
	fs.StringVar(&f.configFragment, "config-fragment-out", "", "output file: what the accounts put into the image's config, for manifest")
	err := fs.parse(args)
	if err != nil {
		return nil, err
	}
	for _, p := range f.paths {
		if p.Type == "file" && p.Content == nil {
			return nil, cli.Usagef("system-layer: path %s is a file, but no --file follows it", p.Path)
		}
	}
	if f.spec.Files, err = packageFiles("system-layer", f.packages, f.apks); err != nil {
		return nil, err
	}
	f.spec.Paths, f.spec.Keys, f.spec.Certificates = f.paths, f.keys, f.certificates
	return f, nil
}

func runSystemLayer(ctx context.Context, known knownFacts, args []string, stderr io.Writer) error {
	f, err := parseSystemLayerFlags(args)
	if err != nil {
		return err
	}
	facts, err := known.read(ctx, f.facts)
	if err != nil {
		return err
	}
	var descriptor ocilayer.Descriptor
	var report *apksystem.Report
	err = atomicfile.Write(f.layer, func(w io.Writer) (err error) {
		descriptor, report, err = apksystem.Build(w, f.spec, facts)
		return err
	})
	if err != nil {
		return err
	}
	if err := writeLayerDescriptor(f.descriptor, descriptor); err != nil {
		return err
	}
	if err := writeConfigFragment(f.configFragment, report.User); err != nil {
		return err
	}
	for _, w := range report.Warnings() {
		fmt.Fprintf(stderr, "ocibuild: warning: %s\n", w)
	}
	data, err := report.JSON()
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(f.report, data)
}

func writeConfigFragment(path, user string) error {
	if path == "" {
		return nil
	}
	fragment := struct {
		User string `json:",omitempty"`
	}{user}
	data, err := json.Marshal(fragment)
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, append(data, '\n'))
}

func writeLayerDescriptor(path string, d ocilayer.Descriptor) error {
	data, err := d.JSON()
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, data)
}
