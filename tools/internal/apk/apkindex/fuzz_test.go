package apkindex

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// FuzzParse reads the text of indexes. What it takes is written, and read back, the same.
func FuzzParse(f *testing.F) {
	f.Add(text)
	f.Add("P:a\nV:1\n")
	f.Add("C:Q1000000000000000000000000000=\nP:0\nV:0\nA:\x00")
	f.Add(checksumLine + "P:a\nV:1\nX:1\nD:" + strings.Repeat("a ", 100) + "\n\n\n")
	f.Fuzz(func(t *testing.T, input string) {
		packages, err := parse(strings.NewReader(input))
		if err != nil {
			return
		}
		for _, p := range packages {
			p.Replaces, p.Unknown = nil, "" // not written
		}
		var out bytes.Buffer
		if err := Write(&out, packages); err != nil {
			if strings.Contains(input, "\t") {
				return // Write takes no tabs.
			}
			t.Fatal(err)
		}
		again, err := parse(&out)
		if err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		// Written by name.
		if len(again) != len(packages) || len(packages) == 1 && !reflect.DeepEqual(again, packages) {
			t.Errorf("got %+v, want %+v", again, packages)
		}
	})
}

// FuzzRead reads whole indexes.
func FuzzRead(f *testing.F) {
	var out bytes.Buffer
	if err := WriteArchive(&out, &Index{Description: "v1.0", Packages: want()}); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte("ADBd...."))
	f.Fuzz(func(t *testing.T, file []byte) {
		index, err := Read(signed(file))
		if (index == nil) == (err == nil) {
			t.Errorf("index %v and error %v", index, err)
		}
	})
}
