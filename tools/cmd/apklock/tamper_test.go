package main

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
)

// tamper WAY FILE... damages files.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	ways := map[string]func([]byte) ([]byte, error){
		"forge-swallow": forgeSwallow, "forge-end": forgeEnd, "forge-inside": forgeInside, "forge-first": forgeFirst,
		"forge-member": forgeMember, "forge-again": forgeAgain, "forge-append": forgeAppend,
		"no-data": cutData, "pointer": lfsPointer, "hard-link": hardLink, "file-checksum": wrongChecksum,
		"control": repackControl, "data": repackData, "signed": repackSigned, "truncate": cutInHalf,
	}
	way, ok := ways[args[0]]
	if !ok {
		ts.Fatalf("tamper %s: want one of %q", args[0], slices.Sorted(maps.Keys(ways)))
	}
	for _, name := range args[1:] {
		path := ts.MkAbs(name)
		old, err := os.ReadFile(path)
		ts.Check(err)
		changed, err := way(old)
		ts.Check(err)
		if bytes.Equal(old, changed) {
			ts.Fatalf("tamper %s: %s is as it was", args[0], name)
		}
		ts.Check(os.WriteFile(path, changed, 0o644))
	}
}

// damage DIR changes the last byte of every file in a folder.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	count := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || len(content) == 0 {
			return err
		}
		count++
		content[len(content)-1] ^= 1
		return os.WriteFile(path, content, 0o644)
	}))
	if count == 0 {
		ts.Fatalf("damage: no file in %s", args[0])
	}
}

func cutInHalf(b []byte) ([]byte, error) { return b[:len(b)/2], nil }

// repackControl compresses the control section again: other bytes, same files.
func repackControl(b []byte) ([]byte, error) {
	f, err := apkfile.Read(bytes.NewReader(b), apkfile.Built(), nil)
	if err != nil {
		return nil, err
	}
	repacked, err := repack(b[f.Control.Offset:f.Control.End()])
	return slices.Concat(b[:f.Control.Offset], repacked, b[f.Data.Offset:]), err
}

// repackData gives the data section's gzip header another time: other bytes, the same size, the same files.
func repackData(b []byte) ([]byte, error) {
	f, err := apkfile.Read(bytes.NewReader(b), apkfile.Built(), nil)
	if err != nil {
		return nil, err
	}
	changed := slices.Clone(b)
	const modTime = 4 // offset in the header
	changed[f.Data.Offset+modTime] ^= 1
	return changed, nil
}

// repackSigned compresses what follows an index's signature again.
func repackSigned(b []byte) ([]byte, error) {
	_, signed, err := apksign.Split(b)
	if err != nil {
		return nil, err
	}
	repacked, err := repack(signed)
	return slices.Concat(b[:len(b)-len(signed)], repacked), err
}

func repack(stream []byte) ([]byte, error) {
	plain, err := gunzip(stream)
	if err != nil {
		return nil, err
	}
	return zip(plain)
}

func zip(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func gunzip(stream []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(stream))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
