package golden

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/workspace"
)

// replay runs actions as a remote machine does: in a folder with copies of their inputs and nothing else, all of which
// can be run, without links but those that are declared, as a user who may do little. Outputs must be what they were.
// It returns the number of actions.
func replay(t *testing.T, execroot string, spawns []workspace.Spawn) int {
	t.Helper()
	program.RequireRoot(t)
	program.Require(t, "setpriv")
	n := 0
	for _, s := range spawns {
		if strings.HasPrefix(s.Mnemonic, "Oci") || strings.HasPrefix(s.Mnemonic, "Apk") {
			replayOne(t, execroot, s)
			n++
		}
	}
	return n
}

func replayOne(t *testing.T, execroot string, s workspace.Spawn) {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(execroot), "replay")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, input := range s.Inputs {
		if err := stage(filepath.Join(execroot, input.Path), filepath.Join(dir, input.Path), input.SymlinkTargetPath); err != nil {
			t.Fatalf("%s of %s: %v", s.Mnemonic, s.TargetLabel, err)
		}
	}
	for _, output := range s.ListedOutputs {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, output)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// The test's folders are for root alone.
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program.Run(t, "chown", "--recursive", "--no-dereference", "65534:65534", dir)
	args := append([]string{"--reuid=65534", "--regid=65534", "--clear-groups", "env", "--ignore-environment"}, s.CommandArgs...)
	if r := (program.Command{Name: "setpriv", Args: args, Dir: dir}).Run(t); r.Err != nil {
		t.Errorf("%s of %s: %s", s.Mnemonic, s.TargetLabel, r)
		return
	}
	for _, output := range s.ActualOutputs {
		data, err := os.ReadFile(filepath.Join(dir, output.Path))
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); err != nil || got != output.Digest.Hash {
			t.Errorf("%s of %s: %s is %s (%v), want %s", s.Mnemonic, s.TargetLabel, output.Path, got, err, output.Digest.Hash)
		}
	}
}

// stage puts an input where an action finds it: a copy, or a link that is declared as one.
func stage(from, to, link string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if link != "" {
		return os.Symlink(link, to)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if info, err := in.Stat(); err == nil && info.IsDir() {
		// A folder of sources, of which Bazel knows no more.
		return copyFolder(from, to)
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o555)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func copyFolder(from, to string) error {
	names, err := os.ReadDir(from)
	for _, name := range names {
		if err := stage(filepath.Join(from, name.Name()), filepath.Join(to, name.Name()), ""); err != nil {
			return err
		}
	}
	return err
}
