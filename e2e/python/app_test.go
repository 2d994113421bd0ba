package python

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/e2e/internal/program"
	"github.com/rules-apk/rules_apk/e2e/internal/registry"
	"github.com/rules-apk/rules_apk/e2e/internal/runc"
)

// application tests, pushes, pulls and runs the application that lies on the Python image.
func (e *env) application(t *testing.T) {
	e.w.Bazel(t, "test", platform("amd64"), "--test_output=errors", "//tests:all")
	t.Run("oci_run_test", func(t *testing.T) {
		e.w.Bazel(t, "test", platform("amd64"), "--test_output=errors", "//tests/run:all")
		// A Bazel that lives in a root of its own sees no container runtime and skips: run the test on the host, too.
		program.Require(t, "runc")
		test := filepath.Join(e.w.Dir, "bazel-bin", "tests", "run", "run_test")
		result := program.Command{Name: test, Dir: filepath.Join(test+".runfiles", "_main")}.Run(t)
		if result.Err != nil || !strings.Contains(result.Stdout, "ran with ") {
			t.Errorf("want it to run the image, got %s", result)
		}
	})
	r := registry.Build(t).Start(t, registry.Options{})
	e.timed(t, "bazel run //app:push", nil, func() { e.w.Bazel(t, "run", "//app:push", "--", "--repository="+r.Host+"/python/app") })
	program.Require(t, "skopeo")
	dir := filepath.Join(t.TempDir(), "pulled")
	program.Run(t, "skopeo", "copy", "--all", "--src-tls-verify=false", "docker://"+r.Host+"/python/app:latest", "oci:"+dir)
	for arch, machine := range archs() {
		result := runc.New(t, dir, arch).Run(t)
		for _, want := range []string{" " + machine + "\n", "sqlite3 42\n", "ctypes 7\n", "hello, bazel\n"} {
			if result.Err != nil || !strings.Contains(result.Stdout, want) {
				t.Errorf("%s: want %q, got %s", arch, want, result)
			}
		}
	}
}
