package elffile

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestRead(t *testing.T) {
	for name, want := range map[string]*Object{
		"program": {
			Machine: "x86_64", Class: 64, Program: true, Fixed: true, Interpreter: "/lib/ld-musl-x86_64.so.1",
			Needs: []Need{{Name: "libgreet.so.2", Versions: []string{"GREET_2.0", "GREET_1.0"}}},
		},
		"libgreet.so.2":   {Machine: "x86_64", Class: 64, Soname: "libgreet.so.2", Versions: []string{"GREET_1.0", "GREET_2.0"}},
		"libgreet-old.so": {Machine: "x86_64", Class: 64, Soname: "libgreet.so.2", Versions: []string{"GREET_1.0"}},
		"static":          {Machine: "x86_64", Class: 64, Program: true, Fixed: true},
		"static-pie":      {Machine: "x86_64", Class: 64, Program: true},
		"README.md":       nil,
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if got := Read(bytes.NewReader(data)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

// FuzzRead looks for files that take the program down, or memory without end.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"program", "libgreet.so.2", "static-pie"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o := Read(bytes.NewReader(data))
		if o == nil {
			return
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var again Object
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		again.Fixed = o.Fixed
		if !reflect.DeepEqual(&again, o) {
			t.Errorf("%+v came back as %+v", o, again)
		}
	})
}
