package main

import (
	"context"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/oci/imageref"
)

// namedImage is the JSON of the flag --names.
type namedImage struct {
	Names      []string `json:"names"`
	Repository string   `json:"repository"`
}

type substituteFlags struct {
	template, out string
	images        []imageref.Image
}

func parseSubstituteFlags(args []string) (*substituteFlags, error) {
	f := &substituteFlags{}
	fs := newFlags("substitute")
	fs.need(&f.template, "template", "file: the text")
	// One variable for all values of the flag: a member that is not given must not be the last image's.
	var image namedImage
	fs.jsonValue(&image, "names", "JSON: names in the text and the repository of an image; may be repeated")
	fs.images("image", "descriptor of the image that has the names before it", func(d v1.Descriptor) {
		f.images = append(f.images, imageref.Image{Names: image.Names, Reference: image.Repository + "@" + d.Digest.String()})
		image = namedImage{}
	})
	fs.need(&f.out, "text-out", "output file")
	if err := fs.parse(args); err != nil {
		return nil, err
	}
	if len(image.Names) > 0 {
		return nil, cli.Usagef("substitute: the last --names has no --image")
	}
	for _, i := range f.images {
		if len(i.Names) == 0 {
			return nil, cli.Usagef("substitute: want one --names before each --image")
		}
	}
	return f, nil
}

func runSubstitute(_ context.Context, args []string, _ io.Writer) error {
	f, err := parseSubstituteFlags(args)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(f.template)
	if err != nil {
		return err
	}
	result, err := imageref.Substitute(string(text), f.images)
	if err != nil {
		return fmt.Errorf("%s: %w", f.template, err)
	}
	return atomicfile.WriteBytes(f.out, []byte(result))
}
