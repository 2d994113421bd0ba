// Package imageref puts the digests of images where a text names their targets: `//server:image` becomes
// `registry.example.com/server@sha256:…`. The text can be YAML, JSON or anything else.
package imageref

import (
	"fmt"
	"slices"
	"strings"
)

// Image is an image that a text may name.
type Image struct {
	// Names are what the text may call it, such as //server:image.
	Names []string
	// Reference is what takes the name's place.
	Reference string
}

// Substitute replaces every name in text. A name counts only where no longer one begins there, and nothing that could
// be part of a label stands before it. An image that the text does not name is an error: it would be named wrongly.
func Substitute(text string, images []Image) (string, error) {
	reference := map[string]string{}
	var names []string
	for _, image := range images {
		for _, name := range image.Names {
			reference[name] = image.Reference
			names = append(names, name)
		}
	}
	// Longest first: //server:image2 is not //server:image.
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	used := map[string]bool{}
	var out strings.Builder
	for i := 0; i < len(text); {
		name := nameAt(text, i, names)
		if name == "" {
			out.WriteByte(text[i])
			i++
			continue
		}
		out.WriteString(reference[name])
		used[reference[name]] = true
		i += len(name)
	}
	for _, image := range images {
		if !used[image.Reference] {
			return "", fmt.Errorf("the text does not name %s, want it in place of the image", strings.Join(image.Names, " or "))
		}
	}
	return out.String(), nil
}

// nameAt returns the name that begins at text[i], or nothing.
func nameAt(text string, i int, names []string) string {
	if i > 0 && isLabel(text[i-1]) {
		return ""
	}
	for _, name := range names {
		rest, ok := strings.CutPrefix(text[i:], name)
		if ok && (rest == "" || !isLabel(rest[0])) {
			return name
		}
	}
	return ""
}

// isLabel tells whether c can stand in a label. What follows a name and could go on with it makes it another's name.
func isLabel(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("@/:._-+", c) >= 0
}
