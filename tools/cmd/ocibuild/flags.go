package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/entries"
	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ociimage"
	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
	"github.com/rules-apk/rules_apk/tools/internal/system/apksystem"
)

// flagSet is flag.FlagSet with the values that this program's subcommands have in common.
type flagSet struct {
	*flag.FlagSet
	required []string
}

func newFlags(name string) *flagSet {
	fs := &flagSet{FlagSet: cli.NewFlags(name)}
	return fs
}

// need declares a flag with one value that must be given.
func (fs *flagSet) need(dst *string, name, usage string) {
	fs.StringVar(dst, name, "", usage)
	fs.required = append(fs.required, name)
}

// jsonValue declares a flag whose value is JSON, or @PATH of a file that holds it, and goes into dst. Unknown fields
// are errors.
func (fs *flagSet) jsonValue(dst any, name, usage string) {
	fs.Func(name, usage, func(value string) error {
		data, err := argument(value)
		if err != nil {
			return err
		}
		return jsondoc.Parse(data, dst)
	})
}

// spec declares --spec, what an image asks for, which must be given.
func (fs *flagSet) spec(dst **apksystem.Spec) {
	fs.Func("spec", "JSON: what the image asks for", func(value string) error {
		data, err := argument(value)
		if err != nil {
			return err
		}
		*dst, err = apksystem.ParseSpec(data)
		return err
	})
	fs.required = append(fs.required, "spec")
}

// named declares a flag that may be given several times, each with a file that is read.
func (fs *flagSet) named(dst *[]apksystem.Named, name, usage string) {
	fs.Func(name, usage, func(value string) error {
		data, err := os.ReadFile(value)
		*dst = append(*dst, apksystem.Named{Name: filepath.Base(value), Content: data})
		return err
	})
}

// layers declares a flag that may be given several times, each with a layer's descriptor.
func (fs *flagSet) layers(name, usage string, add func(ocilayer.Descriptor) error) {
	fs.Func(name, usage, func(value string) error {
		data, err := argument(value)
		if err != nil {
			return err
		}
		d, err := ocilayer.Parse(data)
		if err != nil {
			return err
		}
		return add(d)
	})
}

// images declares a flag that may be given several times, each with an image's descriptor.
func (fs *flagSet) images(name, usage string, add func(v1.Descriptor)) {
	fs.Func(name, usage, func(value string) error {
		data, err := argument(value)
		if err != nil {
			return err
		}
		d, err := ociimage.ParseDescriptor(data)
		if err != nil {
			return err
		}
		add(d)
		return nil
	})
}

// entries declares the flags that say what is in an archive: each --entry, and after it where its content is.
func (fs *flagSet) entries(dst *entries.List) {
	fs.Func("entry", "JSON: one path of the archive; may be repeated", func(value string) error {
		data, err := argument(value)
		if err != nil {
			return err
		}
		return dst.Add(data)
	})
	fs.Func("file", "file, or folder of sources, with the content of the entry before it", dst.File)
	fs.Func("output", "what an action made for the entry before it: a file, or a symbolic link that stays one", dst.Output)
	fs.Func("symlink", "symbolic link that stays one, for the entry before it", dst.Symlink)
	fs.Func("tree", "folder that an action made for the entry before it", dst.Tree)
	fs.Func("in-tree", "file in the tree before it; may be repeated", dst.InTree)
}

// strings declares a flag that may be given several times.
func (fs *flagSet) strings(dst *[]string, name, usage string) {
	fs.Func(name, usage, func(value string) error {
		*dst = append(*dst, value)
		return nil
	})
}

// parse reads the arguments: only --flag=value, each required flag given.
func (fs *flagSet) parse(args []string) error {
	for _, a := range args {
		if a == "--help" || a == "-h" {
			var text strings.Builder
			cli.PrintFlags(fs.FlagSet, &text)
			return cli.Usagef("%s takes these flags:\n%s", fs.Name(), text.String())
		}
		if !strings.HasPrefix(a, "--") || !strings.Contains(a, "=") {
			return cli.Usagef("%s: argument is %q, want --flag=value", fs.Name(), a)
		}
	}
	if err := fs.Parse(args); err != nil {
		return cli.FlagError(fs.FlagSet, err, "ocibuild "+fs.Name()+" --help")
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, name := range fs.required {
		if !given[name] {
			return cli.Usagef("%s: --%s is missing", fs.Name(), name)
		}
	}
	return nil
}

// argument returns what a value stands for: the content of the file PATH for "@PATH", else the value itself.
func argument(value string) ([]byte, error) {
	path, ok := strings.CutPrefix(value, "@")
	if !ok {
		return []byte(value), nil
	}
	return os.ReadFile(path)
}
