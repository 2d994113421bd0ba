package lockfile_test

import (
	"bytes"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// A lock that can be read can be written, and what is written is what was read.
func FuzzParse(f *testing.F) {
	data, err := lockfile.Marshal(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version": 1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		lock, err := lockfile.Parse(data)
		if err != nil {
			return
		}
		first, err := lockfile.Marshal(lock)
		if err != nil {
			t.Fatalf("writing what was read: %v", err)
		}
		again, err := lockfile.Parse(first)
		if err != nil {
			t.Fatalf("reading what was written: %v\n%s", err, first)
		}
		second, err := lockfile.Marshal(again)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("written twice: %v\n%s\n%s", err, first, second)
		}
	})
}
