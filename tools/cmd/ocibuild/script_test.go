package main

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCommands are the commands that the scripts have besides testscript's own.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"untar":    untar,
		"readlink": readlink,
	}
}

// untar unpacks the compressed tar of its first argument into the folder of its second.
func untar(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Open(ts.MkAbs(args[0]))
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
		path := filepath.Join(ts.MkAbs(args[1]), h.Name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		switch h.Typeflag {
		case tar.TypeDir:
			ts.Check(os.MkdirAll(path, 0o755))
		case tar.TypeSymlink:
			ts.Check(os.Symlink(h.Linkname, path))
		default:
			data, err := io.ReadAll(r)
			ts.Check(err)
			ts.Check(os.WriteFile(path, data, 0o644))
		}
	}
}

// readlink checks that its first argument is a symlink to its second.
func readlink(ts *testscript.TestScript, neg bool, args []string) {
	target, err := os.Readlink(ts.MkAbs(args[0]))
	ts.Check(err)
	if (target == args[1]) == neg {
		ts.Fatalf("%s is a link to %q, want %q", args[0], target, args[1])
	}
}
