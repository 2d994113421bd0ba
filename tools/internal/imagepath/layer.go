package imagepath

import (
	"path"
	"strings"
)

// Kind is what the name of a layer's entry means.
type Kind int

// The kinds of names.
const (
	Present Kind = iota // the entry is at the path
	Removed             // what lower layers have at the path is removed
	Opaque              // what lower layers have in the directory at the path is removed
	Ignored             // bookkeeping of an old storage driver, which programs pass over
)

const (
	opaque   = ".wh..wh..opq"
	metadata = ".wh..wh."
)

// Removal returns the name of the layer's entry that removes what lower layers have at the path.
func (p Path) Removal() string { return path.Join(p.Parent().rel, Whiteout+p.Base()) }

// FromLayer takes the name of an entry of an image's layer, as layer.md of the image specification has them. Layers of
// others may write it "./usr/" or "/usr".
func FromLayer(name string) (Path, Kind, error) {
	rel := strings.TrimSuffix(strings.TrimPrefix(strings.TrimLeft(name, "/"), "./"), "/")
	if rel == "" && name != "" || rel == "." {
		return Path{}, Present, nil
	}
	base := rel[strings.LastIndexByte(rel, '/')+1:]
	hidden, removal := strings.CutPrefix(base, Whiteout)
	if !removal {
		p, err := parseAs(name, rel)
		return p, Present, err
	}
	dir := Path{}
	if above := strings.TrimSuffix(rel, base); above != "" {
		var err error
		if dir, err = parseAs(name, strings.TrimSuffix(above, "/")); err != nil {
			return Path{}, Ignored, err
		}
	}
	switch {
	case base == opaque:
		return dir, Opaque, nil
	case strings.HasPrefix(base, metadata):
		return dir, Ignored, nil
	}
	if rule := brokenPart(hidden); rule != "" {
		return Path{}, Ignored, &Error{Name: name, Rule: "is a whiteout whose name " + rule}
	}
	p, err := dir.Join(hidden)
	return p, Removed, err
}
