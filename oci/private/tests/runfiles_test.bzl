"""Tests of runfiles.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private:runfiles.bzl", "runfiles_files")

visibility("private")

def _file(short_path):
    return struct(short_path = short_path)

def _link(path, short_path):
    return struct(path = path, target_file = _file(short_path))

def _runfiles_test_impl(ctx):
    env = unittest.begin(ctx)
    got = runfiles_files(
        empty = {"../ext~/pkg/__init__.py": _file("empty"), "pkg/__init__.py": _file("empty")},
        files = [_file("a"), _file("pkg/__init__.py"), _file("dir"), _file("dir/a"), _file("dir.d/a"), _file("../ext~/b")],
        root_symlinks = [_link("rooted", "../ext~/b"), _link("_main/a", "root")],
        symlinks = [
            _link("a", "another"),  # A file that has the name goes before.
            _link("c/d", "../ext~/b"),
            _link("../ext~/c", "a"),
            _link("dir/sub/b", "a"),
        ],
    )
    asserts.equals(
        env,
        {
            "_main/a": ("root", False),
            "_main/c/d": ("../ext~/b", True),
            "_main/dir": ("dir", False),
            "_main/dir.d/a": ("dir.d/a", False),
            "_main/pkg/__init__.py": ("pkg/__init__.py", False),
            "ext~/b": ("../ext~/b", True),
            "ext~/c": ("a", False),
            "ext~/pkg/__init__.py": ("empty", True),
            "rooted": ("../ext~/b", True),
        },
        {path: (got[path].file.short_path, got[path].external) for path in sorted(got)},
    )
    return unittest.end(env)

runfiles_test = unittest.make(_runfiles_test_impl)

def runfiles_test_suite(name):
    unittest.suite(name, runfiles_test)
