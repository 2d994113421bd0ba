"""Tests of config_names.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//apk/private:config_names.bzl", "config_names")

visibility("private")

def _config_names_test_impl(ctx):
    env = unittest.begin(ctx)
    for what, text, want in [
        ("an empty file", "", []),
        ("no packages", "archs: [x86_64]\n", []),
        (
            "a block",
            "packages:\n  - musl\n  - 'busybox>1.36' # a comment\n  # - not-this\n  - foo@edge\narchs:\n  - x86_64\n",
            ["busybox", "foo", "musl"],
        ),
        ("a block without indentation", "packages:\n- b\n- a\nkeyring: [x]\n", ["a", "b"]),
        ("in one line", "packages: [b, \"a=1\", c~2]  # three\narchs: [x86_64]\n", ["a", "b", "c"]),
        ("over lines", "packages: [\n  b,\n  a, c,\n]\narchs: [d]\n", ["a", "b", "c"]),
        ("conflicts and nonsense", "packages:\n  - '!telnet'\n  - \"so:x\"\n  - {a: b}\n  - good\n", ["good"]),
        ("Windows' line ends", "packages:\r\n  - a\r\n  - b\r\n", ["a", "b"]),
        ("the same name twice", "packages: [a, a]\n", ["a"]),
    ]:
        asserts.equals(env, want, config_names(text), what)
    return unittest.end(env)

config_names_test = unittest.make(_config_names_test_impl)

def config_names_test_suite(name):
    unittest.suite(name, config_names_test)
