package main

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-apk/rules_apk/tools/internal/oci/ocilayer"
)

// scriptCommands are the commands that the scripts have besides testscript's own.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"untar":    untar,
		"list":     list,
		"readlink": readlink,
		"facts":    facts,
		"layer-of": layerOf,
	}
}

// walkTar calls visit for each entry of a compressed tar.
func walkTar(ts *testscript.TestScript, name string, visit func(*tar.Header, io.Reader)) {
	f, err := os.Open(ts.MkAbs(name))
	ts.Check(err)
	defer f.Close()
	zip, err := gzip.NewReader(f)
	ts.Check(err)
	for r := tar.NewReader(zip); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		ts.Check(err)
		visit(h, r)
	}
}

// untar unpacks the compressed tar of its first argument into the folder of its second.
func untar(ts *testscript.TestScript, _ bool, args []string) {
	walkTar(ts, args[0], func(h *tar.Header, r io.Reader) {
		path := filepath.Join(ts.MkAbs(args[1]), h.Name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		switch h.Typeflag {
		case tar.TypeDir:
			ts.Check(os.MkdirAll(path, 0o755))
		case tar.TypeSymlink:
			ts.Check(os.Symlink(h.Linkname, path))
		case tar.TypeReg:
			data, err := io.ReadAll(r)
			ts.Check(err)
			ts.Check(os.WriteFile(path, data, 0o644))
		}
	})
}

// list prints the entries of a compressed tar: mode, owner, name and link.
func list(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	walkTar(ts, args[0], func(h *tar.Header, _ io.Reader) {
		fmt.Fprintf(&b, "%v %d:%d %s", h.FileInfo().Mode(), h.Uid, h.Gid, h.Name)
		switch h.Typeflag {
		case tar.TypeSymlink:
			b.WriteString(" -> " + h.Linkname)
		case tar.TypeLink:
			b.WriteString(" = " + h.Linkname)
		}
		b.WriteByte('\n')
	})
	_, err := io.WriteString(ts.Stdout(), b.String())
	ts.Check(err)
}

// readlink checks that its first argument is a symlink to its second.
func readlink(ts *testscript.TestScript, neg bool, args []string) {
	target, err := os.Readlink(ts.MkAbs(args[0]))
	ts.Check(err)
	if (target == args[1]) == neg {
		ts.Fatalf("%s is a link to %q, want %q", args[0], target, args[1])
	}
}

// facts makes NAME.facts and NAME.layer of each NAME.apk.
func facts(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		ts.Check(ts.Exec("ocibuild", "facts", "--apk="+name+".apk", "--facts-out="+name+".facts", "--layer-out="+name+".layer"))
	}
}

// layerOf checks that two descriptors are of the same bytes.
func layerOf(ts *testscript.TestScript, _ bool, args []string) {
	var digests []string
	for _, name := range args {
		d, err := ocilayer.Parse([]byte(ts.ReadFile(name)))
		ts.Check(err)
		digests = append(digests, d.Digest.String()+" "+d.DiffID.String())
	}
	if digests[0] != digests[1] {
		ts.Fatalf("%s and %s are of different layers: %q", args[0], args[1], digests)
	}
}
